"""Coherence at definition: what can be known of the records before any document comes.

Every reference names something that exists; groups meet; validity does not cross; what a field promises holds. Whether
a chain of references holds for each company is asked by `journal.check`, which knows the chains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine.kernel.codes import CREDITS, MODULES, NEVER_POSTED, POSTED_ONLY_IF_ASKED, REASON_NEEDED, ZERO_RATED
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
SELF_ASSESSED = FaultKind(
    "self_assessed_misfit", "the buyer assesses taxes of category AE and K only, not {category}", "mend one of them"
)
REASON = FaultKind("tax_reason_needed", "a tax of category {category} has an exemption_code or a text", "add one")
TERMS_SUM = FaultKind("terms_sum", "the parts add up to {sum} %", "make them 100 %")
GROUP_SHAPE = FaultKind("group_shape", "group {code} has 1 to {most} different members", "mend `members`")
MATCHING_SHAPE = FaultKind(
    "matching_shape", "group {code} matches lines of 2 or 3 members, at most {most} times", "mend `matching`"
)
GROUP_MAIN = FaultKind("group_main", "main {main} of group {code} is not among its members", "add it, or name another")
NO_SOURCE = FaultKind(
    "account_source_needed", "a journal line names where its account comes from", "add one to `account`"
)
NO_RATES = FaultKind("tax_rate_needed", "it has no rate at all", "add one, also when it is 0")
PERIODS_APART = FaultKind(
    "periods_apart",
    "periods follow each other and fill the year: {expected} is expected, {found} found",
    "mend the dates",
)
REPEAT_SHAPE = FaultKind("repeat_shape", "it repeats from {first} to {last}: no time at all", "mend first or last")

Place = Callable[[d.Record], str]
"""Tells where a record was written."""


@dataclass(frozen=True, slots=True)
class Reference:
    """`field` of a table names records of another, by `code` (the index of catalog.scopes) or by key."""

    table: type[d.Record]
    field: str
    to: type[d.Record]
    instead: type[d.Scoped] | None = None  # a table that is looked up first


LONGEST_NUMBER = 60
NEAREST_TOLD = 50
MOST_MEMBERS = 10
MOST_MATCHED = 3

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
    Reference(d.InvoiceType, "automatic_journal", d.AutomaticJournal, d.AutomaticJournalGroup),
    Reference(d.InvoiceType, "automatic_journal_direct", d.AutomaticJournal, d.AutomaticJournalGroup),
    Reference(d.AutomaticJournalGroup, "members", d.AutomaticJournal),
    Reference(d.AutomaticJournalGroup, "main", d.AutomaticJournal),
    Reference(d.InvoiceType, "settlement_journal", d.AutomaticJournal, d.AutomaticJournalGroup),
    Reference(d.InvoiceType, "counter", d.Counter),
    Reference(d.InvoiceType, "creation_counter", d.Counter),
    Reference(d.AutomaticJournal, "entry_type", d.EntryType),
    Reference(d.AutomaticJournal, "journal", d.Journal),
    Reference(d.DeliveryRule, "company", d.Company),
    Reference(d.DeliveryRule, "template", d.Template),
    Reference(d.Template, "company", d.Company),
    Reference(d.Site, "company", d.Company),
    Reference(d.FiscalYear, "company", d.Company),
    Reference(d.SettlementAccount, "company", d.Company),
    Reference(d.SettlementAccount, "journal", d.Journal),
    Reference(d.ChargeKind, "tax_code", d.Tax),
)
"""Every reference between tables; the codes are followed at use as well."""


def incoherences(catalog: Catalog, place: Place) -> Iterator[Fault]:
    """Everything that is wrong among the records of a catalog."""
    for reference in REFERENCES:
        yield from _dangling(catalog, reference, place)
    yield from _default_types(catalog, place)
    yield from _named_inside(catalog, place)
    for table in d.TABLES.values():
        for record in catalog.table(table).values():
            if isinstance(record, d.Scoped | d.Account):
                yield from _dates(record, place(record))
            if isinstance(record, d.Scoped):
                yield from _scope(catalog, record, place(record))
            check = CHECKS.get(type(record))
            if check:
                yield from check(record, place(record))


def _default_types(catalog: Catalog, place: Place) -> Iterator[Fault]:
    """Default types of companies and users, and the types that rules and templates name, exist in their module."""
    known: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, code in catalog.scopes(d.InvoiceType):
        known[module].add(code)
    named: list[tuple[d.Record, str, str, str]] = []
    for company in catalog.table(d.Company).values():
        for module, codes in company.default_type.items():
            named += [(company, f"default_type.{module}.{category}", module, code) for category, code in codes.items()]
    for user in catalog.table(d.User).values():
        named += [(user, f"default_type.{module}", module, code) for module, code in user.default_type.items()]
    for record, field, where, code in named:
        if code not in known[where]:
            remedy = nearest(code, known[where], "define it")
            yield DANGLING.at(f"{place(record)} {field}", field=field, table="invoice_type", code=code, remedy=remedy)
    both = known["sales"] | known["purchase"]
    rules: list[d.DeliveryRule | d.Template] = [*catalog.table(d.DeliveryRule).values()]
    for rule in (*rules, *catalog.table(d.Template).values()):
        if rule.invoice_type and rule.invoice_type not in both:
            facts = {"field": "invoice_type", "table": "invoice_type", "code": rule.invoice_type}
            yield DANGLING.at(
                f"{place(rule)} invoice_type", remedy=nearest(rule.invoice_type, both, "define it"), **facts
            )


def _named_inside(catalog: Catalog, place: Place) -> Iterator[Fault]:
    """Ledgers that lines of automatic journals name."""
    ledgers = catalog.table(d.Ledger)
    for journal in catalog.table(d.AutomaticJournal).values():
        for line in journal.line:
            for code in line.ledgers:
                if code not in ledgers:
                    facts = {"field": "ledgers", "table": "ledger", "code": code}
                    remedy = nearest(code, ledgers, "define it")
                    yield DANGLING.at(f"{place(journal)} line[{line.id}] ledgers", remedy=remedy, **facts)
    for group in catalog.table(d.AutomaticJournalGroup).values():
        yield from _matching(catalog, group, place(group))


def _matching(catalog: Catalog, group: d.AutomaticJournalGroup, place: str) -> Iterator[Fault]:
    """Lines that a group matches are lines of its members."""
    journals = catalog.scopes(d.AutomaticJournal)
    for named in group.matching:
        if not 2 <= len(named) <= MOST_MATCHED or len(group.matching) > MOST_MATCHED:
            yield MATCHING_SHAPE.at(f"{place} matching", code=group.code, most=MOST_MATCHED)
        for code, wanted in named.items():
            lines = {line.id for record in journals.get((code,), {}).values() for line in record.line}
            if code not in group.members or wanted not in lines:
                facts = {"field": "matching", "table": "line of automatic_journal", "code": f"{code}.{wanted}"}
                remedy = nearest(wanted, lines) or "name a member, and a line of it"
                yield DANGLING.at(f"{place} matching", remedy=remedy, **facts)


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
    if reference.instead:
        instead = catalog.scopes(reference.instead)
        known = {**known, **{called[0]: list(scope.values()) for called, scope in instead.items()}}
    told = 0
    for record in catalog.table(reference.table).values():
        value = getattr(record, reference.field)
        codes = list(value) if isinstance(value, tuple | Mapping) else [value] if value else []
        for code in codes:
            where = f"{place(record)} {reference.field}"
            if code not in known:
                told += 1
                remedy = f"define {to.TABLE} {code}"
                if told <= NEAREST_TOLD:  # looking for the nearest of many names takes its time
                    remedy = nearest(code, known, remedy)
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
    places = [part.position for part in record.component]
    if len(set(places)) < len(places):
        remedy = "number them 1, 2, 3 …"
        yield COUNTER_SHAPE.at(f"{place} component", code=record.code, found="two parts at one position", remedy=remedy)
    if any(part.kind == "year" and part.length not in (0, 1, 2, 4) for part in record.component):
        remedy = "a year has 1, 2 or 4 digits"
        yield COUNTER_SHAPE.at(f"{place} component", code=record.code, found="a year it cannot print", remedy=remedy)
    widths = {"constant": None, "year": 4, "month": 2, "week": 2, "day": 3, "company": 20, "site": 20, "complement": 20}
    longest = sum(
        len(part.value) if part.kind == "constant" else part.length or widths.get(part.kind) or 10
        for part in record.component
    )
    if longest > LONGEST_NUMBER:
        remedy = f"a number has at most {LONGEST_NUMBER} characters"
        yield COUNTER_SHAPE.at(
            f"{place} component", code=record.code, found=f"up to {longest} characters", remedy=remedy
        )
    kinds = {part.kind for part in record.component}
    letters = [part.position for part in record.component if record.kind == "numeric" and not _digits(part)]
    if letters:
        remedy = "a numeric counter has constants of digits, dates in digits, and its sequence; or make it alphanumeric"
        found = f"letters in component {letters[0]}"
        yield COUNTER_SHAPE.at(f"{place} component", code=record.code, found=found, remedy=remedy)
    if record.mode == "fast" and record.chronological:
        remedy = "numbers of a fast counter are taken without waiting for each other: use gapless"
        found = "a fast series in order of date"
        yield COUNTER_SHAPE.at(f"{place} chronological", code=record.code, found=found, remedy=remedy)
    for period, needed in (("annual", {"year"}), ("monthly", {"year", "month"})):
        if record.reset == period and not needed <= kinds:
            remedy = f"a series that runs {period} shows {' and '.join(sorted(needed))}, else numbers repeat"
            yield COUNTER_SHAPE.at(f"{place} component", code=record.code, found="no period in its text", remedy=remedy)


def _digits(part: d.CounterComponent) -> bool:
    """Whether a component prints digits only."""
    match part.kind:
        case "constant":
            return part.value.isascii() and part.value.isdigit()
        case "month":
            return part.length != 3
        case "year" | "week" | "day" | "sequence":
            return True
        case _:
            return False


def _tax(record: d.Tax, place: str) -> Iterator[Fault]:
    for rate in record.rate:
        if record.category in ZERO_RATED and rate.percent:
            yield ZERO_RATE.at(f"{place} rate", category=record.category, percent=rate.percent)
    if record.category in REASON_NEEDED and not (record.text or record.exemption_code):
        yield REASON.at(f"{place} text", category=record.category)
    yield from _rates(record, place)
    yield from _dated_rates(record.self_assessed, f"{place} self_assessed")
    if record.self_assessed and record.category not in ("AE", "K"):
        yield SELF_ASSESSED.at(f"{place} self_assessed", category=record.category)


def _rates(record: d.Tax | d.Withholding, place: str) -> Iterator[Fault]:
    if not record.rate:
        yield NO_RATES.at(f"{place} rate")
    yield from _dated_rates(record.rate, f"{place} rate")


def _dated_rates(rates: Sequence[d.Rate], place: str) -> Iterator[Fault]:
    dated = sorted(rates, key=lambda rate: str(rate.valid_from or ""))
    for rate in dated:
        if rate.valid_from and rate.valid_to and rate.valid_to < rate.valid_from:
            yield DATES_CROSS.at(place, since=rate.valid_from, to=rate.valid_to)
    for before, after in zip(dated, dated[1:], strict=False):
        if (
            before.valid_to is None
            or (after.valid_from and after.valid_from <= before.valid_to)
            or after.valid_from is None
        ):
            yield RATES_OVERLAP.at(place, date=after.valid_from or before.valid_to)


def _terms(record: d.PaymentTerms, place: str) -> Iterator[Fault]:
    total = sum((part.percent for part in record.part), Decimal(0))
    if total != 100:
        yield TERMS_SUM.at(f"{place} part", sum=total)


def _automatic_journal(record: d.AutomaticJournal, place: str) -> Iterator[Fault]:
    for line in record.line:
        where = f"{place} line[{line.id}]"
        if not line.account and not line.account_formula:
            yield NO_SOURCE.at(f"{where} account")
        if line.repeat and line.repeat.last < line.repeat.first:
            yield REPEAT_SHAPE.at(f"{where} repeat", first=line.repeat.first, last=line.repeat.last)


def _group(record: d.AutomaticJournalGroup, place: str) -> Iterator[Fault]:
    if not 1 <= len(record.members) <= MOST_MEMBERS or len(set(record.members)) < len(record.members):
        yield GROUP_SHAPE.at(f"{place} members", code=record.code, most=MOST_MEMBERS)
    if record.main and record.main not in record.members:
        yield GROUP_MAIN.at(f"{place} main", code=record.code, main=record.main)


def _fiscal_year(record: d.FiscalYear, place: str) -> Iterator[Fault]:
    if record.valid_to < record.valid_from:
        yield DATES_CROSS.at(f"{place} valid_to", since=record.valid_from, to=record.valid_to)
    expected = record.valid_from
    for period in record.period:
        if period.valid_from != expected or period.valid_to < period.valid_from:
            yield PERIODS_APART.at(f"{place} period[{period.code}]", expected=expected, found=period.valid_from)
            return
        expected = period.valid_to + timedelta(days=1)
    if record.period and record.period[-1].valid_to != record.valid_to:
        yield PERIODS_APART.at(f"{place} period", expected=record.valid_to, found=record.period[-1].valid_to)


CHECKS: dict[type[d.Record], Callable[[Any, str], Iterator[Fault]]] = {
    d.InvoiceType: _invoice_type,
    d.Counter: _counter,
    d.Tax: _tax,
    d.Withholding: _rates,
    d.AutomaticJournal: _automatic_journal,
    d.AutomaticJournalGroup: _group,
    d.FiscalYear: _fiscal_year,
    d.PaymentTerms: _terms,
}
