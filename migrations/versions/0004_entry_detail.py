"""What entries say beyond their amounts: quantity, free reference, analytic dimensions, open items and what matches
them; category and status of an entry; the tax that the buyer assesses.

Posted rows of before keep their meaning: each column has the default that says nothing, and their hashes were made
without it (canon, version 1).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

AMOUNT = sa.Numeric(18, 4).with_variant(sa.BigInteger(), "sqlite")
QUANTITY = sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")
COLUMNS: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "document_tax": (("self_assessed", AMOUNT, "0"),),
    "entry": (("category", sa.String(20), "actual"), ("status", sa.String(10), "final")),
    "entry_line": (
        ("quantity", QUANTITY, None),
        ("reference", sa.Text(), sa.text("''")),
        ("analytic", sa.Text(), sa.text("''")),
        ("open_item", sa.Boolean(), sa.false()),
        ("matching", sa.String(10), sa.text("''")),
    ),
}


def upgrade() -> None:
    op.execute("DROP VIEW report_entry_line")
    for table, columns in COLUMNS.items():
        for name, kind, default in columns:
            op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    detail = f", {_quantity()}, entry_line.reference, entry_line.analytic, entry_line.open_item"
    op.execute(_report_entry_line(f"{detail}, entry_line.matching, entry.category, entry.status"))


def downgrade() -> None:
    op.execute("DROP VIEW report_entry_line")
    for table, columns in COLUMNS.items():
        for name, *_ in columns:
            op.drop_column(table, name)
    op.execute(_report_entry_line(""))


def _decimal(column: str, scale: int) -> str:
    """As in 0002: on SQLite text made of integers, since its only other number is a float."""
    name = column.rpartition(".")[2]
    if op.get_context().dialect.name != "sqlite":
        return f"{column} AS {name}"
    unit = 10**scale
    sign = f"CASE WHEN {column} < 0 THEN '-' ELSE '' END"
    return f"printf('%s%d.%0{scale}d', {sign}, abs({column}) / {unit}, abs({column}) % {unit}) AS {name}"


def _quantity() -> str:
    """printf would show a missing quantity as 0."""
    shown, _, _ = _decimal("entry_line.quantity", 8).rpartition(" AS ")
    return f"CASE WHEN entry_line.quantity IS NULL THEN NULL ELSE {shown} END AS quantity"


def _report_entry_line(detail: str) -> str:
    heads = (
        "entry_line.document, document.number, entry_line.company, entry.ledger, entry.journal, entry.entry_type, "
        "entry.automatic_journal, entry.date, entry_line.entry, entry_line.position, entry_line.account"
    )
    amounts = ", ".join(_decimal(f"entry_line.{amount}", 4) for amount in ("debit", "credit", "amount_currency"))
    tails = (
        "entry_line.currency, document.currency AS document_currency, entry_line.description, entry_line.partner, "
        "entry_line.tax_code, entry_line.due_date"
    )
    joined = (
        "entry_line JOIN entry ON entry.document = entry_line.document AND entry.position = entry_line.entry "
        "JOIN document ON document.id = entry_line.document"
    )
    return f"CREATE VIEW report_entry_line AS SELECT {heads}, {amounts}, {tails}{detail} FROM {joined}"  # noqa: S608
