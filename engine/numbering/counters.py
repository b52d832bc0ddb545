"""Which counter numbers a document: the type's own, else its entry type's, else the assignment table's.

Every step is recorded, so that the answer explains itself. An entry type without counter goes to the assignment
table, never to the automatic journal's entry type.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.kernel.faults import Fault, FaultKind
from engine.numbering import mask
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, Counter, CounterAssignment, EntryType, InvoiceType

NO_COUNTER = FaultKind(
    "no_counter",
    "no counter numbers {type} for {company}: {tried}",
    "give one to the type, its entry type, or [[counter_assignment]]",
)
MANUAL_NUMBER = FaultKind(
    "manual_number",
    "type {type} does not take a typed number",
    "leave `number` out: it is given when the document is posted",
)


@dataclass(frozen=True, slots=True)
class Series:
    """One run of numbers: a counter, for a company, in a period. `start` is the first value."""

    counter: Counter
    company: str
    period: str

    @property
    def name(self) -> str:
        return "/".join(part for part in (self.company, self.counter.key, self.period) if part)

    def number(self, on: date, value: int) -> str:
        """The text of a value. Errors: CounterExhausted."""
        return mask.text(self.counter, self.company, on, value)


@dataclass(frozen=True, slots=True)
class Numbering:
    """The series, and the steps that led to it."""

    series: Series | None
    steps: tuple[dict[str, str], ...]


def numbering(
    catalog: Catalog, company: Company, invoice_type: InvoiceType, entry_type: EntryType | None, on: date
) -> Numbering:
    """Follow the chain for one document."""
    steps: list[dict[str, str]] = []
    asked = [("type", invoice_type.key, invoice_type.counter)]
    if entry_type:
        asked.append(("entry_type", entry_type.key, entry_type.counter))
    assigned = _assignment(catalog, company, invoice_type, entry_type, on)
    asked.append(("assignment", assigned.key if assigned else "", assigned.counter if assigned else ""))
    for source, record, code in asked:
        step = {"step": source, "from": record, "code": code}
        steps.append(step)
        if not code:
            continue
        meant = catalog.meant(Counter, code, company, on)
        step |= {name: text for name, text in meant.as_step().items() if name in ("record", "reason", "hides")}
        if isinstance(meant.record, Counter):
            found = meant.record
            lacking = mask.not_yet(found)
            if not lacking:
                return Numbering(Series(found, company.code, mask.period(found, on)), tuple(steps))
            step["reason"] = f"this version does not number by {lacking} yet"
        break  # a counter that is named and may not be used never falls silently into another series
    return Numbering(None, tuple(steps))


def no_counter(found: Numbering, company: Company, invoice_type: InvoiceType) -> Fault:
    """The fault that names every step tried."""
    tried = "; ".join(
        f"{step['step']} {step['from'] or '-'}: {step.get('reason') or step['code'] or 'none'}" for step in found.steps
    )
    return NO_COUNTER.at("invoice_type", type=invoice_type.key, company=company.code, tried=tried)


def _assignment(
    catalog: Catalog, company: Company, invoice_type: InvoiceType, entry_type: EntryType | None, on: date
) -> CounterAssignment | None:
    """The most specific row that fits: legislation, then company, then entry type, category, module."""
    wanted = {
        "module": invoice_type.module,
        "category": invoice_type.category,
        "entry_type": entry_type.code if entry_type else "",
        "company": company.code,
        "site": "",  # no document names a site yet (drafting.request)
        "legislation": company.legislation,
    }
    fitting = [
        row
        for row in catalog.all_meant(CounterAssignment, company, on)
        if all(getattr(row, name) in ("", value) for name, value in wanted.items())
    ]
    ranks = ("legislation", "company", "entry_type", "category", "module")
    return max(fitting, key=lambda row: tuple(bool(getattr(row, name)) for name in ranks), default=None)
