"""The `[[example]]` of packs: documents, and what must come of them under a candidate parametrization.

Examples do not see each other: counters stand at their start, and no document of ours can be referred to by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from engine.drafting.request import Part, read_request
from engine.kernel.codes import Category, Module
from engine.kernel.faults import Fault, Faulty, nearest
from engine.kernel.wall import validated
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Example
from engine.parametrization.words import Code, Day
from engine.rehearsal.comparison import Difference, Pair, as_written, differences, pairs
from engine.rehearsal.rehearse import rehearse
from engine.selection import choose, company_of

OFFERED, FAULTS = "offered", "faults"
OBSERVED = ("number", "totals", "taxes", "entries")
"""What is observed where nothing is expected yet."""
COMPARED = (OFFERED, *OBSERVED, "invoice_type", "due_dates", FAULTS)
"""What may be expected."""


@dataclass(frozen=True, slots=True)
class LocatedExample:
    """An example, where it was written, and its document: its own, or what `document_file` holds."""

    example: Example
    place: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What came of an example. `faults` are those of its document, expected or not.

    `observed` is what `expect` would have to be, in its shape; where nothing is expected, what is worth expecting.
    """

    id: str
    place: str
    differences: tuple[Difference, ...]
    faults: tuple[Fault, ...]
    observed: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "place": self.place, "passed": self.passed,
            "differences": [one.as_json() for one in self.differences],
        }  # fmt: skip


def run_examples(
    catalog: Catalog, examples: Sequence[LocatedExample], progress: Callable[[int], None] = lambda done: None
) -> Iterator[ExampleResult]:
    """Each example by itself, in order. `on`, where it is given, takes the place of the document's date.

    A document of which only `offered` is expected need not be whole: company and date will do.
    """
    for done, one in enumerate(examples, 1):
        yield _result(catalog, one)
        progress(done)


def _result(catalog: Catalog, located: LocatedExample) -> ExampleResult:
    example, expect = located.example, located.example.expect
    document = _as_json(located.document)
    if example.on:
        document["date"] = example.on.isoformat()
    found, faults = _observed(catalog, document, expect)
    codes = [fault.code for fault in faults]
    expected_faults = expect.get(FAULTS, [])
    wrong = _fault_differences(expected_faults if isinstance(expected_faults, list) else [expected_faults], faults)
    refused = any(one.expected is None for one in wrong)
    for key, value in expect.items():
        if key not in COMPARED:
            wrong.append(Difference(key, value, None, nearest(key, COMPARED)))
        elif key != FAULTS and (key in found or not refused):
            wrong += differences(value, found.get(key), key)
    shape = expect or dict.fromkeys(OBSERVED)
    observed = {key: as_written(value, found[key], key) for key, value in shape.items() if key in found}
    if faults or FAULTS in expect:
        observed[FAULTS] = as_written(expected_faults, codes, FAULTS)
    return ExampleResult(example.id, located.place, tuple(wrong), faults, observed)


def _observed(
    catalog: Catalog, document: Mapping[str, Any], expect: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    found: dict[str, Any] = {}
    faults: dict[Fault, None] = {}
    if OFFERED in expect:
        try:
            found[OFFERED] = _offered(catalog, document)
        except Faulty as wrong:
            faults |= dict.fromkeys(wrong.faults)
    if set(expect) != {OFFERED}:
        try:
            found |= rehearse(catalog, read_request(document))
        except Faulty as wrong:
            faults |= dict.fromkeys(wrong.faults)
    return found, tuple(faults)


def _fault_differences(expected: Sequence[str], faults: Sequence[Fault]) -> list[Difference]:
    """Codes expected that did not come; faults, whole, that nobody expected."""
    result = []
    for pair in pairs(expected, [fault.code for fault in faults]):
        match pair:
            case Pair(None, int(place)):
                result.append(Difference(FAULTS, None, faults[place]))
            case Pair(int(place), None):
                result.append(Difference(FAULTS, expected[place], None))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice(Part):
    """What decides which types are offered for a document."""

    company: Code
    date: Day
    module: Module
    category: Category | Literal[""] = ""


def _offered(catalog: Catalog, document: Mapping[str, Any]) -> list[str]:
    """Codes of the types offered for a document; it may be no more than a company and a date."""
    named = {key: document[key] for key in ("company", "date", "category", "module") if document.get(key)}
    asked = validated(_Choice, {"module": "sales" if document.get("supplier") is None else "purchase"} | named)
    company = company_of(catalog, asked.company)
    choice = choose(catalog, company, asked.date, module=asked.module, category=asked.category)
    return [record.code for record in choice.offered]


def _as_json(value: Any) -> Any:
    """A document of TOML as JSON would hold it: dates and decimals are text."""
    if isinstance(value, Mapping):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
