"""Files that go along with a delivery's own: which, in which format, so that each is kept as long as its document."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery_file",
        sa.Column("delivery", ID, nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "format", name=op.f("pk_delivery_file")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_delivery_file_delivery")),
        sa.ForeignKeyConstraint(["file"], ["file.hash"], name=op.f("fk_delivery_file_file")),
    )
    op.create_index(op.f("ix_delivery_file_file"), "delivery_file", ["file"])


def downgrade() -> None:
    op.drop_table("delivery_file")
