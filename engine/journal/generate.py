"""Run an automatic journal over a draft: one entry per ledger, its lines merged, balanced, and each one explained.

A negative amount goes to the other side, made positive. Lines that agree in account, side, partner, tax code, due
date and description are merged. A ledger in another currency converts each merged line at the document's rate,
rounds it, and sets the open-item line to the sum of the others, so that the converted entry balances by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from engine.drafting import facts
from engine.drafting.desk import formula_fault
from engine.drafting.drafted import Draft
from engine.journal.accounts import AccountFound, account
from engine.kernel.faults import Fault, FaultKind, Faulty
from engine.kernel.money import AMOUNT_LIMIT, ZERO, rounded
from engine.kernel.periods import in_force
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import (
    Account,
    AutomaticJournal,
    AutomaticJournalLine,
    EntryType,
    Journal,
    Ledger,
)
from rules import Formula, FormulaFailed

UNBALANCED = FaultKind(
    "entry_unbalanced",
    "automatic journal {journal} gives {debit} debit and {credit} credit in ledger {ledger}",
    "mend the journal; nothing was posted",
)
NOT_FOR_THIS = FaultKind(
    "journal_condition",
    "the condition of automatic journal {journal} does not hold: {condition} ({seen})",
    "use a type whose journal serves this document",
)
TOO_LARGE = FaultKind(
    "entry_too_large", "a line in ledger {ledger} has more than 14 digits before the point", "split the document"
)
NO_ENTRY = FaultKind(
    "entry_empty",
    "automatic journal {journal} gives no line for this document",
    "mend its conditions, or use a type that does not post",
)
NO_ACCOUNT = FaultKind(
    "account_missing",
    "line {line} of {journal} finds no account: {sources}",
    "add the accounting code, or type an account on the line",
)
UNKNOWN_ACCOUNT = FaultKind(
    "account_unknown",
    "account {account} is not in chart {chart}, or is closed on {date}",
    "add the account, or mend the accounting code",
)
NO_LEDGER = FaultKind(
    "ledger_missing", "entry type {entry_type} feeds no ledger", "authorize a ledger in its `ledgers`"
)
NO_OPEN_ITEM = FaultKind(
    "open_item_missing",
    "the entry in {currency} has no line of a partner account to balance it",
    "post to a control account",
)
NO_CONVERSION = FaultKind(
    "ledger_currency",
    "ledger {ledger} is in {currency}; only the company's currency {own} can be converted to",
    "change the ledger's currency",
)

COLLECTIONS = {
    "line": "lines", "charge": "charges", "tax": "taxes", "due_date": "due_dates", "withholding": "withholdings",
    "prepaid": "prepayments",
}  # fmt: skip
DEBIT, CREDIT = "debit", "credit"
NUMBER = "document.number"


@dataclass(frozen=True, slots=True)
class LateText:
    """A text that prints the number: computed after it, inside the transaction."""

    formula: Formula
    values: Mapping[str, Any] = field(repr=False, compare=False)

    def given(self, number: str) -> str:
        document = replace(self.values["document"], number=number)
        return str(self.formula({**self.values, "document": document}))


@dataclass(frozen=True, slots=True)
class EntryLine:
    """`amount_currency` is signed, debit positive, in the document's currency. `made_by` are journal line ids."""

    account: str
    debit: Decimal
    credit: Decimal
    description: str | LateText
    partner: str
    tax_code: str
    due_date: date | None
    amount_currency: Decimal
    made_by: tuple[str, ...]

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Entry:
    ledger: str
    journal: str
    entry_type: str
    automatic_journal: str
    date: date
    currency: str
    document_currency: str
    description: str | LateText
    lines: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What one journal line made of one row, before merging: the stuff of explanations."""

    line: str
    row: int  # from 0; -1 for the document
    ledgers: tuple[str, ...]
    side: str
    amount: Decimal
    account: AccountFound
    partner: str
    tax_code: str
    due_date: date | None
    description: str | LateText
    formula: Formula
    values: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row for which a journal line made nothing: its condition did not hold, or its amount was 0."""

    line: str
    row: int
    formula: Formula
    values: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Generated:
    entries: tuple[Entry, ...]
    made: tuple[Made, ...]
    skipped: tuple[Skipped, ...]


def generate(
    draft: Draft, journal: AutomaticJournal, entry_type: EntryType, book: Journal, catalog: Catalog
) -> Generated:
    """The entries an automatic journal makes of a draft, one per ledger.

    Runs inside `rules.arithmetic()`. Errors: Faulty, with every fault found.
    """
    values = facts.of(draft, catalog)
    made, skipped, faults = _run(draft, journal, catalog, values)
    if faults:
        raise Faulty(faults)
    if not made:
        raise Faulty([NO_ENTRY.at("invoice_type", journal=journal.key)])
    ledgers = [code for code, use in sorted(entry_type.ledgers.items()) if use != "none"]
    if not ledgers:
        raise Faulty([NO_LEDGER.at("invoice_type", entry_type=entry_type.key)])
    day = _day(journal.date, None, values) if journal.date else draft.accounting_date
    description: str | LateText = (
        _text(journal.description, None, values) if journal.description else draft.partner.name
    )
    entries = []
    for code in ledgers:
        ledger = catalog.table(Ledger)[code]
        mine = [one for one in made if not one.ledgers or code in one.ledgers]
        if not mine:
            continue
        lines, wrong = _merged(mine, ledger, draft, catalog)
        if not wrong:
            debit, credit = sum((line.debit for line in lines), ZERO), sum((line.credit for line in lines), ZERO)
            if debit != credit:
                told = {"journal": journal.key, "debit": debit, "credit": credit, "ledger": code}
                wrong.append(UNBALANCED.at("invoice_type", **told))
        faults += wrong
        currency = ledger.currency or draft.company_currency
        if not wrong and currency != draft.currency:
            lines, wrong = _converted(lines, draft, ledger, currency)
            faults += wrong
        if any(max(line.debit, line.credit) >= AMOUNT_LIMIT for line in lines):
            faults.append(TOO_LARGE.at("lines", ledger=code))
        entries.append(
            Entry(
                ledger=code, journal=book.code, entry_type=entry_type.code, automatic_journal=journal.key,
                date=day, currency=currency, document_currency=draft.currency,
                description=description, lines=tuple(lines),
            )
        )  # fmt: skip
    if faults:
        raise Faulty(dict.fromkeys(faults))
    return Generated(tuple(entries), tuple(made), tuple(skipped))


def run(
    draft: Draft, members: Sequence[AutomaticJournal], entry_type: EntryType, book: Journal, catalog: Catalog
) -> Generated:
    """The entries of every member whose condition holds; one alone is a group of one.

    Errors: Faulty, with the faults of the first member that has any.
    """
    values = facts.of(draft, catalog)
    running, refused = [], []
    for journal in members:
        condition = formulas.condition(journal.when) if journal.when else None
        try:
            holds = condition is None or bool(condition(values))
        except FormulaFailed as failed:
            raise Faulty([formula_fault(f"{journal.key} when", failed, "invoice_type")]) from failed
        if condition is None or holds:
            running.append(journal)
            continue
        seen = ", ".join(f"{name} = {value}" for name, value in condition.operands(values))
        refused.append(NOT_FOR_THIS.at("invoice_type", journal=journal.key, condition=journal.when, seen=seen))
    if not running:
        raise Faulty(refused)
    parts = []
    for journal in running:
        try:
            parts.append(generate(draft, journal, entry_type, book, catalog))
        except FormulaFailed as failed:  # of the header: those of lines are told with their rows
            raise Faulty([formula_fault(journal.key, failed, "invoice_type")]) from failed
    return Generated(
        tuple(entry for part in parts for entry in part.entries),
        tuple(made for part in parts for made in part.made),
        tuple(skipped for part in parts for skipped in part.skipped),
    )


def _run(
    draft: Draft, journal: AutomaticJournal, catalog: Catalog, values: Mapping[str, Any]
) -> tuple[list[Made], list[Skipped], list[Fault]]:
    made: list[Made] = []
    skipped: list[Skipped] = []
    faults: list[Fault] = []
    turned = bool(journal.reverse and formulas.condition(journal.reverse)(values))
    for line in journal.line:
        rows: Iterable[Any] = (None,) if line.each == "document" else values[COLLECTIONS[line.each]]
        for index, row in enumerate(rows):
            place = index if line.each != "document" else -1
            seen = values if row is None else {**values, line.each: row}
            try:
                found = _one(line, row, place, turned, seen, draft, catalog)
            except FormulaFailed as failed:
                path = f"{COLLECTIONS[line.each]}[{index}]" if row is not None else "invoice_type"
                faults.append(formula_fault(f"{journal.key} line {line.id}", failed, path))
                continue
            if isinstance(found, Skipped):
                skipped.append(found)
                continue
            made.append(found)
            if not found.account.account:
                faults.append(
                    NO_ACCOUNT.at("invoice_type", line=line.id, journal=journal.key, sources=", ".join(line.account))
                )
    return made, skipped, faults


def _one(
    line: AutomaticJournalLine,
    row: Any,
    place: int,
    turned: bool,
    values: Mapping[str, Any],
    draft: Draft,
    catalog: Catalog,
) -> Made | Skipped:
    bound = None if row is None else line.each
    if line.when:
        condition = formulas.condition(line.when, bound)
        if not condition(values):
            return Skipped(line.id, place, condition, values)
    formula = formulas.amount(line.amount, bound)
    amount = cast(Decimal, formula(values))
    if not amount:
        return Skipped(line.id, place, formula, values)
    side = line.side if line.side in (DEBIT, CREDIT) else str(formulas.side(line.side, bound)(values))
    if turned != (amount < 0):
        side = CREDIT if side == DEBIT else DEBIT
    return Made(
        line=line.id, row=place, ledgers=line.ledgers, side=side, amount=abs(amount),
        account=account(line.account, row, catalog, draft.company, draft.date),
        partner=_said(line.partner, bound, values) if line.partner else draft.partner.code or draft.partner.name,
        tax_code=_said(line.tax_code, bound, values) if line.tax_code else "",
        due_date=_day(line.due_date, bound, values) if line.due_date else getattr(row, "date", None),
        description=_text(line.description, bound, values) if line.description else "",
        formula=formula, values=values,
    )  # fmt: skip


def _said(text: str, row: str | None, values: Mapping[str, Any]) -> str:
    return str(formulas.words(text, row)(values))


def _day(text: str, row: str | None, values: Mapping[str, Any]) -> date:
    return cast(date, formulas.day(text, row)(values))


def _text(text: str, row: str | None, values: Mapping[str, Any]) -> str | LateText:
    formula = formulas.words(text, row)
    return LateText(formula, values) if NUMBER in formula.names else str(formula(values))


def _merged(
    made: Iterable[Made], ledger: Ledger, draft: Draft, catalog: Catalog
) -> tuple[list[EntryLine], list[Fault]]:
    """Lines of one ledger, in document currency; the partner stands on control accounts only."""
    lines: dict[tuple[Any, ...], EntryLine] = {}
    faults: list[Fault] = []
    chart = catalog.table(Account)
    for one in made:
        code = one.account.account
        known = chart.get(f"{ledger.chart}/{code}")
        if known is None or not known.active or not in_force(known.valid_from, known.valid_to, draft.accounting_date):
            faults.append(
                UNKNOWN_ACCOUNT.at("invoice_type", account=code, chart=ledger.chart, date=draft.accounting_date)
            )
            continue
        partner = one.partner if known.partner else ""
        due = one.due_date if known.partner else None
        said = one.description.given("#") if isinstance(one.description, LateText) else one.description
        key = (code, one.side, partner, one.tax_code, due, said)
        debit, credit = (one.amount, ZERO) if one.side == DEBIT else (ZERO, one.amount)
        before = lines.get(key)
        by: tuple[str, ...] = ()
        if before:
            debit, credit, by = debit + before.debit, credit + before.credit, before.made_by
        if one.line not in by:
            by = (*by, one.line)
        lines[key] = EntryLine(code, debit, credit, one.description, partner, one.tax_code, due, debit - credit, by)
    return list(lines.values()), list(dict.fromkeys(faults))


def _converted(
    lines: list[EntryLine], draft: Draft, ledger: Ledger, currency: str
) -> tuple[list[EntryLine], list[Fault]]:
    """Into the ledger's currency; the largest open-item line takes the rounding differences."""
    if currency != draft.company_currency:
        return lines, [NO_CONVERSION.at("currency", ledger=ledger.code, currency=currency, own=draft.company_currency)]
    open_items = [place for place, line in enumerate(lines) if line.partner]
    if not open_items:
        return lines, [NO_OPEN_ITEM.at("invoice_type", currency=currency)]
    rate = draft.exchange_rate
    result = [
        replace(line, debit=rounded(line.debit * rate, currency), credit=rounded(line.credit * rate, currency))
        for line in lines
    ]
    item = max(open_items, key=lambda place: abs(lines[place].balance))
    rest = -sum((line.balance for place, line in enumerate(result) if place != item), ZERO)
    result[item] = replace(result[item], debit=max(rest, ZERO), credit=max(-rest, ZERO))
    return result, []
