"""The proofs that automatic journals balance, by what they rest on: one made is found again by every later plan."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "journal_proof",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("journal", sa.String(60), nullable=False),
        sa.Column("legislation", sa.String(3), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_journal_proof")),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_journal_proof_revision")),
    )


def downgrade() -> None:
    op.drop_table("journal_proof")
