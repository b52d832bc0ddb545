"""A document as it is asked for (CONTRACT §3), read at the wall.

Amounts and quantities are text with a decimal point, dates ISO 8601. JSON floats are refused: 0.1 is not a tenth.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from engine.kernel.codes import Category, Module, Nature
from engine.kernel.faults import Fault, FaultKind, Faulty
from engine.kernel.money import AMOUNT_LIMIT, AMOUNT_SCALE, DECIMALS, QUANTITY_LIMIT, QUANTITY_SCALE, parse_number
from engine.kernel.wall import validated
from engine.parametrization.definitions import STRICT, SchemedId
from engine.parametrization.words import CalendarDay, Code, Country, Currency, Day, Language, TypeCode, Word

JSON_SYNTAX = FaultKind("json_syntax", "this is not JSON: {cause}", "mend it; other documents are not touched")
NOT_AN_OBJECT = FaultKind("not_an_object", "a document is a JSON object, not {found}", "see `factotum post --help`")
NOT_YET = FaultKind(
    "not_yet", "{what} is not supported by this version", "leave it out; README lists what is not there yet"
)
TOO_LARGE = FaultKind("document_too_large", "the document is {size} characters long; {limit} are allowed", "split it")

DOCUMENT_LIMIT = 4 * 1024 * 1024
LINE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class NumberText:
    """A Decimal written as text, within what the database holds."""

    SAYS: ClassVar[str] = "a number, as text"
    scale: int
    limit: Decimal
    least: Decimal | None = None

    def read(self, value: object) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str):
            shown = f'"{value}"' if isinstance(value, int) and not isinstance(value, bool) else '"12.50"'
            raise ValueError(f"a number is written as text: {shown[:40]}")
        number = parse_number(value) if len(value) < 40 else None
        if number is None:
            raise ValueError(f"{value[:40]!r} is not a number: digits with a point, such as 12.50")
        if abs(number) >= self.limit or (self.scale < DECIMALS and number != round(number, self.scale)):
            raise ValueError(f"{value!r} does not fit: below {self.limit}, at most {self.scale} decimals")
        if self.least is not None and number < self.least:
            raise ValueError(f"{value!r} is below {self.least}")
        return number

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


@dataclass(frozen=True, slots=True)
class DocumentId:
    """The id of a document of ours: a number, or its digits."""

    SAYS: ClassVar[str] = "the id of a document"

    def read(self, value: object) -> int:
        if isinstance(value, str) and value.isdecimal() and len(value) < 19:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
            return value
        raise ValueError(f"{str(value)[:40]!r} is not the id of a document")

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


ZERO = Decimal(0)
Amount = Annotated[Decimal, NumberText(AMOUNT_SCALE, AMOUNT_LIMIT)]
Positive = Annotated[Decimal, NumberText(AMOUNT_SCALE, AMOUNT_LIMIT, ZERO)]
Quantity = Annotated[Decimal, NumberText(QUANTITY_SCALE, QUANTITY_LIMIT)]
Price = Annotated[Decimal, NumberText(QUANTITY_SCALE, QUANTITY_LIMIT, ZERO)]
Percent = Annotated[Decimal, NumberText(QUANTITY_SCALE, Decimal("100.00000001"), ZERO)]
Short = Annotated[str, Word(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]{0,200}", "a text of at most 200 printable characters")]
Long = Annotated[
    str, Word(r"(?s)[^\x00-\x08\x0b\x0c\x0e-\x1f]{0,2000}", "a text of at most 2,000 printable characters")
]
Said = Annotated[
    str, Word(r"(?s)[^\x00-\x08\x0b\x0c\x0e-\x1f]{1,2000}", "a text of 1 to 2,000 printable characters", blank=False)
]
Unit = Annotated[str, Word(r"[A-Z0-9]{1,3}", "a UN/ECE Recommendation 20 unit such as C62 or HUR")]
RefKind = Literal[
    "corrects", "order", "contract", "delivery_note", "goods_receipt", "return", "invoice", "proforma", "advance",
    "project", "tender",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    __pydantic_config__: ClassVar[dict[str, str]] = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress(Part):
    street: Short = ""
    street2: Short = ""
    postcode: Short = ""
    city: Short = ""
    region: Short = ""
    country: Country = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Part):
    code: Annotated[str, Word(r"[^\x00-\x1f]{0,60}", "a code of at most 60 printable characters")] = ""
    name: Annotated[str, Word(r"[^\x00-\x1f]{1,200}", "a name of 1 to 200 printable characters", blank=False)]
    kind: Literal["business", "person", "public_body"] = "business"
    country: Country
    vat_number: Short = ""
    fiscal_code: Short = ""
    registration: SchemedId | None = None
    electronic_address: SchemedId | None = None
    recipient_code: Short = ""
    pec: Short = ""
    email: Short = ""
    phone: Short = ""
    language: Language = ""
    withholding_agent: bool = False
    address: PostalAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Part):
    """`id` names a document of ours, `number` with `date` one from outside.

    In a sale, what it corrects, an invoice or an advance may be named by `number` alone: it is ours then.
    """

    kind: RefKind
    id: Annotated[int, DocumentId()] | None = None
    number: Short = ""
    date: Day | None = None
    line: Short = ""
    reason_code: Short = ""
    reason: Short = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount(Part):
    percent: Percent | None = None
    amount: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Part):
    description: Said
    quantity: Quantity
    unit: Unit = "C62"
    unit_price: Price
    discounts: tuple[Discount, ...] = ()
    tax_code: Code
    nature: Nature = "goods"
    product: Short = ""
    sku: Short = ""
    account: Annotated[str, Word(r"[0-9A-Z]{1,20}", "an account: 1 to 20 of 0-9 and A-Z")] = ""
    analytic: Mapping[Code, Short] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Part):
    kind: Literal["charge", "allowance"]
    code: Short = ""
    description: Said
    amount: Positive | None = None
    percent: Percent | None = None
    tax_code: Code
    reason_code: Short = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld(Part):
    code: Code
    base: Positive | None = None
    rate: Percent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepaid(Part):
    """`tax` is what of the amount is tax that an advance invoice has charged already."""

    amount: Positive
    tax: Positive = ZERO
    date: Day | None = None
    reference: Short = ""

    @property
    def net(self) -> Decimal:
        return self.amount - self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate(Part):
    date: Day
    amount: Positive | None = None
    percent: Percent | None = None
    method: Code = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Part):
    text: Long
    subject_code: Short = ""


@dataclass(frozen=True, slots=True)
class _Period:
    """`{"from": …, "to": …}`: `from` is a word of Python, so the field cannot carry it."""

    SAYS: ClassVar[str] = '{"from": date, "to": date}'

    def read(self, value: object) -> tuple[date, date]:
        if not isinstance(value, dict) or set(value) != {"from", "to"}:
            raise ValueError('a period is {"from": date, "to": date}')
        first, last = CalendarDay().read(value["from"]), CalendarDay().read(value["to"])
        if last < first:
            raise ValueError("the period ends before it begins")
        return first, last

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Part):
    """A document: amounts and quantities are text such as "100.00", dates ISO 8601.

    One of `customer` (sales) and `supplier` (purchase). Without `invoice_type` the default of user or company is
    taken, else the only one offered. `key` makes posting safe to repeat: the same key posts once. `tax_code` is the
    code of a [[tax]]. One of `due_date`, `due_dates`, `payment_terms`; else the company's terms.
    """

    company: Code
    site: Code = ""
    module: Module | Literal[""] = ""
    invoice_type: TypeCode = ""
    category: Category | Literal[""] = ""
    date: Day
    key: Annotated[
        str,
        Word(
            r"[\x21\x22\x24-\x7e][\x21-\x7e]{0,199}",
            "a key: 1 to 200 printable characters without spaces, not beginning with #",
        ),
    ] = ""
    number: Short = ""
    subject: Short = ""
    accounting_date: Day | None = None
    supply_date: Day | None = None
    period: Annotated[tuple[Day, Day], _Period()] | None = None
    currency: Currency = ""
    exchange_rate: Annotated[Decimal, NumberText(QUANTITY_SCALE, QUANTITY_LIMIT, Decimal("0.00000001"))] | None = None
    exchange_date: Day | None = None
    customer: Party | None = None
    supplier: Party | None = None
    ship_to: Party | None = None
    supplier_number: Short = ""
    received_date: Day | None = None
    buyer_reference: Short = ""
    language: Language = ""
    prices_include_tax: bool = False
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...] = ()
    withholdings: tuple[Withheld, ...] = ()
    prepaid: tuple[Prepaid, ...] = ()
    payment_method: Code = ""
    due_date: Day | None = None
    due_dates: tuple[DueDate, ...] = ()
    payment_terms: Code = ""
    references: tuple[Reference, ...] = ()
    notes: tuple[Note, ...] = ()
    process_code: Short = ""

    @property
    def side(self) -> str:
        """sales or purchase: as said, else by who the partner is."""
        return self.module or ("purchase" if self.supplier else "sales")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its canonical text, before defaults, and the hash of it."""

    request: Request
    text: str = field(repr=False)
    content_hash: str


def read_json(text: str | bytes, limit: int = DOCUMENT_LIMIT) -> Any:
    """JSON as data. Errors: Faulty(json_syntax, document_too_large)."""
    if len(text) > limit:
        raise Faulty([TOO_LARGE.at("", size=len(text), limit=limit)])
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as cause:
        raise Faulty([JSON_SYNTAX.at("", cause=cause)]) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; two fields of one name are refused, or one of them would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"{name[:40]!r} is written twice")
            seen.add(name)
    return found


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_request(data: Any) -> Asked:
    """One document, from what JSON gave. Errors: Faulty with everything that is wrong with its shape."""
    if not isinstance(data, dict):
        raise Faulty([NOT_AN_OBJECT.at("", found=type(data).__name__)])
    request = validated(Request, data)
    faults: list[Fault] = []
    if request.prices_include_tax:
        faults.append(NOT_YET.at("prices_include_tax", what="a price that includes tax"))
    if len(request.lines) > LINE_LIMIT:
        faults.append(TOO_LARGE.at("lines", size=f"{len(request.lines)} lines", limit=LINE_LIMIT))
    if faults:
        raise Faulty(faults)
    text = _CANONICAL.encode(data)
    if len(text) > DOCUMENT_LIMIT:
        raise Faulty([TOO_LARGE.at("", size=len(text), limit=DOCUMENT_LIMIT)])
    try:
        return Asked(request, text, hashlib.sha256(text.encode()).hexdigest())
    except UnicodeEncodeError:
        raise Faulty([JSON_SYNTAX.at("", cause="it holds half a character (a lone surrogate)")]) from None
