"""Many planned documents in one transaction: the same steps as for one, each taken once for all of them.

Rows that print no number are written first; then every series and every chain of a seal is locked, in one order, so
that no two batches wait for each other; then numbers are given in order of date and id, links computed in memory; then
what prints numbers, the document rows, and the heads. All of it is there afterwards, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, Faulty
from engine.numbering.counters import Series
from engine.posting.ports import PostingWork, Row, StalePlan
from engine.posting.post import CHILDREN, Plan, numbered, take_all
from engine.posting.rows import Rows
from engine.posting.sealing import Sealing

T = TypeVar("T")
Chain = tuple[str, str]
"""A seal and the name of a chain of it."""


class BatchWork(PostingWork, Protocol):
    """A write transaction for many documents. What is taken counts once the series is advanced."""

    def lock(self, series: Collection[Series], chains: Collection[Chain]) -> None:
        """Lock these, series before chains, each in the order of their names; they stay locked until commit."""


class BatchStore(Protocol):
    def reserve(self, wanted: Mapping[str, int]) -> None:
        """Have so many technical ids at hand, by name; at most one statement in a transaction of its own."""

    def open_all(self, series: Iterable[Series], chains: Iterable[Chain], revision: int) -> None:
        """Make sure that all these rows exist. Errors: StalePlan."""

    def transaction(self, work: Callable[[BatchWork], T]) -> T:
        """Run `work` in one transaction, again when the database is busy; at most five times.

        Errors: KeyTaken, NumberTaken, and what `work` raises.
        """


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that lacks nothing but its number. `place` is the caller's."""

    place: int
    planned: Plan
    rows: Rows
    body: str  # the hash of its rows
    sealing: Sealing | None

    @property
    def order(self) -> tuple[object, int]:
        return self.planned.draft.date, self.rows.document["id"]


class LeftOut(Exception):
    """Some documents cannot be written, by place; nothing was written of the others either."""

    def __init__(self, faults: Mapping[int, Sequence[Fault]]) -> None:
        self.faults = faults
        super().__init__(f"{len(faults)} documents cannot be written")


def write_many(ready: Sequence[Ready], store: BatchStore) -> dict[int, Row]:
    """Write planned documents of one revision; their rows as they stand in the database, by place.

    Errors: StalePlan, KeyTaken, NumberTaken; LeftOut, with all that can be told of every document at once. After any
    of them nothing is written and no number is used.
    """
    series = {each.name: each for one in ready for each in one.planned.all_series}
    chains = {(use.name, chain) for one in ready if one.sealing for use, chain in one.sealing.seals}
    store.open_all(series.values(), chains, ready[0].planned.revision)

    def work(batch: BatchWork) -> dict[int, Row]:
        for one in ready:
            waiting = one.rows.waiting
            for table in CHILDREN:
                if table not in waiting and one.rows.children.get(table):
                    batch.insert(table, one.rows.children[table])
        batch.lock(series.values(), chains)
        return _numbered(ready, batch)

    return store.transaction(work)


def _numbered(ready: Sequence[Ready], work: BatchWork) -> dict[int, Row]:
    """Give each document its number and write what prints it. Errors: StalePlan, LeftOut."""
    written: dict[int, Row] = {}
    left_out: dict[int, Sequence[Fault]] = {}
    for one in sorted(ready, key=lambda one: one.order):
        try:
            written[one.place] = _one(one, work)
        except StalePlan:
            raise
        except Faulty as faulty:
            left_out[one.place] = faulty.faults
        except EngineError as error:
            left_out[one.place] = [error.as_fault()]
    if left_out:
        raise LeftOut(left_out)
    return written


def _one(one: Ready, work: BatchWork) -> Row:
    series, on = one.planned.series, one.planned.draft.date
    taken = take_all(one.planned, work)
    number = series.number(on, taken[0].value)
    children = one.rows.completed(number)
    document = numbered(one.planned, one.rows, one.body, taken, number, children, work, one.sealing)
    for table in one.rows.waiting:
        work.insert(table, children[table])
    work.insert("document", [document])
    work.advance(taken[0].series, document["hash"])
    return document
