"""Connections have a life: configured, tested, active for companies, paused; their secrets are kept apart, encrypted.

What was configured before has to be tested and activated once: nobody knows whether it works. Until then its
deliveries wait, and say so. Secrets that stood in the settings stay there until the connection is configured again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def added() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("state", sa.String(20), nullable=False, server_default="configured"),
        sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("settings_hash", sa.String(64), nullable=False, server_default=sa.text("''")),
        sa.Column("tested_hash", sa.String(64), nullable=False, server_default=sa.text("''")),
        sa.Column("tested_at", sa.DateTime(timezone=True)),
        sa.Column("report", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("kept", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
    )


def upgrade() -> None:
    for column in added():
        op.add_column("connection", column)
    op.create_table(
        "secret",
        sa.Column("connection", sa.String(20), nullable=False),
        sa.Column("field", sa.String(100), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "field", name=op.f("pk_secret")),
        sa.ForeignKeyConstraint(["connection"], ["connection.code"], name=op.f("fk_secret_connection")),
    )
    op.create_table(
        "activation",
        sa.Column("connection", sa.String(20), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("connection", "company", name=op.f("pk_activation")),
        sa.ForeignKeyConstraint(["connection"], ["connection.code"], name=op.f("fk_activation_connection")),
    )


def downgrade() -> None:
    op.drop_table("activation")
    op.drop_table("secret")
    for column in reversed(added()):
        op.drop_column("connection", column.name)
