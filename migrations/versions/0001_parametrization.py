"""Parametrization under revision control: records by content, revisions, what each changed, and the head.

A posted document pins its revision and is explained under it years later (DESIGN 2.5), so records and revisions
are insert-only. Only the head moves.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
MESSAGE = "revisions never change"


def upgrade() -> None:
    op.create_table(
        "record",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("table_name", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_record")),
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.ForeignKeyConstraint(["parent"], ["revision.id"], name=op.f("fk_revision_parent")),
    )
    op.create_table(
        "revision_change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("pack", sa.String(20), nullable=False),
        sa.Column("hash", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("revision", "table_name", "key", name=op.f("pk_revision_change")),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_revision_change_revision")),
        sa.ForeignKeyConstraint(["hash"], ["record.hash"], name=op.f("fk_revision_change_hash")),
    )
    op.create_table(
        "parametrization_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parametrization_head")),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_parametrization_head_revision")),
        sa.CheckConstraint("id = 1", name=op.f("ck_parametrization_head_single")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(REFUSE_CHANGE)
    for table in ("record", "revision", "revision_change"):
        _insert_only(table)


def downgrade() -> None:
    for table in ("parametrization_head", "revision_change", "revision", "record"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME;
END $$
"""
"""Fails as a constraint does, so that both drivers raise the same IntegrityError."""


def _insert_only(table: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}")
        return
    call = f"EXECUTE FUNCTION refuse_change('{MESSAGE}')"
    op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}")
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}")
    for trigger in ("no_change", "no_truncate"):  # always: also when a session says it only replicates
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
