"""Which tax a line bears, at which rate, when it falls due; the tax rows of a document; what is withheld.

Rates are those in force at the tax point: the supply, else the document's date; for a credit, the tax point of what
it corrects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.drafting import facts
from engine.drafting.desk import Desk
from engine.drafting.drafted import DraftCharge, DraftLine, TaxRow, WithheldRow
from engine.drafting.facts import rate_on
from engine.drafting.totals import TaxGroup, taxes
from engine.kernel.codes import REASON_NEEDED
from engine.kernel.faults import FaultKind
from engine.kernel.money import ZERO, rounded, share
from engine.parametrization.definitions import Tax, Withholding
from engine.parametrization.formulas import named
from rules import FormulaFailed

NO_RATE = FaultKind(
    "tax_without_rate", "{code} has no rate in force on {date}", "add a rate to the pack, or change the date"
)
REASON_MISSING = FaultKind(
    "exemption_reason_missing",
    "tax {code} (category {category}) has neither exemption code nor text",
    "add one to the tax",
)
NO_SELF_ASSESSED_RATE = FaultKind(
    "self_assessed_rate_missing",
    "the buyer assesses {code}, which says no rate for it on {date}",
    "add `self_assessed` to the tax, or take a tax that has it",
)
PARTNER_ID_MISSING = FaultKind(
    "partner_tax_id_missing",
    "tax category {category} needs the partner's VAT number",
    "add `vat_number` to the partner",
)

SELF_ASSESSED = frozenset({"AE", "K"})
"""The buyer accounts for the tax: reverse charge, intra-Community supply."""


@dataclass(frozen=True, slots=True)
class TaxUse:
    """A tax as it applies to one line."""

    code: str
    category: str
    rate: Decimal
    due: str


def tax_use(desk: Desk, code: str, path: str, nature: str, product: str, on: date | None = None) -> TaxUse | None:
    """The tax a code means at the tax point, or on the day of what a line corrects; None when there is a fault."""
    day = on or desk.tax_point
    asked = (code, nature, product, day)
    if asked in desk.tax_uses:
        return desk.tax_uses[asked]
    told = len(desk.faults)
    record = desk.record(Tax, code, path, day)
    if record is None:
        return None
    if record.category in SELF_ASSESSED:
        if desk.type.module == "purchase":
            if rate_on(record.self_assessed, day) is None:
                desk.faults.append(NO_SELF_ASSESSED_RATE.at(path, code=code, date=day))
        elif desk.partner and not desk.partner.vat_number:
            desk.faults.append(PARTNER_ID_MISSING.at(path, category=record.category))
    rate = rate_on(record.rate, day)
    if rate is None:
        desk.faults.append(NO_RATE.at(path, code=code, date=day))
        return None
    found = TaxUse(record.code, record.category, rate, record.due or _due(desk, nature, product, path))
    if len(desk.faults) == told:  # a fault is told for every line it is in
        desk.tax_uses[asked] = found
    return found


def _due(desk: Desk, nature: str, product: str, path: str) -> str:
    """By the named formula `tax_due` from company regime, type and nature; at invoice where there is none."""
    formula = desk.formula("tax_due")
    if formula is None:
        return "invoice"
    try:
        return str(named("tax_due", formula.text)(desk.known | {"line": facts.TaxLine(nature, product)}))
    except FormulaFailed as failed:
        desk.failed("formula tax_due", failed, path)
        return "invoice"


def tax_rows(desk: Desk, lines: Sequence[DraftLine], charges: Sequence[DraftCharge]) -> Iterator[TaxRow]:
    """One row per tax code and moment it falls due."""
    sums: dict[tuple[str, str, Decimal, str], Decimal] = {}
    for line in lines:
        group = line.tax_code, line.tax_category, line.tax_rate, line.tax_due
        sums[group] = sums.get(group, ZERO) + line.net
    for charge in charges:
        group = charge.tax_code, charge.tax_category, charge.tax_rate, charge.tax_due
        sums[group] = sums.get(group, ZERO) + charge.amount
    bases = [(TaxGroup(*group), base) for group, base in sums.items()]
    yield from _rows(desk, taxes(bases, desk.currency))


def _rows(desk: Desk, groups: Iterable[tuple[TaxGroup, Decimal, Decimal]]) -> Iterator[TaxRow]:
    for group, base, amount in groups:
        record = desk.record(Tax, group.code, "lines", desk.tax_point)
        if record is None:
            continue
        needed = group.category in REASON_NEEDED
        reason = desk.catalog.text(record.text, desk.language) if needed else ""
        if needed and not (reason or record.exemption_code):
            desk.faults.append(REASON_MISSING.at("lines", code=group.code, category=group.category))
        yield TaxRow(
            code=group.code,
            category=group.category,
            rate=group.rate,
            due=group.due,
            base=base,
            amount=amount,
            self_assessed=_self_assessed(desk, record, base),
            exemption_code=record.exemption_code if needed else "",
            reason=reason,
            national_code=record.national_code,
            accounting_code=record.accounting_code,
        )


def _self_assessed(desk: Desk, record: Tax, base: Decimal) -> Decimal:
    """The tax that the buyer assesses on a purchase, rounded on the whole base."""
    if record.category not in SELF_ASSESSED or desk.type.module != "purchase":
        return ZERO
    return rounded(share(base, rate_on(record.self_assessed, desk.tax_point) or ZERO), desk.currency)


def withheld(desk: Desk, net: Decimal) -> Iterator[WithheldRow]:
    """What the partner keeps back; the base is the net amount unless one is given."""
    for index, asked in enumerate(desk.request.withholdings):
        path = f"withholdings[{index}].code"
        record = desk.record(Withholding, asked.code, path, desk.tax_point)
        if record is None:
            continue
        rate = asked.rate if asked.rate is not None else rate_on(record.rate, desk.tax_point)
        if rate is None:
            desk.faults.append(NO_RATE.at(path, code=asked.code, date=desk.tax_point))
            continue
        base = net if asked.base is None else asked.base
        yield WithheldRow(record.code, base, rate, rounded(share(base, rate), desk.currency))
