"""`factotum show`: all that a document says, its lines first of all, and what corrects it."""

from tests.edge.terminal import Terminal
from tests.support.house import CUSTOMER, House, invoice, line, without

LAMPS = [
    line(description="Lampe", quantity="3", unit_price="33.50", discounts=[{"percent": "10"}, {"amount": "0.45"}]),
    line(description="Montage", quantity="1.5", unit="HUR", unit_price="40", nature="service"),
]
WHOLE = invoice(
    LAMPS,
    subject="Bureau du 2e étage",
    buyer_reference="SERVICE-7",
    references=[{"kind": "order", "number": "PO-4711", "date": "2026-02-01"}],
    notes=[{"text": "Merci"}],
    charges=[{"kind": "allowance", "description": "Fidélité", "amount": "5.00", "tax_code": "FR20"}],
)


def test_lines_with_quantities_prices_discounts_and_taxes_are_shown(factotum: Terminal) -> None:
    factotum.post(WHOLE).done()
    shown = factotum("show", "FV-2026-00001").done().out
    lamp = next(one for one in shown.splitlines() if one.strip().startswith("Lampe"))
    assert lamp.split() == ["Lampe", "3", "33.5", "10", "%,", "0.45", "90.00", "FR20", "20", "%"]
    assert "1.5 HUR" in shown and "-5.00" in shown and "note: Merci" in shown
    for words in ("subject: Bureau du 2e étage", "buyer reference: SERVICE-7", "order PO-4711 of 2026-02-01"):
        assert words in shown


def test_programs_get_lines_by_the_names_they_were_posted_with(factotum: Terminal) -> None:
    posted = without(factotum.post(WHOLE).done().json, "index")
    shown = factotum("show", "FV-2026-00001", "--json").done().json
    first, second = shown["lines"]
    assert (first["quantity"], first["unit_price"], first["net"], first["tax_rate"]) == ("3", "33.5", "90.00", "20")
    assert [one["amount"] for one in first["discounts"]] == ["10.05", "0.45"] and second["unit"] == "HUR"
    assert shown["subject"] == "Bureau du 2e étage" and shown["references"][0]["number"] == "PO-4711"
    assert {name: shown[name] for name in posted} == posted


def test_who_posted_it_and_when_is_shown(factotum: Terminal, sqlite_house: House) -> None:
    sqlite_house.post(invoice())
    assert "posted by clerk at 2026-11-03 09:30 UTC" in factotum("show", "FV-2026-00001").done().out


def test_a_document_and_its_correction_name_each_other(factotum: Terminal, sqlite_house: House) -> None:
    first = sqlite_house.post(invoice())
    sqlite_house.post(invoice())
    why = {"kind": "corrects", "id": first["id"], "reason": "rebate"}
    credit = sqlite_house.post(invoice(), category="credit_note", references=[why])
    shown = factotum("show", "FV-2026-00001").done().out
    assert f"corrected by AV-2026-00001 of 2026-03-02, id {credit['id']}" in shown
    assert f"corrects FV-2026-00001 of 2026-03-02, id {first['id']}: rebate" in factotum("show", "AV-2026-00001").out
    assert "corrected by" not in factotum("show", "FV-2026-00002").done().out
    (told,) = factotum("show", "FV-2026-00001", "--json").done().json["corrected_by"]
    assert told == {"id": credit["id"], "number": "AV-2026-00001", "date": "2026-03-02"}


def test_a_purchase_reads_from_the_supplier_to_the_company(factotum: Terminal) -> None:
    assert "PARIS → Épicerie Horizon" in factotum("post", factotum.file(invoice())).done().out
    bought = without(invoice(), "customer") | {"supplier": CUSTOMER, "supplier_number": "4711"}
    said = factotum("post", factotum.file(bought), "--dry-run").done().out
    assert "Épicerie Horizon SARL → PARIS" in said


def test_a_correction_of_one_line_is_found_on_every_database(house: House) -> None:
    first, _ = house.post(invoice()), house.post(invoice())
    lines = [line(references=[{"kind": "corrects", "id": first["id"]}])]
    credit = house.post(invoice(lines), category="credit_note", references=[{"kind": "order", "number": "PO-1"}])
    row = house.documents.by_id(first["id"])
    assert row and [one["id"] for one in house.documents.corrections(row)] == [credit["id"]]
