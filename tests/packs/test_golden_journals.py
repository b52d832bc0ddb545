"""Published invoices through the shipped packs: totals and entries to the cent.

Sources: FNFE sample FA-2017-0010 (FR-1), gobl fr (FR-2, FR-5), gobl it and OCA (IT-2, IT-4, IT-5, IT-7).
"""

from typing import Any

import pytest

from tests.packs.shipped import booked, catalog_of, drafted

ADDRESS = {"street": "1 rue A", "postcode": "75001", "city": "Paris", "country": "FR"}
FRENCH = {"code": "C1", "name": "Client", "country": "FR", "vat_number": "FR11999999998", "address": ADDRESS}
ITALIAN = FRENCH | {"country": "IT", "vat_number": "IT09876543019", "address": ADDRESS | {"country": "IT"}}


def line(quantity: str, price: str, tax: str, nature: str = "goods", discount: str = "") -> dict[str, Any]:
    discounts = [{"percent": discount}] if discount else []
    asked = {"description": "x", "quantity": quantity, "unit_price": price, "tax_code": tax, "nature": nature}
    return asked | {"discounts": discounts}


def french(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"company": "LILLE", "invoice_type": "FACT", "date": "2017-11-13", "customer": FRENCH}
    return asked | {"lines": [*lines]} | more


def italian(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    asked = {"company": "MILANO", "invoice_type": "FATT", "date": "2026-03-01", "customer": ITALIAN}
    return asked | {"lines": [*lines]} | more


FR_1 = french(
    line("20", "4.55", "FR20", discount="10"), line("15", "3.20", "FR55"), line("25", "19.80", "FR55"),
    prepaid=[{"amount": "201.00"}],
)  # fmt: skip
FR_2 = french(line("20", "90.00", "FR20", "service", "10"))
CORRECTS = {"references": [{"kind": "corrects", "number": "FV-2017-00001", "date": "2017-11-01"}]}
FR_5 = french(line("2", "100.00", "FR20"), invoice_type="AVF", **CORRECTS)
IT_2 = italian(line("1", "1664.00", "IT22", "service"), invoice_type="PARC", withholdings=[{"code": "RT01"}])
IT_4 = italian(line("1", "125.00", "N2.2", "service"), line("1", "2.00", "N1O", "service"), company="TORINO")
IT_5 = italian(line("1", "800.40", "IT22S", "service"))
IT_7 = italian(line("1000", "0.50", "IT22"), line("50", "6.00", "IT22"), invoice_type="FDIF")
CHARGED = french(
    line("1", "100.00", "FR20"),
    charges=[
        {"kind": "allowance", "description": "x", "amount": "10.00", "tax_code": "FR20"},
        {"kind": "charge", "description": "x", "amount": "20.00", "tax_code": "FR20"},
    ],
)
ALLOWED = italian(
    line("1", "100.00", "IT22"),
    charges=[{"kind": "allowance", "description": "x", "percent": "10", "tax_code": "IT22"}],
)
TYPED = french(line("1", "100.00", "FR20") | {"account": "701"})

ENTRIES: dict[str, tuple[dict[str, Any], str]] = {
    "FR-1": (FR_1, "411 D 671.15, 44571 C 46.25, 707 C 624.90"),
    "FR-2": (FR_2, "411 D 1944.00, 44574 C 324.00, 706 C 1620.00"),
    "FR-2 on debits": (FR_2 | {"company": "LYON"}, "411 D 1944.00, 44571 C 324.00, 706 C 1620.00"),
    "FR-5": (FR_5, "411 C 240.00, 44571 D 40.00, 707 D 200.00"),
    "IT-2": (IT_2, "1501 D 2030.08, 2601 C 366.08, 3101 C 1664.00"),
    "IT-4": (IT_4, "1501 D 127.00, 3101 C 127.00"),
    "IT-5": (IT_5, "1501 C 176.09, 1501 D 976.49, 2601 C 176.09, 2601 D 176.09, 3101 C 800.40"),
    "IT-7": (IT_7, "1501 D 976.00, 2601 C 176.00, 3101 C 800.00"),
    "charge and allowance, FRA": (CHARGED, "411 D 132.00, 44571 C 22.00, 707 C 100.00, 7085 C 20.00, 709 D 10.00"),
    "allowance, ITA": (ALLOWED, "1501 D 109.80, 2601 C 19.80, 3101 C 100.00, 3111 D 10.00"),
    "typed account": (TYPED, "411 D 120.00, 44571 C 20.00, 701 C 100.00"),
}


@pytest.mark.parametrize(("document", "wanted"), ENTRIES.values(), ids=ENTRIES)
def test_entries_are_those_of_the_source(document: dict[str, Any], wanted: str) -> None:
    assert ", ".join(booked(catalog_of("DEMO"), document)) == wanted


@pytest.mark.parametrize(
    ("company", "tax", "wanted"),
    [
        ("PARIS", "FR20", "401 C 240.00, 44564 D 20.00, 44566 D 20.00, 604 D 100.00, 607 D 100.00"),
        ("MILANO", "IT22", "1601 D 44.00, 2501 C 244.00, 4101 D 100.00, 4204 D 100.00"),
    ],
)
@pytest.mark.parametrize("kind", ["PIN", "PAD", "PCN", "PCR"])
def test_purchases_post_by_pihi_and_credits_turn_the_sides(company: str, tax: str, kind: str, wanted: str) -> None:
    document = french(line("1", "100.00", tax), line("1", "100.00", tax, "service"), company=company, invoice_type=kind)
    document["supplier"] = document.pop("customer")
    if kind.startswith("PC"):
        outside = {"number": "X", "date": "2017-11-01"}
        document["references"] = [{"kind": "corrects", **outside}, {"kind": "return", **outside}]
        wanted = wanted.translate(str.maketrans("CD", "DC"))
    assert ", ".join(booked(catalog_of("DEMO"), document)) == wanted


def test_totals_of_the_factur_x_reference_invoice() -> None:
    made = drafted(catalog_of("DEMO"), FR_1)
    assert [str(amount) for amount in (made.totals.net, made.totals.tax, made.totals.gross, made.totals.payable)] == [
        "624.90", "46.25", "671.15", "470.15",
    ]  # fmt: skip
    assert made.process_code == "B1"


def test_withheld_split_and_stamped_amounts_reduce_what_is_payable() -> None:
    catalog = catalog_of("DEMO")
    assert [str(drafted(catalog, one).totals.payable) for one in (IT_2, IT_4, IT_5)] == ["1697.28", "127.00", "800.40"]


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (FR_1, {"PMT", "PMD", "AAB"}),
        (FR_5, {"PMT", "PMD", "AAB"}),
        (french(line("1", "1", "FR20"), invoice_type="PRO"), set()),
        (IT_5, set()),
    ],
    ids=["invoice", "credit note", "proforma", "Italy"],
)
def test_br_fr_05_notes_stand_on_french_invoices_and_credits(document: dict[str, Any], wanted: set[str]) -> None:
    notes = drafted(catalog_of("DEMO"), document).notes
    assert {note.subject_code for note in notes if note.subject_code} == wanted


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (FR_1 | {"company": "LYON"}, "Option pour le paiement de la taxe d'après les débits"),
        (FR_1 | {"invoice_type": "AUT"}, "Autofacturation"),
        (IT_5, "Scissione dei pagamenti, art. 17-ter DPR 633/1972"),
        (IT_5 | {"date": "2027-02-01"}, "Scissione dei pagamenti"),
        (IT_4, "Operazione in franchigia da IVA, L. 190/2014 art. 1 c. 54-89"),
        (french(line("1", "1", "FRFRAN")), "TVA non applicable, art. 293 B du CGI"),
    ],
    ids=["debits", "self-billed", "split", "split from 2027", "forfettario", "franchise"],
)
def test_mentions_the_law_wants(document: dict[str, Any], words: str) -> None:
    assert words in {note.text for note in drafted(catalog_of("DEMO"), document).notes}


@pytest.mark.parametrize(
    ("natures", "code"), [(["goods"], "B1"), (["service"], "S1"), (["goods", "service"], "M1")], ids=["B1", "S1", "M1"]
)
def test_the_process_code_follows_the_natures(natures: list[str], code: str) -> None:
    lines = [line("1", "1.00", "FR20", nature) for nature in natures]
    assert drafted(catalog_of("DEMO"), french(*lines)).process_code == code
