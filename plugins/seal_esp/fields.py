"""A document's view -> the fields of its billing record, and everything that keeps it from having one. Pure.

Amounts are in euro with two decimals: CuotaTotal is VAT and recargo de equivalencia, ImporteTotal the invoice's total
before withholding. Credits are by differences (TipoRectificativa I), so their amounts are negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal, get_args

from engine.spi import DocumentView, SealProblem
from plugins.seal_esp.huella import DATE, ISSUER, KIND, NUMBER, TAX, TOTAL

InvoiceKind = Literal["F1", "F2", "F3", "R1", "R2", "R3", "R4", "R5"]
KINDS: tuple[str, ...] = get_args(InvoiceKind)
INVOICES = {"invoice", "debit_note", "credit_note", "credit_memo"}
CENT = Decimal("0.01")
_NIF = re.compile(r"[0-9A-Z]{9}")
_NUMBER = re.compile(r"[!-~]([ -~]{0,58}[!-~])?")
_FORBIDDEN = re.compile(r"""["'<>=]""")


def is_issued(document: DocumentView) -> bool:
    """An invoice that this company makes out: a sale, or a purchase billed in its Spanish supplier's name."""
    own = document.module == "sales" and not document.self_billed
    in_their_name = document.module == "purchase" and document.self_billed and document.partner.country == "ES"
    ticket = document.category == "receipt" and document.national_code in KINDS
    invoice = document.category in INVOICES or ticket
    return (own or in_their_name) and invoice


def issuer(document: DocumentView) -> str:
    """The NIF of who is obliged to issue; of a self-billed purchase that is the supplier."""
    seller = document.partner if document.module == "purchase" else document.company
    written = seller.vat_number or seller.fiscal_code
    plain = re.sub(r"[\s.-]", "", written).upper()
    return plain.removeprefix("ES") if len(plain) > 9 else plain


def kind_of(document: DocumentView, types: Mapping[str, str]) -> str:
    """TipoFactura: the settings' word for the invoice type, else its national code; "" when neither is one."""
    found = types.get(document.invoice_type) or document.national_code
    return found if found in KINDS else ""


def identity(document: DocumentView) -> dict[str, str]:
    """The fields that name an invoice, in both kinds of record."""
    on = document.date
    day = f"{on.day:02d}-{on.month:02d}-{on.year:04d}"
    return {ISSUER: issuer(document), NUMBER: document.number, DATE: day}


def content(document: DocumentView, kind: str) -> dict[str, str]:
    """The fields that an alta has besides."""
    tax, net = (-one if document.is_credit else one for one in _euro(document))
    return {KIND: kind, TAX: _money(tax), TOTAL: _money(tax + net)}


def _euro(document: DocumentView) -> tuple[Decimal, Decimal]:
    """(tax, net). In another currency the tax is the one printed in euro."""
    if document.currency == "EUR":
        return document.totals.tax, document.totals.net
    with localcontext(prec=38):
        net = (document.totals.net * document.exchange_rate).quantize(CENT, ROUND_HALF_UP)
    return document.tax_company_currency, net


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(CENT, ROUND_HALF_UP) + 0:f}"  # + 0: a credit of nothing is 0.00, not -0.00


def wrong_identity(document: DocumentView) -> Iterator[SealProblem]:
    """What keeps an invoice from being named."""
    seller = "supplier" if document.module == "purchase" else "company"
    found = issuer(document)
    if not _NIF.fullmatch(found):
        told = f"it is {found!r}" if found else "there is none"
        yield SealProblem(
            f"{seller}.vat_number", f"the issuer's NIF has 9 letters and digits; {told}", "write it as B85905495"
        )
    if not _NUMBER.fullmatch(document.number) or _FORBIDDEN.search(document.number):
        yield SealProblem(
            "number",
            f"NumSerieFactura {document.number!r} is not 1 to 60 plain signs without \" ' < > = and outer blanks",
            "change the counter's components",
        )


def wrong_content(document: DocumentView, types: Mapping[str, str]) -> Iterator[SealProblem]:
    """What keeps an invoice from being declared."""
    if "EUR" not in (document.currency, document.company.currency):
        yield SealProblem(
            "currency",
            f"records are in euro; this document is in {document.currency}, its company in {document.company.currency}",
            "keep the company's books in EUR",
        )
    kind = kind_of(document, types)
    if not kind:
        yield SealProblem(
            "invoice_type",
            f"type {document.invoice_type} has no TipoFactura",
            "give the type a national_code F1 to F3 or R1 to R5, or name it in the seal's setting `types`",
        )
    elif document.is_credit and not kind.startswith("R"):
        yield SealProblem(
            "invoice_type",
            f"type {document.invoice_type} is {kind}, and a credit is a rectificativa",
            "give the type one of R1 to R5",
        )
