"""Rows to fill tables with: every column that must have a value gets a plain one, unless the test gives its own."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, LargeBinary, Numeric, String, Table

from engine.storage import tables
from engine.storage.columns import Amount, Instant, Quantity

AT = datetime(2026, 11, 3, 9, 30, 15, 250_000, UTC)


def row(table: Table, **given: Any) -> dict[str, Any]:
    return {column.name: _plain(column) for column in table.columns if not column.nullable} | given


def add(connection: Connection, table: Table, **given: Any) -> None:
    connection.execute(table.insert(), row(table, **given))


def add_document(connection: Connection, **given: Any) -> None:
    """One posted document, number 1 of series 1, with a row in every posted table; children first, as posting does."""
    add(connection, tables.record, hash="h")
    add(connection, tables.revision)
    for table in (tables.revision_change, tables.period_change, tables.seal_setting):
        add(connection, table)
    add(connection, tables.series)
    for table in tables.POSTED[1:]:
        add(connection, table)
    add(connection, tables.document, **given)


def _plain(column: Column[Any]) -> Any:
    match column.type:
        case Amount() | Quantity() | Numeric():
            return Decimal(1)
        case Instant():
            return AT
        case Date():
            return date(2026, 11, 3)
        case Boolean():
            return False
        case LargeBinary():
            return b"x"
        case String():
            return "x"
        case _:
            return 1
