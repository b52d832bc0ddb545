"""What the words that go with a document may name, and what that is for one document, as text in one language.

`NAMES` and `LISTS` are the whole vocabulary; `factotum message names` prints it. Amounts and days are written as the
language does; what a party or a line is called is shown as it was posted. Pure.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from engine.outbox.shortcodes import Row, Rows, Vocabulary
from engine.spi.contracts import AddressView, DocumentView, DueDateView, LineView

OTHERWISE = "en"
LONGEST = 2000
"""Characters of one value."""
WITHOUT_AMOUNTS = frozenset({"delivery_note", "goods_receipt", "return"})

NAMES = {
    "document.number": "its number",
    "document.type": "what it is called, in its own language: Facture, Fattura …",
    "document.date": "its date, in words",
    "document.subject": "its subject",
    "document.currency": "its currency, such as EUR",
    "document.due_date": "the first day something is due",
    "document.payment_terms": "its terms of payment, in words",
    "document.order": "numbers of the orders it refers to",
    "document.buyer_reference": "the buyer's reference",
    "document.url": "where the order can be seen; blank when there is no such page",
    "customer.name": "whom it goes to; of a purchase, the supplier",
    "customer.code": "their code",
    "customer.vat_number": "their VAT number",
    "customer.fiscal_code": "their fiscal code",
    "customer.email": "their e-mail address",
    "customer.phone": "their telephone number",
    "customer.street": "their street",
    "customer.postcode": "their postcode",
    "customer.city": "their city",
    "customer.country": "their country's code",
    "company.name": "the company whose document it is",
    "company.vat_number": "its VAT number",
    "company.email": "its e-mail address",
    "company.phone": "its telephone number",
    "company.street": "its street",
    "company.postcode": "its postcode",
    "company.city": "its city",
    "company.country": "its country's code",
    "company.iban": "its first bank account",
    "totals.net": "net amount, with currency",
    "totals.tax": "tax",
    "totals.gross": "total",
    "totals.withholding": "tax the customer keeps back",
    "totals.prepaid": "what was paid before",
    "totals.payable": "what is to be paid",
}
LISTS = {
    "lines": {
        "line.position": "from 1",
        "line.description": "what it is",
        "line.quantity": "how many",
        "line.unit_price": "price of one",
        "line.net": "its amount",
        "line.tax_rate": "its tax rate, such as 20 %",
        "line.sku": "the product's SKU",
    },
    "amounts": {
        "amount.label": "Net, VAT, Total … in the language of the words",
        "amount.value": "the amount, or the day it is due",
    },
    "due_dates": {"due.date": "the day", "due.amount": "what is due then"},
}
VOCABULARY = Vocabulary(NAMES, LISTS)


def values(document: DocumentView, language: str, url: str = "") -> dict[str, str]:
    """Every name of NAMES, clipped, without signs that cannot be seen.

    Shape: {"document.number": "FV-2026-00007", "totals.gross": "1 200,60 EUR", …}. `url` counts if it is a web address.
    """
    partner, company, totals = document.partner, document.company, document.totals
    due = min((one.date for one in document.due_dates), default=None)
    orders = ", ".join(one.number for one in document.references if one.kind == "order" and one.number)
    told = {
        "document.number": document.number, "document.type": document.type_description,
        "document.date": day(document.date, language), "document.subject": document.subject,
        "document.currency": document.currency, "document.due_date": day(due, language) if due else "",
        "document.payment_terms": document.payment_terms, "document.order": orders,
        "document.buyer_reference": document.buyer_reference,
        "document.url": url if url.startswith(("https://", "http://")) else "",
        "customer.name": partner.name, "customer.code": partner.code, "customer.vat_number": partner.vat_number,
        "customer.fiscal_code": partner.fiscal_code, "customer.email": partner.email, "customer.phone": partner.phone,
        "company.name": company.name, "company.vat_number": company.vat_number, "company.email": company.email,
        "company.phone": company.phone, "company.iban": company.bank_accounts[0][0] if company.bank_accounts else "",
        **_address("customer", partner.address), **_address("company", company.address),
        **{f"totals.{name}": money(getattr(totals, name), document.currency, language)
           for name in ("net", "tax", "gross", "withholding", "prepaid", "payable")},
    }  # fmt: skip
    return {name: visible(text) for name, text in told.items()}


def rows(document: DocumentView, language: str) -> dict[str, Rows]:
    """Every list of LISTS; what is not asked for is not made."""

    def shown(amount: Decimal) -> str:
        return money(amount, document.currency, language)

    line: Mapping[str, Callable[[LineView], str]] = {
        "line.position": lambda one: str(one.position),
        "line.description": lambda one: visible(one.description),
        "line.quantity": lambda one: number(one.quantity, language),
        "line.unit_price": lambda one: shown(one.unit_price),
        "line.net": lambda one: shown(one.net),
        "line.tax_rate": lambda one: f"{number(one.tax_rate, language)} %",
        "line.sku": lambda one: visible(one.sku),
    }
    due: Mapping[str, Callable[[DueDateView], str]] = {
        "due.date": lambda one: day(one.date, language),
        "due.amount": lambda one: shown(one.amount),
    }
    return {
        "lines": lambda names: ({name: line[name](one) for name in names} for one in document.lines),
        "due_dates": lambda names: ({name: due[name](one) for name in names} for one in document.due_dates),
        "amounts": lambda names: _amounts(document, language),
    }


def money(amount: Decimal, currency: str, language: str) -> str:
    """fr `1 234,50 EUR` (narrow no-break space), it `1.234,50 EUR`, en `EUR 1,234.50`; no digit is ever dropped."""
    shown = f"{amount:f}".partition(".")[2].rstrip("0")
    local = _local(f"{amount:,.{max(len(shown), _decimals(currency))}f}", language)
    told: str = _speech(language)["money"].format(amount=local, currency=visible(currency))
    return told


def number(value: Decimal, language: str) -> str:
    """Without trailing zeros: fr `1,5`."""
    shown = f"{value:,f}"
    return _local(shown.rstrip("0").rstrip(".") if "." in shown else shown, language)


def day(on: date, language: str) -> str:
    """fr `1er mars 2026`, it `1º marzo 2026`, de `1. März 2026`."""
    speech = _speech(language)
    told: str = speech["day"].format(
        day=speech["first"] if on.day == 1 else on.day, month=speech["months"][on.month - 1], year=on.year
    )
    return told


def visible(text: str) -> str:
    """A value in a text: line breaks stay, other controls and direction marks go; clipped."""
    shown = text[: 2 * LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if not shown.isprintable():
        shown = "".join(one for one in shown if one == "\n" or unicodedata.category(one) not in _UNSEEN)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def in_html(text: str) -> str:
    """A value inside HTML, also inside an attribute that stands in quotes."""
    return escape(text, quote=True).replace("\n", "<br>")


def in_line(text: str) -> str:
    """A value on one line."""
    return " ".join(text.split())


_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _address(whose: str, address: AddressView) -> Mapping[str, str]:
    return {f"{whose}.{name}": getattr(address, name) for name in ("street", "postcode", "city", "country")}


def _amounts(document: DocumentView, language: str) -> Sequence[Row]:
    """Amounts, what is to be paid where that says more than the total, and when; not on what only moves goods."""
    if document.category in WITHOUT_AMOUNTS:
        return []
    label = _speech(language)["label"]

    def shown(amount: Decimal) -> str:
        return money(amount, document.currency, language)

    totals, dues = document.totals, document.due_dates
    told = [(label[name], shown(getattr(totals, name))) for name in ("net", "tax", "gross")]
    if dues or totals.payable != totals.gross:
        told.append((label["credited" if document.is_credit else "payable"], shown(totals.payable)))
    for due in dues:
        part = f" ({shown(due.amount)})" if len(dues) > 1 else ""
        told.append((label["due"], day(due.date, language) + part))
    return [{"amount.label": name, "amount.value": value} for name, value in told]


def _local(digits: str, language: str) -> str:
    return digits.translate(_signs(language if language in _languages() else OTHERWISE))


def _speech(language: str) -> Mapping[str, Any]:
    known = _languages()
    found: Mapping[str, Any] = known[language if len(language) == 2 and language in known else OTHERWISE]
    return found


@cache
def _signs(language: str) -> dict[int, str]:
    speech = _speech(language)
    return str.maketrans({",": speech["thousands"], ".": speech["decimal"]})


@cache
def _decimals(currency: str) -> int:
    return next((int(many) for many, codes in _languages()["decimals"].items() if currency in codes.split()), 2)


@cache
def _languages() -> Mapping[str, Any]:
    return tomllib.loads(files("engine.outbox").joinpath("languages.toml").read_text("utf-8"))
