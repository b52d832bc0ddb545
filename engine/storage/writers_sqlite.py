"""Rows into SQLite: text made once, one executemany for each table, values converted by a function of
that table.

What ends a posting, audit row, document row and chain head, goes through a door of its own: see `through_door`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from engine.storage import tables
from engine.storage.columns import Amount, Quantity
from engine.storage.sending import send
from engine.storage.writers import Row, RowsOf, columns_of, listed, names_of

SQLITE = sqlite_dialect()
DOOR = "posting_door"
THROUGH_DOOR = ("audit", "document")


class TextWriter:
    """The driver's executemany. What ends a posting goes through a door: see `through_door`."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        for table, rows in rows_of.items():
            text, tuples = _text(table, names_of(rows))
            send(connection, text, tuples(rows), many=True)

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        last = [rows_of[table] for table in THROUGH_DOOR if table in rows_of]
        if not has_door(connection) or [len(rows) for rows in last] != [1, 1]:
            self.write(connection, rows_of)
            send(connection, "UPDATE counter_series SET head_hash = ? WHERE id = ?", (head_hash, series))
            return
        self.write(connection, {table: rows for table, rows in rows_of.items() if table not in THROUGH_DOOR})
        values: list[Any] = []
        for table in THROUGH_DOOR:
            whole = {**dict.fromkeys(tables.metadata.tables[table].c.keys()), **rows_of[table][0]}
            values += _tuples(table, tuple(whole))([whole])[0]
        send(connection, _door()[-1], tuple(values))


def has_door(connection: Connection) -> bool:
    return DOOR in connection.info


@contextmanager
def through_door(connection: Connection) -> Iterator[None]:
    """Give a connection, before its transaction, what writes audit row, document row and chain head in one statement.

    SQLite has no statement that writes into two tables, but a view may have a trigger. Both are temporary: they are
    this connection's own, and no part of the schema.
    """
    driver = connection.connection.driver_connection
    if driver and connection.dialect.name == "sqlite" and not has_door(connection):
        for statement in _door()[:-1]:
            driver.execute(statement)
        connection.info[DOOR] = True
    yield


@cache
def _door() -> tuple[str, str, str]:
    """The view, its trigger, and the statement that goes through it."""
    columns = {table: tables.metadata.tables[table].c.keys() for table in THROUGH_DOOR}
    named = [f"{table}_{name}" for table, names in columns.items() for name in names]
    inserts = "".join(
        f"INSERT INTO {table} ({listed(names)}) VALUES ({', '.join(f'NEW.{table}_{name}' for name in names)}); "  # noqa: S608
        for table, names in columns.items()
    )
    view = f"CREATE TEMP VIEW {DOOR} AS SELECT {', '.join(f'NULL AS {name}' for name in named)}"
    advance = "UPDATE counter_series SET head_hash = NEW.document_hash WHERE id = NEW.document_series"
    trigger = f"CREATE TEMP TRIGGER {DOOR}_opens INSTEAD OF INSERT ON {DOOR} BEGIN {inserts}{advance}; END"
    return view, trigger, f"INSERT INTO {DOOR} VALUES ({', '.join('?' * len(named))})"  # noqa: S608


Tuples = Callable[[Sequence[Row]], list[tuple[Any, ...]]]
"""Rows as the driver takes them."""


@cache
def _text(table: str, names: tuple[str, ...]) -> tuple[str, Tuples]:
    holes = ", ".join("?" * len(names))
    text = f"INSERT INTO {table} ({listed(names)}) VALUES ({holes})"  # noqa: S608 - names of our own tables
    return text, _tuples(table, names)


@cache
def _tuples(table: str, names: tuple[str, ...]) -> Tuples:
    """One function for the rows of a table: every cell of a posting passes here.

    Shape: ("entry", ("journal", "date")) -> lambda rows: [(row["journal"], date(row["date"])) for row in rows]
    """
    known: dict[str, Any] = {}
    cells = []
    for place, column in enumerate(columns_of(table, names)):
        cell = f"row[{column.name!r}]"
        if isinstance(column.type, (Amount, Quantity)):
            known[f"scale{place}"] = Decimal(10) ** column.type.scale
            scaled = f"int({cell} * scale{place})"
            cells.append(f"None if {cell} is None else {scaled}" if column.nullable else scaled)
        elif convert := column.type.dialect_impl(SQLITE).bind_processor(SQLITE):
            known[f"convert{place}"] = convert
            cells.append(f"convert{place}({cell})")
        else:
            cells.append(cell)
    made: Tuples = eval(f"lambda rows: [({', '.join(cells)},) for row in rows]", known)  # noqa: S307 - of names of columns alone
    return made
