"""What paying a document makes: entries by its settlement journal, and cash VAT that falls due. Pure.

A document is settled in steps: what an advance paid before, each payment, and where a legislation sets one, the
deadline after which its cash VAT is due whether paid or not. Formulas see how far each step goes (`settlement`), so
that shares are taken of cumulative amounts and their roundings add up to the whole:
transfer = round(tax x settled after / whole) - round(tax x settled before / whole).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from engine.drafting import facts
from engine.drafting.desk import formula_fault
from engine.drafting.drafted import Draft
from engine.drafting.facts import Settlement
from engine.drafting.paid import PaidRow
from engine.journal import periods
from engine.journal.determine import Determination, determine_settlement
from engine.journal.entries import Generated
from engine.journal.generate import Books, run
from engine.kernel.faults import FaultKind, Faulty
from engine.kernel.money import ZERO
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import NamedFormula, SettlementAccount
from rules import FormulaFailed, arithmetic

TOO_MUCH = FaultKind(
    "payment_too_large", "{paid} are paid, {left} were left to pay", "allocate the rest to another document"
)
OTHER_CURRENCY = FaultKind(
    "payment_currency", "the document is in {currency}, its payment in {found}", "allocate it in {currency}"
)
NO_ACCOUNT = FaultKind(
    "settlement_account_unknown", "{company} has no settlement account {code!r} on {date}", "add it to a pack"
)
DEADLINE = "cash_vat_deadline"
"""The named formula that tells when cash VAT is due at the latest."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One step, and the entries it makes. `paid` is None for an advance paid before, and for the deadline."""

    settlement: Settlement
    paid: PaidRow | None
    deadline: bool
    determination: Determination
    generated: Generated
    values: Mapping[str, Any]


def settle(draft: Draft, paid: Sequence[PaidRow], catalog: Catalog, until: date | None = None) -> list[Settled]:
    """Every step up to a day (all, when none is given) that makes an entry. Errors: Faulty."""
    with arithmetic():
        values = facts.of(draft, catalog)
        steps = list(_steps(draft, _known(draft, paid, catalog), deadline(draft, catalog, values), until))
        done = [_step(draft, settlement, row, late, catalog, values) for settlement, row, late in steps]
    return [one for one in done if one.generated.entries]


def deadline(draft: Draft, catalog: Catalog, values: Mapping[str, Any] | None = None) -> date | None:
    """When the cash VAT of a document is due at the latest; None where it waits, or where there is none."""
    formula = catalog.one(NamedFormula, DEADLINE, draft.company, draft.date)
    if formula is None or not any(row.due == "payment" for row in draft.taxes):
        return None
    book = formulas.of(catalog, draft.company, draft.date)
    try:
        with arithmetic():
            return cast(date, book.named(DEADLINE, formula.text)(values or facts.of(draft, catalog)))
    except FormulaFailed as failed:
        raise Faulty([formula_fault(f"formula {formula.key}", failed, "date")]) from failed


def _known(draft: Draft, paid: Sequence[PaidRow], catalog: Catalog) -> list[PaidRow]:
    """Payments with the account they went to. Errors: Faulty with everything that is wrong with them."""
    left, faults, rows = draft.totals.payable, [], []
    for place, row in enumerate(paid):
        if row.currency not in ("", draft.currency):
            faults.append(OTHER_CURRENCY.at(f"payments[{place}].currency", currency=draft.currency, found=row.currency))
        if row.amount + row.write_off > left:
            faults.append(TOO_MUCH.at(f"payments[{place}].amount", paid=row.amount + row.write_off, left=left))
        left -= row.amount + row.write_off
        code = row.settlement_account
        found = catalog.one(SettlementAccount, code, draft.company, row.date) if code else None
        if code and found is None:
            told = {"company": draft.company.code, "code": code, "date": row.date}
            faults.append(NO_ACCOUNT.at(f"payments[{place}].settlement_account", **told))
        rows.append(replace(row, account=found.account) if found else row)
    if faults:
        raise Faulty(faults)
    return rows


def _steps(
    draft: Draft, paid: Sequence[PaidRow], latest: date | None, until: date | None
) -> Iterator[tuple[Settlement, PaidRow | None, bool]]:
    """How far each step goes, in order of date; the deadline comes after what is paid on its day."""
    whole = draft.totals.payable + draft.totals.prepaid
    events: list[tuple[date, bool, PaidRow | None, Decimal]] = []
    if draft.totals.prepaid:
        events.append((draft.date, False, None, draft.totals.prepaid))
    events += [(row.date, False, row, row.amount + row.write_off) for row in paid]
    if latest is not None:
        events.append((latest, True, None, ZERO))
    settled = exigible = ZERO
    for day, late, row, amount in sorted(events, key=lambda event: event[:2]):
        if (until is not None and day > until) or not whole:
            continue
        after = settled + amount
        due = whole if late else max(exigible, after)
        yield Settlement(day, settled, after, whole, exigible, due), row, late
        settled, exigible = after, due


def _step(
    draft: Draft,
    settlement: Settlement,
    row: PaidRow | None,
    late: bool,
    catalog: Catalog,
    values: Mapping[str, Any],
) -> Settled:
    account = catalog.one(SettlementAccount, row.settlement_account, draft.company, row.date) if row else None
    journal = account.journal if account else ""
    found = determine_settlement(catalog, draft.company, draft.type, settlement.date, journal)
    if found.faults or found.entry_type is None or found.journal is None:
        raise Faulty(found.faults)
    seen = {**values, "settlement": settlement, "payments": (row,) if row else ()}
    on_day = replace(draft, accounting_date=settlement.date)
    books = Books(found.entry_type, found.journal, periods.of(catalog, draft.company))
    made = run(on_day, found.members, books, catalog, seen, matching=found.matching, may_be_empty=True)
    return Settled(settlement, row, late, found, made, seen)
