"""The relay finds what is due by indexes that hold open deliveries only: neither a long history nor the backlog of
another endpoint slows it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

WAITING = "state IN ('pending', 'retry') AND NOT held AND waits_for = ''"
UNDER_WAY = "state = 'sending'"
STOPPED = "state IN ('rejected', 'failed', 'uncertain')"


def upgrade() -> None:
    op.drop_index("ix_delivery_state_due_at", "delivery")
    for name, columns, where in (
        ("ix_delivery_waiting", ["channel", "connection", "due_at", "id"], sa.text(WAITING)),
        ("ix_delivery_under_way", ["lease_token"], sa.text(UNDER_WAY)),
        ("ix_delivery_stopped", ["state", "id"], sa.text(STOPPED)),
    ):
        op.create_index(name, "delivery", columns, postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    for name in ("ix_delivery_stopped", "ix_delivery_under_way", "ix_delivery_waiting"):
        op.drop_index(name, "delivery")
    op.create_index("ix_delivery_state_due_at", "delivery", ["state", "due_at"])
