"""Fast series: a value is taken before its document is written, by whom and for what is kept, and why it stays unused.

Series made before are gapless: nothing of them changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("counter_series", sa.Column("fast", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "number_taken",
        sa.Column("series", ID, nullable=False, autoincrement=False),
        sa.Column("value", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("series", "value", name=op.f("pk_number_taken")),
        sa.ForeignKeyConstraint(["series"], ["counter_series.id"], name=op.f("fk_number_taken_series")),
    )


def downgrade() -> None:
    op.drop_table("number_taken")
    op.drop_column("counter_series", "fast")
