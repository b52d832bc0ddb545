"""What a review would stop a release for, each as it was reproduced; on both databases."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.kernel.faults import Faulty
from engine.posting.ports import NumberTaken
from tests.scenarios.test_revisions import run
from tests.support.house import CUSTOMER, House, invoice, line, written


def override(table: str, key: str, change: str) -> str:
    return f'[[override]]\ntable = "{table}"\nkey = "{key}"\nset = {{ {change} }}'


def codes(house: House, folder: Path, *texts: str) -> list[str]:
    planned = flow.plan_packs(house, house.context, [str(written(folder, "OURS", *texts))])
    return [fault.code for fault in planned.faults]


def test_a_company_never_gives_one_number_twice(house: House, tmp_path: Path) -> None:
    first = house.post(invoice())["number"]
    house.apply(tmp_path, "OURS", override("counter", "FV/FRA", 'reset = "never"'))
    assert house.refusal(invoice()) == ["number_given_before"]
    with pytest.raises(NumberTaken):
        house.post(invoice())
    assert house.counts()["document"] == 1
    assert house.post(invoice(), company="LYON")["number"] == first  # another company's number is its own
    assert not house.verify()


@pytest.mark.parametrize(("change", "refused"), [("chronological = false", []), ("", ["date_before_last"])])
def test_the_order_of_dates_is_that_of_the_counter_in_force(
    house: House, tmp_path: Path, change: str, refused: list[str]
) -> None:
    house.post(invoice(), date="2026-05-01")
    if change:
        house.apply(tmp_path, "OURS", override("counter", "FV/FRA", change))
    answer = flow.post_one_of_many(house, house.context, 0, invoice(date="2026-02-01"))
    assert [fault["code"] for fault in answer.get("faults", [])] == refused


@pytest.mark.parametrize(
    ("table", "key", "change", "code"),
    [
        ("company", "PARIS", 'legislation = "FR"', "override_value"),
        ("counter", "FV/FRA", 'start = "7"', "override_value"),
        ("automatic_journal", "SIHI/FRA", 'line = { customer = "x" }', "wrong_type"),
        ("tax", "FR20/FRA", 'rate = { "2026-01-01" = 5 }', "wrong_type"),
    ],
)
def test_what_is_in_force_is_what_was_checked(
    house: House, tmp_path: Path, table: str, key: str, change: str, code: str
) -> None:
    assert code in codes(house, tmp_path, override(table, key, change))


def test_an_override_reads_back_as_it_was_checked(house: House, tmp_path: Path) -> None:
    rates = "[{ valid_from = 2014-01-01, valid_to = 2026-12-31 }, { percent = 22, valid_from = 2027-01-01 }]"
    texts = (override("tax", "FR20/FRA", f"rate = {rates}"), override("counter", "FV/FRA", "start = 7"))
    planned = flow.plan_packs(house, house.context, [str(written(tmp_path, "OURS", *texts))])
    flow.apply_packs(house, house.context, planned)
    for kind in ("tax", "counter"):
        from engine.parametrization.definitions import TABLES

        assert house.beside().catalog().table(TABLES[kind]) == planned.candidate.catalog.table(TABLES[kind])


def test_a_header_formula_that_fails_refuses_its_document_and_the_others_post(house: House, tmp_path: Path) -> None:
    condition = "document.gross / (document.net - money(100)) > 100000000 or document.is_credit"
    change = f'reverse = "{condition}"'
    house.apply(tmp_path, "OURS", override("automatic_journal", "SIHI/FRA", change))
    asked = [invoice([line(unit_price=price)]) for price in ("50.00", "100.00", "70.00")]
    answers = list(flow.post_many(house, house.context, asked))
    assert ["faults" in answer for answer in answers] == [False, True, False]
    assert answers[1]["faults"][0]["code"] == "formula_division_by_zero"


def test_a_late_description_that_fails_uses_no_number(house: House, tmp_path: Path) -> None:
    text = "'{document.number} {document.gross / (document.net - money(100))}'"
    house.apply(tmp_path, "OURS", override("automatic_journal", "SIHI/FRA", f'description = "{text}"'))
    assert house.refusal(invoice([line(unit_price="100.00")])) == ["formula_division_by_zero"]
    assert house.value("FV/FRA") == 0


def test_a_used_type_keeps_its_category_also_under_an_override(house: House, tmp_path: Path) -> None:
    house.post(invoice())
    assert "used_category_changed" in codes(
        house, tmp_path, override("invoice_type", "sales/FACT/FRA", 'category = "debit_note"')
    )


def test_what_was_used_since_the_plan_is_not_removed(house: House, tmp_path: Path) -> None:
    own = '[[invoice_type]]\ncode = "TT"\nlegislation = "FRA"\nmodule = "sales"\ncategory = "invoice"\n'
    house.apply(tmp_path, "OURS", own + 'entry_type = "FAC"\nautomatic_journal = "SIHI"\n')
    planned = flow.plan_packs(house, house.context, [str(written(tmp_path, "OURS"))])
    house.post(invoice(), invoice_type="TT")
    with pytest.raises(Faulty) as faulty:
        flow.apply_packs(house, house.context, planned)
    assert [fault.code for fault in faulty.value.faults] == ["used_record_removed"]


@pytest.mark.parametrize(
    "text",
    [
        f'[[user]]\ncode = "{"u" * 300}"',
        f'[[tax]]\ncode = "T"\ncategory = "E"\nexemption_code = "{"V" * 60}"\nrate = [{{ percent = 0 }}]',
        '[[counter]]\ncode = "N"\ncomponent = [{ position = 1, kind = "constant", value = "'
        + "x" * 80
        + '" }, { position = 2, kind = "sequence", length = 5 }]',
    ],
)
def test_what_no_column_holds_is_refused_at_plan(house: House, tmp_path: Path, text: str) -> None:
    assert codes(house, tmp_path, text)


def test_amounts_that_cancel_out_are_still_too_large(house: House) -> None:
    charges = [
        {"kind": kind, "description": "x", "amount": "90000000000000.00", "tax_code": "FR20"}
        for kind in ("charge", "allowance")
        for _ in range(12)
    ]
    assert house.refusal(invoice(charges=charges), invoice_type="PRO") == ["amount_too_large"]


def test_a_byte_that_is_no_text_spoils_only_its_line() -> None:
    from engine.edge.cli.reading import Unreadable, read_documents

    lines = [json.dumps({"n": number}).encode() for number in range(60)]
    lines[40] = b'{"n": "\xff"}'
    lines[50] = '{"n": "a\u2028b"}'.encode()
    form, found = read_documents(io.BytesIO(b"\n".join(lines)))
    read = list(found)
    assert (form, len(read)) == ("lines", 60)
    assert [isinstance(one, Unreadable) for one in read].count(True) == 1
    assert read[50] == {"n": "a\u2028b"}


def test_a_plan_tells_whom_closing_moving_and_taxing_touch(house: House, tmp_path: Path) -> None:
    def touched(text: str) -> Any:
        plan = flow.plan_packs(house, house.context, [str(written(tmp_path, "OURS", text))])
        return flow.affected(house, plan, house.clock.now().date())

    closed = touched(override("invoice_type", "sales/FACT/FRA", "active = false"))
    assert closed.types == ("sales/FACT/FRA",)
    assert set(closed.companies) == {"LILLE", "LYON", "PARIS"}
    moved = touched(override("company_group", "GRP", 'companies = ["PARIS"]'))
    assert "sales/FAF/FRA" in moved.types
    taxed = touched(override("tax", "FR20/FRA", 'accounting_code = "STD"'))
    assert "PARIS" in taxed.companies and "MILANO" not in taxed.companies


def test_test_runs_the_pack_it_is_given_however_it_is_spelt(house: House, tmp_path: Path) -> None:
    document = '{ company = "PARIS", date = "2026-03-02", lines = [] }'
    example = f'[[example]]\nid = "E"\ndocument = {document}\nexpect = {{ number = "X" }}'
    place = written(tmp_path / "a folder", "OURS", example)
    for name in (str(place), f"{place}/", f"{place}/../OURS"):
        assert "0 of 1" in run(house, "test", name, exit_code=1).output


def test_a_type_for_orders_leads_somewhere_too(house: House, tmp_path: Path) -> None:
    kind = '[[invoice_type]]\ncode = "OR"\nlegislation = "FRA"\nmodule = "sales"\ncategory = "invoice"\n'
    recipe = '[[automatic_journal]]\ncode = "ITX"\nlegislation = "ITA"\n'
    one = '[[automatic_journal.line]]\nid = "a"\nside = "debit"\naccount = ["411"]\namount = "document.gross"\n'
    text = kind + 'entry_type = "FAC"\nautomatic_journal = "ITX"\nautomatic_journal_direct = "SIHI"\n' + recipe + one
    assert set(codes(house, tmp_path, text)) == {"reference_not_usable"}


def test_connections_settings_that_no_longer_fit_tell_no_secret(house: House) -> None:
    from engine.storage import tables

    house.connect()
    house.change(tables.connection, {"settings": json.dumps({"box": {"password": "hunter3"}})})
    house.post(invoice(), customer=CUSTOMER)
    house.relay()
    detail = house.row(tables.delivery)["detail"]
    assert "hunter3" not in detail
    assert "not well configured" in detail


def test_a_line_that_corrects_a_document_takes_that_documents_rate(house: House) -> None:
    old = [{"kind": "corrects", "number": "FV-2013-1", "date": "2013-11-04"}]
    lines = [line(references=old), line(description="Rien à voir")]
    answer = house.post(invoice(lines), references=[{"kind": "corrects", "number": "FV-2026-9", "date": "2026-01-05"}],
                        invoice_type="AVF", category="credit_note")  # fmt: skip
    assert sorted(tax["rate"] for tax in answer["taxes"]) == ["19.6", "20"]
    alone = house.post(invoice([line(references=old)]), invoice_type="AVF", category="credit_note")
    assert [tax["rate"] for tax in alone["taxes"]] == ["19.6"]
