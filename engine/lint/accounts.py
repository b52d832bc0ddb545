"""Accounts: does every line of every journal in use find one, for every tax, in the chart of every ledger it feeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.journal.accounts import HOLE, OF_ROW, STANDARD, account
from engine.kernel.periods import in_force
from engine.lint.findings import Finding, FindingKind, listed
from engine.lint.survey import Alike, Survey
from engine.parametrization import definitions as d
from engine.parametrization.formulas import PLAIN
from rules import BadFormula, FormulaFailed

NO_ACCOUNT = FindingKind(
    "lint_account_missing",
    "error",
    "line {line} finds no account for {companies}: {sources} give nothing",
    "add the position to an accounting code of their legislation",
)
NO_TAX_ACCOUNT = FindingKind(
    "lint_tax_without_account",
    "warning",
    "accounting code {code} gives it no account for line {line} of {journal} ({sources}), which {companies} use",
    "add the position to that accounting code, or name another in the tax",
)
NOT_IN_CHART = FindingKind(
    "lint_account_not_in_chart",
    "error",
    "line {line} leads {companies} to account {account}, which chart {chart} of ledger {ledger} does not hold in force",
    "add the account, or mend the accounting code",
)
DEAD_SOURCE = FindingKind(
    "lint_account_source_empty",
    "warning",
    "line {line} asks for {source}, which no accounting code gives {companies}",
    "add the position to an accounting code, or take the source away",
)
MASK_NOT_IN_CHART = FindingKind(
    "lint_mask_not_in_chart",
    "warning",
    "{position} = {mask} becomes account {account}, which no chart of its legislation ({charts}) holds",
    "add the account, or mend the mask",
)


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """What the condition of a line may ask about a tax before there is any amount."""

    code: str
    category: str
    rate: Decimal
    due: str
    accounting_code: str


TAX_NAMES = frozenset({"tax.code", "tax.category", "tax.rate", "tax.due"})


@dataclass(frozen=True, slots=True)
class Fed:
    """An automatic journal as companies alike run it: into which ledgers."""

    alike: Alike
    journal: d.AutomaticJournal
    ledgers: tuple[str, ...]


def look(survey: Survey) -> Iterator[Finding]:
    fed = {}
    for chain in survey.chains:
        recipe, entry_type = chain.found.automatic_journal, chain.found.entry_type
        if recipe and entry_type:
            ledgers = tuple(sorted(code for code, use in entry_type.ledgers.items() if use != "none"))
            fed[chain.alike.one.code, recipe.key, ledgers] = Fed(chain.alike, recipe, ledgers)
    found: dict[Finding, None] = {}
    asked: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in fed.values():
        taxes = tuple(_taxes(survey, one.alike))
        for line in one.journal.line:
            if line.account_formula or (line.legislations and one.alike.one.legislation not in line.legislations):
                continue
            found |= dict.fromkeys(_line(survey, one, line, taxes))
            for source in line.account:
                kind, _, position = source.partition(".")
                asked[one.alike.one.legislation].add((kind, position))
    yield from found
    yield from _masks(survey, fed.values(), asked)


def _taxes(survey: Survey, alike: Alike) -> Iterator[TaxFacts]:
    """Taxes that can give an amount; those that charge nothing need no account."""
    for tax in survey.catalog.all_meant(d.Tax, alike.one, survey.on):
        for rate in tax.rate:
            if rate.percent and (rate.valid_to is None or rate.valid_to >= survey.on):
                for due in (tax.due,) if tax.due else ("invoice", "payment"):
                    yield TaxFacts(tax.code, tax.category, rate.percent, due, tax.accounting_code)


def _line(survey: Survey, fed: Fed, line: d.AutomaticJournalLine, taxes: tuple[TaxFacts, ...]) -> Iterator[Finding]:
    catalog, company, companies = survey.catalog, fed.alike.one, listed(fed.alike.names)
    rows: list[TaxFacts | None] = [None]
    if line.each == "tax":
        rows = [tax for tax in taxes if all(_may_hold(text, tax) for text in line.all_conditions)]
    sources = ", ".join(line.account)
    given, empty, lost = set(), set(), []
    for row in rows:
        reached = account(line.account, row, catalog, company, survey.on)
        given |= {step.source for step in reached.steps if step.mask or step.source in OF_ROW}
        empty |= {step.source for step in reached.steps if not step.mask}
        if reached.account:
            yield from _in_chart(survey, fed, line, reached.account)
        elif not OF_ROW & set(line.account):
            lost.append(row)
    if rows and len(lost) == len(rows):
        yield NO_ACCOUNT.at(fed.journal, line=line.id, companies=companies, sources=sources)
        return
    for row in lost:
        tax = catalog.one(d.Tax, row.code, company, survey.on) if row else None
        if tax:
            code = f"tax/{tax.accounting_code}"
            yield NO_TAX_ACCOUNT.at(
                tax, code=code, line=line.id, journal=fed.journal.key, sources=sources, companies=companies
            )
    for source in sorted(empty - given):
        yield DEAD_SOURCE.at(fed.journal, line=line.id, source=source, companies=companies)


def _may_hold(when: str, tax: TaxFacts) -> bool:
    """False only when the condition asks for nothing but the tax, and does not hold for it."""
    try:
        formula = PLAIN.condition(when, "tax")
        return not formula.names <= TAX_NAMES or bool(formula({"tax": tax}))
    except (BadFormula, FormulaFailed):
        return True


def _in_chart(survey: Survey, fed: Fed, line: d.AutomaticJournalLine, code: str) -> Iterator[Finding]:
    for name in fed.ledgers:
        ledger = survey.catalog.table(d.Ledger).get(name)
        if ledger and (not line.ledgers or name in line.ledgers) and not _held(survey, ledger.chart, code):
            yield NOT_IN_CHART.at(
                fed.journal, line=line.id, companies=listed(fed.alike.names), account=code, chart=ledger.chart,
                ledger=name,
            )  # fmt: skip


def _held(survey: Survey, chart: str, code: str) -> bool:
    known = survey.catalog.table(d.Account).get(f"{chart}/{code}")
    return bool(known and known.active and in_force(known.valid_from, known.valid_to, survey.on))


def _masks(survey: Survey, fed: Iterable[Fed], asked: dict[str, set[tuple[str, str]]]) -> Iterator[Finding]:
    """Masks that no line of a journal in use asks for, so that nobody has tried them. One that begins with a hole is
    there to complete others."""
    charts: dict[str, set[str]] = defaultdict(set)
    for one in fed:
        known = (survey.catalog.table(d.Ledger).get(name) for name in one.ledgers)
        charts[one.alike.one.legislation] |= {ledger.chart for ledger in known if ledger}
    for record in survey.catalog.table(d.AccountingCode).values():
        mine = {record.legislation} if record.legislation else set(charts)
        held = {chart for legislation in mine for chart in charts.get(legislation, ())}
        for position, mask in record.accounts.items():
            tried = record.code == STANDARD and any((record.kind, position) in asked[one] for one in mine)
            code = mask.replace(HOLE, "0")
            if held and not tried and not mask.startswith(HOLE) and not any(_held(survey, one, code) for one in held):
                yield MASK_NOT_IN_CHART.at(
                    record, position=position, mask=mask, account=code, charts=listed(held)
                )  # fmt: skip
