"""What our formats write is read back to the same figures; what the corpus holds that is valid is read."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.drafting.request import read_request
from engine.spi import DocumentView, File, ImportedDocument, Rejected, Validation
from engine.spi.host import register
from plugins.facturx import plugin
from plugins.facturx.cii import write
from plugins.facturx.importers import CiiImporter, FacturXImporter
from plugins.facturx.invoice import Invoice, clean
from tests.plugins.facturx import views
from tests.plugins.facturx.reckoned import differences, reckoned
from tests.plugins.facturx.test_properties import documents

SHARED = Path(os.environ.get("FACTOTUM_SHARED") or Path(__file__).resolve().parents[4] / "shared") / "corpus"
SET = views.FRENCH_SET | views.OTHER_SET
D = Decimal


def read(document: DocumentView) -> ImportedDocument:
    return CiiImporter().read(File("x.xml", "application/xml", write(Invoice(document))))


def figures(document: DocumentView) -> dict[str, Decimal]:
    """What EN 16931 carries of a document's totals; split payment counts as paid there, withholding does not."""
    invoice, summed = Invoice(document), document.totals
    names = ("lines", "charges", "allowances", "net", "tax", "gross")
    told = {name: getattr(summed, name) for name in names}
    return told | {"prepaid": invoice.settled, "rounding": summed.rounding, "payable": invoice.due}


@pytest.mark.parametrize("name", SET)
def test_what_cii_writes_is_read_back_to_the_same_figures(name: str) -> None:
    document = SET[name]()
    found = read(document)
    said = {name: D(text) for name, text in found.totals.items()}
    assert {one: said.get(one, D(0)) for one in figures(document)} == figures(document)
    lines = found.request["lines"]
    assert [reckoned(found.request)[f"lines.{n}"] for n in range(len(lines))] == [one.net for one in document.lines]
    assert [(one["tax_category"], D(one["tax_rate"])) for one in lines] == [
        ("S" if one.tax_category == "B" else one.tax_category, one.tax_rate) for one in document.lines
    ]
    cash = {"rounding", "payable"} if document.totals.rounding else set()  # which our arithmetic does not round yet
    assert {*differences(found)} == cash


@pytest.mark.parametrize("name", ["mixed", "credit", "prepaid", "siret", "it-plain", "british", "k"])
def test_what_else_a_document_says_is_read_back(name: str) -> None:
    document = SET[name]()
    request = read(document).request
    seller = Invoice(document).seller
    assert request["supplier_number"] == document.number and request["date"] == document.date.isoformat()
    assert request["supplier"]["name"] == seller.name and request["supplier"]["vat_number"] == seller.vat_number
    assert request["supplier"]["address"]["street"] == seller.address.street
    if seller.registration_id and seller.registration_scheme:  # without a scheme nobody can tell what it is
        said = {"scheme": seller.registration_scheme, "id": seller.registration_id}
        assert request["supplier"]["registration"] == said
    due = request.get("due_dates") or ([{"date": request["due_date"]}] if "due_date" in request else [])
    last = document.due_dates[-1:] if document.withholdings else document.due_dates  # which the file does not know
    assert [one["date"] for one in due] == [one.date.isoformat() for one in last]
    notes = [one["text"] for one in request["notes"]] if document.notes else []
    assert {clean(one.text) for one in document.notes} <= {*notes}
    kinds = {(one["kind"], one["number"]) for one in request.get("references", ())}
    carried = {"order", "contract", "delivery_note", "project", "corrects"}
    assert kinds >= {(one.kind, one.number) for one in document.references[:3] if one.kind in carried}
    assert [one["description"] for one in request["lines"]] == [one.description for one in document.lines]
    assert [D(one["unit_price"]) for one in request["lines"]] == [one.unit_price for one in document.lines]


def test_who_it_is_for_and_where_to_pay_is_told_apart() -> None:
    found = read(views.french_mixed())
    assert found.buyer["vat_number"] == "FR11999999998" and found.buyer["registration"] == "0002:820043784"
    assert found.buyer["electronic_address"] == "0225:820043784"
    assert found.payment_means == "58" and found.accounts == views.FRENCH.bank_accounts
    assert found.number == "FA-2026-00042" and found.syntax == "cii"


@settings(max_examples=60)
@given(documents())
def test_any_document_written_is_read_back_to_the_cent_or_refused_by_name(document: DocumentView) -> None:
    assume(document.currency in ("EUR", "USD"))  # the builder rounds to cents
    try:
        found = read(document)
    except Validation as refused:
        assert all(one.code in ("missing", "date", "children", "twice") for one in refused.issues)
        assert not all(map(clean, (document.number, Invoice(document).seller.name)))
        return
    flipped = -1 if document.totals.gross < 0 else 1
    for name, amount in figures(document).items():
        assert D(found.totals.get(name, "0")) == flipped * amount
    lines = [D(found.totals[f"lines.{n}"]) for n in range(len(document.lines))]
    assert lines == [flipped * one.net for one in document.lines]


@given(
    st.lists(
        st.tuples(
            st.decimals(D("0.001"), 10**5, places=3), st.decimals(D("0.0001"), 10**5, places=4),
            st.sampled_from(["0", "5.5", "10", "20"]), st.lists(st.sampled_from(["5", "12.5", "33.3"]), max_size=2),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_our_arithmetic_comes_to_the_figures_of_what_was_written(
    rows: list[tuple[Decimal, Decimal, str, list[str]]],
) -> None:
    lines = [
        views.line("x", str(quantity), str(price), rate, "S" if rate != "0" else "Z", given)
        for quantity, price, rate, given in rows
    ]
    assert differences(read(views.document(lines=lines))) == {}


def test_a_hybrid_is_read_as_its_xml_is() -> None:
    pytest.importorskip("typst")
    from plugins.facturx.formats import FacturX

    document = views.french_mixed()
    hybrid = FacturX().render(document)
    found, alone = FacturXImporter().read(hybrid), read(document)
    assert replace(found, syntax="cii") == alone


def test_a_price_per_many_units_and_charges_on_a_line_keep_the_net() -> None:
    xml = write(Invoice(views.document(lines=(views.line("Vis", "300", "0.1", discounts=()),)))).decode()
    per = xml.replace(
        "<ram:ChargeAmount>0.1</ram:ChargeAmount>",
        '<ram:ChargeAmount>1</ram:ChargeAmount><ram:BasisQuantity unitCode="C62">3</ram:BasisQuantity>',
    ).replace(">30.00<", ">100.00<").replace(">6.00<", ">20.00<").replace(">36.00<", ">120.00<")  # fmt: skip
    found = CiiImporter().read(File("x.xml", "", per.encode()))
    (line,) = found.request["lines"]
    assert (line["quantity"], line["unit_price"]) == ("100", "1") and differences(found) == {}


def test_a_negative_invoice_is_the_opposite_with_positive_amounts() -> None:
    xml = write(Invoice(views.document(lines=(views.line("Retour", "-2", "50"),))))
    found = CiiImporter().read(File("x.xml", "", xml))
    assert found.request["category"] == "credit_memo" and found.request["lines"][0]["quantity"] == "2"
    assert found.totals["gross"] == "120" and differences(found) == {}
    assert any("opposite" in one for one in found.warnings)


def test_what_has_no_place_is_told() -> None:
    xml = write(Invoice(views.french_mixed())).replace(
        b"<ram:BuyerReference>", b"<ram:SellerX>12</ram:SellerX><ram:BuyerReference>"
    )
    found = CiiImporter().read(File("x.xml", "", xml))
    assert "not taken over: ApplicableHeaderTradeAgreement/SellerX" in found.warnings


def test_everything_that_cannot_be_read_is_told_at_once() -> None:
    xml = write(Invoice(views.document())).decode()
    spoiled = re.sub(r">20261102<", ">20261399<", xml).replace(">100.00<", ">1e2<").replace("<ram:Name>", "<ram:Nom>")
    spoiled = spoiled.replace("</ram:Name>", "</ram:Nom>")
    with pytest.raises(Validation) as refused:
        CiiImporter().read(File("x.xml", "", spoiled.encode()))
    paths = {one.path for one in refused.value.issues}
    assert {"date", "supplier.name", "totals.net", "totals.lines"} <= paths
    assert all(one.message for one in refused.value.issues)


def test_a_request_that_was_read_has_the_shape_of_a_document() -> None:
    for make in SET.values():
        found = read(make()).request
        asked = {
            "company": "PARIS", **found,
            "lines": [without(one) | {"tax_code": "X"} for one in found["lines"]],
            "charges": [without(one) | {"tax_code": "X"} for one in found.get("charges", ())],
        }  # fmt: skip
        assert read_request(asked).request.supplier_number == found["supplier_number"]


def without(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if not name.startswith("tax_")}


def test_the_plugin_offers_both_importers() -> None:
    assert {*register([("facturx", plugin)]).importers} == {"cii", "facturx"}


VALID = {  # file: (lines, category, total)
    "akretion-factur-x/factur-x-minimum.xml": (1, "invoice", "104.9"),
    "akretion-factur-x/factur-x-basicwl.xml": (4, "invoice", "104.9"),
    "akretion-factur-x/factur-x-en16931.xml": (10, "invoice", "104.9"),
    "akretion-factur-x/factur-x-extended.xml": (10, "invoice", "104.9"),
    "akretion-factur-x/invoice_EN16931.pdf": (10, "invoice", "104.9"),
    "mustang/CII_XRechnung_with_Peppol_violation.xml": (1, "invoice", "166.6"),
    "mustang/UC10_F202600004_EXTENDED_FX_CII_Commentee.xml": (4, "invoice", "6150"),
    "mustang/roundingDifferenceIsInTolerance.xml": (1, "invoice", "845.83"),
    "mustang/validAvoir_FR_type380_BASICWL.pdf": (2, "credit_note", "233.47"),
    "mustang/invalidArithmetics.xml": (3, "invoice", "571.04"),
    "xrechnung-testsuite/01.01_comprehensive_test_uncefact.xml": (4, "invoice", "12829.69"),
    "xrechnung-testsuite/01.01a-INVOICE_uncefact.xml": (2, "invoice", "336.9"),
    "xrechnung-testsuite/01.05_minimal_test_uncefact.xml": (1, "invoice", "4743.75"),
    "xrechnung-testsuite/01.05a-INVOICE_uncefact.xml": (4, "invoice", "10555.3"),
    "xrechnung-testsuite/01.15a-INVOICE_uncefact.xml": (4, "invoice", "10686.2"),
    "zugferd-corpus/EN16931_Einfach.cii.xml": (2, "invoice", "529.87"),
    "zugferd-corpus/EN16931_Einfach.pdf": (2, "invoice", "529.87"),
    "zugferd-corpus/EN16931_Innergemeinschaftliche_Lieferungen.cii.xml": (2, "invoice", "2000"),
    "zugferd-corpus/EN16931_Kraftfahrversicherung_Bruttopreise.cii.xml": (2, "invoice", "220"),
    "zugferd-corpus/EN16931_Rabatte.cii.xml": (4, "invoice", "215.07"),
    "zugferd-corpus/EN16931_Rechnungskorrektur.cii.xml": (2, "credit_memo", "8.79"),
    "zugferd-corpus/noNetPriceValidation.xml": (1, "invoice", "376.04"),
}
DIFFER = {"roundingDifferenceIsInTolerance", "invalidArithmetics", "Kraftfahrversicherung", "noNetPriceValidation"}
"""Whose own figures do not add up by EN 16931; the README of the corpus says so of each."""


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpus is not there")
@pytest.mark.parametrize("name", VALID)
def test_every_valid_file_of_the_corpus_is_read(name: str) -> None:
    file = File(Path(name).name, "", (SHARED / name).read_bytes())
    (importer,) = (one for one in (CiiImporter(), FacturXImporter()) if one.recognises(file))
    found = importer.read(file)
    lines, category, total = VALID[name]
    assert (len(found.request["lines"]), found.request["category"], found.totals["gross"]) == (lines, category, total)
    assert bool(differences(found)) is any(one in name for one in DIFFER)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared corpus is not there")
@pytest.mark.parametrize("name", ["akretion-factur-x/order-x-comfort.xml", "mustang/corruptedV2PDF.pdf"])
def test_what_is_no_invoice_is_refused_in_words(name: str) -> None:
    file = File(Path(name).name, "", (SHARED / name).read_bytes())
    (importer,) = (one for one in (CiiImporter(), FacturXImporter()) if one.recognises(file))
    with pytest.raises(Rejected, match="Order-X|damaged"):
        importer.read(file)


def test_due_dates_and_periods_out_of_our_time_are_refused() -> None:
    xml = write(Invoice(views.document())).replace(b">20261102<", b">99991231<")
    with pytest.raises(Validation, match="cannot be read"):
        CiiImporter().read(File("x.xml", "", xml))
    assert date(2026, 11, 2).year < 2100
