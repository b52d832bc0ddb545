"""An invoice arrives: it is kept, read, completed, posted as a purchase, and handed on as the rules say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from engine.spi import File
from engine.storage import tables
from tests.plugins.facturx import views
from tests.support import hostile
from tests.support.house import House
from tests.support.invoices_in import TOTAL, bill, cii, inbox_house, settings_of


@pytest.fixture
def inbox(demo_url: str) -> Iterator[House]:
    opened = inbox_house(demo_url)
    yield opened
    opened.close()


def receive(house: House, *files: File, **asked: Any) -> dict[str, Any]:
    (told,) = flow.receive(house, house.context, files, **asked)
    return told


def codes(told: dict[str, Any]) -> list[str]:
    return [one["code"] for one in told["faults"]]


def faults(caught: pytest.ExceptionInfo[Faulty]) -> set[str]:
    return {one.code for one in caught.value.faults}


def test_a_complete_invoice_waits_and_is_taken_as_it_is(inbox: House) -> None:
    told = receive(inbox, cii())
    assert (told["state"], told["company"], told["faults"]) == ("new", "PARIS", [])
    assert (told["supplier_number"], told["date"], told["gross"]) == ("S-1001", "2026-03-02", "401.25")
    taken = flow.take(inbox, inbox.context, told["id"])
    assert taken["state"] == "imported" and taken["document"]
    shown = flow.show(inbox, inbox.context, str(taken["document"]))
    assert shown["totals"]["gross"] == "401.25" and shown["invoice_type"]["code"] == "PIN"
    assert {(one["tax_code"], one["amount"]) for one in shown["taxes"]} == {("FR20", "60.00"), ("FR10", "3.75")}
    row = inbox.row(tables.document)
    assert row["module"] == "purchase" and '"supplier_number":"S-1001"' in row["request"]
    assert inbox.verify() == ()


def test_a_company_that_says_so_posts_what_is_complete(inbox: House, tmp_path: Path) -> None:
    settings_of(inbox, tmp_path, inbox_post="true")
    told = receive(inbox, cii())
    assert told["state"] == "imported" and told["words"].startswith("posted as")


def test_with_post_it_is_posted_at_once_and_once_only(inbox: House) -> None:
    first = receive(inbox, cii(), source="BOX", source_id="m1", post=True)
    again = receive(inbox, cii(), source="BOX", source_id="m1", post=True)
    assert first == again and len(inbox.rows(tables.document)) == 1


def test_every_file_of_a_message_is_taken_in(inbox: House) -> None:
    files = [cii(number=f"S-{n}", name=f"{n}.xml") for n in range(25)]
    told = flow.receive(inbox, inbox.context, files, source="BOX", source_id="m1")
    assert [row["supplier_number"] for row in told] == [f"S-{n}" for n in range(25)]
    assert len(inbox.rows(tables.received)) == 25


def test_a_tax_nobody_has_is_asked_for_and_named(inbox: House) -> None:
    told = receive(inbox, cii(views.line("Lampe", "1", "100", "19")), post=True)
    assert told["state"] == "new" and codes(told) == ["import_tax_unknown"]
    assert "--set lines.0.tax_code" in told["faults"][0]["remedy"]
    with pytest.raises(Faulty) as still:
        flow.take(inbox, inbox.context, told["id"])
    assert faults(still) == {"import_tax_unknown"}
    with pytest.raises(Faulty) as differs:
        flow.take(inbox, inbox.context, told["id"], sets={"lines.0.tax_code": "FR20"})
    assert faults(differs) == {"import_total_differs"}
    assert "the file says 19, our arithmetic gives 20.00" in str(differs.value)
    done = flow.take(inbox, inbox.context, told["id"], sets={"lines.0.tax_code": "FR20"}, accept_totals=True)
    assert done["state"] == "imported"


def test_a_tax_that_may_be_several_is_asked_for(inbox: House, tmp_path: Path) -> None:
    other = '[[tax]]\ncode = "FR20X"\nlegislation = "FRA"\ncategory = "S"\nrate = [{ percent = 20 }]\n'
    inbox.apply(tmp_path, "MORE", other, requires=("DEMO",))
    told = receive(inbox, cii(), post=True)
    assert codes(told) == ["import_tax_ambiguous"] and "FR20, FR20X" in told["faults"][0]["message"]
    assert flow.take(inbox, inbox.context, told["id"], sets={"lines.0.tax_code": "FR20X"})["state"] == "imported"


def test_an_exemption_is_told_apart_by_its_code(inbox: House) -> None:
    told = receive(inbox, cii(views.line("Prime", "1", "100", "0", "E")), post=True)
    assert told["state"] == "imported"


def test_a_file_without_taxes_asks_for_them(inbox: House) -> None:
    bare = cii().content.replace(b"CategoryCode>", b"CategoryX>")
    told = receive(inbox, File("x.xml", "", bare))
    assert {*codes(told)} == {"import_tax_unsaid"}


def test_a_type_can_be_chosen(inbox: House) -> None:
    told = receive(inbox, cii())
    with pytest.raises(Faulty) as wrong:
        flow.take(inbox, inbox.context, told["id"], type="NOPE")
    assert faults(wrong) == {"type_unknown"}
    assert flow.take(inbox, inbox.context, told["id"], type="PIN")["state"] == "imported"


def test_whose_nobody_knows_waits_for_a_company(inbox: House) -> None:
    stranger = views.partner("Somebody else", vat_number="FR99123456789", registration_id="123456789",
                             electronic_address="123456789")  # fmt: skip
    told = receive(inbox, cii(customer=stranger))
    assert told["company"] is None and codes(told) == ["import_company_unknown"]
    taken = flow.take(inbox, inbox.context, told["id"], sets={"company": "PARIS"})
    assert (taken["state"], taken["company"]) == ("imported", "PARIS")


@pytest.mark.parametrize("said", ["vat_number", "registration", "electronic_address"])
def test_one_sign_of_the_buyer_is_enough(inbox: House, said: str) -> None:
    nobody = {"vat_number": "", "registration_scheme": "", "registration_id": "", "electronic_address": "",
              "electronic_address_scheme": "", "email": ""}  # fmt: skip
    signs = {
        "vat_number": {"vat_number": "FR 01 820 043 784"},
        "registration": {"registration_scheme": "0009", "registration_id": "82004378400017"},
        "electronic_address": {"electronic_address_scheme": "0225", "electronic_address": "820043784"},
    }
    told = receive(inbox, cii(customer=views.partner("X", **{**nobody, **signs[said]})))
    assert told["company"] == "PARIS"


def test_two_companies_with_one_sign_are_told(inbox: House, tmp_path: Path) -> None:
    override = '[[override]]\ntable = "company"\nkey = "LYON"\nset = { vat_number = "FR01820043784" }\n'
    inbox.apply(tmp_path, "TWINS", override, requires=("DEMO",))
    told = receive(inbox, cii())
    assert codes(told) == ["import_company_ambiguous"] and "LYON, PARIS" in told["faults"][0]["message"]


# --- duplicates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "state", "said"), [
    ("", "duplicate", ["import_duplicate"]), ("refuse", "duplicate", ["import_duplicate"]),
    ("warn", "new", ["import_duplicate"]), ("accept", "imported", []),
])  # fmt: skip
def test_the_same_file_again(inbox: House, tmp_path: Path, policy: str, state: str, said: list[str]) -> None:
    if policy:
        settings_of(inbox, tmp_path, inbox_duplicates=policy)
    receive(inbox, cii(), post=True)
    again = receive(inbox, cii(name="again.xml"), post=True)
    assert (again["state"], codes(again)) == (state, said)
    if said:
        assert flow.take(inbox, inbox.context, again["id"])["state"] == "imported"  # a person insists


def test_the_same_number_of_the_same_supplier_is_a_duplicate_whatever_the_bytes(inbox: House) -> None:
    receive(inbox, cii(), post=True)
    again = receive(inbox, cii(views.line("Other", "1", "5")), post=True)
    assert again["state"] == "duplicate" and "this supplier" in again["words"]
    assert receive(inbox, cii(number="S-1002"), post=True)["state"] == "imported"


def test_what_was_typed_by_hand_before_is_found_too(inbox: House) -> None:
    told = receive(inbox, cii())
    found = flow.show_received(inbox, inbox.context, told["id"])["found"]["request"]
    flow.dismiss(inbox, inbox.context, told["id"], "typed by hand")
    typed = {
        **{name: found[name] for name in ("date", "supplier", "supplier_number", "currency")}, "company": "PARIS",
        "lines": [{"description": "x", "quantity": "1", "unit_price": "1", "tax_code": "FR20"}], "module": "purchase",
    }  # fmt: skip
    inbox.post(typed)
    again = receive(inbox, cii())
    assert again["state"] == "duplicate" and "posted as" in again["words"]


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_kept_and_says_why(inbox: House) -> None:
    attack = File("../../evil\x00.xml", "text/xml", hostile.cii("<!DOCTYPE a>").encode())
    told = receive(inbox, attack)
    assert told["state"] == "refused" and codes(told) == ["import_unreadable"] and "DOCTYPE" in told["words"]
    assert inbox.row(tables.file)["content"] == attack.content and "\x00" not in told["name"]
    assert codes(receive(inbox, File("a.docx", "x", b"PK\x03\x04"))) == ["import_unknown_file"]
    assert codes(receive(inbox, File("empty.xml", "x", b""))) == ["import_empty"]
    assert codes(receive(inbox, File("big.pdf", "x", b"%PDF-" + b"x" * 20 * 1024 * 1024))) == ["import_too_large"]
    assert codes(receive(inbox, File("nan.xml", "x", hostile.cii(TOTAL="NaN").encode()))) == ["import_field_refused"]
    with pytest.raises(Faulty) as refused:
        flow.take(inbox, inbox.context, told["id"])
    assert faults(refused) == {"import_unreadable"}


def test_an_importer_that_breaks_loses_nothing(inbox: House) -> None:
    class Broken:
        name = "broken"

        def recognises(self, file: File) -> bool:
            raise ZeroDivisionError("oops")

    other = inbox.beside(replace(inbox.plugins, importers={"broken": Broken()}))
    told = receive(other, cii())
    assert told["state"] == "refused" and "plugin fault: ZeroDivisionError" in told["words"]
    assert flow.take(inbox, inbox.context, told["id"])["state"] == "imported"  # mended meanwhile


def test_what_was_kept_and_not_read_is_read_at_the_next_fetch(inbox: House) -> None:
    class Stopped(BaseException):
        pass

    class Stops:
        name = "stops"

        def recognises(self, file: File) -> bool:
            raise Stopped

    other = inbox.beside(replace(inbox.plugins, importers={"stops": Stops()}))
    with pytest.raises(Stopped):
        receive(other, cii())
    (row,) = inbox.rows(tables.received)
    assert row["state"] == "new" and row["found"] == ""
    assert list(flow.fetch(inbox, inbox.context)) == []
    (told,) = flow.received(inbox, inbox.context)
    assert told["supplier_number"] == "S-1001"


def test_totals_that_do_not_add_up_are_told_with_both_figures(inbox: House) -> None:
    wrong = cii()
    spoiled = File("x.xml", "", wrong.content.replace(b">401.25<", b">401.26<"))
    told = receive(inbox, spoiled, post=True)
    assert {*codes(told)} == {"import_total_differs"} and told["state"] == "new"
    assert any("the file says 401.26, our arithmetic gives 401.25" in one["message"] for one in told["faults"])


def test_paths_that_lead_nowhere_are_told(inbox: House) -> None:
    told = receive(inbox, cii())
    for path in ("lines.9.tax_code", "lines.x", "lines.*", "date.x", "a-b", "lines.0.description.deep"):
        with pytest.raises(Faulty) as wrong:
            flow.take(inbox, inbox.context, told["id"], sets={path: "1"})
        assert faults(wrong) == {"import_set_path"}
    done = flow.take(inbox, inbox.context, told["id"], sets={"lines.*.nature": "service", "subject": "Presses"})
    assert done["state"] == "imported"


def test_what_is_settled_stays_settled(inbox: House) -> None:
    told = receive(inbox, cii(), post=True)
    for act in (flow.take, flow.dismiss):
        with pytest.raises(Faulty) as again:
            act(inbox, inbox.context, told["id"])
        assert faults(again) == {"received_not_open"}
    with pytest.raises(Faulty) as nothing:
        flow.take(inbox, inbox.context, 999_999)
    assert faults(nothing) == {"unknown_received"}


def test_who_may_not_import_does_not(inbox: House) -> None:
    nobody = Context(Actor("guest"), inbox.clock)
    with pytest.raises(Faulty) as refused:
        flow.receive(inbox, nobody, [cii()])
    assert faults(refused) == {"not_allowed"} and inbox.rows(tables.received) == []


# --- afterwards -----------------------------------------------------------------------------------------------------


def test_an_imported_invoice_is_delivered_when_the_rules_say_so(inbox: House, tmp_path: Path) -> None:
    rule = """[[delivery_rule]]
id = "FORWARD"
company = "PARIS"
channel = "email"
format = "facturx"
connection = "FORWARD"
when = 'document.module = "purchase"'
"""
    inbox.apply(tmp_path, "FORWARDS", rule, requires=("DEMO",))
    inbox.connect("FORWARD")
    told = receive(inbox, cii(), post=True)
    deliveries = inbox.rows(tables.delivery)
    assert [(one["rule"], one["document"]) for one in deliveries] == [("FORWARD/*", told["document"])]
    reached = [one["state"] for one in deliveries]  # whom a channel reaches of a purchase is the channel's matter
    assert inbox.relay().get("sent", 0) == reached.count("pending") == 1
    (parcel,) = inbox.plugins.channels["email"].parcels  # type: ignore[attr-defined]
    assert parcel.document.module == "purchase" and parcel.document.totals.gross == TOTAL


def test_a_factur_x_is_read_like_its_xml(inbox: House) -> None:
    pytest.importorskip("typst")
    from plugins.facturx.formats import FacturX

    hybrid = FacturX().render(bill())
    told = receive(inbox, hybrid, post=True)
    assert (told["state"], told["syntax"], told["gross"]) == ("imported", "facturx", "401.25")
    assert told["file"] == hashlib.sha256(hybrid.content).hexdigest()


def test_a_credit_note_names_what_it_corrects(inbox: House) -> None:
    from datetime import date

    from engine.spi import ReferenceView

    credit = cii(untdid_code="381", is_credit=True, category="credit_note",
                 references=(ReferenceView("corrects", "S-0999", date(2026, 2, 1), "", ""),))  # fmt: skip
    told = receive(inbox, credit, post=True)
    assert told["state"] == "imported", told
    assert flow.show(inbox, inbox.context, str(told["document"]))["invoice_type"]["code"] == "PCN"
