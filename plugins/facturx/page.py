"""The page people read: words and figures as they print, laid out by page.typ.

In: a DocumentView and the XML to attach. Out: a PDF/A-3b. Every word reaches typst as JSON, never as source, so text
prints as text whatever it says. Only the fonts inside typst are used: a page is the same on every machine.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from engine.spi import ChargeView, DocumentView, LineView, ReferenceView
from plugins.facturx.hybrid import ATTACHMENT
from plugins.facturx.invoice import Invoice, Party, clean, country, legal_id, vat_id
from plugins.facturx.lists import lists
from plugins.facturx.words import MINUS, NO_BREAK, Words, rows_of, shown

if TYPE_CHECKING:
    from typst import Compiler

NOT_HERE = "□"
TECHNICAL_NOTES = ("BAR",)  # a routing code for platforms, no words for people


def compose(document: DocumentView, xml: bytes | None) -> tuple[bytes, str]:
    """The page as PDF/A-3b, and the characters its fonts do not have ("" when they have all)."""
    import typst

    view = layout(document)
    try:
        return _set(view, xml, document.date), ""
    except typst.TypstError:
        printable, lost = _without_unknown(view)
        if not lost:
            raise
        return _set(printable, xml, document.date), lost


# -- setting -----------------------------------------------------------------------------------------------------------

_workers = threading.local()  # a Compiler is not for two threads at once, and the relay has several


@cache
def _source() -> bytes:
    return (files(__package__) / "page.typ").read_bytes()


def _compiler() -> Compiler:
    import typst

    found: Compiler | None = getattr(_workers, "compiler", None)
    if found is None:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
        found = _workers.compiler = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
    return found


def _set(view: dict[str, Any], xml: bytes | None, on: date) -> bytes:
    attachment = {"name": ATTACHMENT, "text": xml.decode("utf-8")} if xml is not None else None
    data = json.dumps({**view, "attachment": attachment}, ensure_ascii=False)
    pdf = _compiler().compile(
        _source(),
        format="pdf",
        pdf_standards="a-3b",
        sys_inputs={"data": data},
        timestamp=datetime(on.year, on.month, on.day, tzinfo=UTC),
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


@cache
def _has_glyph(character: str) -> bool:
    import typst

    try:
        _compiler().compile(
            b'#set text(font: "Libertinus Serif")\n#sys.inputs.text',
            format="pdf",
            pdf_standards="a-3b",
            sys_inputs={"text": character},
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


def _without_unknown(view: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The view with □ for what the fonts lack: PDF/A forbids a glyph that is not there."""
    text = json.dumps(view, ensure_ascii=False)
    lost = "".join(c for c in dict.fromkeys(text) if ord(c) > 0x17F and not _has_glyph(c))
    printable: dict[str, Any] = json.loads(text.translate(dict.fromkeys(map(ord, lost), NOT_HERE)))
    return printable, lost


# -- layout ------------------------------------------------------------------------------------------------------------


def layout(document: DocumentView) -> dict[str, Any]:
    """All that page.typ prints, as text."""
    invoice, words = Invoice(document), Words(document.language, document.currency)
    number = shown(document.number)
    heading = shown(document.type_description) or words("number")
    return {
        "lang": words.language,
        "title": " ".join(filter(None, (heading, number))),
        "date": [document.date.year, document.date.month, document.date.day],
        "heading": heading,
        "number": number,
        "self_billed": words("self_billed") if document.self_billed else "",
        "seller": {"name": shown(invoice.seller.name), "lines": _address(invoice.seller, invoice.buyer, words),
                   "contact": rows_of(invoice.seller.phone, invoice.seller.email)},
        "buyer": {"label": words("customer"), "name": shown(invoice.buyer.name),
                  "lines": _address(invoice.buyer, invoice.seller, words), "ids": _ids(invoice.buyer, words)},
        "ship_to": {"label": words("ship_to"),
                    "lines": rows_of(document.ship_to.name) + _address(document.ship_to, invoice.seller, words)}
        if document.ship_to else None,
        "facts": _facts(invoice, words),
        "subject": rows_of(document.subject),
        "columns": _columns(document, words),
        "lines": [_line(document, line, words) for line in document.lines],
        "no_line": words("no_line"),
        "taxes": _taxes(document, words),
        "totals": _totals(invoice, words),
        "payable": [words("refund" if document.is_credit else "payable"), words.money(document.totals.payable)],
        "payment": _payment(invoice, words),
        "notes": [rows_of(n.text) for n in document.notes if n.subject_code not in TECHNICAL_NOTES and clean(n.text)],
        "footer": _footer(invoice, words),
        "page": words("page"),
    }  # fmt: skip


def _address(party: Party, other: Party, words: Words) -> list[str]:
    at = party.address
    town = " ".join(filter(None, map(clean, (at.postcode, at.city))))
    if at.region and at.region != at.city:
        town += f" ({clean(at.region)})" if town else clean(at.region)
    abroad = words.of("countries", country(party)) if country(party) != country(other) else ""
    return rows_of(at.street, at.street2, town, abroad)


def _ids(party: Party, words: Words) -> list[str]:
    vat, fiscal, scheme_and_id = vat_id(party), clean(party.fiscal_code), legal_id(party)
    found = [(words("vat_number"), vat), (words("fiscal_code"), "" if fiscal in vat else fiscal)]
    found.append(("SIREN" if scheme_and_id[0] == "0002" else words("registration"), scheme_and_id[1]))
    return [f"{label}{NO_BREAK}{shown(value)}" for label, value in found if value]


def _facts(invoice: Invoice, words: Words) -> list[list[str]]:
    doc = invoice.document
    found = [(words("number"), doc.number), (words("date"), words.day(doc.date))]
    if invoice.due_date and len(doc.due_dates) == 1:
        found.append((words("due"), words.day(invoice.due_date)))
    if doc.supply_date:
        found.append((words("supply_date"), words.day(doc.supply_date)))
    if doc.period:
        start, end = map(words.day, doc.period)
        found.append((words("period"), f"{start} {words('period_to')} {end}"))
    found.append((words("customer_code"), invoice.buyer.code))
    found.append((words("buyer_reference"), doc.buyer_reference))
    found += [(words.of("references", ref.kind), _reference(ref, words)) for ref in doc.references]
    return [[label, shown(value)] for label, value in found if clean(value)]


def _reference(ref: ReferenceView, words: Words) -> str:
    dated = f" {words('reference_of')} {words.day(ref.date)}" if ref.date else ""
    return clean(ref.number) + dated + (f" ({clean(ref.reason)})" if clean(ref.reason) else "")


def _columns(document: DocumentView, words: Words) -> dict[str, str]:
    found = {key: words(key) for key in ("description", "quantity", "unit_price", "tax_rate", "net")}
    discounted = any(line.discounts for line in document.lines)
    return {**found, "discount": words("discount") if discounted else ""}


def _tax_mark(document: DocumentView, code: str, category: str, rate: Decimal, words: Words) -> str:
    """The rate; for what bears none, the code that tells why (Natura in Italy, else the category)."""
    if rate:
        return words.percent(rate)
    natures = [t.national_code for t in document.taxes if t.tax_code == code and t.national_code]
    return shown(natures[0]) if natures else category if category not in ("", "S", "Z") else words.percent(rate)


def _line(document: DocumentView, line: LineView, words: Words) -> dict[str, Any]:
    code = clean(line.sku) or clean(line.product)
    about = [_reference(ref, words) for ref in line.references]
    kinds = [words.of("references", ref.kind) for ref in line.references]
    name = rows_of(line.description) or [shown(code)]
    return {
        "name": name[0],
        "more": name[1:] + rows_of(*(f"{kind} {text}" for kind, text in zip(kinds, about, strict=True))),
        "code": shown(code) if code != name[0] else "",
        "quantity": f"{words.number(line.quantity)} {shown(words.of('units', line.unit))}".strip(),
        "unit_price": words.price(line.unit_price),
        "discounts": [
            words.percent(-d.percent) if d.percent is not None else words.amount(-d.amount) for d in line.discounts
        ],
        "tax": _tax_mark(document, line.tax_code, line.tax_category, line.tax_rate, words),
        "net": words.amount(line.net),
    }


def _taxes(document: DocumentView, words: Words) -> dict[str, Any]:
    """The table of VAT by rate and reason, and the reasons in full beneath."""
    sums: dict[tuple[str, Decimal, str, str], list[Decimal]] = {}
    for t in document.taxes:
        mark = _tax_mark(document, t.tax_code, t.category, t.rate, words)
        reason = "" if t.category in lists("categories")["taxed"] else t.reason or t.exemption_code
        row = sums.setdefault((t.category, t.rate, mark, clean(reason)), [Decimal(), Decimal()])
        row[0], row[1] = row[0] + t.base, row[1] + t.amount
    own, doc = document.company.currency, document
    foreign = f"{words('exchange_rate')} {words.number(doc.exchange_rate)}"
    return {
        "label": words("tax_summary"),
        "head": [words("rate"), words("base"), words("amount")],
        "rows": [[mark, words.amount(base), words.amount(tax)] for (_, _, mark, _), (base, tax) in sums.items()],
        "reasons": [[mark, shown(why)] for _, _, mark, why in sums if why],
        "own": [f"{words('tax_in')} {own} ({foreign})", words.money(doc.tax_company_currency, own)]
        if own != doc.currency else None,
    }  # fmt: skip


def _charge(charge: ChargeView, words: Words) -> list[str]:
    percent = f" ({words.percent(charge.percent)})" if charge.percent is not None else ""
    sign = MINUS if charge.kind == "allowance" else ""
    return [shown(clean(charge.description) or charge.code) + percent, sign + words.money(charge.amount)]


def _totals(invoice: Invoice, words: Words) -> list[list[str]]:
    doc, t = invoice.document, invoice.document.totals

    def less(value: Decimal) -> str:
        return words.money(-value)

    rows = []
    if doc.charges:
        rows += [[words("lines_total"), words.money(t.lines)], *(_charge(c, words) for c in doc.charges)]
    rows.append([words("net_total"), words.money(t.net)])
    rows.append([words("tax_total"), words.money(t.tax)])
    rows.append([words("gross_total"), words.money(t.gross)])
    if invoice.split_tax:
        rows.append([words("split_tax"), less(invoice.split_tax)])
    for w in doc.withholdings:
        rows.append([f"{words('withholding')} {words.percent(w.rate)} {words('withholding_of')} {words.amount(w.base)}",
                     less(w.amount)])  # fmt: skip
    for paid in doc.prepaid:
        about = " ".join(filter(None, (clean(paid.reference), words.day(paid.date) if paid.date else "")))
        rows.append([shown(f"{words('prepaid')} ({about})" if about else words("prepaid")), less(paid.amount)])
    if t.prepaid and not doc.prepaid:
        rows.append([words("prepaid"), less(t.prepaid)])
    if t.rounding:
        rows.append([words("rounding"), words.money(t.rounding)])
    return rows


def _payment(invoice: Invoice, words: Words) -> dict[str, Any]:
    doc = invoice.document
    accounts: Iterable[tuple[str, str]] = invoice.accounts
    means = words.of("means", invoice.means)
    instalments = [[words.day(d.date), words.money(d.amount)] for d in doc.due_dates] if len(doc.due_dates) > 1 else []
    return {
        "label": words("payment"),
        "terms": rows_of(doc.payment_terms, "" if means == invoice.means else means),
        "instalments": instalments,
        "instalments_label": words("instalments"),
        "bank_label": words("bank"),
        "banks": [
            [[words("iban"), " ".join(re.findall(".{1,4}", iban))], *([[words("bic"), bic]] if bic else [])]
            for iban, bic in accounts
        ],
        "quote": [words("quote"), shown(doc.number)] if accounts and clean(doc.number) else None,
    }


def _footer(invoice: Invoice, words: Words) -> list[str]:
    """Two lines: who we are in law, and our numbers."""
    seller, doc = invoice.seller, invoice.document
    legal = [seller.name]
    if seller == doc.company:
        company = doc.company
        capital = f"{words('share_capital')} {company.share_capital}" if company.share_capital[:1].isdigit() else ""
        form = "" if clean(company.legal_form).casefold() in company.name.casefold() else company.legal_form
        legal += [form, capital or company.share_capital, company.trade_register]
    lines = [" – ".join(shown(x) for x in legal if clean(x)), " – ".join(_ids(seller, words))]
    return [line for line in lines if line]
