"""A second number on one document, where a legislation asks for one: its series, its value, its text.

Documents posted before have none, and are hashed as they were: the columns came with version 3 of the canonical form.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
THERE = "creation_number IS NOT NULL"
INDEXES = {
    "uq_document_creation_value": ["creation_series", "creation_value"],
    "uq_document_creation_number": ["creation_number", "company", "module"],
}


def upgrade() -> None:
    op.add_column("document", sa.Column("creation_series", ID))
    op.add_column("document", sa.Column("creation_value", sa.BigInteger()))
    op.add_column("document", sa.Column("creation_number", sa.String(60)))
    for name, columns in INDEXES.items():
        there = sa.text(THERE)
        op.create_index(name, "document", columns, unique=True, sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text(f"SELECT 1 FROM document WHERE {THERE} LIMIT 1")):  # noqa: S608
        raise CommandError("it holds documents with a second number, which are never dropped")
    for name in INDEXES:
        op.drop_index(name, "document")
    for column in ("creation_number", "creation_value", "creation_series"):
        op.drop_column("document", column)
