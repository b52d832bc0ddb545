"""Immutable views of a posted document.

Units: amounts, quantities and rates are Decimal; an amount is in `DocumentView.currency`, already rounded to its
exponent; a rate or percent of 22 means 22 %; dates are dates; codes are upper case unless said otherwise. Text that is
not known is "" and a date that is not known is None. Amounts and quantities of credits are positive: what reverses
them is the document's kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AddressView:
    street: str
    street2: str
    postcode: str
    city: str
    region: str
    country: str  # ISO 3166-1 alpha-2, as e-invoices want it


@dataclass(frozen=True, slots=True)
class PartyView:
    """A customer, a supplier, or a place goods go to, frozen as it was when the document was posted."""

    code: str
    name: str
    kind: str  # business | person | public_body
    address: AddressView
    country: str  # alpha-2
    vat_number: str
    fiscal_code: str
    registration_scheme: str  # ISO 6523 ICD, such as 0002 for a French SIREN
    registration_id: str
    electronic_address_scheme: str  # EAS code, such as 0225
    electronic_address: str
    email: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class CompanyView:
    """The company whose document this is."""

    code: str
    name: str
    legislation: str  # ISO 3166-1 alpha-3
    address: AddressView
    country: str  # alpha-2
    currency: str
    vat_number: str
    fiscal_code: str
    registration_scheme: str
    registration_id: str
    electronic_address_scheme: str
    electronic_address: str
    email: str
    phone: str
    legal_form: str
    share_capital: str
    trade_register: str
    tax_regime: str
    bank_accounts: tuple[tuple[str, str], ...]  # (IBAN, BIC or "")


@dataclass(frozen=True, slots=True)
class DiscountView:
    percent: Decimal | None
    amount: Decimal  # what it takes off this line, at currency exponent; the discounts of a line sum to gross - net


@dataclass(frozen=True, slots=True)
class ReferenceView:
    kind: str  # as CONTRACT §3: corrects, order, contract, delivery_note, advance …
    number: str
    date: Day | None
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class LineView:
    position: int  # from 1
    description: str
    quantity: Decimal
    unit: str  # UN/ECE Recommendation 20, such as C62, HUR, KGM
    unit_price: Decimal  # before discounts
    gross: Decimal  # quantity x unit_price, rounded
    discounts: tuple[DiscountView, ...]
    net: Decimal
    nature: str  # goods | service
    product: str
    sku: str
    tax_code: str
    tax_category: str  # UNTDID 5305
    tax_rate: Decimal
    references: tuple[ReferenceView, ...]


@dataclass(frozen=True, slots=True)
class ChargeView:
    kind: str  # charge | allowance
    code: str
    description: str
    reason_code: str  # UNTDID 7161 (charge) or 5189 (allowance)
    percent: Decimal | None
    base: Decimal | None  # what the percent was taken of
    amount: Decimal  # positive in both kinds
    tax_code: str
    tax_category: str
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class TaxView:
    """One row per tax code and moment it falls due; rows of one (category, rate) sum to the tax EN 16931 asks for."""

    tax_code: str
    category: str
    rate: Decimal
    due: str  # invoice | payment
    base: Decimal
    amount: Decimal
    exemption_code: str  # VATEX code, "" when taxed
    reason: str  # exemption text in the document's language
    national_code: str  # such as the Italian Natura


@dataclass(frozen=True, slots=True)
class TotalsView:
    """net = lines + charges - allowances; gross = net + tax;
    payable = gross - withholding - prepaid - tax of category B (split payment) + rounding."""

    lines: Decimal
    charges: Decimal
    allowances: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    withholding: Decimal
    prepaid: Decimal
    rounding: Decimal
    payable: Decimal


@dataclass(frozen=True, slots=True)
class DueDateView:
    date: Day
    amount: Decimal
    method: str  # code of the payment method, "" when none


@dataclass(frozen=True, slots=True)
class PrepaidView:
    amount: Decimal
    date: Day | None
    reference: str


@dataclass(frozen=True, slots=True)
class WithholdingView:
    code: str
    base: Decimal
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NoteView:
    text: str
    subject_code: str  # UNTDID 4451, such as PMT, PMD, AAB; "" when none


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A posted document. Nothing in it changes after posting."""

    id: int
    number: str
    module: str  # sales | purchase
    category: str  # invoice | credit_note | debit_note | credit_memo | proforma | ...
    is_credit: bool
    invoice_type: str
    type_description: str  # in the document's language: what the page is headed with
    untdid_code: str  # UNTDID 1001, such as 380
    national_code: str  # such as the Italian TD01
    self_billed: bool
    date: Day
    supply_date: Day | None
    period: tuple[Day, Day] | None
    currency: str
    exchange_rate: Decimal  # company currency per unit of document currency; 1 when they are the same
    tax_company_currency: Decimal  # the tax total in the company's currency
    language: str  # of the document: fr, it, en ...
    subject: str
    buyer_reference: str
    process_code: str  # BT-23, such as the French B1, S1, M1; "" when none
    company: CompanyView
    partner: PartyView  # the customer of a sale, the supplier of a purchase
    ship_to: PartyView | None
    lines: tuple[LineView, ...]
    charges: tuple[ChargeView, ...]
    taxes: tuple[TaxView, ...]
    withholdings: tuple[WithholdingView, ...]
    prepaid: tuple[PrepaidView, ...]
    totals: TotalsView
    due_dates: tuple[DueDateView, ...]
    payment_method: str  # code of the installation's payment method
    payment_means: str  # UNTDID 4461, such as 58 SEPA credit transfer; "" when none
    payment_terms: str  # in words, in the document's language
    references: tuple[ReferenceView, ...]
    notes: tuple[NoteView, ...]
