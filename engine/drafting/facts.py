"""A draft as the values that formulas see, under the names of `parametrization.vocabulary`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.kernel.money import ZERO, quantum
from engine.kernel.periods import in_force
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AccountingCode, Company, InvoiceType, Rate, Tax, Withholding

if TYPE_CHECKING:
    from engine.drafting.drafted import Draft
    from engine.drafting.request import Party


@dataclass(frozen=True, slots=True)
class TaxLine:
    """What `tax_due` sees of a line."""

    nature: str
    product: str


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    code: str
    legislation: str
    country: str
    currency: str
    language: str
    tax_regime: str
    vat_on_debits: bool
    vat_number: str


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    module: str
    category: str
    is_credit: bool
    date: Day
    currency: str
    language: str
    number: str | None
    site: str
    subject: str
    supplier_number: str
    due_date: Day
    lines: Decimal
    charges: Decimal
    allowances: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    withheld: Decimal
    prepaid: Decimal
    rounding: Decimal
    payable: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """How far a document is settled, in its own currency: `before` and `after` what runs now, of the `whole`.

    `exigible` is how much of the whole has made its tax due: what is settled, and all of it after the deadline.
    """

    date: Day
    before: Decimal = ZERO
    after: Decimal = ZERO
    whole: Decimal = ZERO
    exigible_before: Decimal = ZERO
    exigible_after: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Repeat:
    """The number of a repeated journal line."""

    index: int


def before_amounts(
    company: Company, invoice_type: InvoiceType, partner: Party | None, catalog: Catalog
) -> dict[str, Any]:
    """What is known before anything is computed."""
    facts = CompanyFacts(
        company.code, company.legislation, company.address.country, catalog.currency_of(company),
        catalog.language_of(company), company.tax_regime, company.vat_on_debits, company.vat_number,
    )  # fmt: skip
    return {"company": facts, "type": invoice_type, "partner": partner}


def of(draft: Draft, catalog: Catalog) -> Mapping[str, Any]:
    """Everything a formula about a whole document may name; its number is not known yet."""
    totals = draft.totals
    document = DocumentFacts(
        draft.type.module, draft.type.category, draft.is_credit, draft.date, draft.currency, draft.language, None,
        draft.request.site, draft.request.subject, draft.request.supplier_number,
        draft.due_dates[0].date if draft.due_dates else draft.date,
        totals.lines, totals.charges, totals.allowances, totals.net, totals.tax, totals.gross, totals.withholding,
        totals.prepaid, totals.rounding, totals.payable,
    )  # fmt: skip
    return before_amounts(draft.company, draft.type, draft.partner, catalog) | {
        "document": document,
        "lines": draft.lines,
        "charges": draft.charges,
        "taxes": draft.taxes,
        "due_dates": draft.due_dates,
        "withholdings": draft.withholdings,
        "prepayments": draft.prepaid,
        "payments": (),
        "settlement": Settlement(draft.date, whole=totals.payable + totals.prepaid),
        "quantum": quantum(draft.currency),
        **lookups(draft.company, draft.date, catalog),
    }


def lookups(company: Company, on: Day, catalog: Catalog) -> dict[str, Any]:
    """The tables that formulas may ask, as a company sees them on a date; None is a missing value."""
    asked = ("lookups", company.code, on)
    return catalog.once(asked, lambda: _lookups(company, on, catalog))


def _lookups(company: Company, on: Day, catalog: Catalog) -> dict[str, Any]:
    def tax_rate(code: str, day: Day) -> Decimal | None:
        record = catalog.one(Tax, code, company, day)
        return rate_on(record.rate, day) if record else None

    def withholding_rate(code: str, day: Day) -> Decimal | None:
        record = catalog.one(Withholding, code, company, day)
        return rate_on(record.rate, day) if record else None

    def account_mask(kind: str, code: str, position: str) -> str | None:
        record = catalog.one(AccountingCode, (kind, code), company, on)
        return record.accounts.get(position) if record else None

    return {
        "tax_rate": tax_rate, "withholding_rate": withholding_rate, "account_mask": account_mask,
        "company_extra": company.extra.get,
    }  # fmt: skip


def rate_on(rates: Sequence[Rate], on: Day) -> Decimal | None:
    """The rate in force on a date."""
    return next((rate.percent for rate in rates if in_force(rate.valid_from, rate.valid_to, on)), None)
