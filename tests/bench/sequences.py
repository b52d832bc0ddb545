"""The reference for gapless numbers: the same rows by the same rules, the number from a sequence of the database.

Nobody waits for anybody, there is no chain, and numbers may be missing. SQLite has no sequences: an AUTOINCREMENT key
stands in for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, text

from engine.app import BuiltHouse
from engine.numbering.counters import Series
from engine.posting.canon import FIRST
from engine.posting.ports import Taken
from engine.storage.database import Database, open_database
from engine.storage.posting import IdBlocks, SqlPostingStore, SqlPostingWork
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


class SequenceWork(SqlPostingWork):
    """Takes numbers from a sequence: nothing is locked, and there is no chain."""

    def __init__(self, connection: Connection, known: dict[str, int]) -> None:
        super().__init__(connection)
        self._known = known

    def take(self, series: Series, on: Any, revision: int) -> Taken:
        connection = self._connection
        if series.name not in self._known:
            of_series = text("SELECT id FROM counter_series WHERE company = :company")
            self._known[series.name] = connection.execute(of_series, {"company": series.company}).scalar_one()
        if connection.dialect.name == POSTGRESQL:
            value: int = connection.execute(_NEXT).scalar_one()
        else:
            value = connection.execute(_INSERTED).lastrowid
        return Taken(self._known[series.name], value, FIRST)

    def advance(self, series: int, head_hash: str) -> None:
        """No chain, no head."""


_NEXT, _INSERTED = text("SELECT nextval('bench_number')"), text("INSERT INTO bench_number DEFAULT VALUES")


class SequenceStore(SqlPostingStore):
    def __init__(self, database: Database) -> None:
        super().__init__(database, IdBlocks(database))
        self._known: dict[str, int] = {}

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        with self._database.write() as connection:
            yield SequenceWork(connection, self._known)


class SequenceHouse(BuiltHouse):
    @cached_property
    def posting(self) -> SqlPostingStore:
        return SequenceStore(self.database)
