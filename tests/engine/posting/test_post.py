"""One document becomes number, entries, hash, audit and deliveries, all or nothing, and stays what it is."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from engine import flow
from engine.drafting.request import read_request
from engine.kernel.faults import Faulty
from engine.posting import canon
from engine.rehearsal.rehearse import rehearse
from engine.storage import tables
from tests.support.house import AT, CUSTOMER, House, invoice, line, without
from tests.support.statements import counted

DOLLARS = {"currency": "USD", "exchange_rate": "0.92345678", "payment_terms": "N30-60"}


def test_a_document_gets_number_entries_hash_audit_and_deliveries(house: House) -> None:
    answer = house.post(invoice(2), key="K1")
    assert answer["number"] == "FV-2026-00001" and answer["status"] == "posted"
    assert answer["totals"]["gross"] == "240.00"
    (entry,) = answer["entries"]
    assert [(one["account"], one["debit"], one["credit"]) for one in entry["lines"]] == [
        ("411", "240.00", "0.00"), ("707", "0.00", "200.00"), ("44571", "0.00", "40.00")
    ]  # fmt: skip
    (delivery,) = answer["deliveries"]
    assert (delivery["channel"], delivery["state"]) == ("email", "pending")
    assert delivery["recipients"] == [CUSTOMER["email"]]
    document, audit = house.row(tables.document), house.row(tables.audit)
    assert document["hash"] == answer["hash"] and document["previous_hash"] == canon.FIRST
    assert (audit["actor"], audit["action"], audit["at"]) == ("clerk", "post", AT)
    assert audit["subject"] == f"document {answer['id']}"
    assert house.row(tables.series)["head_hash"] == answer["hash"]
    assert house.counts() == {
        "document": 1, "document_line": 2, "document_tax": 1, "entry": 1, "entry_line": 3, "audit": 1, "delivery": 1
    }  # fmt: skip


def test_everything_of_a_document_is_written_in_one_transaction(house: House) -> None:
    house.post(invoice())
    with counted(house.database) as statements:
        house.post(invoice())
    assert len(statements.starting("BEGIN")) == len(statements.starting("COMMIT")) == 1
    begin, commit = (statements.index(*statements.starting(word)) for word in ("BEGIN", "COMMIT"))
    writes = [place for place, one in enumerate(statements) if one.startswith(("INSERT", "UPDATE"))]
    assert begin < min(writes) and max(writes) < commit


def test_each_document_hangs_on_the_one_before_it(house: House) -> None:
    hashes = [house.post(invoice())["hash"] for _ in range(3)]
    rows = house.rows(tables.document)
    assert [row["previous_hash"] for row in rows] == [canon.FIRST, *hashes[:2]]


# --- one key, one document ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, DOLLARS], ids=["euro", "dollar"])
def test_the_same_key_and_content_gives_the_first_answer_byte_for_byte(house: House, changes: dict[str, str]) -> None:
    document = invoice(3, key="K1", charges=[CHARGE], **changes)
    first = json.dumps(house.post(document))
    house.clock.goes_on(days=3)
    assert json.dumps(house.post(document)) == first
    assert json.dumps(house.beside().post(document)) == first
    assert house.counts()["document"] == house.counts()["audit"] == house.value("FV/FRA") == 1


CHARGE = {"kind": "charge", "description": "Port", "percent": "3.5", "tax_code": "FR20"}


def test_the_same_key_with_other_content_is_refused(house: House) -> None:
    house.post(invoice(), key="K1")
    assert house.refusal(invoice(2), key="K1") == ["key_other_content"]
    assert house.value("FV/FRA") == house.counts()["document"] == 1


def test_a_key_belongs_to_its_company(house: House) -> None:
    numbers = [house.post(invoice(), key="K1", company=company)["number"] for company in ("PARIS", "LYON")]
    assert numbers == ["FV-2026-00001", "FV-2026-00001"]


def test_without_a_key_the_same_content_posts_again(house: House) -> None:
    assert house.post(invoice())["number"] != house.post(invoice())["number"]


def test_the_first_answer_comes_back_after_its_type_was_closed(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", COUNTER_SALE)
    first = house.post(invoice(), key="K1", invoice_type="KIOSK")
    house.apply(tmp_path, "SHOP", COUNTER_SALE.replace("[[invoice_type]]", "[[invoice_type]]\nactive = false"))
    assert house.refusal(invoice(), key="K2", invoice_type="KIOSK") == ["type_not_offered"]
    assert house.post(invoice(), key="K1", invoice_type="KIOSK") == first


def test_the_first_answer_comes_back_after_the_dates_moved_on(house: House) -> None:
    first = house.post(invoice(), key="K1")
    house.post(invoice(), date="2026-06-30")
    assert house.refusal(invoice(), key="K2") == ["date_before_last"]
    assert house.post(invoice(), key="K1") == first


COUNTER_SALE = """
[[invoice_type]]
code = "KIOSK"
legislation = "FRA"
module = "sales"
category = "invoice"
entry_type = "FAC"
automatic_journal = "SIHI"
"""

# --- numbers --------------------------------------------------------------------------------------------------------


def test_a_chronological_series_refuses_an_earlier_date_and_uses_no_number(house: House) -> None:
    house.post(invoice(), date="2026-03-02")
    with pytest.raises(Faulty) as refused:
        house.post(invoice(), date="2026-03-01")
    (fault,) = refused.value.faults
    assert (fault.code, fault.path) == ("date_before_last", "date")
    assert "2026-03-02" in fault.message and fault.remedy == "date it 2026-03-02 or later"
    assert house.post(invoice(), date="2026-03-02")["number"] == "FV-2026-00002"


def test_a_series_that_is_not_chronological_takes_dates_in_any_order(house: House) -> None:
    dates = ("2026-03-02", "2026-03-01", "2026-12-31", "2026-01-01")
    numbers = [house.post(invoice(), invoice_type="PRO", date=date)["number"] for date in dates]
    assert numbers == [f"PRO-2026-{value:05d}" for value in (1, 2, 3, 4)]


def test_a_closed_series_gives_no_number(house: House) -> None:
    house.post(invoice())
    house.change(tables.series, {"closed": True}, counter="FV/FRA")
    before = house.counts()
    assert house.refusal(invoice()) == house.refusal(invoice(), date="2026-01-01") == ["series_closed"]
    with pytest.raises(Faulty):
        house.post(invoice(), dry_run=True)
    assert house.counts() == before and house.value("FV/FRA") == 1
    assert house.post(invoice(), date="2027-01-01")["number"] == "FV-2027-00001"


def test_each_year_and_each_company_count_for_themselves(house: House) -> None:
    posted = [("PARIS", "2025-12-31"), ("PARIS", "2026-01-01"), ("LYON", "2026-01-01"), ("PARIS", "2026-01-02")]
    numbers = [house.post(invoice(), company=company, date=date)["number"] for company, date in posted]
    assert numbers == ["FV-2025-00001", "FV-2026-00001", "FV-2026-00001", "FV-2026-00002"]
    assert house.post(invoice(), date="2025-12-31")["number"] == "FV-2025-00002"
    assert not house.verify()


MONTHLY = (
    COUNTER_SALE.replace('entry_type = "FAC"', 'entry_type = "FAC"\ncounter = "MON"')
    + """
[[counter]]
code = "MON"
reset = "monthly"
start = 501
component = [
    { position = 1, kind = "company" },
    { position = 2, kind = "year", length = 2 },
    { position = 3, kind = "month" },
    { position = 4, kind = "sequence", length = 3 },
]
"""
)


def test_a_monthly_counter_starts_again_each_month_where_it_says(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", MONTHLY)
    dates = ("2026-03-02", "2026-03-31", "2026-04-01", "2026-03-15")
    numbers = [house.post(invoice(), invoice_type="KIOSK", date=date)["number"] for date in dates]
    assert numbers == ["PARIS2603501", "PARIS2603502", "PARIS2604501", "PARIS2603503"]
    assert not house.verify()


def test_a_counter_that_is_full_gives_no_number(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", MONTHLY.replace("501", "999"))
    house.post(invoice(), invoice_type="KIOSK")
    before = house.counts()
    assert house.refusal(invoice(), invoice_type="KIOSK") == ["counter_exhausted"]
    assert house.counts() == before and house.value("MON/*", period="2026-03") == 999


def test_a_proforma_has_a_number_of_its_own_and_no_entry(house: House) -> None:
    house.post(invoice())
    proforma = house.post(invoice(), category="proforma")
    assert proforma["number"] == "PRO-2026-00001" and proforma["entries"] == []
    assert house.post(invoice())["number"] == "FV-2026-00002"
    assert not house.verify()


# --- credits, currencies, texts -------------------------------------------------------------------------------------


def test_a_credit_note_takes_rates_and_number_of_the_document_it_corrects(house: House) -> None:
    old = house.post(invoice(), date="2013-12-30")
    assert old["taxes"][0]["rate"] == "19.6"
    credit = house.post(invoice(), category="credit_note", references=[{"kind": "corrects", "id": old["id"]}])
    assert credit["number"] == "AV-2026-00001"
    assert credit["taxes"][0]["rate"] == "19.6" and credit["totals"] == old["totals"]
    view = house.deliveries.view(credit["id"])
    assert [(one.number, str(one.date)) for one in view.references] == [("FV-2013-00001", "2013-12-30")]
    file = flow.export(house, house.context, credit["number"], "facturx")
    assert "corrects FV-2013-00001" in file.content.decode()
    explained = flow.show(house, house.context, credit["number"], explain=True)["explanation"]
    assert explained["tax_point"] == "2013-12-30"


def test_a_credit_note_turns_the_sides(house: House) -> None:
    outside = [{"kind": "corrects", "number": "OLD-7", "date": "2025-01-01"}]
    answer = house.post(invoice(), category="credit_note", references=outside)
    assert [(one["account"], one["debit"], one["credit"]) for one in answer["entries"][0]["lines"]] == [
        ("411", "0.00", "120.00"), ("707", "100.00", "0.00"), ("44571", "20.00", "0.00")
    ]  # fmt: skip


def test_an_origin_of_another_company_is_unknown(house: House) -> None:
    old = house.post(invoice(), company="LYON")
    references = [{"kind": "corrects", "id": old["id"]}]
    assert house.refusal(invoice(), category="credit_note", references=references) == ["unknown_origin"]


def test_a_document_in_dollars_is_booked_in_euro_and_keeps_both_amounts(house: House) -> None:
    lines = [line(unit_price="33.33", quantity="3"), line(unit_price="0.01", nature="service")]
    answer = house.post(invoice(), lines=lines, **DOLLARS)
    (entry,) = answer["entries"]
    assert (answer["currency"], entry["currency"]) == ("USD", "EUR")
    assert answer["totals"]["gross"] == "120.00"
    booked = [(one["account"], one["debit"], one["credit"], one["amount_currency"]) for one in entry["lines"]]
    assert booked == [  # the customer takes the rounding: 120.00 alone would be 110.81
        ("411", "110.82", "0.00", "120.00"), ("707", "0.00", "92.34", "-99.99"), ("706", "0.00", "0.01", "-0.01"),
        ("44571", "0.00", "18.47", "-20.00"),
    ]  # fmt: skip
    assert {one["currency"] for one in entry["lines"]} == {"USD"}
    assert not house.verify()


LATE = (
    COUNTER_SALE.replace("SIHI", "LATE")
    + """
[[automatic_journal]]
code = "LATE"
module = "sales"
entry_type = "FAC"
journal = "VTE"
description = '"{document.number}"'

[[automatic_journal.line]]
id = "customer"
side = "debit"
account = ["customer.control"]
amount = "document.net"
description = '"{document.number} of {partner.name}"'

[[automatic_journal.line]]
id = "sales"
each = "line"
side = "credit"
account = ["sales.goods"]
amount = "line.net"
description = '"{line.description}, {document.number}"'

[[automatic_journal.line]]
id = "charges"
each = "charge"
side = "credit"
account = ["sales.goods"]
amount = "charge.amount"
"""
)


def test_a_description_that_names_the_number_prints_it(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", LATE)
    for number in ("FV-2026-00001", "FV-2026-00002"):
        answer = house.post(invoice(), invoice_type="KIOSK", lines=[UNTAXED], key=number)
        (entry,) = answer["entries"]
        assert entry["description"] == number
        assert [one["description"] for one in entry["lines"]] == [
            f"{number} of {CUSTOMER['name']}", f"Verre, {number}"
        ]  # fmt: skip
        assert house.post(invoice(), invoice_type="KIOSK", lines=[UNTAXED], key=number) == answer
    assert not house.verify()


UNTAXED = line(description="Verre", tax_code="FREXP")


def test_two_descriptions_that_name_the_number_stay_two(sqlite_house: House, tmp_path: Path) -> None:
    sqlite_house.apply(tmp_path, "SHOP", LATE)
    lines = [UNTAXED, UNTAXED | {"description": "Tasse"}]
    (entry,) = sqlite_house.post(invoice(), invoice_type="KIOSK", lines=lines)["entries"]
    assert [one["description"] for one in entry["lines"][1:]] == ["Verre, FV-2026-00001", "Tasse, FV-2026-00001"]


# --- afterwards -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", [table for table in tables.POSTED if table is not tables.document_seal], ids=lambda table: table.name
)
def test_what_was_posted_cannot_be_changed_or_removed(house: House, table: tables.Table) -> None:
    house.post(invoice())
    before = house.rows(table)
    for statement in (table.update().values(company="LYON"), table.delete()):
        with pytest.raises(IntegrityError, match="posted rows never change"), house.database.write() as connection:
            connection.execute(statement)
    assert house.rows(table) == before and not house.verify()


def test_a_dry_run_answers_as_posting_would_and_consumes_nothing(house: House) -> None:
    for document in (invoice(2), invoice(2, **DOLLARS), invoice(category="proforma")):
        before = house.counts()
        would = [house.post(document, dry_run=True, key=f"K{before['document']}") for _ in range(2)]
        assert house.counts() == before
        real = house.post(document, key=f"K{before['document']}")
        differing = ("id", "status", "hash", "deliveries")
        assert without(would[0], *differing) == without(would[1], *differing) == without(real, *differing)
        assert [without(one, "id") for one in would[0]["deliveries"]] == [
            without(one, "id") for one in real["deliveries"]
        ]
        assert (would[0]["id"], would[0]["status"], would[0]["hash"]) == (None, "dry_run", None)


def test_a_dry_run_refuses_what_posting_would_refuse(house: House) -> None:
    house.post(invoice(), key="K1")
    with pytest.raises(Faulty) as refused:
        house.post(invoice(), date="2026-01-01", dry_run=True)
    assert [fault.code for fault in refused.value.faults] == ["date_before_last"]
    with pytest.raises(Faulty) as refused:
        house.post(invoice(2), key="K1", dry_run=True)
    assert [fault.code for fault in refused.value.faults] == ["key_other_content"]


def test_a_dry_run_sees_a_type_that_was_added_a_moment_ago(house: House, tmp_path: Path) -> None:
    house.post(invoice())
    house.beside().apply(tmp_path, "SHOP", COUNTER_SALE)
    assert house.post(invoice(), invoice_type="KIOSK", dry_run=True)["number"] == "FV-2026-00002"


def test_every_due_date_of_a_long_document_adds_up(house: House) -> None:
    answer = house.post(invoice(200, payment_terms="N30-60"))
    assert len(house.rows(tables.document_line)) == 200
    assert [one["amount"] for one in answer["due_dates"]] == ["12000.00", "12000.00"]


def test_who_may_not_post_writes_nothing(house: House) -> None:
    mute = flow.Context(flow.Actor("guest"), house.clock)
    with pytest.raises(Faulty) as refused:
        flow.post(house, mute, invoice())
    assert [fault.code for fault in refused.value.faults] == ["not_allowed"]
    only_quotes = flow.Context(flow.Actor("guest", lambda action, company, type: type != "FACT"), house.clock)
    with pytest.raises(Faulty):
        flow.post(house, only_quotes, invoice())
    assert house.counts()["document"] == 0


def test_the_moment_of_posting_is_that_of_the_clock(house: House) -> None:
    house.post(invoice())
    house.clock.goes_on(minutes=5)
    house.post(invoice())
    assert [row["posted_at"] for row in house.rows(tables.document)] == [AT, AT + timedelta(minutes=5)]


# --- those it is for ------------------------------------------------------------------------------------------------


def test_a_mistyped_address_is_refused_with_whatever_else_is_wrong(house: House) -> None:
    mistyped = {"customer": CUSTOMER | {"email": "compta2"}}
    assert house.refusal(invoice(), **mistyped) == ["bad_email"]
    assert house.refusal(invoice(), **mistyped, lines=[]) == ["bad_email", "no_lines"]
    (answer,) = house.post_batch([invoice(**mistyped)])
    assert answer["faults"][0]["code"] == "bad_email" and not house.counts()["document"]


def test_what_was_posted_with_such_an_address_is_replayed_as_ever(house: House) -> None:
    answer = house.post(invoice())
    asked = read_request(invoice() | {"customer": CUSTOMER | {"email": "compta2"}})
    assert rehearse(house.catalog(), asked, 1, posted=True)["number"] == answer["number"]
    with pytest.raises(Faulty):
        rehearse(house.catalog(), asked, 1)
