"""Coherence at definition: what can be known of the records before any document comes.

Every reference names something that exists; groups meet; validity does not cross; what a field promises holds. Whether
a chain of references holds for each company is asked by `journal.check`, which knows the chains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.kernel.codes import CREDITS, NEVER_POSTED, POSTED_ONLY_IF_ASKED, REASON_NEEDED, ZERO_RATED
from engine.kernel.faults import Fault, FaultKind, nearest
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

DANGLING = FaultKind("unknown_record", "{field} names {table} {code!r}, which does not exist", "{remedy}")
DATES_CROSS = FaultKind("dates_cross", "it ends on {to}, before it begins on {since}", "mend valid_from or valid_to")
RATES_OVERLAP = FaultKind("rates_overlap", "two rates are in force on {date}", "end the earlier one the day before")
EMPTY_GROUP = FaultKind(
    "group_without_company",
    "group {group} holds no company of legislation {legislation}",
    "add one, or choose another group",
)
GROUPS_APART = FaultKind(
    "groups_apart",
    "it is for group {group} and uses {table} {code} of group {other}; they share no company",
    "choose groups that meet",
)
KIND_NEEDED = FaultKind("purchase_kind_needed", "a purchase type has a purchase_kind", "add purchase_kind")
KIND_FORBIDDEN = FaultKind("purchase_kind_forbidden", "a sales type has no purchase_kind", "remove it")
KIND_MISFIT = FaultKind(
    "purchase_kind_misfit",
    "purchase_kind {kind} does not go with category {category}",
    "invoice, additional_invoice: invoice or debit_note; the credits: credit_note or credit_memo",
)
NO_POSTING = FaultKind(
    "category_not_posted",
    "a {category} is never posted, but names automatic journal {journal}",
    "remove automatic_journal",
)
NOT_POSTED = FaultKind(
    "automatic_journal_needed",
    "a sales type of category {category} needs an automatic journal",
    "add automatic_journal",
)
COUNTER_SHAPE = FaultKind("counter_shape", "counter {code} has {found}", "{remedy}")
ZERO_RATE = FaultKind(
    "tax_rate_misfit", "a tax of category {category} has rate 0, not {percent}", "mend rate or category"
)
REASON = FaultKind("tax_reason_needed", "a tax of category {category} has an exemption_code or a text", "add one")
TERMS_SUM = FaultKind("terms_sum", "the parts add up to {sum} %", "make them 100 %")
NAMED_UNKNOWN = FaultKind("formula_not_asked", "nothing asks for a formula named {code!r}", "{remedy}")

Place = Callable[[d.Record], str]
"""Tells where a record was written."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`field` of a table names records of another, by `code` (the index of catalog.scopes) or by key."""

    table: type[d.Record]
    field: str
    to: type[d.Record]


REFERENCES = (
    Reference(d.Company, "legislation", d.LegislationRecord),
    Reference(d.Company, "payment_terms", d.PaymentTerms),
    Reference(d.CompanyGroup, "companies", d.Company),
    Reference(d.User, "legislation_filter", d.LegislationRecord),
    Reference(d.Ledger, "chart", d.Chart),
    Reference(d.Account, "chart", d.Chart),
    Reference(d.EntryType, "counter", d.Counter),
    Reference(d.EntryType, "default_journal", d.Journal),
    Reference(d.EntryType, "ledgers", d.Ledger),
    Reference(d.CounterAssignment, "entry_type", d.EntryType),
    Reference(d.CounterAssignment, "company", d.Company),
    Reference(d.CounterAssignment, "counter", d.Counter),
    Reference(d.InvoiceType, "entry_type", d.EntryType),
    Reference(d.InvoiceType, "journal", d.Journal),
    Reference(d.InvoiceType, "automatic_journal", d.AutomaticJournal),
    Reference(d.InvoiceType, "automatic_journal_direct", d.AutomaticJournal),
    Reference(d.InvoiceType, "counter", d.Counter),
    Reference(d.AutomaticJournal, "entry_type", d.EntryType),
    Reference(d.AutomaticJournal, "journal", d.Journal),
    Reference(d.DeliveryRule, "company", d.Company),
)
"""Every reference between tables; the codes are followed at use as well."""


def incoherences(catalog: Catalog, place: Place) -> Iterator[Fault]:
    """Everything that is wrong among the records of a catalog."""
    for reference in REFERENCES:
        yield from _dangling(catalog, reference, place)
    for table in d.TABLES.values():
        for record in catalog.table(table).values():
            if isinstance(record, d.Scoped | d.Account):
                yield from _dates(record, place(record))
            if isinstance(record, d.Scoped):
                yield from _scope(catalog, record, place(record))
            check = CHECKS.get(type(record))
            if check:
                yield from check(record, place(record))


def _dates(record: d.Scoped | d.Account, place: str) -> Iterator[Fault]:
    if record.valid_from and record.valid_to and record.valid_to < record.valid_from:
        yield DATES_CROSS.at(f"{place} valid_to", since=record.valid_from, to=record.valid_to)


def _dangling(catalog: Catalog, reference: Reference, place: Place) -> Iterator[Fault]:
    to = reference.to
    if issubclass(to, d.Scoped):
        known: dict[str, list[d.Record]] = {
            called[0]: list(scope.values()) for called, scope in catalog.scopes(to).items()
        }
    else:
        known = {key: [record] for key, record in catalog.table(to).items()}
    for record in catalog.table(reference.table).values():
        value = getattr(record, reference.field)
        codes = list(value) if isinstance(value, tuple | Mapping) else [value] if value else []
        for code in codes:
            where = f"{place(record)} {reference.field}"
            if code not in known:
                remedy = nearest(code, known, f"define {to.TABLE} {code}")
                yield DANGLING.at(where, field=reference.field, table=to.TABLE, code=code, remedy=remedy)
            else:
                yield from _apart(catalog, record, known[code], where)


def _apart(catalog: Catalog, record: d.Record, used: list[d.Record], where: str) -> Iterator[Fault]:
    """A record with a group that uses another with a group must share at least one company with it."""
    groups = catalog.table(d.CompanyGroup)
    mine = groups.get(getattr(record, "company_group", ""))
    for one in used:
        theirs = groups.get(getattr(one, "company_group", ""))
        if mine and theirs and not set(mine.companies) & set(theirs.companies):
            yield GROUPS_APART.at(where, group=mine.code, table=one.TABLE, code=one.key, other=theirs.code)


def _scope(catalog: Catalog, record: d.Scoped, place: str) -> Iterator[Fault]:
    legislations, groups = catalog.table(d.LegislationRecord), catalog.table(d.CompanyGroup)
    if record.legislation and record.legislation not in legislations:
        remedy = nearest(record.legislation, legislations, "define it")
        yield DANGLING.at(
            f"{place} legislation", field="legislation", table="legislation", code=record.legislation, remedy=remedy
        )
    if not record.company_group:
        return
    group = groups.get(record.company_group)
    if group is None:
        remedy = nearest(record.company_group, groups, "define it")
        yield DANGLING.at(
            f"{place} company_group",
            field="company_group",
            table="company_group",
            code=record.company_group,
            remedy=remedy,
        )
        return
    members = [catalog.company(code) for code in group.companies]
    if record.legislation and not any(one and one.legislation == record.legislation for one in members):
        yield EMPTY_GROUP.at(f"{place} company_group", group=group.code, legislation=record.legislation)


def _invoice_type(record: d.InvoiceType, place: str) -> Iterator[Fault]:
    kind, category = record.purchase_kind, record.category
    if record.module == "purchase" and not kind and category in CREDITS | {"invoice", "debit_note"}:
        yield KIND_NEEDED.at(f"{place} purchase_kind")
    if record.module == "sales" and kind:
        yield KIND_FORBIDDEN.at(f"{place} purchase_kind")
    if record.module == "purchase" and kind:
        fitting = CREDITS if kind.startswith("credit") else {"invoice", "debit_note"}
        if category not in fitting:
            yield KIND_MISFIT.at(f"{place} purchase_kind", kind=kind, category=category)
    journal = record.automatic_journal or record.automatic_journal_direct
    if category in NEVER_POSTED and journal:
        yield NO_POSTING.at(f"{place} automatic_journal", category=category, journal=journal)
    if record.module == "sales" and category not in POSTED_ONLY_IF_ASKED and not record.automatic_journal:
        yield NOT_POSTED.at(f"{place} automatic_journal", category=category)


def _counter(record: d.Counter, place: str) -> Iterator[Fault]:
    sequences = [part for part in record.component if part.kind == "sequence"]
    if len(sequences) != 1:
        remedy = "a counter has exactly one component of kind sequence"
        yield COUNTER_SHAPE.at(
            f"{place} component", code=record.code, found=f"{len(sequences)} sequences", remedy=remedy
        )
    kinds = {part.kind for part in record.component}
    for period, needed in (("annual", {"year"}), ("monthly", {"year", "month"})):
        if record.reset == period and not needed <= kinds:
            remedy = f"a {period} series shows {' and '.join(sorted(needed))}, else numbers repeat"
            yield COUNTER_SHAPE.at(f"{place} component", code=record.code, found="no period in its text", remedy=remedy)


def _tax(record: d.Tax, place: str) -> Iterator[Fault]:
    for rate in record.rate:
        if record.category in ZERO_RATED and rate.percent:
            yield ZERO_RATE.at(f"{place} rate", category=record.category, percent=rate.percent)
    if record.category in REASON_NEEDED and not (record.text or record.exemption_code):
        yield REASON.at(f"{place} text", category=record.category)
    yield from _rates(record, place)


def _rates(record: d.Tax | d.Withholding, place: str) -> Iterator[Fault]:
    dated = sorted(record.rate, key=lambda rate: str(rate.valid_from or ""))
    for rate in dated:
        if rate.valid_from and rate.valid_to and rate.valid_to < rate.valid_from:
            yield DATES_CROSS.at(f"{place} rate", since=rate.valid_from, to=rate.valid_to)
    for before, after in zip(dated, dated[1:], strict=False):
        if (
            before.valid_to is None
            or (after.valid_from and after.valid_from <= before.valid_to)
            or after.valid_from is None
        ):
            yield RATES_OVERLAP.at(f"{place} rate", date=after.valid_from or before.valid_to)


def _terms(record: d.PaymentTerms, place: str) -> Iterator[Fault]:
    total = sum((part.percent for part in record.part), Decimal(0))
    if total != 100:
        yield TERMS_SUM.at(f"{place} part", sum=total)


def _formula(record: d.NamedFormula, place: str) -> Iterator[Fault]:
    from engine.parametrization.vocabulary import NAMED

    if record.code not in NAMED:
        yield NAMED_UNKNOWN.at(f"{place} code", code=record.code, remedy=nearest(record.code, NAMED))


CHECKS: dict[type[d.Record], Callable[[Any, str], Iterator[Fault]]] = {
    d.InvoiceType: _invoice_type,
    d.Counter: _counter,
    d.Tax: _tax,
    d.Withholding: _rates,
    d.PaymentTerms: _terms,
    d.NamedFormula: _formula,
}
