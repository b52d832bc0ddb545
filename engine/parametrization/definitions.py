"""The tables of a pack, one frozen dataclass each, with the field names of the packs.

"" is an absent text or reference; in `legislation`, `company_group`, `company` it means all. Validity ends are
inclusive. A reference names a code, not a record: the record meant is chosen at use (`catalog`).
Source of the shapes: CONTRACT §4; of the meaning: Sage X3 (TABSIVTYP, GTE, GAUTACE, ACODNUM).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from engine.kernel.codes import Category, LedgerUse, Module, PurchaseKind, TaxCategory, TaxDue
from engine.parametrization.words import (
    AccountCode,
    AccountSource,
    Between,
    Code,
    Country,
    Currency,
    Day,
    Exemption,
    Flag,
    FormulaText,
    Identifier,
    Language,
    Legislation,
    MailAddress,
    Mask,
    Name,
    National,
    Percent,
    Recipient,
    Text,
    TimeOfDay,
    TimeZone,
    TypeCode,
    Words,
)

Texts = Mapping[Language, Text]
"""One text per language."""
Nothing = Literal[""]
JournalKind = Literal["sales", "purchase", "treasury", "carry_forward", "general", "miscellaneous"]
SaftType = Literal[
    "invoice", "simplified", "debit_note", "credit_note", "asset_sale", "asset_return", "invoice_receipt", "proforma",
    "consignment",
]  # fmt: skip
STRICT = {"extra": "forbid"}
"""Read by pydantic at the wall: a field nobody knows is a fault, never dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a record."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Any object of a pack. `source` is the legal source of the fact."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = STRICT
    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]] = ("code",)
    WRITTEN: ClassVar[Mapping[str, str]] = {}  # fields that packs call by another name
    source: Text = ""

    @property
    def key(self) -> str:
        """What tells this record from its like: `sales/FAF/FRA`; `*` stands for blank."""
        return "/".join(str(getattr(self, name)) or "*" for name in self.KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped(Record):
    """An object that may be limited to a legislation, a company group and a time."""

    KEY: ClassVar[tuple[str, ...]] = ("code", "legislation")
    legislation: Legislation = ""
    company_group: Code = ""
    active: Flag = True
    valid_from: Day | None = None
    valid_to: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Record):
    """What this folder is. `requires` are looked for among the packs named, then beside this folder, then shipped."""

    TABLE: ClassVar[str] = "pack"
    code: Code
    version: Text
    requires: tuple[Code, ...] = ()
    engine: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder(Record):
    """The whole installation. `language` is what translations fall back to."""

    TABLE: ClassVar[str] = "folder"
    KEY: ClassVar[tuple[str, ...]] = ()
    language: Language

    @property
    def key(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegislationRecord(Record):
    """A country's rule set. Pack ALL holds those of seven countries."""

    TABLE: ClassVar[str] = "legislation"
    code: Legislation
    description: Texts = field(default_factory=dict)
    country: Country
    currency: Currency
    language: Language
    retention_years: Annotated[int, Between(0, 100)] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Part):
    street: Text = ""
    street2: Text = ""
    postcode: Text = ""
    city: Text = ""
    region: Text = ""
    country: Country


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemedId(Part):
    """An identifier and its scheme: ISO 6523 ICD for registrations, EAS for electronic addresses."""

    scheme: Text
    id: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount(Part):
    iban: Text
    bic: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Record):
    """A company that makes documents. It follows one legislation and may be in any number of groups.

    `duplicates`: what is done before something is sent to who has it already, or has had a document with the same
    content within `duplicate_days`: warn says so on the delivery, block holds it until a person lets it go.
    """

    TABLE: ClassVar[str] = "company"
    code: Code
    name: Text
    legislation: Legislation
    currency: Currency = ""
    language: Language = ""
    time_zone: TimeZone = "UTC"
    vat_number: Text = ""
    fiscal_code: Text = ""
    registration: SchemedId | None = None
    legal_form: Text = ""
    share_capital: Text = ""
    trade_register: Text = ""
    tax_regime: Text = ""
    vat_on_debits: Flag = False
    electronic_address: SchemedId | None = None
    email: Text = ""
    phone: Text = ""
    address: Address
    bank_accounts: tuple[BankAccount, ...] = ()
    payment_terms: Code = ""
    default_type: Mapping[Module, Mapping[Category, TypeCode]] = field(default_factory=dict)
    fiscal_year_start: Text = ""
    duplicates: Literal["off", "warn", "block"] = "off"
    duplicate_days: Annotated[int, Between(1, 3660)] = 30
    extra: Mapping[Identifier, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Record):
    """A place of a company."""

    TABLE: ClassVar[str] = "site"
    code: Code
    company: Code
    name: Text
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyGroup(Record):
    """Companies that share parametrization; records may be limited to a group."""

    TABLE: ClassVar[str] = "company_group"
    code: Code
    companies: tuple[Code, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Record):
    """`legislation_filter` is LEGFIL: it narrows lists and never stops a posting."""

    TABLE: ClassVar[str] = "user"
    code: Name
    language: Language = ""
    legislation_filter: Legislation = ""
    default_type: Mapping[Module, TypeCode] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Record):
    """A chart of accounts. `holes`: whether what no source fills of a mask becomes 0, or is refused."""

    TABLE: ClassVar[str] = "chart"
    code: Code
    description: Texts = field(default_factory=dict)
    holes: Literal["zero", "refuse"] = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(Record):
    """A set of books. A blank currency is the company's."""

    TABLE: ClassVar[str] = "ledger"
    code: Code
    chart: Code
    currency: Currency = ""
    kind: Text = "legal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Record):
    """`partner`: whether it is a control account, whose entry lines carry the partner. `analytic`: usual dimensions."""

    TABLE: ClassVar[str] = "account"
    KEY: ClassVar[tuple[str, ...]] = ("chart", "code")
    chart: Code
    code: AccountCode
    description: Texts = field(default_factory=dict)
    partner: Flag = False
    analytic: Mapping[Code, Text] = field(default_factory=dict)
    active: Flag = True
    valid_from: Day | None = None
    valid_to: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingCode(Scoped):
    """For one kind of thing (customer, sales, tax …) the account masks by position: {control = "411xxx"}."""

    TABLE: ClassVar[str] = "accounting_code"
    KEY: ClassVar[tuple[str, ...]] = ("kind", "code", "legislation")
    kind: Identifier
    code: Code = "STD"
    accounts: Mapping[Identifier, Mask]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal(Scoped):
    """A book of the ledger."""

    TABLE: ClassVar[str] = "journal"
    code: Code
    kind: JournalKind
    description: Texts = field(default_factory=dict)
    access_code: Code = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryType(Scoped):
    """The document type of the ledger (GTE, "tipo documento", "type de pièce")."""

    TABLE: ClassVar[str] = "entry_type"
    code: Code
    description: Texts = field(default_factory=dict)
    counter: Code = ""
    manual_number: Flag = False
    default_journal: Code = ""
    journal_kinds: tuple[JournalKind, ...] = ()
    ledgers: Mapping[Code, LedgerUse] = field(default_factory=dict)
    vat_on_debits: Flag = False
    vat_on_payment: Flag = False
    rate_date: Literal["entry", "source"] = "entry"
    period_kind: Literal["normal", "carry_forward", "closing"] = "normal"
    open_items: Literal["none", "order", "invoice", "payment", "other"] = "none"
    access_code: Code = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterComponent(Part):
    """`length` is digits for year (2 or 4) and sequence; `value` is the text of a constant, or a formula."""

    position: Annotated[int, Between(1, 10)]
    kind: Literal[
        "constant",
        "year",
        "month",
        "week",
        "day",
        "company",
        "site",
        "sequence",
        "complement",
        "fiscal_year",
        "period",
        "formula",
    ]
    length: Annotated[int, Between(0, 18)] = 0
    value: FormulaText = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter(Scoped):
    """How numbers are made: parts in order of position, one of them the sequence. `reset` starts it anew."""

    TABLE: ClassVar[str] = "counter"
    code: Code
    kind: Literal["alphanumeric", "numeric"] = "alphanumeric"
    level: Literal["folder", "company", "site"] = "company"
    reset: Literal["never", "annual", "monthly", "fiscal_year", "period"] = "never"
    mode: Literal["gapless", "fast"] = "gapless"
    chronological: Flag = False
    manual: Flag = False
    start: Annotated[int, Between(0, 10**15)] = 1
    length: Annotated[int, Between(0, 60)] = 0
    component: tuple[CounterComponent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterAssignment(Scoped):
    """Gives a counter when nothing nearer does; the most specific row wins."""

    TABLE: ClassVar[str] = "counter_assignment"
    KEY: ClassVar[tuple[str, ...]] = ("module", "category", "entry_type", "company", "site", "legislation")
    module: Module | Nothing = ""
    category: Category | Nothing = ""
    entry_type: Code = ""
    company: Code = ""
    site: Code = ""
    counter: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Part):
    percent: Percent
    valid_from: Day | None = None
    valid_to: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax(Scoped):
    """`due` blank: by the named formula `tax_due`. `text` is the exemption reason, per language.

    `self_assessed` are the rates at which the buyer assesses the tax on a purchase (category AE or K).
    """

    TABLE: ClassVar[str] = "tax"
    code: Code
    category: TaxCategory
    description: Texts = field(default_factory=dict)
    exemption_code: Exemption = ""
    national_code: National = ""
    due: TaxDue | Nothing = ""
    deductible: Percent = Decimal(100)
    accounting_code: Code = "STD"
    text: Texts = field(default_factory=dict)
    rate: tuple[Rate, ...]
    self_assessed: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding(Scoped):
    """Tax that the customer keeps back."""

    TABLE: ClassVar[str] = "withholding"
    code: Code
    description: Texts = field(default_factory=dict)
    national_code: National = ""
    rate: tuple[Rate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeKind(Scoped):
    """A charge or allowance that documents may name by its code. `reason_code`: UNTDID 7161 or 5189."""

    TABLE: ClassVar[str] = "charge"
    code: Code
    kind: Literal["charge", "allowance"]
    description: Texts = field(default_factory=dict)
    percent: Percent | None = None
    tax_code: Code = ""
    reason_code: Text = ""
    national_code: National = ""
    in_withholding_base: Flag = False
    accounting_code: Code = "STD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention(Scoped):
    """A text the law wants on the page, where `when` holds."""

    TABLE: ClassVar[str] = "mention"
    code: Code
    when: FormulaText = ""
    subject_code: Text = ""
    text: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPart(Part):
    percent: Percent = Decimal(100)
    days: Annotated[int, Between(0, 3650)] = 0
    end_of_month: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms(Scoped):
    """Parts sum to 100 %; the last one takes the rounding rest."""

    TABLE: ClassVar[str] = "payment_terms"
    code: Code
    text: Texts = field(default_factory=dict)
    part: tuple[TermsPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod(Scoped):
    """`means` is UNTDID 4461, such as 58 for a SEPA credit transfer."""

    TABLE: ClassVar[str] = "payment_method"
    code: Code
    text: Texts = field(default_factory=dict)
    means: Text = ""
    national_code: National = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementAccount(Scoped):
    """Where money is paid in or out: a bank account or a cash box, and the account it is kept in."""

    TABLE: ClassVar[str] = "settlement_account"
    code: Code
    company: Code = ""
    kind: Literal["bank", "cash", "other"] = "bank"
    description: Texts = field(default_factory=dict)
    currency: Currency | Nothing = ""
    journal: Code = ""
    account: AccountCode
    iban: Text = ""
    bic: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Part):
    code: Code
    valid_from: Day
    valid_to: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalYear(Record):
    """A company's year; its periods follow each other without a gap."""

    TABLE: ClassVar[str] = "fiscal_year"
    KEY: ClassVar[tuple[str, ...]] = ("company", "code")
    company: Code
    code: Code
    valid_from: Day
    valid_to: Day
    period: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceType(Scoped):
    """What staff pick. Unique per (module, code, legislation).

    Its entry type: its own, else the automatic journal's. Its journal: its own, else the automatic journal's, else
    the entry type's default. Its counter: its own, else the entry type's, else that of [[counter_assignment]].
    A blank automatic_journal is PIHI on a purchase type; proforma, quote and order are never posted.
    `creation_counter` gives a second number, where a legislation asks for one of its own besides that of the posting.
    `settlement_journal` runs when a document of the type is paid: blank means SPAY on a sales type, PPAY on a purchase
    type, where there is one.
    """

    TABLE: ClassVar[str] = "invoice_type"
    KEY: ClassVar[tuple[str, ...]] = ("module", "code", "legislation")
    code: TypeCode
    module: Module
    category: Category
    purchase_kind: PurchaseKind | Nothing = ""
    description: Texts = field(default_factory=dict)
    short_description: Texts = field(default_factory=dict)
    entry_type: Code = ""
    journal: Code = ""
    automatic_journal: Code = ""
    automatic_journal_direct: Code = ""
    settlement_journal: Code = ""
    counter: Code = ""
    creation_counter: Code = ""
    manual_number: Flag = False
    next_invoice_days: Annotated[int, Between(0, 3660)] = 0
    cancellation: Flag = False
    self_billed: Flag = False
    automatic: Flag = False
    cash_vat: Flag = False
    record_type: Literal["normal", "manual_recovery", "backup_recovery", "external"] = "normal"
    saft_type: SaftType | Nothing = ""
    untdid_code: Text = ""
    national_code: National = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(Part):
    """From `first` to `last`; formulas of the line see the number as `repeat.index`."""

    first: Annotated[int, Between(0, 999)] = 1
    last: Annotated[int, Between(0, 999)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance(Part):
    """Where a rounding difference of at most `tolerance` goes; the sources are those of a line's account."""

    tolerance: Annotated[Decimal, Between(0, 1000, 4)]
    gain: tuple[AccountSource, ...]
    loss: tuple[AccountSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticJournalLine(Part):
    """One line per element of `each`. `side` is `debit`, `credit`, or a formula that yields one of them."""

    id: Identifier
    each: Literal["document", "line", "charge", "tax", "due_date", "payment", "withholding", "prepaid"] = "document"
    repeat: Repeat | None = None
    when: FormulaText = ""
    conditions: tuple[FormulaText, ...] = ()
    legislations: tuple[Legislation, ...] = ()
    side: FormulaText
    account: tuple[AccountSource, ...] = ()
    account_formula: FormulaText = ""
    amount: FormulaText
    ledgers: tuple[Code, ...] = ()
    partner: FormulaText = ""
    tax_code: FormulaText = ""
    due_date: FormulaText = ""
    quantity: FormulaText = ""
    reference: FormulaText = ""
    analytic: Mapping[Code, FormulaText] = field(default_factory=dict)
    netting: Flag = False
    open_item: Flag = False
    description: FormulaText = ""

    @property
    def all_conditions(self) -> tuple[str, ...]:
        """`when`, then `conditions`: the line is made where all of them hold."""
        return ((self.when,) if self.when else ()) + self.conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticJournal(Scoped):
    """Formulas that turn a document into an entry. Where `reverse` holds, every side is turned.

    A line is made once for each element of `each`, and for each number of `repeat`, where `when` and every one of
    `conditions` hold. `account` lists sources in order: `kind.position` of an [[accounting_code]], `line.account`
    (typed on the line), `payment.account` (of the settlement account), or a mask; each next one fills the holes `x`
    that remain. `account_formula` gives the account instead. A negative amount goes to the other side, or stays where
    it is with negative = "keep". Lines that agree in account, partner, tax code, due date, reference, text and side
    are merged; with `netting` on a line, opposite sides offset as well. `open_item` marks the line that the partner
    owes; it takes the rounding differences of a currency. `analytic` gives dimensions, behind those typed on the
    document's line. The entry must balance, but for `variance`. A text that is fixed stands in its own quotes:
    description = '"Invoice {document.number}"'.
    """

    TABLE: ClassVar[str] = "automatic_journal"
    code: Code
    module: Module | Nothing = ""
    when: FormulaText = ""
    reverse: FormulaText = ""
    entry_type: Code = ""
    journal: Code = ""
    date: FormulaText = ""
    closed_period: Literal["refuse", "first_open"] = "refuse"
    description: FormulaText = ""
    category: Literal["actual", "active_simulation", "inactive_simulation", "off_balance", "template"] = "actual"
    status: Literal["temporary", "final"] = "final"
    negative: Literal["turn", "keep"] = "turn"
    variance: Variance | None = None
    allow_sampled: Flag = False
    line: tuple[AutomaticJournalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticJournalGroup(Scoped):
    """Automatic journals that run together, up to ten; a type names it like a single one, and it is found first.

    All members that are meant for the company and whose `when` holds run, each making its own entry. `main` (else the
    first) gives entry type, journal and number. `matching` names lines of up to three of the entries to be matched.
    """

    TABLE: ClassVar[str] = "automatic_journal_group"
    code: Code
    description: Texts = field(default_factory=dict)
    members: tuple[Code, ...]
    main: Code = ""
    matching: tuple[Mapping[Code, Identifier], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFormula(Scoped):
    """A formula with a name, one body per legislation; other formulas write it `formula.<code>`.

    Some the engine asks itself: `tax_due`, `process_code`, `cash_vat_deadline`. With `each` the formula is about a row.
    """

    TABLE: ClassVar[str] = "formula"
    code: Identifier
    each: Literal["document", "line", "charge", "tax", "due_date", "payment", "withholding", "prepaid"] = "document"
    text: FormulaText


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRule(Scoped):
    """Which channel or provider, format and connection serve which documents, and when.

    `template` names the words that go with it; blank: `new_document`, where the channel takes words. `recipients` come
    beside those of the document, `copies` are seen by all, `hidden_copies` by nobody; `attachments` are further
    formats. `send`: at_once; held until a person lets it go; paid, when the document is. From then `after_days` are
    counted, and the hour `at` in the company's time zone is waited for. What comes back undelivered waits
    `correction_days` for a better address, then goes by post over the connection `postal`, if one is named.
    """

    TABLE: ClassVar[str] = "delivery_rule"
    KEY: ClassVar[tuple[str, ...]] = ("id", "legislation")
    id: Code
    company: Code = ""
    invoice_type: TypeCode = ""
    category: Category | Nothing = ""
    channel: Identifier
    format: Identifier | Nothing = ""
    connection: Code
    when: FormulaText = ""
    template: Identifier | Nothing = ""
    recipients: tuple[Recipient, ...] = ()
    copies: tuple[Recipient, ...] = ()
    hidden_copies: tuple[Recipient, ...] = ()
    attachments: tuple[Identifier, ...] = ()
    correction_days: Annotated[int, Between(0, 90)] = 5
    postal: Code = ""
    send: Literal["at_once", "held", "paid"] = "at_once"
    after_days: Annotated[int, Between(0, 365)] = 0
    at: TimeOfDay = ""

    @property
    def code(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Scoped):
    """The words that go with a document, by mail or by SMS, with shortcodes such as `{{ customer.name }}`.

    The language of the document comes first, then the company's, the folder's, English; in one language the template
    of company and type, then of the company, of the type, of all. `factotum message names` lists the shortcodes. An
    SMS has a text only. What is blank of sender and reply address is left to the connection.
    """

    TABLE: ClassVar[str] = "template"
    KEY: ClassVar[tuple[str, ...]] = ("code", "kind", "language", "company", "invoice_type", "legislation")
    code: Identifier
    kind: Literal["email", "sms"] = "email"
    language: Language
    company: Code = ""
    invoice_type: TypeCode = ""
    subject: Words = ""
    text: Words
    html: Words = ""
    sender_name: Text = ""
    sender_address: MailAddress = ""
    reply_to: MailAddress = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Record):
    """A change to a record that another pack owns: the local side of a three-way merge (`merge`).

    `key` is the record's key, such as `sales/FAF/FRA`. In `set` and `unset` elements of a list are named by their
    stable key: set = {line = {sales = {amount = "…"}}}, unset = ["line.discount"]. `over` holds the owning pack's
    values that were seen and are knowingly replaced, `gone` the paths the pack was seen to have no more: they settle
    a conflict. To end a rate and start another:
    set = { rate = [{ valid_from = 2020-01-01, valid_to = 2026-12-31 }, { valid_from = 2027-01-01, percent = 22 }] }
    """

    TABLE: ClassVar[str] = "override"
    KEY: ClassVar[tuple[str, ...]] = ("table", "target")
    WRITTEN: ClassVar[Mapping[str, str]] = {"target": "key"}
    table: Identifier
    target: Text
    set: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[Text, ...] = ()
    over: Mapping[str, Any] = field(default_factory=dict)
    gone: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Record):
    """A document and what must come of it; only the keys given in `expect` are compared.

    expect: offered (type codes), number, invoice_type, totals, taxes, due_dates, entries, faults (codes). Counters
    begin at their start. `factotum test --update` writes what comes out.
    """

    TABLE: ClassVar[str] = "example"
    KEY: ClassVar[tuple[str, ...]] = ("id",)
    id: Code
    description: Text = ""
    on: Day | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    document_file: Text = ""
    expect: Mapping[str, Any]


TABLES: dict[str, type[Record]] = {
    kind.TABLE: kind
    for kind in (
        Pack, Folder, LegislationRecord, Company, Site, CompanyGroup, User, Chart, Ledger, Account, AccountingCode,
        Journal, EntryType, Counter, CounterAssignment, Tax, Withholding, ChargeKind, Mention, PaymentTerms,
        PaymentMethod, SettlementAccount, FiscalYear, InvoiceType, AutomaticJournal, AutomaticJournalGroup,
        NamedFormula, DeliveryRule, Template,
        Override, Example,
    )
}  # fmt: skip
SINGLE_TABLES = frozenset({"pack", "folder"})
