"""Deliveries can be held, copied, worded, made to wait for something, sent again; each try and each report is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def added() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("formats", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("copies", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("hidden_copies", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("template", sa.String(40), nullable=False, server_default=sa.text("''")),
        sa.Column("message", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("waits_for", sa.String(20), nullable=False, server_default=sa.text("''")),
        sa.Column("resent_of", ID),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
    )


def upgrade() -> None:
    for column in added():
        op.add_column("delivery", column)
    op.create_table(
        "delivery_attempt",
        sa.Column("delivery", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(100), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "number", name=op.f("pk_delivery_attempt")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_delivery_attempt_delivery")),
    )
    op.create_table(
        "delivery_event",
        sa.Column("connection", sa.String(20), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("delivery", ID, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "id", name=op.f("pk_delivery_event")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_delivery_event_delivery")),
    )
    op.create_index(op.f("ix_delivery_event_delivery"), "delivery_event", ["delivery"])


def downgrade() -> None:
    op.drop_table("delivery_event")
    op.drop_table("delivery_attempt")
    for column in reversed(added()):
        op.drop_column("delivery", column.name)
