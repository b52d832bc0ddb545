"""New rows into tables: one interface, four bodies that write the same; a test compares them.

    CoreWriter   SQLAlchemy's own statements; any database
    TextWriter   SQLite: text made once, one executemany for each table          writers_sqlite.py
    JsonWriter   PostgreSQL: rows of all tables in one statement, as JSON        writers_postgresql.py
    CopyWriter   PostgreSQL: COPY, one for each table, for many rows

All of them run in the caller's transaction, by way of `sending`, so that statements are counted, errors are typed and
failures injected in one place. Decimals travel as scaled integers to SQLite, as their own text to
PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Column, Connection, bindparam, insert, update

from engine.storage import tables

Row = Mapping[str, Any]
RowsOf = Mapping[str, Sequence[Row]]
"""Rows by table; those of one table name the same columns, and what they leave out the table fills in."""
Convert = Callable[[Any], Any]


class Writer(Protocol):
    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        """Write rows of several tables; no table comes without rows."""

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        """Write rows, the document's own among them, and make it the head of its chain."""


class CoreWriter:
    """SQLAlchemy's own statements, which batch by themselves."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        for table, rows in rows_of.items():
            connection.execute(_insert(table), list(rows))

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        self.write(connection, rows_of)
        connection.execute(_ADVANCE, {"of_series": series, "new_head": head_hash})


@cache
def _insert(table: str) -> Any:
    return insert(tables.metadata.tables[table])


_ADVANCE = (
    update(tables.series)
    .where(tables.series.c.id == bindparam("of_series"))
    .values(head_hash=bindparam("new_head"))
)  # fmt: skip


def columns_of(table: str, names: Iterable[str]) -> list[Column[Any]]:
    of = tables.metadata.tables[table].c
    return [of[name] for name in names]


def listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def names_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns that rows name: all the same, else what some of them hold would be lost."""
    if len(set(map(len, rows))) > 1:
        raise ValueError("rows of one table that name different columns")
    return tuple(rows[0])
