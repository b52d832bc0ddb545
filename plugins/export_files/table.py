"""Format `csv`: a row for each line, charge, tax and total of a document, all under one head. Pure.

RFC 4180 in UTF-8: commas, CRLF, quotes where needed. Amounts have a point and no thousands; dates are ISO. Before text
that a spreadsheet would run stands a `'` (https://owasp.org/www-community/attacks/CSV_Injection); a reader takes one
off where any number of them stand before a sign of RUN.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.spi import ChargeView, DocumentView, File, LineView
from plugins.export_files.tree import file_name

COLUMNS = (
    "row", "document", "date", "category", "type", "company", "partner_code", "partner_name", "partner_vat_number",
    "currency", "position", "code", "description", "quantity", "unit", "unit_price", "discount", "net", "tax_code",
    "tax_category", "tax_rate", "tax", "gross", "payable",
)  # fmt: skip
RUN = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
Row = Mapping[str, "str | int | Decimal"]


class Csv:
    name = "csv"
    extension = "csv"

    def render(self, document: DocumentView) -> File:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        head = _head(document)
        for row in _rows(document):
            whole = {**head, **row}
            writer.writerow([_cell(whole.get(column, "")) for column in COLUMNS])
        content = out.getvalue().encode("utf-8", "replace")
        return File(file_name(document, self.extension), "text/csv; charset=utf-8; header=present", content)


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Null signs are dropped: CSV has no way to write them."""
    text = text.replace("\x00", "")
    return f"'{text}" if RUN.match(text) else text


def _cell(value: str | int | Decimal) -> str:
    """Amounts may begin with a minus: they are ours, and numbers to a spreadsheet too."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return harmless(value) if isinstance(value, str) else str(value)


def _head(document: DocumentView) -> Row:
    partner = document.partner
    return {
        "document": document.number, "date": document.date.isoformat(), "category": document.category,
        "type": document.invoice_type, "company": document.company.code, "partner_code": partner.code,
        "partner_name": partner.name, "partner_vat_number": partner.vat_number, "currency": document.currency,
    }  # fmt: skip


def _rows(document: DocumentView) -> Iterator[Row]:
    yield from (_line(one) for one in document.lines)
    yield from (_charge(one) for one in document.charges)
    for tax in document.taxes:
        yield {
            "row": "tax", "description": tax.reason, "net": tax.base, "tax_code": tax.tax_code,
            "tax_category": tax.category, "tax_rate": tax.rate, "tax": tax.amount,
        }  # fmt: skip
    totals = document.totals
    yield {"row": "total", "net": totals.net, "tax": totals.tax, "gross": totals.gross, "payable": totals.payable}


def _line(line: LineView) -> Row:
    return {
        "row": "line", "position": line.position, "code": line.product or line.sku, "description": line.description,
        "quantity": line.quantity, "unit": line.unit, "unit_price": line.unit_price, "discount": line.gross - line.net,
        "net": line.net, "tax_code": line.tax_code, "tax_category": line.tax_category, "tax_rate": line.tax_rate,
    }  # fmt: skip


def _charge(charge: ChargeView) -> Row:
    """An allowance has its amount with a minus, so that the column adds up to the net total."""
    return {
        "row": charge.kind, "code": charge.code, "description": charge.description,
        "net": charge.amount if charge.kind == "charge" else -charge.amount, "tax_code": charge.tax_code,
        "tax_category": charge.tax_category, "tax_rate": charge.tax_rate,
    }  # fmt: skip
