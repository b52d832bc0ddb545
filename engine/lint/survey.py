"""What every look shares: the companies, in bunches that no rule tells apart, and the chains of the types they take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from typing import cast

from engine.journal.determine import FULFILMENTS, Determination, determine
from engine.kernel.periods import in_force
from engine.numbering.counters import Numbering, numbering
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

KEYED, FULFILLED = frozenset[str](), FULFILMENTS
"""A document keyed directly, and one that refers to an order, a delivery or a receipt."""
ON_THE_WAY = (
    "invoice_type", "entry_type", "journal", "automatic_journal", "automatic_journal_group", "counter",
    "counter_assignment",
)  # fmt: skip
"""Tables whose records decide how a document is posted and numbered."""


DECIDING = tuple(
    sorted(
        {one.name for one in fields(d.InvoiceType)}
        - {"code", "legislation", "company_group", "active", "valid_from", "valid_to", "source"}
        - {"description", "short_description", "untdid_code", "national_code"}
    )
)
"""What of a type can decide where it leads; not what it is called, and not who may use it when."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Companies for which every code means the same records: one legislation, the same groups, nothing of their own."""

    companies: tuple[d.Company, ...]

    @property
    def one(self) -> d.Company:
        return self.companies[0]

    @property
    def names(self) -> list[str]:
        return [company.code for company in self.companies]


@dataclass(frozen=True, slots=True)
class Chain:
    """Where one type leads for companies alike, on a date."""

    alike: Alike
    type: d.InvoiceType
    on: date
    found: Determination
    numbers: Numbering

    def asks(self) -> Iterator[tuple[str, str]]:
        """Tables and codes it looked at on its way: it can change only when they do."""
        yield d.InvoiceType.TABLE, self.type.code
        for step in self.found.steps:
            yield step.get("table", ""), step["code"]
        for step in self.numbers.steps:
            yield d.Counter.TABLE, step["code"]


class Survey:
    """One catalog on one date; whatever several looks ask is found once."""

    def __init__(self, catalog: Catalog, on: date) -> None:
        self.catalog, self.on = catalog, on

    @cached_property
    def alike(self) -> tuple[Alike, ...]:
        named = {row.company for row in self.catalog.table(d.CounterAssignment).values()}
        years = defaultdict(list)
        for year in self.catalog.table(d.FiscalYear).values():
            years[year.company].append((year.code, str(year.valid_from), str(year.valid_to)))
        bunches: dict[tuple[object, ...], list[d.Company]] = defaultdict(list)
        for company in self.catalog.table(d.Company).values():
            own = company.code if company.code in named else ""
            groups = self.catalog.groups_of(company.code)
            bunches[company.legislation, groups, own, tuple(years[company.code])].append(company)
        return tuple(Alike(tuple(bunch)) for bunch in bunches.values())

    @cached_property
    def legislations(self) -> frozenset[str]:
        """Those that companies follow."""
        return frozenset(alike.one.legislation for alike in self.alike)

    @cached_property
    def chains_of(self) -> tuple[tuple[Alike, tuple[Chain, ...]], ...]:
        """Every way a document may be posted on the date, by who posts it."""
        return tuple((alike, tuple(self.chains_on(alike, self.on))) for alike in self.alike)

    @property
    def chains(self) -> Iterator[Chain]:
        for _, chains in self.chains_of:
            yield from chains

    def offered(self, alike: Alike, on: date, codes: Container[str] | None = None) -> Iterator[d.InvoiceType]:
        """The types these companies may use, in key order; only those of some codes, when these are given."""
        for (_, code), scope in self._types:
            record = scope.get(alike.one.legislation) or scope.get("")
            if record and (codes is None or code in codes) and not self.catalog.refuses(record, alike.one, on):
                yield record

    @cached_property
    def _types(self) -> list[tuple[tuple[str, ...], Mapping[str, d.InvoiceType]]]:
        return sorted(self.catalog.scopes(d.InvoiceType).items())

    def chains_on(self, alike: Alike, on: date, codes: Container[str] | None = None) -> Iterator[Chain]:
        """Types that name the same records lead to the same: each such way is followed once."""
        catalog, company = self.catalog, alike.one
        ways: dict[tuple[object, ...], list[tuple[Determination, Numbering]]] = {}
        for kind in self.offered(alike, on, codes):
            way = tuple(getattr(kind, name) for name in DECIDING)
            if way not in ways:
                ways[way] = []
                for references in (KEYED, FULFILLED) if kind.automatic_journal_direct else (KEYED,):
                    found = determine(catalog, company, kind, on, references)
                    ways[way].append((found, numbering(catalog, company, kind, found.entry_type, on)))
            for found, numbers in ways[way]:
                yield Chain(alike, kind, on, found, numbers)

    @cached_property
    def days_to_come(self) -> dict[date, list[d.Scoped]]:
        """Days after the date on which something changes about how documents are posted and numbered, and what."""
        days: dict[date, list[d.Scoped]] = defaultdict(list)
        for table in ON_THE_WAY:
            kind = d.TABLES.get(table)
            for record in self.catalog.table(kind).values() if kind else ():
                for day in changes(record) if isinstance(record, d.Scoped) else ():
                    if day > self.on:
                        days[day].append(cast(d.Scoped, record))
        return dict(sorted(days.items()))

    def usable(self, record: d.Scoped) -> bool:
        """Whether a record may be used on the date, by its own account."""
        return record.active and in_force(record.valid_from, record.valid_to, self.on)


def changes(record: d.Scoped) -> Iterator[date]:
    """The first day a record is in force, and the first day it is no more."""
    if record.valid_from:
        yield record.valid_from
    if record.valid_to and record.valid_to < date.max:
        yield record.valid_to + timedelta(days=1)
