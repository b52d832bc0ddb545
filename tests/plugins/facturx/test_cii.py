"""The mapping and the XML it makes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.spi import DocumentView, NoteView, ReferenceView
from plugins.facturx import cii
from plugins.facturx.formats import Cii
from plugins.facturx.invoice import Invoice
from plugins.facturx.mapping import ROOT, Group, terms, walk
from tests.plugins.facturx import views

GOLDEN = {"french_mixed": views.french_mixed, "italian_split": views.italian_split}


def golden(name: str) -> Path:
    return Path(__file__).parent / "golden" / f"{name}.xml"


def xml_of(document: DocumentView) -> bytes:
    return Cii().render(document).content


def values(document: DocumentView) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for term, value, _ in walk(ROOT, Invoice(document)):
        if term.id and value:
            found.setdefault(term.id, []).append(value)
    return found


def xpath(path: str) -> str:
    """A mapping path as lxml takes it: a name without prefix is ram:."""
    steps = re.findall(r"(?:[^/\[]|\[[^\]]*\])+", path)
    return "/".join(s if s[0] in "@." or ":" in s.partition("[")[0] else f"ram:{s}" for s in steps)


def read_back(element: Any, group: Group) -> Iterator[tuple[str, str]]:
    """A reader that walks the same mapping: what the writer wrote must be where the mapping says."""
    for part in group.parts:
        for found in element.xpath(xpath(part.path), namespaces=cii.NAMESPACES):
            if isinstance(part, Group):
                yield from read_back(found, part)
            elif part.id:
                yield part.id, found if isinstance(found, str) else found.text


@pytest.mark.parametrize("name", GOLDEN)
def test_a_document_reads_as_it_always_did(name: str) -> None:
    assert xml_of(GOLDEN[name]()).decode() == golden(name).read_text("utf-8")


@pytest.mark.parametrize("name", [*views.FRENCH_SET, *views.OTHER_SET])
def test_every_term_written_is_read_back_from_its_path(name: str) -> None:
    document = {**views.FRENCH_SET, **views.OTHER_SET}[name]()
    written = Counter((id_, value) for id_, found in values(document).items() for value in found)
    assert Counter(read_back(etree.fromstring(xml_of(document)), ROOT)) == written


def test_every_term_has_a_name_and_a_path() -> None:
    for term in terms():
        assert re.fullmatch(r"BT-\d{1,3}(-1)?", term.id), term
        assert term.name and term.path, term


def test_split_payment_asks_for_what_the_customer_pays() -> None:
    found = values(views.italian_split())
    assert (found["BT-112"], found["BT-113"], found["BT-115"]) == (["976.49"], ["176.09"], ["800.40"])


def test_withholding_leaves_the_amount_due_as_it_is() -> None:
    document = views.italian_plain()
    assert values(document)["BT-115"] == [str(document.totals.gross)]
    assert document.totals.payable < document.totals.gross


def test_prepaid_and_rounding_are_told() -> None:
    found = values(views.prepaid())
    assert (found["BT-113"], found["BT-114"], found["BT-115"]) == (["1800.00"], ["0.02"], ["4200.02"])


def test_out_of_scope_leaves_vat_numbers_out_and_names_the_seller_otherwise() -> None:
    found = values(views.italian_out_of_scope())
    assert not {"BT-31", "BT-48", "BT-119", "BT-152"} & set(found)
    assert found["BT-32"] == found["BT-29"] == ["RCCMNL83S18D969H"]


def test_two_exemption_reasons_of_one_category_share_a_row() -> None:
    document = views.OTHER_SET["two-exemptions"]()
    other = replace(document.taxes[1], exemption_code="VATEX-EU-79-C", reason="Débours")
    found = values(replace(document, taxes=(document.taxes[0], other)))
    assert found["BT-116"] == ["200.00"] and "BT-121" not in found
    assert found["BT-120"] == [
        "Exonération, article 261-4 du CGI; Débours; VATEX-FR-CGI261-4; VATEX-EU-79-C"
    ]  # fmt: skip


def test_a_foreign_currency_states_the_vat_in_the_company_s_own() -> None:
    found = values(views.in_dollars())
    assert found["BT-5"] == ["USD"] and set(found["BT-6"]) == {"EUR"} and found["BT-111"] == ["551.99"]


@pytest.mark.parametrize(
    ("changes", "means"),
    [
        ({}, ["58"]),
        ({"payment_means": "10"}, ["10"]),
        ({"currency": "USD"}, ["30"]),
        ({"company": replace(views.FRENCH, bank_accounts=())}, ["1"]),
        ({"is_credit": True}, None),
        ({"company": replace(views.FRENCH, bank_accounts=(("US12 3456", ""), ("FR76 1", "")))}, ["30", "30"]),
    ],
)
def test_the_payment_means_follow_the_account(changes: dict[str, Any], means: list[str] | None) -> None:
    assert values(replace(views.document(), **changes)).get("BT-81") == means


@pytest.mark.parametrize(
    ("quantity", "price", "company", "told"),
    [
        ("2.50000000", "10.10", views.BRITISH, ("2.5", "10.1", None)),
        ("0.12345678", "0.00000001", views.BRITISH, ("0.12345678", "0.00000001", None)),
        ("1000", "0.01234567", views.FRENCH, ("1000", "1.234567", "100")),
        ("3", "-20", views.FRENCH, ("-3", "20", None)),
        ("1E+3", "1E+2", views.FRENCH, ("1000", "100", None)),
    ],
)
def test_quantities_and_prices_lose_nothing(
    quantity: str, price: str, company: Any, told: tuple[str, str, str | None]
) -> None:
    found = values(views.document(company, lines=(views.line("x", quantity, price),)))
    assert (found["BT-129"][0], found["BT-146"][0], found.get("BT-149", [None])[0]) == told


def test_the_first_line_of_a_description_is_the_name() -> None:
    found = values(views.document(lines=(views.line("Table\nchêne massif\n120 cm"),)))
    assert found["BT-153"] == ["Table"] and found["BT-154"] == ["chêne massif\n120 cm"]


def test_an_order_named_on_a_line_only_reaches_the_header() -> None:
    order = ReferenceView("order", "CDE-1", None, "30", "")
    found = values(views.document(lines=(views.line(references=(order,)), views.line(references=(order,)))))
    assert found["BT-13"] == ["CDE-1"] and found["BT-132"] == ["30", "30"]


def test_what_has_no_single_place_left_is_a_supporting_document() -> None:
    found = values(views.french_mixed())
    assert found["BT-16"] == ["BL-2026-77"] and found["BT-122"] == ["BL-2026-78"]


def test_a_correction_names_only_what_it_corrects() -> None:
    found = values(
        views.document(
            references=(
                ReferenceView("advance", "FAA-1", date(2026, 1, 1), "", ""),
                ReferenceView("corrects", "FA-1", date(2026, 2, 1), "", ""),
            )
        )
    )
    assert found["BT-25"] == ["FA-1"] and found["BT-26"] == ["20260201"]


def test_instalments_are_told_in_words_and_the_last_date_is_the_due_date() -> None:
    found = values(views.italian_plain())
    assert found["BT-9"] == ["20270102"]
    assert found["BT-20"] == ["30/60 giorni data fattura\n2026-12-02: 505.72 EUR\n2027-01-02: 505.72 EUR"]


def test_a_purchase_is_told_from_the_supplier_to_us() -> None:
    found = values(views.self_billed())
    assert found["BT-27"] == ["Boulangerie Martin SARL"] and found["BT-44"] == ["Ateliers Duval SAS"]
    assert "BT-84" not in found


def test_a_siret_names_the_establishment_and_its_siren_the_company() -> None:
    found = values(views.FRENCH_SET["siret"]())
    assert found["BT-29"] == ["30326504500011"] and found["BT-30"] == ["303265045"]
    assert found["BT-46"] == ["82004378400017"] and found["BT-47"] == ["820043784"]


def test_control_characters_never_reach_the_xml() -> None:
    document = views.document(notes=(*views.FRENCH_NOTES, NoteView("a\x00b\x0bc\ud800d\ufffee", "")), subject="\x1b")
    assert "abcde" in values(document)["BT-22"]
    etree.fromstring(xml_of(document))


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("EUR", "5", "5.00"), ("JPY", "1500", "1500"), ("TND", "1.250", "1.25")],
)
def test_amounts_stand_at_the_exponent_of_their_currency(currency: str, amount: str, text: str) -> None:
    document = views.document(views.BRITISH, lines=(views.line(price=amount, rate="0", category="Z"),))
    assert values(replace(document, currency=currency))["BT-131"] == [text]
    assert Decimal(text) == Decimal(amount)
