"""Whatever a document says, its XML is well-formed and follows the schema, and its page can be laid out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from engine.spi import DocumentView, NoteView, ReferenceView
from plugins.facturx.cii import write
from plugins.facturx.invoice import Invoice
from plugins.facturx.mapping import ROOT, walk
from plugins.facturx.page import layout
from tests.plugins.facturx import views

SCHEMA = "schemas/factur-x/en16931/Factur-X_EN16931.xsd"
words = st.text(max_size=40)
codes = st.text("ABC123", max_size=6)
dates = st.dates(date(2000, 1, 1), date(2099, 12, 31))
numbers = st.decimals(-(10**6), 10**6, places=8, allow_nan=False, allow_infinity=False)
kinds = ("corrects", "order", "contract", "delivery_note", "goods_receipt", "return", "advance", "project", "tender")


@cache
def schema() -> etree.XMLSchema | None:
    """The XSD of ../shared, when it is there; without it the property is well-formedness."""
    folder = Path(os.environ.get("FACTOTUM_SHARED") or Path(__file__).resolve().parents[4] / "shared")
    return etree.XMLSchema(etree.parse(folder / SCHEMA)) if (folder / SCHEMA).is_file() else None


@st.composite
def documents(draw: st.DrawFn) -> DocumentView:
    lines = draw(
        st.lists(
            st.builds(
                views.line,
                words,
                numbers.map(str),
                numbers.map(str),
                st.sampled_from(["0", "5.5", "20"]),
                st.sampled_from(["S", "E", "AE", "O", "B", "Z"]),
                st.lists(st.sampled_from(["5", "12.5"]), max_size=2),
                unit=codes,
                sku=words,
            ),
            min_size=1,
            max_size=4,
        )
    )
    references = draw(
        st.lists(st.builds(ReferenceView, st.sampled_from(kinds), words, st.none() | dates, codes, words), max_size=5)
    )
    changes: dict[str, Any] = {
        "number": draw(words),
        "subject": draw(words),
        "payment_terms": draw(words),
        "references": tuple(references),
        "notes": tuple(NoteView(draw(words), draw(codes)) for _ in range(draw(st.integers(0, 3)))),
        "period": draw(st.none() | st.tuples(dates, dates)),
        "supply_date": draw(st.none() | dates),
        "currency": draw(st.sampled_from(["EUR", "USD", "JPY", "KWD"])),
        "language": draw(st.sampled_from(["fr", "it", "en", "xx", ""])),
        "payment_means": draw(st.sampled_from(["", "10", "30", "58"])),
        "is_credit": draw(st.booleans()),
        "module": draw(st.sampled_from(["sales", "purchase"])),
        "ship_to": draw(st.none() | st.builds(views.partner, words)),
    }
    company = replace(draw(st.sampled_from([views.FRENCH, views.ITALIAN, views.BRITISH])), name=draw(words))
    customer = views.partner(draw(words), vat_number=draw(words), fiscal_code=draw(words), email=draw(words))
    charges = [views.charge(kind, "1.00") for kind in draw(st.lists(st.sampled_from(["charge", "allowance"])))]
    return views.document(company, customer, lines, charges[:3], **changes)


@given(documents())
def test_any_document_gives_well_formed_xml_and_a_complete_one_follows_the_schema(doc: DocumentView) -> None:
    root = etree.fromstring(write(Invoice(doc)))
    complete = all(value for term, value, _ in walk(ROOT, Invoice(doc)) if term.rule)
    known = schema()
    if known is not None and complete:
        known.assertValid(root)


@given(documents())
def test_any_document_can_be_laid_out_and_nothing_of_it_is_left_unworded(doc: DocumentView) -> None:
    said = layout(doc)
    assert len(said["lines"]) == len(doc.lines)
    assert all(isinstance(value, str) for row in said["totals"] for value in row)


@given(numbers, numbers)
def test_a_price_told_per_many_units_is_the_same_price(quantity: Decimal, price: Decimal) -> None:
    from plugins.facturx.invoice import price as told

    many, amount, base = told(views.line("x", str(quantity), str(price)), 6)
    assert many * amount == quantity * price * base and amount >= 0
