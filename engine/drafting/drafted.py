"""What a draft consists of: everything a document says, but its number. Formulas see these fields by these names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal
from typing import NamedTuple

from engine.drafting.request import Note, Party, Prepaid, Reference, Request
from engine.drafting.totals import Totals
from engine.kernel.codes import CREDITS
from engine.parametrization.definitions import Company, InvoiceType


class DraftLine(NamedTuple):
    """A line with its amounts and tax; the names that formulas use. A tuple: documents may have 10,000 of them."""

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
    analytic: Mapping[str, str]  # dimension -> value
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
    accounting_code: str  # of the [[charge]] it names; "" for the usual one


@dataclass(frozen=True, slots=True)
class TaxRow:
    code: str
    category: str
    rate: Decimal
    due: str
    base: Decimal
    amount: Decimal
    self_assessed: Decimal  # by the buyer, on a purchase of category AE or K
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
