"""Periods that are opened, closed and locked, for all journals of a company or for one.

Each change is a revision of its own: it says who, when and why, and it stamps every series, so that a posting that was
planned before it is planned again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "period_change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("fiscal_year", sa.String(20), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("journal", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint(
            "revision", "company", "fiscal_year", "period", "journal", name=op.f("pk_period_change")
        ),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_period_change_revision")),
    )


def downgrade() -> None:
    op.drop_table("period_change")
