"""Rows into PostgreSQL: as JSON for one document, by COPY for many. No column's limit is lost on the way.

Decimals travel as their own text. The text of a statement is the same for any number of rows, so the server prepares it
once for each connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, String

from engine.kernel.rowtext import Says, function_of
from engine.storage.sending import send, send_copy
from engine.storage.writers import Convert, Row, RowsOf, columns_of, listed, names_of


class JsonWriter:
    """One statement, however many tables and rows; its text is always the same, so the server prepares it once."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        if rows_of:
            send(connection, _one_statement(_named(rows_of)), tuple(_texts(rows_of)))

    def finish(self, connection: Connection, rows_of: RowsOf, series: int, head_hash: str) -> None:
        advance = "UPDATE counter_series SET head_hash = %s WHERE id = %s"
        text = _one_statement(_named(rows_of), advance)
        send(connection, text, (*_texts(rows_of), head_hash, series))


class CopyWriter(JsonWriter):
    """COPY in text format."""

    def write(self, connection: Connection, rows_of: RowsOf) -> None:
        for table, rows in rows_of.items():
            text, columns = _copy(table, names_of(rows))
            cells = (told(list(map(itemgetter(name), rows))) for name, told in columns)
            block = "\n".join(map("\t".join, zip(*cells, strict=True)))
            send_copy(connection, text, f"{block}\n")


def _named(rows_of: RowsOf) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((table, names_of(rows)) for table, rows in rows_of.items())


@cache
def _one_statement(named: tuple[tuple[str, tuple[str, ...]], ...], last: str = "") -> str:
    """Inserts into all these tables, and what is done last. A column's limits hold: none is cast on the way."""
    parts = [
        f"INSERT INTO {table} ({listed(names)}) "  # noqa: S608 - names of our own tables
        f"SELECT {listed(names)} FROM json_populate_recordset(NULL::{table}, %s)"
        for table, names in named
    ] + ([last] if last else [])
    first = ", ".join(f"_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return f"WITH {first} {parts[-1]}" if first else parts[-1]


def _texts(rows_of: RowsOf) -> Iterator[str]:
    """The rows of each table as JSON."""
    for table, rows in rows_of.items():
        yield f"[{','.join(map(_json(table, names_of(rows)), rows))}]"


@cache
def _json(table: str, names: tuple[str, ...]) -> Callable[[Row], str]:
    """One function for the rows of a table: every cell of a posting passes here.

    Shape: ("entry", ("journal", "date")) -> lambda row: f'{{"journal":{text(row["journal"])},"date":"{row["date"]}"}}'
    """
    parts: list[str | Says] = []
    for column in columns_of(table, names):
        own, mark = f"row[{column.name!r}]", '"'
        value = own
        if isinstance(column.type, String):
            value, mark = f"text({value})", ""
        elif isinstance(column.type, Boolean):
            value, mark = f"'true' if {value} else 'false'", ""
        elif isinstance(column.type, Integer):
            mark = ""
        if column.nullable and mark:
            value, mark = f"'null' if {own} is None else '\"%s\"' % {value}", ""
        elif column.nullable:
            value = f"'null' if {own} is None else {value}"
        parts += [f'{"," if parts else "{"}"{column.name}":{mark}', Says(value), mark]
    return function_of([*parts, "}"], {"text": encode_basestring})


Cells = Callable[[list[Any]], Iterable[str]]
"""The values of a column as fields of COPY's text format, where a backslash escapes, and \\N is nothing."""


@cache
def _copy(table: str, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Cells]]]:
    columns = [(column.name, _cells(column)) for column in columns_of(table, names)]
    return f"COPY {table} ({listed(names)}) FROM STDIN", columns


def _cells(column: Column[Any]) -> Cells:
    told: Convert = str
    if isinstance(column.type, String):
        told = _escaped
    if column.nullable:
        return lambda values: [r"\N" if value is None else told(value) for value in values]
    return _all_escaped if told is _escaped else lambda values: map(told, values)


def _all_escaped(texts: list[str]) -> Iterable[str]:
    """Most texts need nothing: a look at all of them together is quicker than one at each."""
    together = "".join(texts)
    return map(_escaped, texts) if any(sign in together for sign in "\\\n\r\t") else texts


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
