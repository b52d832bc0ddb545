"""What a delivery is called at the other side is a word of its own that nobody can guess, and is found by it.

Deliveries from before have none: theirs is computed as it was, since the other side may know it already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

KEYED = "key <> '' AND state <> 'pending'"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("key", sa.String(36), nullable=False, server_default=sa.text("''")))
    where = sa.text(KEYED)
    op.create_index("ix_delivery_key", "delivery", ["connection", "key"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_index("ix_delivery_key", "delivery")
    op.drop_column("delivery", "key")
