"""What a document says of documents of ours: by id, or by the number alone, which must be one of theirs."""

from datetime import date
from typing import Any

import pytest

from engine import flow
from engine.drafting.request import read_request
from engine.kernel.faults import Faulty
from engine.posting.origins import Found, origins_of
from tests.support.house import House, invoice, line
from tests.support.statements import counted

CREDIT = {"category": "credit_note"}


def naming(number: str, kind: str = "corrects", **more: Any) -> dict[str, Any]:
    return {"references": [{"kind": kind, "number": number} | more]}


def fault_of(house: House, **changes: Any) -> dict[str, Any]:
    answer = flow.post_one_of_many(house, house.context, 0, invoice(**changes))
    (fault,) = answer["faults"]
    return dict(fault)


def test_a_number_alone_is_the_document_of_ours_as_its_id_is(house: House) -> None:
    old = house.post(invoice(), date="2013-12-30")
    by_id = {"references": [{"kind": "corrects", "id": old["id"], "reason": "back"}]}
    first = house.post(invoice(), **CREDIT, **by_id)
    second = house.post(invoice(), **CREDIT, **naming(old["number"], reason="back"))
    assert first["taxes"] == second["taxes"] and second["taxes"][0]["rate"] == "19.6"
    views = [house.deliveries.view(one["id"]).references for one in (first, second)]
    assert views[0] == views[1] and views[1][0].date == date(2013, 12, 30)
    explained = flow.show(house, house.context, second["number"], explain=True)["explanation"]
    assert explained["tax_point"] == "2013-12-30" and not house.verify()


def test_a_line_may_name_what_it_corrects_by_number(house: House) -> None:
    old = house.post(invoice(), date="2013-12-30")
    lines = [line(**naming(old["number"])), line()]
    answer = house.post(invoice(lines), **CREDIT, **naming("FV-1", date="2026-01-05"))
    assert {one["rate"] for one in answer["taxes"]} == {"19.6", "20"}
    fault = fault_of(house, lines=[line(**naming("FV-9"))], **CREDIT, **naming("FV-1", date="2026-01-05"))
    assert (fault["code"], fault["path"]) == ("unknown_number", "lines[0].references[0].number")


@pytest.mark.parametrize("kind", ["corrects", "invoice", "advance"])
def test_a_number_alone_that_no_document_has_is_told(house: House, kind: str) -> None:
    fault = fault_of(house, **naming("FV-2026-00077", kind))
    assert (fault["code"], fault["path"]) == ("unknown_number", "references[0].number")
    assert "PARIS" in fault["message"] and "FV-2026-00077" in fault["message"] and "`date`" in fault["remedy"]
    assert not house.counts()["document"]


def test_a_number_of_another_company_is_none_of_ours(house: House) -> None:
    old = house.post(invoice(), company="LYON")
    assert house.refusal(invoice(), **CREDIT, **naming(old["number"])) == ["unknown_number"]


def test_a_number_with_its_date_is_of_another_system_and_is_not_looked_up(house: House) -> None:
    house.post(invoice())
    with counted(house.database) as statements:
        house.post(invoice(), **CREDIT, **naming("OLD-7", date="2025-01-01"))
    assert not [one for one in statements if one.startswith("SELECT document.")]


@pytest.mark.parametrize("kind", ["order", "contract", "delivery_note", "project", "proforma"])
def test_other_kinds_name_what_is_not_among_our_invoices(house: House, kind: str) -> None:
    assert house.post(invoice(), **naming("X-1", kind))["number"] == "FV-2026-00001"


def test_the_number_a_purchase_refers_to_is_the_supplier_s(house: House) -> None:
    purchase = {"customer": None, "supplier": invoice()["customer"], "supplier_number": "S-2"}
    asked = read_request(invoice() | purchase | naming("S-1")).request
    assert origins_of(asked, lambda *_: pytest.fail("looked up")) == {}


def test_all_numbers_cost_one_statement(house: House) -> None:
    numbers = [house.post(invoice())["number"] for _ in range(3)]
    house.post(invoice(), **CREDIT, references=[{"kind": "corrects", "id": 1}])
    figures = []
    for some in ([], numbers[:1], numbers):
        references = [{"kind": "invoice", "number": one} for one in some]
        with counted(house.database) as statements:
            house.post(invoice(), references=references)
        figures.append(len(statements))
    assert figures[1] == figures[2] == figures[0] + 1


def test_a_number_that_two_documents_have_is_not_guessed() -> None:
    row = {"module": "sales", "date": date(2026, 1, 5), "content": '{"tax_point": "2026-01-05"}'}
    found = Found.of(
        [
            row | {"id": 4, "number": "A-1", "creation_number": "C-1"},
            row | {"id": 5, "number": "C-1", "creation_number": None},
        ]
    )
    asked = read_request(invoice() | naming("C-1")).request
    with pytest.raises(Faulty) as refused:
        origins_of(asked, lambda *_: found)
    (fault,) = refused.value.faults
    assert (fault.code, fault.path) == ("ambiguous_number", "references[0].number") and "4, 5" in fault.message
    assert origins_of(read_request(invoice() | naming("A-1")).request, lambda *_: found)["A-1"].id == 4


def test_a_batch_finds_numbers_and_one_that_it_gives_itself(house: House) -> None:
    old = house.post(invoice(), date="2026-01-05")
    documents = [
        invoice(),
        invoice(**CREDIT, **naming(old["number"])),
        invoice(**CREDIT, **naming("FV-2026-00002"), date="2026-03-03"),
        invoice(**CREDIT, **naming("FV-2026-00077")),
        invoice(),
    ]
    answers = house.post_batch(documents)
    assert [one.get("number") for one in answers] == [
        "FV-2026-00002", "AV-2026-00001", "AV-2026-00002", None, "FV-2026-00003"
    ]  # fmt: skip
    assert [fault["code"] for fault in answers[3]["faults"]] == ["unknown_number"]
    assert not house.verify()


def test_what_was_posted_with_a_number_of_nobody_keeps_it() -> None:
    asked = read_request(invoice() | naming("OLD-7")).request
    assert origins_of(asked, lambda *_: Found(), posted=True) == {}
    with pytest.raises(Faulty):
        origins_of(asked, lambda *_: Found())
