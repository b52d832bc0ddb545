"""Trying without doing: the lint, the examples of packs, and posted documents under another parametrization."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.flow.filters import known_company
from engine.flow.house import Context, House, allowed
from engine.flow.parametrization import proofs_of, read_and_plan, run_examples
from engine.kernel.faults import Faulty
from engine.parametrization.definitions import Example

if TYPE_CHECKING:
    from engine.lint import Coverage, Finding
    from engine.parametrization.packs import ReadPack
    from engine.rehearsal.examples import ExampleResult
    from engine.rehearsal.replay import Replayed


def check(house: House, context: Context, on: date) -> tuple[list[Finding], Coverage]:
    """What deserves a look in what is in force, in series and connections, worst first; and who may make what."""
    from engine.lint import connected, coverage, filling, lint, proved

    allowed(context, "read")
    catalog = house.catalog()
    ranks = ("error", "warning", "info")
    series, proofs = house.documents.all_series(), proofs_of(house, context, catalog)
    of_state = [*filling.look(catalog, series, on), *proved.look(catalog, proofs)]
    connections = [one.code for one in house.connections.all()]
    everything = [*lint(catalog, on), *of_state, *connected.look(catalog, connections, on)]
    found = sorted(everything, key=lambda one: (ranks.index(one.severity), one.code, one.table, one.key))
    return found, coverage(catalog, on)


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of the examples; `written` are those whose expectation was written anew."""

    results: tuple[ExampleResult, ...]
    written: frozenset[str]

    @property
    def failed(self) -> tuple[ExampleResult, ...]:
        return tuple(one for one in self.results if not one.passed and one.id not in self.written)


def test_packs(house: House, context: Context, names: Sequence[str], *, update: bool = False) -> Tested:
    """Run the examples of packs on top of what is in force.

    With `update`, what comes out is written into the files as what is expected; comments stay.
    Errors: Faulty when the packs themselves are not well.
    """
    from engine.parametrization.writer import update_values

    plan, packs = read_and_plan(house, context, names)
    if plan.faults:
        raise Faulty(plan.faults)
    asked = _named(packs, names)
    results = list(run_examples(plan, asked))
    writable: set[str] = set()
    if update:
        writable = {result.id for result in results if _worth_writing(result, asked)}
        for pack in asked:
            mine = {one.place for one in pack.records}
            for result in results:
                if result.place in mine and result.id in writable:
                    path = pack.file_of(result.place)
                    update_values(path, "example", "id", result.id, {"expect": result.observed})
    return Tested(tuple(results), frozenset(writable))


def _worth_writing(result: ExampleResult, packs: Sequence[ReadPack]) -> bool:
    """What came out otherwise, or where nothing was said yet; never faults that nobody expected."""
    records = (one.record for pack in packs for one in pack.records if one.place == result.place)
    expect = next(record.expect for record in records if isinstance(record, Example))
    if result.faults and "faults" not in expect:
        return False
    return not result.passed or not expect


def _named(packs: Sequence[ReadPack], names: Sequence[str]) -> list[ReadPack]:
    """The packs asked for themselves, without those they require: a required pack has been tested by who made it."""
    folders = {Path(name).resolve() for name in names}
    return [pack for pack in packs if pack.code in names or pack.folder.resolve() in folders]


def replay(
    house: House,
    context: Context,
    names: Sequence[str],
    *,
    since: date | None = None,
    company: str = "",
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Replayed]:
    """Post posted documents again under a candidate, in memory: what would differ. Nothing is used up.

    Errors: Faulty when the packs are not well, or the company is unknown.
    """
    from engine.posting.origins import NUMBERED_BY_US, Found
    from engine.rehearsal.replay import replay as again

    allowed(context, "read", company)
    known_company(house, company)
    plan, _ = read_and_plan(house, context, names)
    if plan.faults:
        raise Faulty(plan.faults)

    def origins(of: str, ids: Iterable[int], numbers: Iterable[str]) -> Found:
        return Found.of(house.documents.referred(of, ids, NUMBERED_BY_US, numbers))

    with house.documents.snapshot() as documents:
        posted = documents.posted(since, company)
        yield from again(plan.candidate.catalog, posted, documents.all_series(), origins, progress)
