"""Many documents in one transaction, on SQL: the statements are as few as for one document, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, select, tuple_, update

from engine.kernel.faults import Faulty
from engine.numbering.counters import Series
from engine.posting.batch import BatchWork, Chain
from engine.posting.ports import BEFORE_LAST, SERIES_CLOSED, StalePlan, Taken
from engine.storage import tables
from engine.storage.database import Database
from engine.storage.posting import IdBlocks, Queue, SqlPostingStore, SqlPostingWork, conflicts_told, named
from engine.storage.writers import Writer
from engine.storage.writers_postgresql import CopyWriter
from engine.storage.writers_sqlite import TextWriter

T = TypeVar("T")
IN_BATCHES: Mapping[str, Writer] = {"sqlite": TextWriter(), "postgresql": CopyWriter()}
"""What writes many documents, by database."""


class SqlBatchStore:
    def __init__(self, database: Database, ids: IdBlocks, posting: SqlPostingStore, queue: Queue | None = None) -> None:
        self._database, self._ids, self._posting, self._queue = database, ids, posting, queue
        self._open: set[str] = set()

    def reserve(self, wanted: Mapping[str, int]) -> None:
        self._ids.reserve(wanted)

    def open_all(self, series: Iterable[Series], chains: Iterable[Chain], revision: int) -> None:
        """One statement for all that were never seen here; a new one is made by itself."""
        unseen = {one.name: one for one in series if one.name not in self._open}
        if unseen:
            with self._database.read() as connection:
                found = {(row.company, row.counter, row.period) for row in connection.execute(_seen(unseen.values()))}
            for one in unseen.values():
                if tuple(named(one).values()) not in found:
                    self._posting.open_series(one, revision)
            self._open.update(unseen)
        for seal, chain in chains:
            self._posting.open_chain(seal, chain)

    def transaction(self, work: Callable[[BatchWork], T]) -> T:
        def whole(connection: Connection) -> T:
            batch = SqlBatchWork(connection, self._queue)
            done = work(batch)
            batch.finish()
            return done

        with conflicts_told():
            return self._database.retrying(whole)


@dataclass(slots=True)
class _Standing:
    """A locked series, as the documents numbered so far leave it."""

    id: int
    value: int
    last_date: date | None
    closed: bool
    revision: int
    head_hash: str
    on: date | None = None  # of the document that is being numbered


class SqlBatchWork(SqlPostingWork):
    """Series and chains are locked and read once, move in memory, and are written once."""

    def __init__(self, connection: Connection, queue: Queue | None = None) -> None:
        super().__init__(connection, IN_BATCHES, queue)
        self._series: dict[str, _Standing] = {}
        self._by_id: dict[int, _Standing] = {}
        self._chains: dict[Chain, tuple[str, int]] = {}

    def lock(self, series: Collection[Series], chains: Collection[Chain]) -> None:
        self.flush()
        names = {tuple(named(one).values()): one.name for one in series}
        for row in self._connection.execute(_locked(series, self._connection.dialect.name)):
            standing = _Standing(row.id, row.value, row.last_date, row.closed, row.revision, row.head_hash)
            self._series[names[row.company, row.counter, row.period]] = self._by_id[row.id] = standing
        if chains:
            table = tables.seal_chain
            mine = select(table).where(tuple_(table.c.seal, table.c.chain).in_(chains))
            ordered = mine.order_by(table.c.seal, table.c.chain).with_for_update(key_share=True)
            self._chains = {
                (row.seal, row.chain): (row.head, row.position) for row in self._connection.execute(ordered)
            }

    def take(self, series: Series, on: date, revision: int) -> Taken:
        standing = self._series.get(series.name)
        if standing is None or standing.revision != revision:
            raise StalePlan
        if standing.closed:
            raise Faulty([SERIES_CLOSED.at("date", series=series.name)])
        last = standing.last_date
        if series.chronological and last and on < last:
            raise Faulty([BEFORE_LAST.at("date", series=series.name, last=last, date=on)])
        standing.on = on
        return Taken(standing.id, standing.value + 1, standing.head_hash)

    def advance(self, series: int, head_hash: str) -> None:
        standing = self._by_id[series]
        standing.value, standing.head_hash = standing.value + 1, head_hash
        standing.last_date = max(filter(None, (standing.last_date, standing.on)), default=None)

    def use(self, taken: Taken) -> None:
        self.advance(taken.series, self._by_id[taken.series].head_hash)

    def lock_chain(self, seal: str, chain: str) -> tuple[str, int]:
        head, position = self._chains[seal, chain]
        return head, position + 1

    def set_chain(self, seal: str, chain: str, link: str) -> None:
        self._chains[seal, chain] = link, self._chains[seal, chain][1] + 1

    def finish(self) -> None:
        """Write what waits, and where series and chains stand."""
        self.flush()
        moved = [
            {"of_series": one.id, "new_value": one.value, "new_date": one.last_date, "new_head": one.head_hash}
            for one in self._series.values()
        ]
        self._connection.execute(_MOVE, moved)
        if self._chains:
            linked = [
                {"of_seal": seal, "of_chain": chain, "new_head": head, "new_position": position}
                for (seal, chain), (head, position) in self._chains.items()
            ]
            self._connection.execute(_LINK, linked)


_NAME = (tables.series.c.company, tables.series.c.counter, tables.series.c.period)


def _seen(series: Iterable[Series]) -> Any:
    """The rows of some series."""
    return select(tables.series).where(tuple_(*_NAME).in_([tuple(named(one).values()) for one in series]))


def _locked(series: Iterable[Series], dialect: str) -> Any:
    """The same, locked in the order of `Series.order`, letter by letter: no two postings wait for each other."""
    order = [one.collate("C") if dialect == "postgresql" else one for one in _NAME]
    return _seen(series).order_by(*order).with_for_update(key_share=True)


_MOVE = (
    update(tables.series)
    .where(tables.series.c.id == bindparam("of_series"))
    .values(value=bindparam("new_value"), last_date=bindparam("new_date"), head_hash=bindparam("new_head"))
)
_LINK = (
    update(tables.seal_chain)
    .where(tables.seal_chain.c.seal == bindparam("of_seal"), tables.seal_chain.c.chain == bindparam("of_chain"))
    .values(head=bindparam("new_head"), position=bindparam("new_position"))
)
