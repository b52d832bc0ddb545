"""What came back undelivered waits for a better address until a deadline; it is found by its reference."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SENT = sa.text("reference <> ''")


def upgrade() -> None:
    op.create_table(
        "undelivered",
        sa.Column("delivery", ID, nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next", ID),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "recipient", name=op.f("pk_undelivered")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_undelivered_delivery")),
        sa.CheckConstraint(
            "state IN ('open', 'corrected', 'posted', 'delivered', 'left')", name=op.f("ck_undelivered_state")
        ),
    )
    op.create_index(op.f("ix_undelivered_state_deadline"), "undelivered", ["state", "deadline"])
    op.create_index("ix_delivery_reference", "delivery", ["reference"], postgresql_where=SENT, sqlite_where=SENT)


def downgrade() -> None:
    op.drop_index("ix_delivery_reference", "delivery")
    op.drop_table("undelivered")
