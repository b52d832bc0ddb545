"""Which counter numbers a document: the type's own, else its entry type's, else the assignment table's.

Every step is recorded, so that the answer explains itself. An entry type without counter goes to the assignment
table, never to the automatic journal's entry type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.kernel.faults import Fault, FaultKind
from engine.numbering import mask
from engine.parametrization import formulas
from engine.parametrization.catalog import WHY, Catalog
from engine.parametrization.definitions import (
    Company,
    Counter,
    CounterAssignment,
    CounterComponent,
    EntryType,
    FiscalYear,
    InvoiceType,
)
from rules import FormulaFailed
from rules.errors import FAILURES

NO_COUNTER = FaultKind(
    "no_counter",
    "no counter numbers {type} for {company}: {tried}",
    "give one to the type, its entry type, or [[counter_assignment]]",
)
CREATION_COUNTER = FaultKind(
    "creation_counter_not_usable",
    "{company} cannot number {type} a second time with counter {code}: {why}",
    "name another in `creation_counter`, or leave it out",
)
TYPED, CREATED = "!typed", "!created"
"""Mark the series of numbers that people typed, and of second numbers."""
LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What of a document may separate series and be printed: its site, its journal, the values formulas see."""

    site: str = ""
    journal: str = ""
    values: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One run of numbers: a counter, for a company ("" when all share it), in a period, apart by site and complement.

    `start` is the first value; `said` what only the document or a calendar says, by position of the component; `typed`
    the number where a person gave it: those run in a series of their own.
    """

    counter: Counter
    company: str
    period: str
    apart: str = ""  # @SITE#COMPLEMENT
    said: tuple[tuple[int, str], ...] = ()
    of: str = ""  # the company whose document it is
    typed: str = ""
    created: bool = False  # of second numbers

    @property
    def key(self) -> str:
        """The counter, and what separates its series besides company and period."""
        return f"{self.counter.key}{self.apart}{TYPED if self.typed else CREATED if self.created else ''}"

    @property
    def order(self) -> tuple[str, str, str]:
        """Series are locked in this order, so that no two postings wait for each other."""
        return self.company, self.key, self.period

    @property
    def name(self) -> str:
        return "/".join(part for part in (self.company, self.key, self.period) if part)

    @property
    def chronological(self) -> bool:
        """Whether a date may not go back; numbers that people type come when they come."""
        return self.counter.chronological and not self.typed

    @property
    def fast(self) -> bool:
        """Whether a value is taken before the posting transaction, and may stay unused."""
        return self.counter.mode == "fast"

    def number(self, on: date, value: int) -> str:
        """The text of a value. Errors: CounterExhausted, NumberTooLong."""
        return self.typed or mask.text(self.counter, self.of or self.company, on, value, dict(self.said))


@dataclass(frozen=True, slots=True)
class Numbering:
    """The series, and the steps that led to it."""

    series: Series | None
    steps: tuple[dict[str, str], ...]


def numbering(
    catalog: Catalog,
    company: Company,
    invoice_type: InvoiceType,
    entry_type: EntryType | None,
    on: date,
    circumstances: Circumstances | None = None,
) -> Numbering:
    """Follow the chain for one document; without circumstances for any document of the type.

    Remembered where nothing that the document says makes a difference but its site.
    """
    site = circumstances.site if circumstances else ""
    asked = ("numbering", company.code, invoice_type.key, entry_type and entry_type.key, on, site, not circumstances)

    def follow() -> Numbering:
        return _followed(catalog, company, invoice_type, entry_type, on, circumstances)

    def remembered() -> tuple[InvoiceType, EntryType | None, Numbering | None]:
        found = follow()
        alike = found.series and not any(part.kind in _TOLD for part in found.series.counter.component)
        return invoice_type, entry_type, found if alike else None

    of, entry, found = catalog.once(asked, remembered)
    return found if found and of is invoice_type and entry is entry_type else follow()


_TOLD = ("formula", "complement")
"""Components that a document's own values may give."""


def _followed(
    catalog: Catalog,
    company: Company,
    invoice_type: InvoiceType,
    entry_type: EntryType | None,
    on: date,
    circumstances: Circumstances | None,
) -> Numbering:
    steps: list[dict[str, str]] = []
    asked = [("type", invoice_type.key, invoice_type.counter)]
    if entry_type:
        asked.append(("entry_type", entry_type.key, entry_type.counter))
    site = circumstances.site if circumstances else ""
    assigned = _assignment(catalog, company, invoice_type, entry_type, on, site)
    asked.append(("assignment", assigned.key if assigned else "", assigned.counter if assigned else ""))
    for source, record, code in asked:
        step = {"step": source, "from": record, "code": code}
        steps.append(step)
        if not code:
            continue
        meant = catalog.meant(Counter, code, company, on)
        step |= {name: text for name, text in meant.as_step().items() if name in ("record", "reason", "hides")}
        if isinstance(meant.record, Counter):
            found = _series(catalog, company, meant.record, on, circumstances)
            if isinstance(found, Series):
                return Numbering(found, tuple(steps))
            step["reason"] = found
        break  # a counter that is named and may not be used never falls silently into another series
    return Numbering(None, tuple(steps))


def second(
    catalog: Catalog,
    company: Company,
    invoice_type: InvoiceType,
    first: Series | None,
    on: date,
    told: Circumstances | None = None,
) -> tuple[Numbering, list[Fault]]:
    """Where a second number comes from, by the type alone: a series of its own, gapless, never typed."""
    code = invoice_type.creation_counter
    meant = catalog.meant(Counter, code, company, on)
    step = {"step": "type", "from": invoice_type.key, "code": code, **meant.as_step()}
    counter = meant.record
    if not isinstance(counter, Counter):
        found: Series | str = WHY[meant.verdict.reason] if meant.verdict else "there is none"
    elif counter.manual or counter.mode != "gapless":
        found = "its numbers are typed" if counter.manual else f"it is {counter.mode}"
    elif first is not None and first.counter.key == counter.key:
        found = "it gives the first number"
    else:
        found = _series(catalog, company, counter, on, told)
    if isinstance(found, Series):
        return Numbering(replace(found, created=True), (step,)), []
    about = {"company": company.code, "type": invoice_type.key, "code": code, "why": found}
    return Numbering(None, (step | {"reason": found},)), [CREATION_COUNTER.at("invoice_type", **about)]


def _series(
    catalog: Catalog, company: Company, counter: Counter, on: date, circumstances: Circumstances | None
) -> Series | str:
    """The series of a counter that a document falls into, or why there is none, in words."""
    year, period = fiscal_period(catalog, company, on)
    kinds = {part.kind for part in counter.component}
    if not year and (counter.reset == "fiscal_year" or "fiscal_year" in kinds):
        return f"{company.code} has no fiscal year that holds {on}"
    if not period and (counter.reset == "period" or "period" in kinds):
        return f"{company.code} has no period that holds {on}"
    given = circumstances or Circumstances()
    if circumstances and counter.level == "site" and not given.site:
        return "it numbers by site, and the document names none"
    said: dict[int, str] = {}
    for part in counter.component:
        if part.kind in mask.BY_DOCUMENT:
            fixed = {"fiscal_year": year, "period": period, "site": given.site}
            found = fixed.get(part.kind) if part.kind in fixed else _told(part, catalog, company, on, given)
            if isinstance(found, FormulaFailed):
                return f"component {part.position} cannot be computed: {FAILURES[found.code]}"
            said[part.position] = found or ""
    complement = "".join(said[part.position] for part in counter.component if part.kind == "complement")
    apart = (f"@{given.site}" if counter.level == "site" and given.site else "") + (
        f"#{complement}" if complement else ""
    )
    most = LONGEST_KEY - len(CREATED)
    if len(counter.key) + len(apart) > most:
        return f"its series would be called {counter.key}{apart}, longer than {most} characters"
    owner = "" if counter.level == "folder" else company.code
    return Series(
        counter, owner, mask.period(counter, on, year, period), apart, tuple(sorted(said.items())), of=company.code
    )


def _told(
    part: CounterComponent, catalog: Catalog, company: Company, on: date, given: Circumstances
) -> str | FormulaFailed:
    """What a formula or a complement says of a document; a complement without formula is the journal."""
    if not part.value:
        return given.journal
    if given.values is None:
        return ""
    try:
        return str(formulas.of(catalog, company, on).words(part.value)(given.values))
    except FormulaFailed as failed:
        return failed


def fiscal_period(catalog: Catalog, company: Company, on: date) -> tuple[str, str]:
    """The codes of the fiscal year and of the period that hold a day; "" where there is none."""
    return catalog.once(("fiscal period", company.code, on), lambda: _fiscal_period(catalog, company, on))


def _fiscal_period(catalog: Catalog, company: Company, on: date) -> tuple[str, str]:
    for year in catalog.table(FiscalYear).values():
        if year.company == company.code and year.valid_from <= on <= year.valid_to:
            period = next((one.code for one in year.period if one.valid_from <= on <= one.valid_to), "")
            return year.code, period
    return "", ""


def no_counter(found: Numbering, company: Company, invoice_type: InvoiceType) -> Fault:
    """The fault that names every step tried."""
    tried = "; ".join(
        f"{step['step']} {step['from'] or '-'}: {step.get('reason') or step['code'] or 'none'}" for step in found.steps
    )
    return NO_COUNTER.at("invoice_type", type=invoice_type.key, company=company.code, tried=tried)


def _assignment(
    catalog: Catalog,
    company: Company,
    invoice_type: InvoiceType,
    entry_type: EntryType | None,
    on: date,
    site: str,
) -> CounterAssignment | None:
    """The most specific row that fits: legislation, then company, then site, entry type, category, module."""
    wanted = {
        "module": invoice_type.module,
        "category": invoice_type.category,
        "entry_type": entry_type.code if entry_type else "",
        "company": company.code,
        "site": site,
        "legislation": company.legislation,
    }
    fitting = [
        row
        for row in catalog.all_meant(CounterAssignment, company, on)
        if all(getattr(row, name) in ("", value) for name, value in wanted.items())
    ]
    ranks = ("legislation", "company", "site", "entry_type", "category", "module")
    return max(fitting, key=lambda row: tuple(bool(getattr(row, name)) for name in ranks), default=None)
