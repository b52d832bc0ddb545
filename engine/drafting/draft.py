"""A request becomes a draft: who, what, under which taxes, how much, and when it is due.

In: a request read at the wall, the company, the type picked (step 2), a Catalog (step 1). Out: a Draft for numbering
and journal (steps 4, 5), or every fault at once. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from engine.drafting import facts, payment, taxation
from engine.drafting.desk import Desk
from engine.drafting.drafted import Draft, DraftCharge, DraftLine, TaxRow
from engine.drafting.request import NOT_YET, Charge, Discount, DueDate, Line, Note, Reference, Request
from engine.drafting.totals import TaxGroup, Totals, line_amounts, totals
from engine.kernel.faults import FaultKind, Faulty, nearest
from engine.kernel.money import AMOUNT_LIMIT, ZERO, rounded, share
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import ChargeKind, Company, InvoiceType, Mention, Site
from rules import Formula, FormulaFailed, Fused, FusedLine, arithmetic, fuse

NO_LINES = FaultKind("no_lines", "the document has no lines", "add at least one")
PARTNER_MISSING = FaultKind("partner_missing", "a {module} document needs a {wanted}", "add `{wanted}`")
PARTNER_UNEXPECTED = FaultKind(
    "partner_unexpected", "a {module} document has no {found}", "remove it, or change `module`"
)
CORRECTS_MISSING = FaultKind(
    "corrects_missing",
    "a {category} corrects at least one document",
    'add a reference of kind "corrects": id or number of ours, number and date of another system',
)
RETURN_MISSING = FaultKind(
    "return_missing", "a credit note on return is tied to its return", 'add a reference of kind "return"'
)
REFERENCE_SHAPE = FaultKind(
    "reference_shape", "a reference names a document by id, or by number", "give one of the two"
)
CREDIT_SIGN = FaultKind(
    "credit_quantity", "the quantity of a {category} is positive, not {quantity}", "drop the sign: the type reverses it"
)
DISCOUNT_SHAPE = FaultKind("discount_shape", "a discount is a percent or an amount, one of the two", "keep one")
DISCOUNT_TOO_LARGE = FaultKind("discount_too_large", "the discounts exceed the line", "lower them")
CHARGE_SHAPE = FaultKind("charge_shape", "a {kind} is an amount or a percent, one of the two", "keep one")
NEGATIVE_TOTAL = FaultKind(
    "negative_total",
    "the total is {gross}",
    "a negative total is a credit note: choose its type, with positive amounts",
)
PREPAID_TOO_LARGE = FaultKind(
    "prepaid_too_large", "{payable} would be left to pay", "prepaid and withheld amounts are at most the total"
)
AMOUNT_EXPONENT = FaultKind("amount_exponent", "{amount} has more decimals than {currency} has", "round it")
UNKNOWN_SITE = FaultKind("unknown_site", "{company} has no site {site!r}", "{remedy}")
PREPAID_TAX = FaultKind(
    "prepaid_tax_too_large", "the tax {tax} in it is more than the amount {amount} itself", "mend one of them"
)
AMOUNT_TOO_LARGE = FaultKind(
    "amount_too_large", "the amount has more than 14 digits before the point", "split the document"
)


def draft(
    request: Request,
    company: Company,
    invoice_type: InvoiceType,
    catalog: Catalog,
    origin_tax_point: date | None = None,
) -> Draft:
    """Draft a document.

    `origin_tax_point` is that of the document a credit corrects, when it is one of ours: its rates apply.
    Errors: Faulty with every fault found.
    """
    with arithmetic():  # formulas find their context there, and need not set it each
        desk = Desk(request, company, invoice_type, catalog, origin_tax_point)
        made = _made(desk)
        if desk.faults or made is None:
            raise Faulty(desk.faults)
        made = _with_texts(desk, made)
        if desk.faults:
            raise Faulty(desk.faults)
        return made


def _made(desk: Desk) -> Draft | None:
    """Everything but the texts that formulas choose; None when there is too little to go on."""
    request = desk.request
    _check_shape(desk)
    rate = desk.exchange_rate()
    lines = [made for index, line in enumerate(request.lines) if (made := _line(desk, index, line))]
    subtotal = sum((line.net for line in lines), ZERO)
    charges = [row for index, one in enumerate(request.charges) if (row := _charge(desk, index, one, subtotal))]
    tax_rows = tuple(taxation.tax_rows(desk, lines, charges))
    net = subtotal + sum((charge.amount for charge in charges), ZERO)
    withheld = tuple(taxation.withheld(desk, net))
    summed = totals(
        [line.net for line in lines],
        [charge.amount for charge in charges],
        [(TaxGroup(row.code, row.category, row.rate, row.due), row.base, row.amount) for row in tax_rows],
        [row.amount for row in withheld],
        [paid.amount for paid in request.prepaid],
    )
    if not desk.faults:
        _check_totals(desk, summed, tax_rows, rate)
    method = payment.method(desk)
    if desk.faults or desk.partner is None:
        return None
    due_dates, terms = payment.due_dates(desk, summed.payable)
    return Draft(
        request=request,
        company=desk.company,
        type=desk.type,
        date=request.date,
        accounting_date=request.accounting_date or request.date,
        tax_point=desk.tax_point,
        currency=desk.currency,
        company_currency=desk.own_currency,
        exchange_rate=rate,
        language=desk.language,
        partner=desk.partner,
        lines=tuple(lines),
        charges=tuple(charges),
        taxes=tax_rows,
        withholdings=withheld,
        prepaid=request.prepaid,
        totals=summed,
        due_dates=tuple(due_dates),
        payment_method=method.code if method else "",
        payment_means=method.means if method else "",
        payment_terms=terms,
        notes=request.notes,
        process_code=request.process_code,
    )


def _check_shape(desk: Desk) -> None:
    """What the type asks of a document, whatever its amounts."""
    request, kind = desk.request, desk.type
    other = "supplier" if desk.wanted == "customer" else "customer"
    if desk.partner is None:
        desk.faults.append(PARTNER_MISSING.at(desk.wanted, module=kind.module, wanted=desk.wanted))
    if getattr(request, other) is not None:
        desk.faults.append(PARTNER_UNEXPECTED.at(other, module=kind.module, found=other))
    if not request.lines:
        desk.faults.append(NO_LINES.at("lines"))
    site = desk.catalog.table(Site).get(request.site)
    if request.site and (site is None or site.company != desk.company.code):
        mine = [one.code for one in desk.catalog.table(Site).values() if one.company == desk.company.code]
        remedy = nearest(request.site, mine, "add it to a pack")
        desk.faults.append(UNKNOWN_SITE.at("site", company=desk.company.code, site=request.site, remedy=remedy))
    references = list(named_references(request))
    kinds = {reference.kind for _, reference in references}
    if kind.cancellation:
        desk.faults.append(NOT_YET.at("invoice_type", what="a document that cancels another whole"))
    if kind.category == "credit_note" and "corrects" not in kinds:
        desk.faults.append(CORRECTS_MISSING.at("references", category=kind.category))
    if kind.purchase_kind == "credit_note_on_return" and "return" not in kinds:
        desk.faults.append(RETURN_MISSING.at("references"))
    for path, reference in references:
        if reference.id is None and not reference.number:
            desk.faults.append(REFERENCE_SHAPE.at(path))
    for index, paid in enumerate(request.prepaid):
        if paid.tax > paid.amount:
            desk.faults.append(PREPAID_TAX.at(f"prepaid[{index}].tax", tax=paid.tax, amount=paid.amount))
    for path, amount in _amounts(request):
        if amount != rounded(amount, desk.currency):
            desk.faults.append(AMOUNT_EXPONENT.at(path, amount=amount, currency=desk.currency))


def named_references(request: Request) -> Iterator[tuple[str, Reference]]:
    """Every reference of a document and its lines, with its path."""
    yield from ((f"references[{index}]", one) for index, one in enumerate(request.references))
    for place, line in enumerate(request.lines):
        if line.references:
            yield from ((f"lines[{place}].references[{index}]", one) for index, one in enumerate(line.references))


def _amounts(request: Request) -> Iterator[tuple[str, Decimal]]:
    """What is typed as money, to the cent."""
    rows = [(f"charges[{index}].amount", one.amount) for index, one in enumerate(request.charges)]
    rows += [(f"due_dates[{index}].amount", one.amount) for index, one in enumerate(request.due_dates)]
    rows += [(f"prepaid[{index}].amount", one.amount) for index, one in enumerate(request.prepaid)]
    rows += [(f"prepaid[{index}].tax", one.tax) for index, one in enumerate(request.prepaid)]
    rows += [(f"withholdings[{index}].base", one.base) for index, one in enumerate(request.withholdings)]
    yield from ((path, amount) for path, amount in rows if amount is not None)


def _check_totals(desk: Desk, summed: Totals, tax_rows: Sequence[TaxRow], rate: Decimal) -> None:
    if summed.gross < 0:
        desk.faults.append(NEGATIVE_TOTAL.at("lines", gross=summed.gross))
    elif summed.payable < 0:
        desk.faults.append(PREPAID_TOO_LARGE.at("prepaid", payable=summed.payable))
    amounts = [getattr(summed, name) for name in Totals.__dataclass_fields__]
    amounts += (amount for row in tax_rows for amount in (row.base, row.amount))
    if max(map(abs, amounts)) * max(rate, Decimal(1)) >= AMOUNT_LIMIT:
        desk.faults.append(AMOUNT_TOO_LARGE.at("lines"))


def _line(desk: Desk, index: int, line: Line) -> DraftLine | None:
    quantity, currency = line.quantity, desk.currency
    if desk.is_credit and quantity <= 0:
        told = {"category": desk.type.category, "quantity": quantity}
        desk.faults.append(CREDIT_SIGN.at(f"lines[{index}].quantity", **told))
    discounts: tuple[tuple[Decimal | None, Decimal], ...] = ()
    gross = net = rounded(quantity * line.unit_price, currency)
    if line.discounts:
        discounts, net = _discounted(desk, index, line)
    if abs(gross) >= AMOUNT_LIMIT:
        desk.faults.append(AMOUNT_TOO_LARGE.at(f"lines[{index}]"))
    corrected = None
    if line.references:
        corrected = next((one.date for one in line.references if one.kind == "corrects" and one.date), None)
    use = taxation.tax_use(desk, line.tax_code, f"lines[{index}].tax_code", line.nature, line.product, corrected)
    if use is None:
        return None
    return DraftLine(
        index + 1, line.description, quantity, line.unit, line.unit_price, gross, discounts, net, line.nature,
        line.product, line.sku, line.account, line.analytic, use.code, use.category, use.rate, use.due, line.references,
    )  # fmt: skip


def _discounted(desk: Desk, index: int, line: Line) -> tuple[tuple[tuple[Decimal | None, Decimal], ...], Decimal]:
    """(percent, what it takes off) of each discount, and what is left."""
    for place, one in enumerate(line.discounts):
        if not _one_of_two(one):
            desk.faults.append(DISCOUNT_SHAPE.at(f"lines[{index}].discounts[{place}]"))
    given = [(one.percent, one.amount) for one in line.discounts]
    amounts = line_amounts(line.quantity, line.unit_price, given, desk.currency)
    if amounts.net * line.quantity < 0:
        desk.faults.append(DISCOUNT_TOO_LARGE.at(f"lines[{index}].discounts"))
    taken = zip(line.discounts, amounts.discounts, strict=True)
    return tuple((one.percent, amount) for one, amount in taken), amounts.net


def _charge(desk: Desk, index: int, charge: Charge, subtotal: Decimal) -> DraftCharge | None:
    """A charge or allowance on the document; a percent is of the sum of lines.

    It shares the nature of the lines when they have but one; on a mixed document it counts as goods.
    """
    path = f"charges[{index}]"
    if not _one_of_two(charge):
        desk.faults.append(CHARGE_SHAPE.at(path, kind=charge.kind))
    use = taxation.tax_use(desk, charge.tax_code, f"{path}.tax_code", desk.nature, charge.code)
    if use is None:
        return None
    by_percent = charge.percent is not None
    named = desk.catalog.one(ChargeKind, charge.code, desk.company, desk.request.date) if charge.code else None
    exact = share(subtotal, charge.percent) if charge.percent is not None else charge.amount or ZERO
    amount = rounded(exact, desk.currency)
    return DraftCharge(
        position=len(desk.request.lines) + index + 1,
        kind=charge.kind,
        code=charge.code,
        description=charge.description,
        reason_code=charge.reason_code,
        percent=charge.percent,
        base=subtotal if by_percent else None,
        amount=amount if charge.kind == "charge" else -amount,
        tax_code=use.code,
        tax_category=use.category,
        tax_rate=use.rate,
        tax_due=use.due,
        accounting_code=named.accounting_code if named else "",
    )


def _with_texts(desk: Desk, made: Draft) -> Draft:
    """The mentions that hold for it, after the notes typed, and its process code."""
    values = facts.of(made, desk.catalog)
    notes = [
        Note(text=desk.catalog.text(mention.text, made.language), subject_code=mention.subject_code)
        for mention in _holding(desk, values)
    ]
    formula, code = desk.formula("process_code"), made.process_code
    if formula and not code:
        book = formulas.of(desk.catalog, desk.company, made.date)
        try:
            code = str(book.named("process_code", formula.text)(values))
        except FormulaFailed as failed:
            desk.failed("formula process_code", failed, "process_code")
    if not notes and code == made.process_code:
        return made
    return replace(made, notes=(*made.notes, *notes), process_code=code)


def _holding(desk: Desk, values: Mapping[str, Any]) -> Iterator[Mention]:
    """The mentions that hold: all their conditions at once, one by one when one of them fails."""
    asked = ("mentions", desk.company.code, desk.request.date)
    mentions, conditions, together = desk.catalog.once(asked, lambda: _mentions(desk))
    try:
        said = together(values)
    except Exception:  # whatever values raise: the conditions one by one say what it was
        said = [_holds(desk, mention, one, values) for mention, one in zip(mentions, conditions, strict=True)]
    for mention, holds in zip(mentions, said, strict=True):
        if holds is not None:
            yield mention


def _mentions(desk: Desk) -> tuple[tuple[Mention, ...], list[Formula | None], Fused]:
    """The mentions that may hold, their conditions, and these as one function: () for each that holds, else None."""
    book = formulas.of(desk.catalog, desk.company, desk.request.date)
    mentions = desk.catalog.all_meant(Mention, desk.company, desk.request.date)
    conditions = [book.condition(mention.when) if mention.when else None for mention in mentions]
    lines = [FusedLine((one,) if one else (), ()) for one in conditions]
    return mentions, conditions, fuse(lines, book.vocabulary, None)


def _holds(desk: Desk, mention: Mention, condition: Formula | None, values: Mapping[str, Any]) -> tuple[()] | None:
    try:
        return () if condition is None or condition(values) else None
    except FormulaFailed as failed:
        desk.failed(f"mention {mention.key}", failed, "notes")
        return None


def _one_of_two(part: Discount | Charge | DueDate) -> bool:
    return (part.percent is None) != (part.amount is None)
