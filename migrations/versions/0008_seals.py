"""Legal seals: who seals with what, the chains they are on, and the seal of each document, kept as it was made.

A document's seals are posted with it and never change: triggers refuse it, as for every posted row. A cancellation is a
record of its own, written later.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MESSAGE = "posted rows never change"
TABLE = "document_seal"


def upgrade() -> None:
    op.create_table(
        "seal_setting",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(40), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "seal", "company", name=op.f("pk_seal_setting")),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_seal_setting_revision")),
    )
    op.create_table(
        "seal_chain",
        sa.Column("seal", sa.String(40), nullable=False),
        sa.Column("chain", sa.String(200), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "chain", name=op.f("pk_seal_chain")),
    )
    op.create_table(
        TABLE,
        sa.Column("document", ID, nullable=False),
        sa.Column("seal", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("chain", sa.String(200), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.String(120), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("printed", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document", "seal", "kind", name=op.f("pk_document_seal")),
        sa.UniqueConstraint("seal", "chain", "position", name=op.f("uq_document_seal_seal_chain_position")),
        sa.ForeignKeyConstraint(
            ["document"], ["document.id"], name=op.f("fk_document_seal_document"), deferrable=True,
            initially="DEFERRED",
        ),
    )  # fmt: skip
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            op.execute(f"CREATE TRIGGER {TABLE}_no_{change.lower()} BEFORE {change} ON {TABLE} {refuse}")
        return
    call = f"EXECUTE FUNCTION refuse_change('{MESSAGE}')"
    op.execute(f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW {call}")
    op.execute(f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {call}")
    for trigger in ("no_change", "no_truncate"):
        op.execute(f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_{trigger}")


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(f"SELECT 1 FROM {TABLE} LIMIT 1")):  # noqa: S608
        raise CommandError("it holds posted documents, which are never dropped")
    for table in (TABLE, "seal_chain", "seal_setting"):
        op.drop_table(table)
