"""What happens to a document after posting: connections, rendered files, and one row per hand-over.

A delivery row is written in the posting transaction, before the document row, and changes as its state does, so it
is not among the posted tables (DESIGN 2.8, 2.13).
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "connection",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_connection")),
    )
    op.create_table(
        "file",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_file")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False, autoincrement=False),
        sa.Column("document", ID, nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("rule", sa.String(60), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("connection", sa.String(20), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("file", sa.String(64), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.ForeignKeyConstraint(["file"], ["file.hash"], name=op.f("fk_delivery_file")),
        sa.ForeignKeyConstraint(
            ["document"], ["document.id"], name=op.f("fk_delivery_document"), deferrable=True, initially="DEFERRED"
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'retry', 'sent', 'rejected', 'failed', 'uncertain', 'cancelled')",
            name=op.f("ck_delivery_state"),
        ),
    )
    op.create_index(op.f("ix_delivery_document"), "delivery", ["document"])
    op.create_index(op.f("ix_delivery_state_due_at"), "delivery", ["state", "due_at"])


def downgrade() -> None:
    for table in ("delivery", "file", "connection"):
        op.drop_table(table)
