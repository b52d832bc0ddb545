"""Is a posted number the one its counter gives, and in its place? Recomputed from value, date and the revision it pins.

What cannot be recomputed is said by a reason, never passed over: a number typed by hand, a counter with a formula whose
operands are not in the posted rows. Such a number must still read as its counter says. This is the one place that asks
`numbering` again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault
from engine.numbering import mask
from engine.numbering.counters import CREATED, TYPED, Series, fiscal_period
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, Counter
from engine.posting.findings import (
    COUNTER_UNKNOWN,
    DATE_FELL,
    NUMBER_DIFFERS,
    OTHER_SERIES,
    PERIOD_DIFFERS,
    SERIES_START,
    VALUE_MISSING,
)
from engine.posting.ports import Row

CatalogOf = Callable[[int], Catalog]
"""Companies, fiscal years and counters, as a revision has them."""

BY_HAND = "typed by hand"
BY_FORMULA = "made by a formula"
_NAME = re.compile(r"([^@#!]+)(?:@([^#!]*))?(?:#(.*?))?(!typed|!created)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a series says: `FV/FRA@PARIS1#VEN!typed` is of counter FV/FRA (numbering.counters)."""

    counter: str
    site: str = ""
    complement: str = ""
    typed: bool = False
    created: bool = False

    @classmethod
    def of(cls, series: Row) -> Named:
        found = _NAME.fullmatch(series["counter"])
        if found is None:
            return cls(series["counter"])
        counter, site, complement, mark = found.groups()
        return cls(counter, site or "", complement or "", mark == TYPED, mark == CREATED)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document's counter, if its revision has it; what is wrong with the number; why it was not recomputed."""

    counter: Counter | None
    faults: tuple[Fault, ...]
    why: str = ""


def numbered(series: Row, named: Named, document: Row, site: str, catalog: Catalog) -> Numbered:
    """The number of a document against its counter. `site` is where the document was made."""
    counter, company = catalog.table(Counter).get(named.counter), catalog.company(document["company"])
    if counter is None or company is None:
        missing = f"counter {named.counter}" if counter is None else f"company {document['company']}"
        return Numbered(counter, (COUNTER_UNKNOWN.at("document.revision", missing=missing, revision=catalog.revision),))
    faults = list(_wrong_series(series, named, document, site, counter))
    year, period = fiscal_period(catalog, company, document["date"])
    if (expected := mask.period(counter, document["date"], year, period)) != series["period"]:
        told = {"expected": expected or "none", "period": series["period"] or "none"}
        faults.append(PERIOD_DIFFERS.at("document.date", date=document["date"], **told))
    said = _said(named, counter, site, year, period)
    why = BY_HAND if named.typed else BY_FORMULA if said is None else ""
    given = _such_as(counter, company) if said is None or named.typed else None
    if given is None:
        faults += _wrong_text(_text(series, counter, document, said or {}), document, counter)
    elif (counter.manual or not named.typed) and not given.fullmatch(document["number"]):
        faults += _wrong_text(f"texts that match {given.pattern}", document, counter)
    return Numbered(counter, tuple(faults), why)


def _wrong_series(series: Row, named: Named, document: Row, site: str, counter: Counter) -> Iterator[Fault]:
    owner = "" if counter.level == "folder" else document["company"]
    where = site if counter.level == "site" else ""
    if (series["company"], named.site) != (owner, where):
        yield OTHER_SERIES.at("document.series", company=owner or "all companies", site=where or "none")


def _said(named: Named, counter: Counter, site: str, year: str, period: str) -> dict[int, str] | None:
    """What its components say that only document or calendar can; None where a formula says it."""
    known = {"fiscal_year": year, "period": period, "site": site, "complement": named.complement}
    parts = [part for part in counter.component if part.kind in mask.BY_DOCUMENT]
    if any(part.kind == "formula" for part in parts) or sum(part.kind == "complement" for part in parts) > 1:
        return None
    return {part.position: known[part.kind] for part in parts}


def _text(series: Row, counter: Counter, document: Row, said: dict[int, str]) -> str:
    run = Series(
        counter, series["company"], series["period"], said=tuple(said.items()), of=document["company"]
    )  # fmt: skip
    try:
        return run.number(document["date"], document["value"])
    except EngineError as none:  # CounterExhausted, NumberTooLong
        return f"none ({none.code})"


def _such_as(counter: Counter, company: Company) -> re.Pattern[str]:
    return mask.pattern(counter, company.code)


def _wrong_text(expected: str, document: Row, counter: Counter) -> Iterator[Fault]:
    if document["number"] != expected:
        told = {"counter": counter.key, "value": document["value"], "date": document["date"]}
        yield NUMBER_DIFFERS.at("document.number", number=document["number"], expected=expected, **told)


class Unused:
    """Values of a fast series that were taken and that no document has, met in order."""

    def __init__(self, values: Iterable[int]) -> None:
        self._values = iter(values)
        self._next = next(self._values, None)

    def missing(self, begin: int, end: int) -> int | None:
        """The first value from `begin`, below `end`, that nobody took; asked in order."""
        value = begin
        while value < end:
            while self._next is not None and self._next < value:
                self._next = next(self._values, None)
            if self._next != value:
                return value
            value += 1
        return None


def wrong_place(
    document: Row,
    counter: Counter,
    before: int | None,
    last: date | None,
    unused: Unused,
    starts: Callable[[], set[int]],
) -> Iterator[Fault]:
    """A value that is missing before this one, a date that falls.

    `before` and `last` are None at the beginning; `starts` are the values its counter ever began with.
    """
    value, on = document["value"], document["date"]
    if before is None:
        if value != counter.start and value not in starts() and unused.missing(counter.start, value) is not None:
            yield SERIES_START.at("document.value", value=value, start=counter.start)
    elif value != before + 1:
        missing = unused.missing(before + 1, value) if value > before else before + 1
        if missing is not None:
            yield VALUE_MISSING.at("document.value", value=value, before=before, missing=missing)
    if counter.chronological and last and on < last:
        yield DATE_FELL.at("document.date", date=on, last=last)
