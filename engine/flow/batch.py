"""Many documents are posted: each is read, picked and planned as if it were alone; they are written chunk by chunk.

A chunk is one transaction. What is wrong with one document is reported in its place and never sinks the others: it is
left out, and the chunk is written without it. Answers come in the order of the documents, as soon as theirs is there.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.flow.posting import (
    REPLANS,
    explained,
    explanation,
    planned_of,
    post_one_of_many,
    rows_of,
    same_document,
    told,
    whole,
)
from engine.flow.sealing import sealing_of
from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, Faulty

if TYPE_CHECKING:
    from engine.drafting.request import Asked
    from engine.parametrization.catalog import Catalog
    from engine.posting.batch import Ready
    from engine.posting.origins import Found

CHUNK = 500
LINES = 50_000
"""Documents with so many lines together make a chunk, however few they are: it is held in memory."""
TRIES = 8
"""How often a chunk is tried before its documents are posted one by one."""
Answer = dict[str, Any]


def post_batch(
    house: House,
    context: Context,
    documents: Iterable[Any],
    *,
    chunk: int = CHUNK,
    explain: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Answer]:
    """Post documents, `chunk` of them in one transaction; their answers, in their order, as `post_many` gives them.

    A `Faulty` among the documents stands for one that could not be read: its faults are reported in its place. Numbers
    are given within a chunk in the order of date, and of the documents where dates are equal. `progress` is told how
    many are done.
    """
    done, chunks = 0, _chunks(context, documents, max(chunk, 1))
    while True:
        with _uncollected():
            some = next(chunks, ())
            answers = _Chunk(house, context, explain, some).post() if some else {}
        if not some:
            return
        done += len(some)
        progress(done)
        for one in some:
            yield {"index": one.index} | answers[one.index]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles: the many objects of a chunk have none, and looking takes a fifth of its time.

    What others leave behind meanwhile waits for the end of the chunk.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Read:
    """A document as it was read, or what kept it from being read."""

    index: int
    data: Any
    asked: Asked | None = None
    faults: Sequence[Fault] = ()

    @property
    def key(self) -> tuple[str, str] | None:
        return _key(self.asked) if self.asked else None


def _key(asked: Asked) -> tuple[str, str] | None:
    return (asked.request.company, asked.request.key) if asked.request.key else None


def _chunks(context: Context, documents: Iterable[Any], most: int) -> Iterator[list[_Read]]:
    """Documents read, so many at a time; one whose key is in a chunk already begins the next, which finds the first."""
    some: list[_Read] = []
    keys: set[tuple[str, str]] = set()
    lines = 0
    for index, data in enumerate(documents):
        one = _read(context, index, data)
        if one.key in keys:
            yield some
            some, keys, lines = [], set(), 0
        some.append(one)
        lines += len(one.asked.request.lines) if one.asked else 0
        if one.key:
            keys.add(one.key)
        if len(some) == most or lines >= LINES:  # its answers do not wait for what comes next
            yield some
            some, keys, lines = [], set(), 0
    if some:
        yield some


def _read(context: Context, index: int, data: Any) -> _Read:
    from engine.drafting.request import read_request

    try:
        if isinstance(data, Faulty):
            raise data
        asked = read_request(data)
        allowed(context, "post", asked.request.company)
    except Faulty as faulty:
        return _Read(index, data, faults=faulty.faults)
    return _Read(index, data, asked)


class _Chunk:
    """Documents that are written together, all at one moment of the clock. All is kept by their index."""

    def __init__(self, house: House, context: Context, explain: bool, read: Sequence[_Read]) -> None:
        self._house, self._context, self._explain = house, context, explain
        self._now = context.clock.now()
        self._data = {one.index: one.data for one in read}
        self._open = {one.index: one.asked for one in read if one.asked}  # what has no answer yet
        self._ready: dict[int, Ready] = {}
        self._why: dict[int, Any] = {}
        self._alone: set[int] = set()
        self._refused: dict[int, Sequence[Fault]] = {}  # at the write: somebody may have posted it meanwhile
        self._stale = 0
        self._answers: dict[int, Answer] = {}
        for one in read:
            if not one.asked:
                self._refuse(one.index, one.faults)

    def post(self) -> Mapping[int, Answer]:
        """The answer of each document."""
        try:
            catalog = self._house.catalog(fresh=False)
            for _ in range(TRIES):
                self._answer_those_posted_before()
                catalog = self._plan_all(catalog)
                if not self._ready or self._written():
                    break
                if self._stale and not self._ready:
                    catalog = self._house.catalog()
        except EngineError as error:  # of the database: nothing of what is open was written
            for index in [*self._open]:
                self._refuse(index, [error.as_fault()])
        for index in [*self._open]:
            alone = post_one_of_many(self._house, self._context, index, self._data[index], explain=self._explain)
            self._settle(index, alone)
        return self._answers

    def _written(self) -> bool:
        """Write what is ready; False where that is worth another try. Errors: EngineError."""
        from engine.posting.batch import LeftOut, write_many
        from engine.posting.ports import KeyTaken, NumberTaken, StalePlan

        try:
            documents = write_many(list(self._ready.values()), self._house.batches)
        except StalePlan:
            self._stale += 1
            if self._stale > REPLANS:
                raise
            self._forget()
        except KeyTaken:
            return False  # somebody posted one since we looked: the next look finds it
        except LeftOut as left_out:
            self._refused |= left_out.faults
        except NumberTaken:
            return True  # which of them, and by whom, each finds out for itself
        else:
            for index, document in documents.items():
                self._settle(index, told(whole(self._ready[index].rows, document), self._why.get(index)))
            return True
        return False

    def _answer_those_posted_before(self) -> None:
        """The first answer for a key that was used before, even to a document that would be refused now."""
        keyed = {_key(asked): index for index, asked in self._open.items() if asked.request.key}
        for key, stored in self._house.documents.by_keys([key for key in keyed if key]).items():
            index = keyed[key]
            try:
                first = same_document(stored, self._open[index])
            except Faulty as faulty:
                self._refuse(index, faulty.faults)
            else:
                self._settle(index, told(first, self._explain and explained(self._house, first.document)))
        for index, faults in self._refused.items():
            if index in self._open:
                self._refuse(index, faults)

    def _plan_all(self, catalog: Catalog) -> Catalog:
        """Plan what is not planned yet; the parametrization it is planned under, which is newer where that helps."""
        from engine.posting.origins import UNKNOWN_NUMBER

        waiting = [index for index in self._open if index not in self._ready and index not in self._alone]
        if not waiting:
            return catalog
        self._house.batches.reserve(dict.fromkeys(("document", "delivery", "audit"), len(waiting)))
        origins, wrong = self._origins(waiting), {}
        for index in waiting:
            try:
                self._plan(index, catalog, origins)
            except Faulty as faulty:
                if any(fault.code == UNKNOWN_NUMBER.code for fault in faulty.faults):
                    self._alone.add(index)  # another document of this chunk may be about to get that number
                else:
                    wrong[index] = faulty.faults
            except EngineError as error:
                wrong[index] = (error.as_fault(),)
        fresh = self._house.catalog() if wrong else catalog
        if fresh.revision != catalog.revision:  # faulty by what was in force when we last looked
            self._forget()
            return self._plan_all(fresh)
        for index, faults in wrong.items():
            self._refuse(index, faults)
        return catalog

    def _plan(self, index: int, catalog: Catalog, origins: Mapping[str, Found]) -> None:
        from engine.posting.batch import Ready
        from engine.posting.origins import origins_of

        house, asked = self._house, self._open[index]
        found = origins_of(asked.request, lambda company, ids, numbers: origins[company])
        planned = planned_of(self._context, asked, catalog, found)
        if planned.series.fast:  # its values are never taken in the transaction of a document
            self._alone.add(index)
            return
        rows, view = rows_of(house, self._context, planned, catalog, self._now, house.posting.next_id)
        sealing = sealing_of(house, planned, view, catalog, self._now)
        self._why[index] = self._explain and explanation(planned, catalog)
        self._ready[index] = Ready(index, planned, rows, rows.body_hash, sealing)

    def _origins(self, waiting: Sequence[int]) -> Mapping[str, Found]:
        """The documents of ours that these refer to, by company: one statement for each company."""
        from engine.posting.origins import NUMBERED_BY_US, Found, wanted

        names: dict[str, set[int | str]] = {}
        for request in (self._open[index].request for index in waiting):
            for _, name in wanted(request):
                names.setdefault(request.company, set()).add(name)
        found = {}
        for company, some in names.items():
            ids = sorted(name for name in some if isinstance(name, int))
            numbers = sorted(name for name in some if isinstance(name, str))
            found[company] = Found.of(self._house.documents.referred(company, ids, NUMBERED_BY_US, numbers))
        return found

    def _forget(self) -> None:
        """What is open must be planned again."""
        self._ready.clear()
        self._alone.clear()

    def _settle(self, index: int, answer: Answer) -> None:
        self._answers[index] = answer
        self._open.pop(index, None)
        self._ready.pop(index, None)

    def _refuse(self, index: int, faults: Sequence[Fault]) -> None:
        data = self._data[index]
        key = data.get("key") if isinstance(data, dict) else None
        self._settle(index, {"key": key, "faults": [fault.as_json() for fault in faults]})
