"""The limit: the sample's rows written by the drivers themselves, prepared beforehand, with nothing checked.

What a posting must do is done: one transaction, number taken late and under lock, foreign keys, the head of the chain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from sqlalchemy import Table, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from engine.storage import tables
from tests.bench.sample import FROM_SERIES, Copy, Sample, bound, columns, insert_text, number_of

Cells = tuple[Any, ...]
HASH = "f" * 64


class Writer(Protocol):
    """Somebody who writes copies of the sample."""

    name: str

    def ready(self, group: Sequence[Copy]) -> Any:
        """The documents of one transaction, as `write` takes them; its time does not count."""

    def write(self, ready: Any) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Late:
    """Rows that print the number: which cells, and whose."""

    rows: list[tuple[int, Cells]]  # (which document of the group, row)
    cells: tuple[int, ...]

    def given(self, old: str, numbers: Sequence[str]) -> list[Cells]:
        return [
            tuple(cell.replace(old, numbers[place]) if index in self.cells else cell for index, cell in enumerate(row))
            for place, row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Ready:
    first: dict[str, list[Cells]]
    late: dict[str, Late]
    documents: list[Cells]  # without FROM_SERIES, which stand before them


class Shape:
    """The sample's tables and columns; copies as tuples of a driver."""

    def __init__(self, sample: Sample, dialect: Dialect) -> None:
        self.sample, self._dialect = sample, dialect
        self.first = [tables.metadata.tables[name] for name in sample.first]
        self.late = [tables.metadata.tables[name] for name in sample.late]
        self.names = {table.name: columns(sample, table) for table in (*self.first, *self.late)}
        kept = [name for name in sample.document if name not in FROM_SERIES]
        self.document_names, self._kept = [*FROM_SERIES, *kept], kept

    def texts(self, mark: str) -> dict[str, str]:
        """An INSERT of one row for each table."""
        found = {table.name: insert_text(table, self.names[table.name], mark) for table in (*self.first, *self.late)}
        return found | {"document": insert_text(tables.document, self.document_names, mark)}

    def ready(self, group: Sequence[Copy]) -> Ready:
        def rows(table: Table) -> list[Cells]:
            found = [row for copy in group for row in copy.children[table.name]]
            return list(bound(table, self.names[table.name], found, self._dialect))

        late = {}
        for table in self.late:
            places = [place for place, copy in enumerate(group) for _ in copy.children[table.name]]
            cells = rows(table)
            late[table.name] = Late(list(zip(places, cells, strict=True)), self._printing(cells[0]))
        documents = list(bound(tables.document, self._kept, [copy.document for copy in group], self._dialect))
        return Ready({table.name: rows(table) for table in self.first}, late, documents)

    def _printing(self, row: Cells) -> tuple[int, ...]:
        number = self.sample.document["number"]
        return tuple(index for index, cell in enumerate(row) if isinstance(cell, str) and number in cell)

    def numbered(self, ready: Ready, last: int, head: str) -> tuple[list[str], list[Cells]]:
        """(numbers, document rows) when the counter stands at `last` after this group."""
        begin = last - len(ready.documents) + 1
        numbers = [number_of(value) for value in range(begin, last + 1)]
        series = self.sample.document["series"]
        return numbers, [
            (series, begin + place, numbers[place], head if place == 0 else HASH, *row)
            for place, row in enumerate(ready.documents)
        ]


def _counter(mark: str) -> tuple[str, str]:
    """(takes n numbers, sets the head of the chain)."""
    take = f"UPDATE counter_series SET value = value + {mark} WHERE id = {mark} RETURNING value, head_hash"  # noqa: S608
    return take, f"UPDATE counter_series SET head_hash = {mark} WHERE id = {mark}"  # noqa: S608


class SqliteRaw:
    """sqlite3, executemany, one transaction; settings as the engine's."""

    name = "raw: sqlite3 executemany"

    def __init__(self, url: str, sample: Sample) -> None:
        self._shape = Shape(sample, sqlite.dialect())
        self._texts, (self._take, self._head) = self._shape.texts("?"), _counter("?")
        self._connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for setting in ("foreign_keys = ON", "recursive_triggers = ON", "journal_mode = WAL", "synchronous = FULL"):
            self._connection.execute(f"PRAGMA {setting}")
        self.ready = self._shape.ready

    def write(self, ready: Ready) -> None:
        connection, texts, document = self._connection, self._texts, self._shape.sample.document
        connection.execute("BEGIN IMMEDIATE")
        for name, rows in ready.first.items():
            connection.executemany(texts[name], rows)
        asked = (len(ready.documents), document["series"])
        ((last, head),) = connection.execute(self._take, asked).fetchall()
        numbers, documents = self._shape.numbered(ready, last, head)
        for name, late in ready.late.items():
            connection.executemany(texts[name], late.given(document["number"], numbers))
        connection.executemany(texts["document"], documents)
        connection.execute(self._head, (HASH, document["series"]))
        connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


Send = Callable[[Any, str, list[Cells]], None]
"""Writes rows of one table: (cursor, table, rows)."""


class PostgresRaw:
    """psycopg, by executemany in a pipeline or by COPY. The better one is the limit; which one that is differs."""

    def __init__(self, url: str, sample: Sample, how: str) -> None:
        self.name = f"raw: psycopg {how}"
        self._shape = Shape(sample, postgresql.dialect())  # type: ignore[no-untyped-call]
        self._take, self._head = _counter("%s")
        self._names = self._shape.names | {"document": self._shape.document_names}
        self._texts = self._shape.texts("%s")
        address = make_url(url)
        host = str(address.query["host"])
        self._connection = psycopg.connect(host=host, user=address.username, dbname=address.database, autocommit=True)
        self._send: Send = {"COPY": self._copy, "executemany": self._many}[how]
        self._pipelined = how != "COPY"
        self.ready = self._shape.ready

    def write(self, ready: Ready) -> None:
        if self._pipelined:
            with self._connection.pipeline():  # two waits: for the number, and for the commit
                self._written(ready)
        else:
            self._written(ready)

    def _written(self, ready: Ready) -> None:
        document, send = self._shape.sample.document, self._send
        with self._connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for name, rows in ready.first.items():
                send(cursor, name, rows)
            taken = cursor.execute(self._take, (len(ready.documents), document["series"])).fetchone()
            assert taken
            numbers, documents = self._shape.numbered(ready, *taken)
            for name, late in ready.late.items():
                send(cursor, name, late.given(document["number"], numbers))
            send(cursor, "document", documents)
            cursor.execute(self._head, (HASH, document["series"]))
            cursor.execute("COMMIT")

    def _many(self, cursor: psycopg.Cursor, name: str, rows: list[Cells]) -> None:
        cursor.executemany(self._texts[name], rows)

    def _copy(self, cursor: psycopg.Cursor, name: str, rows: list[Cells]) -> None:
        listed = ", ".join(f'"{column}"' for column in self._names[name])
        with cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def close(self) -> None:
        self._connection.close()
