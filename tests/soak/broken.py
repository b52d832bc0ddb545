"""Posting stores that are wrong on purpose, as many are: the checker is good for something only if it finds them.

Each takes its time where it is wrong, so that the load of a short run hits the place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Executable, select, text, update

from engine.numbering.counters import Series
from engine.posting.canon import FIRST
from engine.posting.ports import Taken
from engine.storage import tables
from engine.storage.database import Database
from engine.storage.posting import SqlPostingWork
from engine.storage.sending import Prepared
from tests.soak.watched import Watched

SLOW = 0.02
WITHOUT_UNIQUE = [
    f"ALTER TABLE document DROP CONSTRAINT uq_document_{columns}"
    for columns in ("series_value", "company_module_number")
]
"""What saves MaxPlusOne on PostgreSQL, taken away. On SQLite its one writer does."""


class MaxPlusOne(Watched):
    """Looks for the greatest number and adds one, with no lock: two that look at the same moment get the same."""

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        with super().transaction() as work:
            yield _MaxPlusOne(work._connection)


class _MaxPlusOne(SqlPostingWork):
    def take(self, series: Series, on: date, revision: int) -> Taken:
        counter, document = tables.series, tables.document
        mine = (counter.c.company == series.company, counter.c.counter == series.counter.key)
        (of,) = self._asked(select(counter.c.id).where(*mine, counter.c.period == series.period)).fetchone()
        last = select(document.c.value, document.c.hash).where(document.c.series == of)
        found = self._asked(last.order_by(document.c.value.desc()).limit(1)).fetchone()
        time.sleep(SLOW)
        value, head = found or (0, FIRST)
        self._asked(update(counter).where(counter.c.id == of).values(value=value + 1, last_date=on))
        return Taken(of, value + 1, head)

    def _asked(self, statement: Executable) -> Any:
        return Prepared(statement).send(self._connection, {})


class NumberApart(Watched):
    """Takes the number in a transaction of its own, before the document's: who dies between the two leaves a hole."""

    def __init__(self, database: Database, reached: Callable[..., None]) -> None:
        super().__init__(database, reached)
        self._taken = Taken(0, 0, FIRST)

    def open_series(self, series: Series, revision: int) -> None:
        super().open_series(series, revision)
        with self._database.write() as connection:
            self._taken = SqlPostingWork(connection).take(series, date(2026, 12, 31), revision)
        time.sleep(SLOW)

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        with super().transaction() as work:
            yield _NumberApart(work._connection, self._taken)


class _NumberApart(SqlPostingWork):
    def __init__(self, connection: Any, taken: Taken) -> None:
        super().__init__(connection)
        self._taken = taken

    def take(self, series: Series, on: date, revision: int) -> Taken:
        return self._taken


class AcknowledgesEarly(Watched):
    """Tells the number before COMMIT: who dies between the two has lost it."""

    tell: Callable[..., None]

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        with super().transaction() as work:
            yield _AcknowledgesEarly(work._connection, self.tell)


class _AcknowledgesEarly(SqlPostingWork):
    def __init__(self, connection: Any, tell: Callable[..., None]) -> None:
        super().__init__(connection)
        self._acknowledge = tell

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        super().insert(table, rows)
        if table == "document":
            self._acknowledge(**{name: rows[0][name] for name in ("key", "number", "id")})
            time.sleep(SLOW)


STORES = {
    "max_plus_one": MaxPlusOne,
    "number_apart": NumberApart,
    "acknowledges_early": AcknowledgesEarly,
}


def unguard(database: Database) -> None:
    """Take the unique indexes away that would stop a wrong number."""
    with database.write() as connection:
        for statement in WITHOUT_UNIQUE:
            connection.execute(text(statement))
