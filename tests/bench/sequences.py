"""The reference for gapless numbers: the same rows by the same rules, the number from a sequence of the database.

Nobody waits for anybody, there is no chain, and numbers may be missing. SQLite has no sequences: an AUTOINCREMENT key
stands in for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, select, text

from engine.app import BuiltHouse
from engine.numbering.counters import Series
from engine.posting.canon import FIRST
from engine.posting.ports import PostingStore, Taken
from engine.storage import tables
from engine.storage.database import open_database
from engine.storage.sending import Prepared, send
from tests.bench.places import POSTGRESQL


def prepare(url: str) -> None:
    """Make the sequence; 1 was given to the sample."""
    database = open_database(url)
    made = ["CREATE TABLE bench_number (id INTEGER PRIMARY KEY AUTOINCREMENT)", "INSERT INTO bench_number VALUES (1)"]
    if database.dialect == POSTGRESQL:
        made = ["CREATE SEQUENCE bench_number START 2"]
    with database.write() as connection:
        for statement in made:
            connection.execute(text(statement))
    database.close()


class SequenceWork:
    """A posting's transaction in which numbers come from a sequence: nothing is locked, and there is no chain."""

    def __init__(self, work: Any, known: dict[str, int]) -> None:
        self._work, self._known = work, known
        self._connection: Connection = work._connection

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._work.insert(table, rows)

    def take(self, series: Series, on: date, revision: int) -> Taken:
        if series.name not in self._known:
            found = _OF_SERIES.send(self._connection, {"of_company": series.company})
            (self._known[series.name],) = found.fetchone()
        if self._connection.dialect.name == POSTGRESQL:
            (value,) = send(self._connection, "SELECT nextval('bench_number')").fetchone()
        else:
            value = send(self._connection, "INSERT INTO bench_number DEFAULT VALUES").lastrowid
        return Taken(self._known[series.name], value, FIRST)

    def advance(self, series: int, head_hash: str) -> None:
        """No chain, no head."""


_OF_SERIES = Prepared(select(tables.series.c.id).where(tables.series.c.company == bindparam("of_company")))


class SequenceStore:
    """The engine's own store, but for the number."""

    def __init__(self, store: PostingStore) -> None:
        self._store = store
        self._known: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[SequenceWork]:
        with self._store.transaction() as work:
            yield SequenceWork(work, self._known)


class SequenceHouse(BuiltHouse):
    @cached_property
    def posting(self) -> Any:
        return SequenceStore(super().posting)
