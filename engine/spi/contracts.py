"""What the engine and a plugin say to each other: immutable views of a posted document, a file, a parcel, a receipt,
a seal.

Units: amounts, quantities and rates are Decimal; an amount is in `DocumentView.currency`, already rounded to its
exponent; a rate or percent of 22 means 22 %; dates are dates; codes are upper case unless said otherwise. Text that is
not known is "" and a date that is not known is None. Amounts and quantities of credits are positive: what reverses
them is the document's kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

API_VERSION = 1


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


@dataclass(frozen=True, slots=True)
class File:
    """A rendered document. `verdict` tells what was checked and what could not be, in words, for people."""

    name: str
    media_type: str
    content: bytes
    verdict: str = ""


class DeliveryPolicy(StrEnum):
    """What may be done after a hand-over whose outcome is unknown."""

    IDEMPOTENT = "idempotent"  # send again with the same key: the remote drops the twin
    RECONCILABLE = "reconcilable"  # ask the remote first
    AT_LEAST_ONCE = "at_least_once"  # send again; a twin is possible
    AT_MOST_ONCE = "at_most_once"  # a person decides


@dataclass(frozen=True, slots=True)
class Parcel:
    """One hand-over. The same parcel may come again: pass `key` on, so that the other side can drop the twin."""

    key: str
    document: DocumentView
    file: File | None
    recipients: tuple[str, ...]
    settings: Any  # an instance of the channel's `settings_model`, from the connection


@dataclass(frozen=True, slots=True)
class Receipt:
    """`reference` is the other side's name for what it took, or ours when it gives none."""

    reference: str
    detail: str = ""


class DocumentFormat(Protocol):
    name: str  # stored in delivery rows, so it never changes
    extension: str

    def render(self, document: DocumentView) -> File:
        """Render one document. Pure: the same document gives the same bytes.

        Errors: Rejected(reason) when this document cannot be told in this format. Anything else is a plugin's bug.
        """


class DeliveryChannel(Protocol):
    name: str  # stored in delivery rows, so it never changes
    policy: DeliveryPolicy

    @property
    def settings_model(self) -> type[BaseModel]:
        """The pydantic model of a connection's settings; validated before `deliver` is called."""

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """Whom this document goes to; empty when the document names nobody this channel can reach. Pure."""

    def deliver(self, parcel: Parcel) -> Receipt:
        """Hand over one parcel within the connection's own time-out.

        Errors: TryLater(reason, after), the relay retries; Rejected(reason), a person looks. Anything else parks the
        delivery as a plugin's bug.
        """


class TryLater(Exception):
    """The other side cannot take it now. `after` is what it asked us to wait, if it did."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.after = reason, after


class Rejected(Exception):
    """It will never be taken as it is; a person looks."""

    def __init__(self, reason: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason, self.details = reason, dict(details or {})


# --- seals: what a law wants signed or hashed with the number --------------------------------------------------------


class ChainScope(StrEnum):
    """What one chain of seals runs through. The engine keeps its last link, and locks it while the next is made."""

    SERIES = "series"  # the documents of one number series, which posting has locked anyway
    ISSUER = "issuer"  # all records of one issuer, whatever their series


class SealKind(StrEnum):
    ISSUE = "issue"  # a document is posted
    CANCELLATION = "cancellation"  # the record of a posted document is annulled; the document itself stays


@dataclass(frozen=True, slots=True)
class SealRecord:
    """What is sealed: a document that has just taken its number, or one that is annulled."""

    kind: SealKind
    document: DocumentView  # with its number
    series: str  # name of its number series, such as LISBOA/FT/2026
    value: int  # its place in the series
    at: datetime  # UTC: when it was posted, or annulled
    previous: str | None  # the link of the record before it on its chain; None when it is the first


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal. It is kept beside the document as it is, and never made again."""

    fingerprint: str  # the signature or hash the law names
    link: str  # what the next record of the chain gets as `previous`; opaque to the engine
    printed: Mapping[str, str]  # what paper and screen must show, such as qr, atcud, characters, mention
    facts: Mapping[str, str]  # what was signed or hashed, under its national names: for exports and verification


@dataclass(frozen=True, slots=True)
class SealProblem:
    """Why something cannot be sealed. `field` points into the document's request or the seal's settings."""

    field: str
    reason: str
    remedy: str


class Seal(Protocol):
    name: str  # stored with every seal, so it never changes
    chain_scope: ChainScope
    kinds: frozenset[SealKind]  # what it can seal

    @property
    def settings_model(self) -> type[BaseModel]:
        """The pydantic model of a company's settings. Secrets are references to files or variables, never values."""

    def seals(self, document: DocumentView) -> bool:
        """Is this a document of this law: legislation, module, category, codes? It has no number yet. Pure."""

    def load(self, settings: Any) -> ReadySeal:
        """Read keys from where the settings say, and prove that they fit. The one place where a seal does I/O.

        Called before any number is taken; what it gives serves many documents, from several threads at once.
        Errors: SealNotReady(problems).
        """

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: Any, head: str | None = None
    ) -> Iterator[str]:
        """What is wrong with a whole chain, in words; nothing when all is well. Pure, needs no secret, memory flat.

        `records` are in the order of the chain, from its first; `head` is the last link the engine kept, if it is to
        be compared. A seal is proved by what it holds: settings that have changed since make no old seal wrong.
        """


class ReadySeal(Protocol):
    """A seal with its settings and keys. Pure from here on: no file, network, clock or chance."""

    def chain(self, document: DocumentView, series: str) -> str:
        """The name of the chain the document is on, up to 200 signs; stored, so it never changes. No number needed."""

    def problems(self, record: SealRecord) -> Sequence[SealProblem]:
        """All that is wrong with a document, whatever came before it on the chain: `previous` is not looked at.

        Called before the number is taken, with a number of the series it will be of.
        """

    def seal(self, record: SealRecord) -> Sealed:
        """Seal one record. Called inside the posting transaction, with its chain locked: CPU only, and quick.

        The same record gives the same seal. Errors: SealRefused(problems), and the posting is rolled back, number
        included. Anything else is a plugin's bug, and rolls back too.
        """


class SealError(Exception):
    """Carries everything that is wrong, from a seal to whoever lists it."""

    def __init__(self, problems: Iterable[SealProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.field}: {one.reason}" for one in self.problems))


class SealNotReady(SealError):
    """Settings or keys do not do."""


class SealRefused(SealError):
    """This record cannot be sealed."""
