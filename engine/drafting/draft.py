"""A request becomes a draft: who, what, under which taxes, how much, and when it is due.

In: a request read at the wall, the company, the type picked (step 2), a Catalog (step 1). Out: a Draft for numbering
and journal (steps 4, 5), or every fault at once. Pure: no I/O, no clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date as Day
from datetime import timedelta
from decimal import Decimal, localcontext

from engine.drafting import facts
from engine.drafting.request import NOT_YET, Charge, Discount, Line, Note, Party, Prepaid, Reference, Request
from engine.drafting.totals import TaxGroup, Totals, line_amounts, parts, taxes, totals
from engine.kernel.codes import CREDITS, REASON_NEEDED
from engine.kernel.faults import Fault, FaultKind, Faulty, clipped, nearest
from engine.kernel.money import EXACT, HUNDRED, ZERO, rounded, share
from engine.kernel.periods import in_force
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import (
    Company,
    InvoiceType,
    LegislationRecord,
    Mention,
    NamedFormula,
    PaymentMethod,
    PaymentTerms,
    Rate,
    Scoped,
    Tax,
    Withholding,
)
from engine.parametrization.formulas import condition, named
from rules import FormulaFailed
from rules.errors import FAILURES

NO_LINES = FaultKind("no_lines", "the document has no lines", "add at least one")
PARTNER_MISSING = FaultKind("partner_missing", "a {module} document needs a {wanted}", "add `{wanted}`")
PARTNER_UNEXPECTED = FaultKind(
    "partner_unexpected", "a {module} document has no {found}", "remove it, or change `module`"
)
UNKNOWN_REFERENCE = FaultKind(
    "unknown_reference", "there is no {table} {code!r} that {company} may use on {date}: {why}", "{remedy}"
)
NO_RATE = FaultKind(
    "tax_without_rate", "tax {code} has no rate in force on {date}", "add a [[tax.rate]] or change the date"
)
REASON_MISSING = FaultKind(
    "exemption_reason_missing",
    "tax {code} (category {category}) has neither exemption code nor text",
    "add one to the tax",
)
PARTNER_ID_MISSING = FaultKind(
    "partner_tax_id_missing",
    "tax category {category} needs the partner's VAT number",
    "add `vat_number` to the partner",
)
CORRECTS_MISSING = FaultKind(
    "corrects_missing",
    "a {category} corrects at least one document",
    'add a reference of kind "corrects" with id, or number and date',
)
RETURN_MISSING = FaultKind(
    "return_missing", "a credit note on return is tied to its return", 'add a reference of kind "return"'
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
AMOUNT_TOO_LARGE = FaultKind(
    "amount_too_large", "the total has more than 14 digits before the point", "split the document"
)
RATE_MISSING = FaultKind(
    "exchange_rate_missing",
    "the document is in {currency}, the company in {own}",
    "add `exchange_rate`: {own} per {currency}",
)
RATE_UNEXPECTED = FaultKind(
    "exchange_rate_unexpected", "document and company are both in {currency}", "leave `exchange_rate` out"
)
DUE_SHAPE = FaultKind(
    "due_dates_shape", "give one of due_date, due_dates, payment_terms; each part an amount or a percent", "keep one"
)
DUE_SUM = FaultKind("due_dates_sum", "the due dates add up to {found}, the document to {payable}", "make them equal")
REFERENCE_SHAPE = FaultKind("reference_shape", "a reference names a document by id, or by number", "give one")


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line with its amounts and tax; the names that formulas use."""

    position: int
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    gross: Decimal
    discounts: tuple[tuple[Decimal | None, Decimal], ...]  # (percent, what it takes off)
    net: Decimal
    nature: str
    product: str
    sku: str
    account: str
    tax_code: str
    tax_category: str
    tax_rate: Decimal
    tax_due: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class DraftCharge:
    """`amount` is signed: an allowance is negative."""

    position: int
    kind: str
    code: str
    description: str
    reason_code: str
    percent: Decimal | None
    base: Decimal | None
    amount: Decimal
    tax_code: str
    tax_category: str
    tax_rate: Decimal
    tax_due: str


@dataclass(frozen=True, slots=True)
class TaxRow:
    code: str
    category: str
    rate: Decimal
    due: str
    base: Decimal
    amount: Decimal
    exemption_code: str
    reason: str
    national_code: str
    accounting_code: str


@dataclass(frozen=True, slots=True)
class DueRow:
    date: Day
    amount: Decimal
    method: str


@dataclass(frozen=True, slots=True)
class WithheldRow:
    code: str
    base: Decimal
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything a document says, but its number."""

    request: Request
    company: Company
    type: InvoiceType
    date: Day
    accounting_date: Day
    tax_point: Day
    currency: str
    company_currency: str
    exchange_rate: Decimal
    language: str
    partner: Party
    lines: tuple[DraftLine, ...]
    charges: tuple[DraftCharge, ...]
    taxes: tuple[TaxRow, ...]
    withholdings: tuple[WithheldRow, ...]
    prepaid: tuple[Prepaid, ...]
    totals: Totals
    due_dates: tuple[DueRow, ...]
    payment_method: str
    payment_means: str
    payment_terms: str
    notes: tuple[Note, ...]
    process_code: str

    @property
    def is_credit(self) -> bool:
        return self.type.category in CREDITS


@dataclass(frozen=True, slots=True)
class _TaxUse:
    """A tax as it applies to one line: the record, its rate at the tax point, when it falls due."""

    record: Tax
    rate: Decimal
    due: str

    @property
    def group(self) -> TaxGroup:
        return TaxGroup(self.record.code, self.record.category, self.rate, self.due)


def draft(
    request: Request,
    company: Company,
    invoice_type: InvoiceType,
    catalog: Catalog,
    origin_tax_point: Day | None = None,
) -> Draft:
    """Draft a document.

    `origin_tax_point` is that of the document a credit corrects, when it is one of ours: its rates apply.
    Errors: Faulty with every fault found.
    """
    with localcontext(EXACT):
        return _Drafting(request, company, invoice_type, catalog, origin_tax_point).draft()


class _Drafting:
    """One drafting: gathers faults while it goes, so that all are told at once."""

    def __init__(
        self, request: Request, company: Company, invoice_type: InvoiceType, catalog: Catalog, origin: Day | None
    ) -> None:
        self.request, self.company, self.type, self.catalog = request, company, invoice_type, catalog
        self.faults: list[Fault] = []
        legislation = catalog.table(LegislationRecord).get(company.legislation)
        self.own_currency = company.currency or (legislation.currency if legislation else "EUR")
        self.currency = request.currency or self.own_currency
        self.tax_point = origin or self._corrected_date() or request.supply_date or request.date
        wanted = "customer" if invoice_type.module == "sales" else "supplier"
        self.partner = getattr(request, wanted)
        own_language = company.language or (legislation.language if legislation else catalog.language)
        self.language = request.language or (self.partner.language if self.partner else "") or own_language

    def draft(self) -> Draft:
        self._check_shape()
        rate = self._exchange_rate()
        lines = [self._line(index, line) for index, line in enumerate(self.request.lines)]
        subtotal = sum((line.net for line in lines if line), ZERO)
        charges = [self._charge(index, charge, subtotal) for index, charge in enumerate(self.request.charges)]
        if self.faults or self.partner is None:
            raise Faulty(self.faults)
        good_lines, good_charges = [line for line in lines if line], [charge for charge in charges if charge]
        tax_rows = self._taxes(good_lines, good_charges)
        net = subtotal + sum((charge.amount for charge in good_charges), ZERO)
        withheld = [row for index, row in enumerate(self._withheld(net)) if row]
        summed = totals(
            [line.net for line in good_lines],
            [charge.amount for charge in good_charges],
            [(TaxGroup(row.code, row.category, row.rate, row.due), row.base, row.amount) for row in tax_rows],
            [row.amount for row in withheld],
            [paid.amount for paid in self.request.prepaid],
        )
        if summed.gross < 0:
            self.faults.append(NEGATIVE_TOTAL.at("lines", gross=summed.gross))
        if abs(summed.gross) * rate >= 10**14:
            self.faults.append(AMOUNT_TOO_LARGE.at("lines"))
        due_dates, terms = self._due_dates(summed.payable)
        method = self._method(self.request.payment_method, "payment_method")
        result = Draft(
            request=self.request, company=self.company, type=self.type, date=self.request.date,
            accounting_date=self.request.accounting_date or self.request.date, tax_point=self.tax_point,
            currency=self.currency, company_currency=self.own_currency, exchange_rate=rate, language=self.language,
            partner=self.partner, lines=tuple(good_lines), charges=tuple(good_charges), taxes=tuple(tax_rows),
            withholdings=tuple(withheld), prepaid=self.request.prepaid, totals=summed, due_dates=tuple(due_dates),
            payment_method=method.code if method else "", payment_means=method.means if method else "",
            payment_terms=terms, notes=self.request.notes, process_code=self.request.process_code,
        )  # fmt: skip
        result = self._with_texts(result) if not self.faults else result
        if self.faults:
            raise Faulty(self.faults)
        return result

    # -- shape ------------------------------------------------------------------------------------------------------

    def _check_shape(self) -> None:
        request, kind = self.request, self.type
        wanted, other = ("customer", "supplier") if kind.module == "sales" else ("supplier", "customer")
        if self.partner is None:
            self.faults.append(PARTNER_MISSING.at(wanted, module=kind.module, wanted=wanted))
        if getattr(request, other) is not None:
            self.faults.append(PARTNER_UNEXPECTED.at(other, module=kind.module, found=other))
        if not request.lines:
            self.faults.append(NO_LINES.at("lines"))
        kinds = {reference.kind for reference in request.references}
        if (kind.category == "credit_note" or kind.cancellation) and "corrects" not in kinds:
            self.faults.append(CORRECTS_MISSING.at("references", category=kind.category))
        if kind.purchase_kind == "credit_note_on_return" and "return" not in kinds:
            self.faults.append(RETURN_MISSING.at("references"))
        for index, reference in enumerate(request.references):
            if reference.id is None and not reference.number:
                self.faults.append(REFERENCE_SHAPE.at(f"references[{index}]"))

    def _corrected_date(self) -> Day | None:
        """A line that corrects a document takes that document's rate: the date given for one from outside."""
        if self.type.category not in CREDITS:
            return None
        return next((one.date for one in self.request.references if one.kind == "corrects" and one.date), None)

    def _exchange_rate(self) -> Decimal:
        given = self.request.exchange_rate
        if self.currency == self.own_currency:
            if given is not None and given != 1:
                self.faults.append(RATE_UNEXPECTED.at("exchange_rate", currency=self.currency))
            return Decimal(1)
        if given is None:
            self.faults.append(RATE_MISSING.at("exchange_rate", currency=self.currency, own=self.own_currency))
        return given or Decimal(1)

    # -- lines, charges, taxes --------------------------------------------------------------------------------------

    def _line(self, index: int, line: Line) -> DraftLine | None:
        path = f"lines[{index}]"
        if self.type.category in CREDITS and line.quantity <= 0:
            self.faults.append(CREDIT_SIGN.at(f"{path}.quantity", category=self.type.category, quantity=line.quantity))
        discounts = [(one.percent, one.amount) for one in line.discounts]
        for place, one in enumerate(line.discounts):
            if not _one_of_two(one):
                self.faults.append(DISCOUNT_SHAPE.at(f"{path}.discounts[{place}]"))
        amounts = line_amounts(line.quantity, line.unit_price, discounts, self.currency)
        if line.discounts and amounts.net * line.quantity < 0:
            self.faults.append(DISCOUNT_TOO_LARGE.at(f"{path}.discounts"))
        if abs(amounts.gross) >= 10**14:
            self.faults.append(AMOUNT_TOO_LARGE.at(path))
        use = self._tax(line.tax_code, f"{path}.tax_code", line.nature, line.product)
        if use is None:
            return None
        return DraftLine(
            position=index + 1, description=line.description, quantity=line.quantity, unit=line.unit,
            unit_price=line.unit_price, gross=amounts.gross,
            discounts=tuple((percent, taken) for (percent, _), taken in zip(discounts, amounts.discounts, strict=True)),
            net=amounts.net, nature=line.nature, product=line.product, sku=line.sku, account=line.account,
            tax_code=use.record.code, tax_category=use.record.category, tax_rate=use.rate, tax_due=use.due,
            references=line.references,
        )  # fmt: skip

    def _charge(self, index: int, charge: Charge, subtotal: Decimal) -> DraftCharge | None:
        path = f"charges[{index}]"
        if not _one_of_two(charge):
            self.faults.append(CHARGE_SHAPE.at(path, kind=charge.kind))
            return None
        use = self._tax(charge.tax_code, f"{path}.tax_code", self._nature_of_lines(), charge.code)
        if use is None:
            return None
        base = subtotal if charge.percent is not None else None
        amount = rounded(
            share(subtotal, charge.percent) if charge.percent is not None else charge.amount or ZERO, self.currency
        )
        return DraftCharge(
            position=len(self.request.lines) + index + 1, kind=charge.kind, code=charge.code,
            description=charge.description, reason_code=charge.reason_code, percent=charge.percent, base=base,
            amount=amount if charge.kind == "charge" else -amount, tax_code=use.record.code,
            tax_category=use.record.category, tax_rate=use.rate, tax_due=use.due,
        )  # fmt: skip

    def _nature_of_lines(self) -> str:
        """A charge shares the nature of the lines when they have but one; on a mixed document it counts as goods."""
        natures = {line.nature for line in self.request.lines}
        return natures.pop() if len(natures) == 1 else "goods"

    def _tax(self, code: str, path: str, nature: str, product: str) -> _TaxUse | None:
        meant = self.catalog.meant(Tax, code, self.company, self.tax_point)
        record = meant.record
        if not isinstance(record, Tax):
            self._unknown("tax", code, path, meant.verdict.reason if meant.verdict else "", Tax)
            return None
        rate = rate_on(record.rate, self.tax_point)
        if rate is None:
            self.faults.append(NO_RATE.at(path, code=code, date=self.tax_point))
            return None
        if record.category in ("AE", "K"):
            if self.type.module == "purchase":
                self.faults.append(NOT_YET.at(path, what="a purchase whose tax the buyer assesses"))
            elif self.partner and not self.partner.vat_number:
                self.faults.append(PARTNER_ID_MISSING.at(path, category=record.category))
        return _TaxUse(record, rate, record.due or self._tax_due(nature, product, path))

    def _tax_due(self, nature: str, product: str, path: str) -> str:
        """By the named formula `tax_due` from company regime, type and nature; at invoice where there is none."""
        formula = self.catalog.one(NamedFormula, "tax_due", self.company, self.request.date)
        if formula is None:
            return "invoice"
        compiled = named("tax_due", formula.text)
        row = facts.TaxLine(nature, product)
        try:
            return str(
                compiled(facts.before_amounts(self.company, self.type, self.partner, self.catalog) | {"line": row})
            )
        except FormulaFailed as failed:
            self._failed("formula tax_due", failed, path)
            return "invoice"

    def _taxes(self, lines: Sequence[DraftLine], charges: Sequence[DraftCharge]) -> list[TaxRow]:
        bases = [(TaxGroup(one.tax_code, one.tax_category, one.tax_rate, one.tax_due), one.net) for one in lines]
        bases += [(TaxGroup(one.tax_code, one.tax_category, one.tax_rate, one.tax_due), one.amount) for one in charges]
        rows = []
        for group, base, amount in taxes(bases, self.currency):
            record = self.catalog.one(Tax, group.code, self.company, self.tax_point)
            if record is None:
                continue
            needed = group.category in REASON_NEEDED
            reason = self.catalog.text(record.text, self.language) if needed else ""
            if needed and not (reason or record.exemption_code):
                self.faults.append(REASON_MISSING.at("lines", code=group.code, category=group.category))
            rows.append(
                TaxRow(
                    group.code, group.category, group.rate, group.due, base, amount, record.exemption_code, reason,
                    record.national_code, record.accounting_code,
                )
            )  # fmt: skip
        return rows

    def _withheld(self, net: Decimal) -> Iterator[WithheldRow | None]:
        for index, asked in enumerate(self.request.withholdings):
            path = f"withholdings[{index}]"
            meant = self.catalog.meant(Withholding, asked.code, self.company, self.tax_point)
            record = meant.record
            if not isinstance(record, Withholding):
                self._unknown(
                    "withholding",
                    asked.code,
                    f"{path}.code",
                    meant.verdict.reason if meant.verdict else "",
                    Withholding,
                )
                yield None
                continue
            rate = asked.rate if asked.rate is not None else rate_on(record.rate, self.tax_point)
            if rate is None:
                self.faults.append(NO_RATE.at(path, code=asked.code, date=self.tax_point))
                yield None
                continue
            base = net if asked.base is None else asked.base
            yield WithheldRow(record.code, base, rate, rounded(share(base, rate), self.currency))

    # -- payment ----------------------------------------------------------------------------------------------------

    def _due_dates(self, payable: Decimal) -> tuple[list[DueRow], str]:
        """Due dates that add up to what is payable, and the terms in words."""
        request = self.request
        given = [name for name in ("due_date", "due_dates", "payment_terms") if getattr(request, name)]
        if len(given) > 1 or any(not _one_of_two(part) for part in request.due_dates):
            self.faults.append(DUE_SHAPE.at(given[-1]))
            return [], ""
        if request.due_date:
            return self._rows([(request.due_date, payable, request.payment_method)]), ""
        if request.due_dates:
            return self._given_due_dates(payable), ""
        code = request.payment_terms or (self.company.payment_terms if self.type.module == "sales" else "")
        if not code:
            return self._rows([(request.date, payable, request.payment_method)]), ""
        meant = self.catalog.meant(PaymentTerms, code, self.company, request.date)
        terms = meant.record
        if not isinstance(terms, PaymentTerms):
            self._unknown(
                "payment_terms", code, "payment_terms", meant.verdict.reason if meant.verdict else "", PaymentTerms
            )
            return [], ""
        amounts = parts(payable, [part.percent for part in terms.part], self.currency)
        days = [_due(request.date, part.days, part.end_of_month) for part in terms.part]
        text = self.catalog.text(terms.text, self.language)
        method = request.payment_method
        return self._rows([(day, amount, method) for day, amount in zip(days, amounts, strict=True)]), text

    def _given_due_dates(self, payable: Decimal) -> list[DueRow]:
        asked = self.request.due_dates
        by_percent = [part.percent for part in asked if part.percent is not None]
        shares = iter(parts(payable, by_percent, self.currency)) if by_percent else iter(())
        if by_percent and len(by_percent) < len(asked):
            self.faults.append(DUE_SHAPE.at("due_dates"))
            return []
        amounts = [part.amount if part.amount is not None else next(shares) for part in asked]
        found = sum(by_percent, ZERO) if by_percent else sum(amounts, ZERO)
        wanted = HUNDRED if by_percent else payable
        if found != wanted:
            self.faults.append(DUE_SUM.at("due_dates", found=found, payable=wanted))
        return self._rows([(part.date, amount, part.method) for part, amount in zip(asked, amounts, strict=True)])

    def _rows(self, rows: Iterable[tuple[Day, Decimal, str]]) -> list[DueRow]:
        return [DueRow(day, amount, method) for day, amount, method in rows if amount]

    def _method(self, code: str, path: str) -> PaymentMethod | None:
        if not code:
            return None
        meant = self.catalog.meant(PaymentMethod, code, self.company, self.request.date)
        if not isinstance(meant.record, PaymentMethod):
            self._unknown("payment_method", code, path, meant.verdict.reason if meant.verdict else "", PaymentMethod)
            return None
        return meant.record

    # -- texts by formula -------------------------------------------------------------------------------------------

    def _with_texts(self, result: Draft) -> Draft:
        """The mentions that hold for it, after the notes typed, and its process code."""
        values = facts.of(result, self.catalog)
        notes = list(result.notes)
        for mention in self.catalog.all_meant(Mention, self.company, self.request.date):
            try:
                if not mention.when or condition(mention.when)(values):
                    notes.append(
                        Note(text=self.catalog.text(mention.text, self.language), subject_code=mention.subject_code)
                    )
            except FormulaFailed as failed:
                self._failed(f"mention {mention.key}", failed, "notes")
        process = self.catalog.one(NamedFormula, "process_code", self.company, self.request.date)
        code = result.process_code
        if process and not code:
            try:
                code = str(named("process_code", process.text)(values))
            except FormulaFailed as failed:
                self._failed("formula process_code", failed, "process_code")
        return replace(result, notes=tuple(notes), process_code=code)

    # -- faults -----------------------------------------------------------------------------------------------------

    def _unknown(self, table: str, code: str, path: str, why: str, kind: type[Scoped]) -> None:
        usable = [record.key.split("/")[0] for record in self.catalog.all_meant(kind, self.company, self.tax_point)]
        remedy = nearest(code, usable, f"`factotum` knows {len(usable)} of them for this company")
        self.faults.append(
            UNKNOWN_REFERENCE.at(
                path, table=table, code=code, company=self.company.code, date=self.tax_point, why=why, remedy=remedy
            )
        )

    def _failed(self, where: str, failed: FormulaFailed, path: str) -> None:
        self.faults.append(formula_fault(where, failed, path))


def formula_fault(where: str, failed: FormulaFailed, path: str) -> Fault:
    """A formula that fails on this document, with its operands."""
    operands = "; ".join(f"{name} = {clipped(str(value), 60)}" for name, value in failed.operands)
    words = f"{where} cannot be computed: {FAILURES[failed.code]}" + (f" ({operands})" if operands else "")
    return Fault(failed.code, path, words, f"mend the document, or the formula {clipped(failed.text, 200)}")


def rate_on(rates: Sequence[Rate], on: Day) -> Decimal | None:
    """The rate in force on a date."""
    return next((rate.percent for rate in rates if in_force(rate.valid_from, rate.valid_to, on)), None)


def _one_of_two(part: Discount | Charge | object) -> bool:
    return (getattr(part, "percent", None) is None) != (getattr(part, "amount", None) is None)


def _due(start: Day, days: int, end_of_month: bool) -> Day:
    day = start + timedelta(days=days)
    return day.replace(day=calendar.monthrange(day.year, day.month)[1]) if end_of_month else day
