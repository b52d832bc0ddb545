"""A document's view -> its SAF-T type, parties, and taxes by fiscal space and level; and what is wrong. Pure.

Amounts are in euro with two decimals. Each base and each tax of a document in another currency is converted by itself,
and its totals are the sums of those, so that what is printed adds up to what is signed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

from engine.spi import DocumentView, SealProblem, TaxView
from plugins.seal_prt.codes import BY_CATEGORY, LEVELS, SIGNED, UNSIGNED

if TYPE_CHECKING:
    from plugins.seal_prt.settings import PortugueseSettings

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
CONSUMER = "999999990"
"""The buyer's number when nobody asked for one."""
ISSUED_FOR_SUPPLIERS = frozenset({"invoice", "debit_note", "credit_note", "credit_memo"})
_NUMBER = re.compile(r"([!-~]+) ([!-~]+)/([0-9]{1,18})")
_FORBIDDEN = re.compile(r"[;*:^]")
_NIF = re.compile(r"[0-9]{9}")
_ANY_NUMBER = re.compile(r"[0-9A-Z+/.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number in its parts. Shape: `FT 2026A/0007` -> series `FT 2026A`, printed `0007`, value 7."""

    series: str
    printed: str

    @property
    def value(self) -> int:
        return int(self.printed)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Amounts by fiscal space and level, in euro."""

    spaces: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]]  # region -> level -> (base, tax), in printing order
    not_subject: Decimal
    stamp_duty: Decimal
    tax: Decimal
    gross: Decimal


def is_issued(document: DocumentView) -> bool:
    """A document for the other side that this company makes out: its sales, and what it bills in a supplier's name."""
    if document.module == "purchase":
        home = document.partner.country == "PT"
        return document.self_billed and home and document.category in ISSUED_FOR_SUPPLIERS
    told = {document.national_code, document.invoice_type}
    receipt = document.category == "receipt" and not told & SIGNED
    return not (document.self_billed or receipt or told & UNSIGNED)


def saft_type(document: DocumentView, types: Mapping[str, str]) -> str:
    """The settings' word for the invoice type, else its national code, else its own; "" when none is one."""
    told = (types.get(document.invoice_type, ""), document.national_code, document.invoice_type)
    return next((code for code in told if code in SIGNED), "")


def numbered(number: str) -> Numbered | None:
    found = _NUMBER.fullmatch(number)
    if not found or _FORBIDDEN.search(number) or len(number) > 60 or "/" in found[2]:
        return None
    return Numbered(f"{found[1]} {found[2]}", found[3])


def issuer(document: DocumentView) -> str:
    """The NIF of the seller; of a self-billed purchase that is the supplier."""
    seller = document.partner if document.module == "purchase" else document.company
    return _plain(seller.vat_number or seller.fiscal_code, "PT")


def buyer(document: DocumentView) -> tuple[str, str]:
    """(number, country) of the buyer; the consumer's number when there is none."""
    other = document.company if document.module == "purchase" else document.partner
    number = _plain(other.vat_number or other.fiscal_code, other.country)
    return number or CONSUMER, other.country or "Desconhecido"


def gross_total(document: DocumentView) -> Decimal:
    """What is signed: bases and taxes, each in euro."""
    return sum((euro(document, amount) for row in document.taxes for amount in (row.base, row.amount)), ZERO)


def breakdown(document: DocumentView, settings: PortugueseSettings) -> Breakdown:
    """Taxes by space and level. A tax of unknown level counts as exempt: `problems` has told of it."""
    spaces: dict[str, dict[str, tuple[Decimal, Decimal]]] = {}
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    order = ("PT", "PT-AC", "PT-MA")
    placed = [(*_place(row, settings), row) for row in document.taxes]
    for region, level, row in sorted(placed, key=lambda one: (one[0] not in order, one[0])):
        base, tax = euro(document, row.base), euro(document, row.amount)
        space = spaces.setdefault(region, {})
        sums["tax"] += tax
        sums["gross"] += base + tax
        if level == "not_subject":
            sums[level] += base
            continue
        if level == "stamp_duty":
            sums[level] += tax
            level, tax = "exempt", ZERO
        before = space.get(level or "exempt", (ZERO, ZERO))
        space[level or "exempt"] = (before[0] + base, before[1] + tax)
    return Breakdown(spaces, sums["not_subject"], sums["stamp_duty"], sums["tax"], sums["gross"])


def euro(document: DocumentView, amount: Decimal) -> Decimal:
    with localcontext(prec=38):
        whole = amount if document.currency == "EUR" else amount * document.exchange_rate
        return whole.quantize(CENT, ROUND_HALF_UP) + 0  # + 0: never -0.00


def _place(row: TaxView, settings: PortugueseSettings) -> tuple[str, str]:
    """(region, level) of a tax; level "" when nothing tells it. A foreign tax is at its country's normal rate."""
    told = settings.taxes.get(row.tax_code)
    region = (told and told.region) or settings.region
    level = (told and told.level) or BY_CATEGORY.get(row.category, "")
    if not level and row.category == "S":
        level = LEVELS[region].get(row.rate, "") if region in LEVELS else "normal"
    return region, level


def _plain(written: str, country: str) -> str:
    """A tax number without blanks and the prefix of its country."""
    found = re.sub(r"[\s\u00a0]", "", written).upper()
    prefix = {"GR": "EL"}.get(country, country)
    return found.removeprefix(prefix) if prefix and len(found) > len(prefix) else found


# --- what is wrong --------------------------------------------------------------------------------------------------


def problems(document: DocumentView, value: int, settings: PortugueseSettings) -> Iterator[SealProblem]:
    """Everything that keeps a document from being signed, whatever came before it."""
    yield from _wrong_number(document.number, value, settings)
    yield from _wrong_type(document, settings)
    yield from _wrong_parties(document)
    yield from _wrong_amounts(document, settings)


def _wrong_number(number: str, value: int, settings: PortugueseSettings) -> Iterator[SealProblem]:
    found = numbered(number)
    if found is None:
        yield SealProblem(
            "number",
            f"{number!r} does not read as TYPE SERIES/7, at most 60 plain signs without ; * : ^",
            "change the counter's components",
        )
        return
    if found.value != value:
        yield SealProblem(
            "number", f"{number} ends in {found.value} and is number {value} of its series", "print the whole sequence"
        )
    if found.series not in settings.series:
        yield SealProblem(
            "number",
            f"series {found.series!r} has no validation code",
            "communicate the series to the AT, then put the code it answers into the seal's setting `series`",
        )


def _wrong_type(document: DocumentView, settings: PortugueseSettings) -> Iterator[SealProblem]:
    kind = saft_type(document, settings.types)
    if not kind:
        yield SealProblem(
            "invoice_type",
            f"type {document.invoice_type} has no SAF-T code",
            "give the type a national_code such as FT, or name it in the seal's setting `types`",
        )
    elif kind in {"FT", "FS", "FR", "ND", "NC"} and document.is_credit != (kind == "NC"):
        is_ = "a credit" if document.is_credit else "no credit"
        yield SealProblem(
            "invoice_type", f"type {document.invoice_type} is {kind}, and the document is {is_}", "credits are NC"
        )


def _wrong_parties(document: DocumentView) -> Iterator[SealProblem]:
    seller, other = ("supplier", "company") if document.module == "purchase" else ("company", "customer")
    if not _NIF.fullmatch(found := issuer(document)):
        told = f"it is {found!r}" if found else "there is none"
        yield SealProblem(f"{seller}.vat_number", f"the issuer's NIF has 9 digits; {told}", "write it as 123456789")
    number, country = buyer(document)
    home = country == "PT"
    if not (_NIF if home else _ANY_NUMBER).fullmatch(number):
        wanted = "9 digits" if home else "at most 30 plain letters, digits, + / . -"
        yield SealProblem(f"{other}.vat_number", f"{number!r} is not {wanted}", "correct it, or leave it out")
    if not re.fullmatch(r"[A-Z]{2}|Desconhecido", country):
        yield SealProblem(f"{other}.country", f"{country!r} is no country", "write its two letters")


def _wrong_amounts(document: DocumentView, settings: PortugueseSettings) -> Iterator[SealProblem]:
    if "EUR" not in (document.currency, document.company.currency):
        yield SealProblem(
            "currency",
            f"signed totals are in euro; this document is in {document.currency}",
            "keep the company's books in EUR",
        )
    spaces = set()
    for row in document.taxes:
        region, level = _place(row, settings)
        spaces.add(region)
        if not level:
            yield SealProblem(
                "lines",
                f"tax {row.tax_code} of {row.rate:f} % (category {row.category}) has no level in {region}",
                "say its region and level in the seal's setting `taxes`",
            )
    if len(spaces) > 3:
        yield SealProblem("lines", f"taxes of {len(spaces)} regions: {', '.join(sorted(spaces))}", "at most 3 fit")
    total = gross_total(document)
    if total < 0:
        yield SealProblem("lines", f"the total is {total}, below zero", "issue a credit note")
    elif document.currency == "EUR" and total != document.totals.gross:
        yield SealProblem("lines", f"taxes add up to {total}, the total is {document.totals.gross}", "report this")
