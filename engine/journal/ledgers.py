"""What lines made becomes the lines of one ledger: accounts checked, merged, balanced, converted.

Lines that agree in account, partner, tax code, due date, reference, text and side are merged; partner and due date
stand on control accounts only. Lines that differ in nothing but dimensions become one line with its analytic parts.
Where a journal line nets, opposite sides offset as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engine.drafting.drafted import Draft
from engine.journal.accounts import AccountFound, account
from engine.journal.entries import CREDIT, DEBIT, Dimensions, EntryLine, Made
from engine.kernel.faults import Fault, FaultKind
from engine.kernel.money import AMOUNT_LIMIT, ZERO, rounded
from engine.kernel.periods import in_force
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Account, AutomaticJournal, Chart, Ledger

UNBALANCED = FaultKind(
    "entry_unbalanced",
    "automatic journal {journal} gives {debit} debit and {credit} credit in ledger {ledger}",
    "mend the journal; nothing was posted",
)
TOO_LARGE = FaultKind(
    "entry_too_large", "a line in ledger {ledger} has more than 14 digits before the point", "split the document"
)
UNKNOWN_ACCOUNT = FaultKind(
    "account_unknown",
    "account {account} is not in chart {chart}, or is closed on {date}",
    "add the account, or mend the accounting code",
)
HOLES_LEFT = FaultKind(
    "account_holes",
    "line {line} of {journal} leaves holes in account {mask}, which chart {chart} does not fill with 0",
    'add a source that fills them, or let the chart fill them: holes = "zero"',
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


@dataclass(slots=True)
class _Sum:
    """A line of an entry while parts are added to it; `net` is debit less credit."""

    account: str
    side: str
    first: Made
    partner: str
    open_item: bool
    netting: bool
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    quantity: Decimal | None = None
    by: list[str] = field(default_factory=list)
    parts: dict[Dimensions, Decimal] = field(default_factory=dict)


def lines_of(
    made: Iterable[Made], journal: AutomaticJournal, ledger: Ledger, draft: Draft, catalog: Catalog
) -> tuple[list[EntryLine], list[Fault]]:
    """The balanced lines of one ledger in its currency, and what is wrong with them."""
    lines, faults = _merged(made, journal, ledger, draft, catalog)
    if faults:
        return lines, faults
    lines, faults = _balanced(lines, journal, ledger, draft, catalog)
    currency = ledger.currency or draft.company_currency
    if not faults and currency != draft.currency:
        lines, faults = _converted(lines, draft, ledger, currency)
    if lines and max([max(abs(line.debit), abs(line.credit)) for line in lines]) >= AMOUNT_LIMIT:
        faults = [*faults, TOO_LARGE.at("lines", ledger=ledger.code)]
    return lines, faults


def _merged(
    made: Iterable[Made], journal: AutomaticJournal, ledger: Ledger, draft: Draft, catalog: Catalog
) -> tuple[list[EntryLine], list[Fault]]:
    sums: dict[tuple[Any, ...], _Sum] = {}
    faults: dict[Fault, None] = {}
    accounts: dict[str, Account | None] = {}
    for one in made:
        mask, definition = one.account.mask, one.line.definition
        if mask not in accounts:
            accounts[mask], wrong = _account(one, journal, ledger, draft, catalog)
            faults |= dict.fromkeys(wrong)
        known = accounts[mask]
        if known is None:
            continue
        partner, due = (one.partner, one.due_date) if known.partner else ("", None)
        said = one.description if isinstance(one.description, str) else one.description.given("#")
        key = (mask, "" if definition.netting else one.side, partner, one.tax_code, due, one.reference, said)
        found = sums.get(key)
        if found is None:
            found = sums[key] = _Sum(known.code, one.side, one, partner, definition.open_item, definition.netting)
        _add(found, one, definition.id, known.analytic)
    return [line for line in map(_line, sums.values()) if line], list(faults)


def _add(found: _Sum, one: Made, line: str, usual: Mapping[str, str]) -> None:
    if one.side == DEBIT:
        found.debit += one.amount
    else:
        found.credit += one.amount
    if line not in found.by:
        found.by.append(line)
    if one.quantity is not None:
        found.quantity = (found.quantity or ZERO) + (one.quantity if one.side == found.side else -one.quantity)
    if usual or one.dimensions:
        dimensions = tuple(sorted({**usual, **dict(one.dimensions)}.items()))
        signed = one.amount if one.side == DEBIT else -one.amount
        found.parts[dimensions] = found.parts.get(dimensions, ZERO) + signed


def _line(found: _Sum) -> EntryLine | None:
    """None where netting leaves nothing."""
    debit, credit, balance = found.debit, found.credit, found.debit - found.credit
    if found.netting:
        if not balance:
            return None
        debit, credit = max(balance, ZERO), max(-balance, ZERO)
    first = found.first
    return EntryLine(
        found.account, debit, credit, first.description, found.partner, first.tax_code,
        first.due_date if found.partner else None, balance, tuple(found.by), found.quantity, first.reference,
        tuple(found.parts.items()), found.open_item,
    )  # fmt: skip


def _account(
    one: Made, journal: AutomaticJournal, ledger: Ledger, draft: Draft, catalog: Catalog
) -> tuple[Account | None, list[Fault]]:
    """The account of the chart, open on the accounting date."""
    on = draft.accounting_date
    asked = ("account of chart", ledger.chart, one.account.mask, on)
    found, refused = catalog.once(asked, lambda: _known(one.account, ledger.chart, catalog, on))
    if not refused:
        return found, []
    if refused is HOLES_LEFT:
        told = {"line": one.line.id, "journal": journal.key, "mask": one.account.mask, "chart": ledger.chart}
        return None, [HOLES_LEFT.at("invoice_type", **told)]
    return None, [UNKNOWN_ACCOUNT.at("invoice_type", date=on, account=one.account.account, chart=ledger.chart)]


def _known(asked: AccountFound, chart: str, catalog: Catalog, on: date) -> tuple[Account | None, FaultKind | None]:
    """An account that may be used on a date, or what keeps it from being used."""
    known = catalog.table(Account).get(f"{chart}/{asked.account}")
    if asked.holes and catalog.table(Chart)[chart].holes == "refuse":
        return None, HOLES_LEFT
    if known is None or not known.active or not in_force(known.valid_from, known.valid_to, on):
        return None, UNKNOWN_ACCOUNT
    return known, None


def _balanced(
    lines: list[EntryLine], journal: AutomaticJournal, ledger: Ledger, draft: Draft, catalog: Catalog
) -> tuple[list[EntryLine], list[Fault]]:
    """A difference within the journal's tolerance goes to its variance account; any other is a fault."""
    debit, credit = sum([line.debit for line in lines], ZERO), sum([line.credit for line in lines], ZERO)
    rest = debit - credit
    if not rest:
        return lines, []
    variance = journal.variance
    if variance is None or abs(rest) > variance.tolerance:
        told = {"journal": journal.key, "debit": debit, "credit": credit, "ledger": ledger.code}
        return lines, [UNBALANCED.at("invoice_type", **told)]
    sources = variance.gain if rest > 0 else variance.loss
    code = account(sources, None, catalog, draft.company, draft.date).account
    known = catalog.table(Account).get(f"{ledger.chart}/{code}")
    if known is None or not known.active or not in_force(known.valid_from, known.valid_to, draft.accounting_date):
        told = {"account": code, "chart": ledger.chart}
        return lines, [UNKNOWN_ACCOUNT.at("invoice_type", date=draft.accounting_date, **told)]
    made = EntryLine(
        account=code, debit=max(-rest, ZERO), credit=max(rest, ZERO), description="", partner="", tax_code="",
        due_date=None, amount_currency=-rest, made_by=(VARIANCE,),
    )  # fmt: skip
    return [*lines, made], []


VARIANCE = "variance"
"""Stands for a journal line in `made_by` of a rounding difference."""


def _converted(
    lines: Sequence[EntryLine], draft: Draft, ledger: Ledger, currency: str
) -> tuple[list[EntryLine], list[Fault]]:
    """Into the ledger's currency; the open item takes the rounding differences: the line marked so, else the largest of
    a partner account."""
    if currency != draft.company_currency:
        told = {"ledger": ledger.code, "currency": currency, "own": draft.company_currency}
        return list(lines), [NO_CONVERSION.at("currency", **told)]
    marked = [place for place, line in enumerate(lines) if line.open_item]
    open_items = marked or [place for place, line in enumerate(lines) if line.partner]
    if not open_items:
        return list(lines), [NO_OPEN_ITEM.at("invoice_type", currency=currency)]
    rate = draft.exchange_rate
    result = [
        line._replace(debit=rounded(line.debit * rate, currency), credit=rounded(line.credit * rate, currency))
        for line in lines
    ]
    item = max(open_items, key=lambda place: abs(lines[place].balance))
    rest = -sum((line.balance for place, line in enumerate(result) if place != item), ZERO)
    result[item] = result[item]._replace(debit=max(rest, ZERO), credit=max(-rest, ZERO))
    return result, []


def turned(side: str) -> str:
    """The other side."""
    return CREDIT if side == DEBIT else DEBIT
