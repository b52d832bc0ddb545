"""What nobody uses: a question to who wrote it, never a complaint."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from engine.journal.accounts import STANDARD
from engine.journal.determine import journal_code, settlement_code
from engine.lint.findings import Finding, FindingKind
from engine.lint.survey import Survey
from engine.parametrization import definitions as d
from engine.parametrization.bodies import to_text
from engine.parametrization.coherence import REFERENCES
from engine.parametrization.vocabulary import NAMED

UNUSED = FindingKind("lint_unused", "info", "nothing names it{but}", "{remedy}")
NEVER_REACHED = FindingKind(
    "lint_assignment_not_reached",
    "info",
    "no type of any company takes its number from it: something nearer always does",
    "nothing, if it waits for other types; else remove it",
)
NOT_ASKED = FindingKind(
    "lint_formula_not_asked",
    "info",
    "neither the engine nor another formula asks for a formula of this name",
    "write formula.{code} where it is wanted; the names the engine asks are {names}",
)

NAMED_BY_PARTNERS = frozenset({"customer", "supplier"})
"""Kinds of accounting codes of which partners, who are in no pack, may name any."""
BUT: Mapping[str, str] = {d.PaymentTerms.TABLE: "; documents and partners still may"}
ASKED = ("counter", "journal", "entry_type", "automatic_journal", "automatic_journal_group", "payment_terms", "chart",
         "ledger")  # fmt: skip


def look(survey: Survey) -> Iterator[Finding]:
    used = _named(survey)
    for name in ASKED:
        kind = d.TABLES.get(name)
        for record in survey.catalog.table(kind).values() if kind else ():
            code, legislation = str(getattr(record, "code", "")), getattr(record, "legislation", "")
            if not _meets(used[name].get(code, ()), legislation):
                yield _unused(record)
    yield from _groups(survey)
    yield from _accounting_codes(survey)
    reached = {step["from"] for chain in survey.chains for step in chain.numbers.steps if step["step"] == "assignment"}
    for row in survey.catalog.table(d.CounterAssignment).values():
        if survey.usable(row) and row.legislation in ("", *survey.legislations) and row.key not in reached:
            yield NEVER_REACHED.at(row)
    formulas = survey.catalog.table(d.NamedFormula).values()
    asked = {*NAMED, *_formulas_named(survey)} if formulas else set()
    for formula in formulas:
        if formula.code not in asked:
            yield NOT_ASKED.at(formula, code=formula.code, names=", ".join(sorted(NAMED)))


def _formulas_named(survey: Survey) -> Iterator[str]:
    """Every `formula.code` that stands in a text of any record: a question to who wrote it needs no parser."""
    for kind in (d.AutomaticJournal, d.Mention, d.DeliveryRule, d.NamedFormula):
        for record in survey.catalog.table(kind).values():
            yield from re.findall(r"\bformula\.([a-z][a-z0-9_]*)", to_text(record))


def _unused(record: d.Record) -> Finding:
    return UNUSED.at(record, but=BUT.get(record.TABLE, ""), remedy="nothing, if it is kept for later; else remove it")


def _meets(users: Iterable[str], legislation: str) -> bool:
    """Whether a record of a legislation can be what one of its users, by their legislations, means."""
    return any(not user or not legislation or user == legislation for user in users)


def _named(survey: Survey) -> dict[str, dict[str, set[str]]]:
    """For each table, the codes named and the legislations of who names them."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for reference in REFERENCES:
        for record in survey.catalog.table(reference.table).values():
            value = getattr(record, reference.field)
            for code in [value] if isinstance(value, str) else value:
                found[reference.to.TABLE][code].add(getattr(record, "legislation", ""))
    for kind in survey.catalog.table(d.InvoiceType).values():
        for code in (journal_code(kind, False), journal_code(kind, True), settlement_code(kind)):
            found["automatic_journal"][code].add(kind.legislation)
            found["automatic_journal_group"][code].add(kind.legislation)
    return found


def _groups(survey: Survey) -> Iterator[Finding]:
    used = {
        record.company_group
        for table in d.TABLES.values()
        if issubclass(table, d.Scoped)
        for record in survey.catalog.table(table).values()
    }
    for group in survey.catalog.table(d.CompanyGroup).values():
        if group.code not in used:
            yield _unused(group)


def _accounting_codes(survey: Survey) -> Iterator[Finding]:
    """By kind, in the account sources of journals; by code, in taxes, charges and partners."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for journal in survey.catalog.table(d.AutomaticJournal).values():
        for line in journal.line:
            for source in line.account:
                kinds[source.partition(".")[0]].add(journal.legislation)
    named = {tax.accounting_code for tax in survey.catalog.table(d.Tax).values()}
    named |= {charge.accounting_code for charge in survey.catalog.table(d.ChargeKind).values()}
    for record in survey.catalog.table(d.AccountingCode).values():
        known = record.code == STANDARD or record.code in named or record.kind in NAMED_BY_PARTNERS
        if not known or not _meets(kinds.get(record.kind, ()), record.legislation):
            yield _unused(record)
