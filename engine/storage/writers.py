"""New rows into tables: one interface, four bodies that write the same; a test compares them.

    CoreWriter   SQLAlchemy's own statements; any database
    TextWriter   SQLite: text made once, one executemany for each table, values converted column by column
    JsonWriter   PostgreSQL: rows of all tables in one statement, as JSON, which the server reads by each table's types
    CopyWriter   PostgreSQL: COPY, one for each table, for many rows

All of them run in the caller's transaction and through SQLAlchemy's connection, so that statements are counted, errors
are typed and failures injected in one place. Decimals travel as scaled integers to SQLite, as their own text to
PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Date, String, bindparam, insert, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from engine.kernel.money import EXACT
from engine.storage import tables
from engine.storage.columns import Amount, Instant, Quantity

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


def _columns(table: str, names: Iterable[str]) -> list[Column[Any]]:
    of = tables.metadata.tables[table].c
    return [of[name] for name in names]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# --- SQLite ---------------------------------------------------------------------------------------------------------

SQLITE = sqlite_dialect()
DOOR = "posting_door"
THROUGH_DOOR = ("audit", "document")


class TextWriter:
    """The driver's executemany. What ends a posting goes through a door: see `prepare_posting`."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        for table, rows in rows_of.items():
            text, columns = _text(table, tuple(rows[0]))
            connection.exec_driver_sql(text, _tuples(columns, rows))

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        last = [rows_of[table] for table in THROUGH_DOOR if table in rows_of]
        if not has_door(connection) or [len(rows) for rows in last] != [1, 1]:
            self.write(connection, rows_of)
            connection.exec_driver_sql("UPDATE counter_series SET head_hash = ? WHERE id = ?", (head_hash, series))
            return
        self.write(connection, {table: rows for table, rows in rows_of.items() if table not in THROUGH_DOOR})
        values: list[Any] = []
        for table in THROUGH_DOOR:
            whole = {**dict.fromkeys(tables.metadata.tables[table].c.keys()), **rows_of[table][0]}
            values += _tuples(_converted(table, tuple(whole)), [whole])[0]
        connection.exec_driver_sql(_door()[-1], tuple(values))


def has_door(connection: Connection) -> bool:
    return DOOR in connection.info


def prepare_posting(connection: Connection) -> None:
    """Give a connection, before its transaction, what writes audit row, document row and chain head in one statement.

    SQLite has no statement that writes into two tables, but a view may have a trigger. Both are temporary: they are
    this connection's own, and no part of the schema.
    """
    driver = connection.connection.driver_connection
    if driver and connection.dialect.name == "sqlite" and not has_door(connection):
        for statement in _door()[:-1]:
            driver.execute(statement)
        connection.info[DOOR] = True


@cache
def _door() -> tuple[str, str, str]:
    """The view, its trigger, and the statement that goes through it."""
    columns = {table: tables.metadata.tables[table].c.keys() for table in THROUGH_DOOR}
    named = [f"{table}_{name}" for table, names in columns.items() for name in names]
    inserts = "".join(
        f"INSERT INTO {table} ({_listed(names)}) VALUES ({', '.join(f'NEW.{table}_{name}' for name in names)}); "  # noqa: S608
        for table, names in columns.items()
    )
    view = f"CREATE TEMP VIEW {DOOR} AS SELECT {', '.join(f'NULL AS {name}' for name in named)}"
    advance = "UPDATE counter_series SET head_hash = NEW.document_hash WHERE id = NEW.document_series"
    trigger = f"CREATE TEMP TRIGGER {DOOR}_opens INSTEAD OF INSERT ON {DOOR} BEGIN {inserts}{advance}; END"
    return view, trigger, f"INSERT INTO {DOOR} VALUES ({', '.join('?' * len(named))})"  # noqa: S608


@cache
def _text(table: str, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Convert | None]]]:
    holes = ", ".join("?" * len(names))
    text = f"INSERT INTO {table} ({_listed(names)}) VALUES ({holes})"  # noqa: S608 - names of our own tables
    return text, _converted(table, names)


@cache
def _converted(table: str, names: tuple[str, ...]) -> list[tuple[str, Convert | None]]:
    """How each column's values are converted; None where the driver takes them as they are."""
    return [
        (column.name, _scaled(column) or column.type.dialect_impl(SQLITE).bind_processor(SQLITE))
        for column in _columns(table, names)
    ]


def _tuples(columns: Sequence[tuple[str, Convert | None]], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Rows as the driver takes them, made column by column, which spares a loop over each row."""
    cells = (
        map(convert, map(itemgetter(name), rows)) if convert else map(itemgetter(name), rows)
        for name, convert in columns
    )
    return list(zip(*cells, strict=True))


def _scaled(column: Column[Any]) -> Convert | None:
    """As the column type itself does it, without its detours."""
    if not isinstance(column.type, (Amount, Quantity)):
        return None
    scale = column.type.scale
    return lambda value: None if value is None else int(value.scaleb(scale, EXACT))


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


class JsonWriter:
    """One statement, however many tables and rows; its text is always the same, so the server prepares it once."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        if rows_of:
            connection.exec_driver_sql(_one_statement(_named(rows_of)), tuple(map(_json, rows_of.values())))

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        advance = "UPDATE counter_series SET head_hash = %s WHERE id = %s"
        text = _one_statement(_named(rows_of), advance)
        connection.exec_driver_sql(text, (*map(_json, rows_of.values()), head_hash, series))


class CopyWriter(JsonWriter):
    """COPY in text format; `engine.storage.database` hands the block to the driver."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        for table, rows in rows_of.items():
            text, columns = _copy(table, tuple(rows[0]))
            cells = (map(convert, map(itemgetter(name), rows)) for name, convert in columns)
            block = "\n".join(map("\t".join, zip(*cells, strict=True)))
            connection.exec_driver_sql(text, (f"{block}\n",))


def _named(rows_of: RowsOf) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((table, tuple(rows[0])) for table, rows in rows_of.items())


@cache
def _one_statement(named: tuple[tuple[str, tuple[str, ...]], ...], last: str = "") -> str:
    """Inserts into all these tables, and what is done last. A column's limits hold: none is cast on the way."""
    parts = [
        f"INSERT INTO {table} ({_listed(names)}) "  # noqa: S608 - names of our own tables
        f"SELECT {_listed(names)} FROM json_populate_recordset(NULL::{table}, %s)"
        for table, names in named
    ] + ([last] if last else [])
    first = ", ".join(f"_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return f"WITH {first} {parts[-1]}" if first else parts[-1]


def _as_text(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no column holds a {type(value).__name__}")


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_as_text).encode


@cache
def _copy(table: str, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Convert]]]:
    columns = [(column.name, _field(column)) for column in _columns(table, names)]
    return f"COPY {table} ({_listed(names)}) FROM STDIN", columns


def _field(column: Column[Any]) -> Convert:
    """A value as a field of COPY's text format, where a backslash escapes, and \\N is nothing."""
    told: Convert = str
    if isinstance(column.type, String):
        told = _escaped
    elif isinstance(column.type, (Date, Instant)):
        told = _as_text
    return (lambda value: r"\N" if value is None else told(value)) if column.nullable else told


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


ONE_BY_ONE: Mapping[str, Writer] = {"sqlite": TextWriter(), "postgresql": JsonWriter()}
IN_BATCHES: Mapping[str, Writer] = {"sqlite": TextWriter(), "postgresql": CopyWriter()}
"""By database: what writes one document, and what writes many."""
