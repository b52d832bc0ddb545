"""What comes in is kept: one row a file received, and where files lie once they are in the archive.

A file's content stays in the database until the archive has it; then it may be empty, and `archived_at` says so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def added() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("archived_at", INSTANT),
        sa.Column("archive", sa.String(20), nullable=False, server_default=sa.text("''")),
        sa.Column("place", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("keep_until", sa.Date()),
    )


def upgrade() -> None:
    for column in added():
        op.add_column("file", column)
    op.create_index(op.f("ix_file_archived_at"), "file", ["archived_at"])
    op.create_table(
        "received",
        sa.Column("id", ID, nullable=False, autoincrement=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("source_id", sa.String(400), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("document", ID, nullable=True),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("supplier_number", sa.Text(), nullable=False),
        sa.Column("supplier_date", sa.Date(), nullable=True),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
        sa.ForeignKeyConstraint(["file"], ["file.hash"], name=op.f("fk_received_file")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_received_document")),
        sa.UniqueConstraint("source", "source_id", "part", name=op.f("uq_received_source_source_id_part")),
        sa.CheckConstraint(
            "state IN ('new', 'imported', 'duplicate', 'refused', 'dismissed')", name=op.f("ck_received_state")
        ),
    )
    op.create_index(op.f("ix_received_state_id"), "received", ["state", "id"])
    op.create_index(op.f("ix_received_file"), "received", ["file"])
    op.create_index(op.f("ix_received_supplier_supplier_number"), "received", ["supplier", "supplier_number"])


def downgrade() -> None:
    op.drop_table("received")
    op.drop_index(op.f("ix_file_archived_at"), "file")
    for column in reversed(added()):
        op.drop_column("file", column.name)
