"""What the page says, in words and figures; and that it can be set, whatever it says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from engine.spi import DocumentView, NoteView, PrepaidView
from plugins.facturx.lists import read
from plugins.facturx.page import compose, layout
from plugins.facturx.words import Words
from tests.plugins.facturx import views

D = Decimal


def text(document: DocumentView) -> str:
    return json.dumps(layout(document), ensure_ascii=False).replace("\u00a0", " ")


def pages(document: DocumentView) -> int:
    with pikepdf.open(BytesIO(compose(document, None)[0])) as pdf:
        return len(pdf.pages)


@pytest.mark.parametrize(
    ("language", "amount", "day"),
    [
        ("fr", "1 234 567,50 €", "02/11/2026"),
        ("fr-BE", "1 234 567,50 €", "02/11/2026"),
        ("it", "1.234.567,50 €", "02/11/2026"),
        ("en", "€1,234,567.50", "02 Nov 2026"),
        ("pt", "€1,234,567.50", "02 Nov 2026"),
    ],
)
def test_a_language_has_its_way_with_figures_and_dates(language: str, amount: str, day: str) -> None:
    words = Words(language, "EUR")
    assert words.money(D("1234567.5")).replace("\u00a0", " ") == amount
    assert words.day(date(2026, 11, 2)) == day


def test_a_currency_without_a_sign_of_its_own_is_told_by_code() -> None:
    assert Words("en", "JPY").money(D(1500)).replace("\u00a0", " ") == "JPY 1,500"
    assert Words("fr", "USD").money(D("-3.5")).replace("\u00a0", " ") == "\u22123,50 USD"


def test_prices_show_their_decimals_and_at_least_the_currency_s() -> None:
    words = Words("en", "EUR")
    assert [words.price(D(p)) for p in ("5", "1.2300", "0.01234567")] == ["5.00", "1.23", "0.01234567"]


def test_every_language_has_every_word() -> None:
    known = read("labels.toml")
    assert set(known) == {"fr", "it", "en"}

    def keys(table: dict[str, Any]) -> set[str]:
        return {k if not isinstance(v, dict) else f"{k}.{x}" for k, v in table.items()
                for x in (v if isinstance(v, dict) else [k])}  # fmt: skip

    assert keys(known["fr"]) == keys(known["it"]) == keys(known["en"])


def test_the_page_shows_what_the_customer_must_see() -> None:
    said = text(views.french_mixed())
    for words in ("Facture", "FA-2026-00042", "02/11/2026", "Bride inox DN50", "\u221210 %", "Commande", "CDE-8891",
                  "Frais de port", "Remise commerciale (2 %)", "Net à payer", "1 579,35 €", "FR76 3000 6000",
                  "indemnité forfaitaire", "RCS Lyon", "N° TVA FR40303265045", "Livraison"):  # fmt: skip
        assert words in said, words


def test_a_routing_note_is_not_printed() -> None:
    assert "B2B" not in text(views.french_mixed())


def test_withholding_and_split_payment_lead_to_what_is_paid() -> None:
    assert layout(views.italian_split())["payable"][1].replace("\u00a0", " ") == "800,40 €"
    held = dict(layout(views.italian_plain())["totals"])
    assert "\u2212192,00\u00a0€" in held.values()


def test_a_prepayment_names_its_invoice_and_day() -> None:
    document = replace(views.prepaid(), prepaid=(PrepaidView(D("1800.00"), None, ""),))
    assert "Déjà réglé (FAA-2026-00009 01/09/2026)" in text(views.prepaid())
    assert '"Déjà réglé"' in text(document)


def test_an_exemption_tells_its_reason_and_the_italian_nature() -> None:
    said = layout(views.italian_out_of_scope())
    assert said["taxes"]["reasons"] == [["N2.2", "Operazione fuori campo IVA"]]
    assert said["lines"][0]["tax"] == "N2.2"


def test_what_is_not_known_leaves_no_label() -> None:
    said = layout(views.OTHER_SET["nothing-optional"]())
    assert [key for key, _ in said["facts"]] == ["Number", "Date", "Due date"]
    assert said["payment"]["banks"] == [] and said["payment"]["quote"] is None and said["ship_to"] is None
    assert said["seller"]["contact"] == []


def test_a_foreign_currency_shows_the_vat_in_the_company_s_own() -> None:
    assert layout(views.in_dollars())["taxes"]["own"] == ["VAT in EUR (rate 0.92)", "€551.99"]


@pytest.mark.parametrize(("count", "sheets"), [(0, 1), (1, 1), (60, 3), (200, 9)])
def test_lines_run_over_as_many_pages_as_they_need(count: int, sheets: int) -> None:
    document = views.long_one(count)
    assert pages(document if count else replace(document, lines=())) == sheets


def test_hostile_text_prints_as_it_stands() -> None:
    document = views.hostile()
    name = layout(document)["buyer"]["name"]
    assert "#import" in name and "$x^2$" in name and "\\" in name and "\u202e" not in name
    assert pages(document) == 2


def test_what_the_fonts_lack_is_shown_as_a_box_and_told() -> None:
    pdf, lost = compose(views.document(notes=(NoteView("漢字 と Ж", ""),)), None)
    assert lost == "漢字と" and pdf.startswith(b"%PDF")


def test_a_document_of_another_kind_has_a_page_too() -> None:
    quote = replace(views.british(), untdid_code="310", category="quote", type_description="Quotation", due_dates=())
    assert pages(quote) == 1
