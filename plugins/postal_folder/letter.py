"""A document as a letter: the lines that show in the window, and pages that can be printed. Pure."""

from __future__ import annotations

import io
import unicodedata

from engine.spi import FieldIssue, File, PartyView, Rejected, Validation

A4 = (595, 842)
"""Points; a few more or less are the printer's margin."""
SLACK = 6
MOST_LINES = 6


def address_lines(partner: PartyView, home: str) -> tuple[str, ...]:
    """Name, street, place, and the country when it is not `home`; () when the address is not whole."""
    at = partner.address
    if not (partner.name.strip() and at.street.strip() and at.postcode.strip() and at.city.strip() and at.country):
        return ()
    place = f"{at.postcode} {at.city}" + (f" {at.region}" if at.region and at.country == "IT" else "")
    country = "" if at.country == home else at.country
    lines = (_line(one) for one in (partner.name, at.street, at.street2, place, country))
    return tuple(one for one in lines if one)


def checked(lines: tuple[str, ...], most_signs: int) -> tuple[str, ...]:
    """The lines, if a window shows them. Errors: Validation."""
    if not lines:
        words = "the address is not whole: name, street, postcode, city and country are needed"
        raise Validation(words, [FieldIssue("customer.address", "incomplete", words)])
    long = [one for one in lines if len(one) > most_signs]
    if long or len(lines) > MOST_LINES:
        words = f"the window shows {MOST_LINES} lines of {most_signs} signs; too long: {'; '.join(long) or len(lines)}"
        raise Validation(words, [FieldIssue("customer.address", "too_long", words)])
    return lines


def pages(file: File | None, most: int) -> int:
    """How many pages a PDF has. Errors: Rejected when it is none, not A4, or has more than `most`."""
    if file is None or not file.content.startswith(b"%PDF-"):
        raise Rejected("a letter is a PDF: give the delivery rule a format that makes one, such as facturx")
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(file.content)) as opened:
            count = len(opened.pages)
            sizes = [[float(side) for side in page.mediabox] for page in opened.pages[: most + 1]]
    except (pikepdf.PdfError, ValueError, TypeError) as cause:
        raise Rejected(f"the PDF cannot be read: {type(cause).__name__}") from cause
    if not 1 <= count <= most:
        raise Rejected(f"the letter has {count} pages; {most} are allowed")
    for number, (left, bottom, right, top) in enumerate(sizes, 1):
        if abs(right - left - A4[0]) > SLACK or abs(top - bottom - A4[1]) > SLACK:
            raise Rejected(f"page {number} is not A4 upright")
    return count


def _line(text: str) -> str:
    visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text[:500])
    return " ".join(visible.split())
