"""Every kind of finding, by somebody who owns the database: each change is named as what it is, and as nothing else."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, update

from engine.posting import canon, findings
from engine.storage import tables
from tests.engine.numbering.test_components import FAST, HAND
from tests.support.attacker import Attacker, attacking, rewrite_past, unguarded
from tests.support.house import House, invoice, line

Change = Callable[[Attacker, int], None]
DOCUMENT, LINE, TAX, ENTRY, ENTRY_LINE, AUDIT, *_ = tables.POSTED
CHARGE = {"kind": "allowance", "description": "Remise", "percent": "3", "tax_code": "FR20"}


def posted(house: House, count: int = 4) -> list[int]:
    """Documents of PARIS/FV/FRA/2026, which is series 1, with something in every table; their ids."""
    lines = [line(), line(nature="service", discounts=[{"percent": "10"}]), line(tax_code="FR55")]
    asked = invoice(lines=lines, charges=[CHARGE], currency="USD", exchange_rate="0.92")
    return [house.post(asked)["id"] for _ in range(count)]


def mine(table: Table, document: int) -> Any:
    return (table.c.id if table is DOCUMENT else table.c.document) == document


def changed(table: Table, values: dict[str, Any], **where: Any) -> Change:
    """A column of the document, or of its rows in a table; a Decimal is added."""

    def change(attacker: Attacker, document: int) -> None:
        new = {name: table.c[name] + value if isinstance(value, Decimal) else value for name, value in values.items()}
        which = [table.c[name] == value for name, value in where.items()]
        attacker.run(update(table).values(new).where(mine(table, document), *which))

    return change


def gone(table: Table) -> Change:
    return lambda attacker, document: attacker.run(delete(table).where(mine(table, document)))


def spaced(table: Table, column: str) -> Change:
    """JSON with a space that canonical JSON does not have."""
    return lambda attacker, document: attacker.run(
        update(table).values({column: table.c[column].concat(" ")}).where(mine(table, document))
    )


def content(edit: Callable[[dict[str, Any]], object]) -> Change:
    def change(attacker: Attacker, document: int) -> None:
        held = json.loads(attacker.house.row(DOCUMENT, id=document)["content"])
        edit(held)
        attacker.change(DOCUMENT, {"content": canon.json_text(held)}, id=document)

    return change


def both(*changes: Change) -> Change:
    def change(attacker: Attacker, document: int) -> None:
        for one in changes:
            one(attacker, document)

    return change


REBUILT: dict[str, tuple[Change, str]] = {
    "taken out": (lambda attacker, document: attacker.remove(document), "value_missing"),
    "set back": (changed(DOCUMENT, {"date": date(2026, 3, 1)}), "date_fell"),
    "of another year": (changed(DOCUMENT, {"date": date(2027, 1, 1)}), "date_fell number_differs period_differs"),
    "another number": (changed(DOCUMENT, {"number": "FV-2026-00099"}), "number_differs"),
    "a hash of the future": (changed(DOCUMENT, {"canon": 9}), "hash_version_unknown"),
    "not hashed yet": (both(changed(DOCUMENT, {"canon": 1}), changed(ENTRY, {"status": "draft"})), "column_not_hashed"),
    "another request": (spaced(DOCUMENT, "request"), "request_changed"),
    "content spaced": (spaced(DOCUMENT, "content"), "json_not_canonical"),
    "content lacking": (content(lambda held: held.pop("withholdings")), "json_not_canonical"),
    "detail spaced": (spaced(LINE, "detail"), "json_not_canonical"),
    "audit spaced": (spaced(AUDIT, "detail"), "json_not_canonical"),
    "analytic": (changed(ENTRY_LINE, {"analytic": '[{"amount":1.5}]'}, position=1), "json_not_canonical"),
    "a line of others": (changed(LINE, {"company": "LYON"}, position=1), "other_company"),
    "not audited": (gone(AUDIT), "not_audited"),
    "due dates": (content(lambda held: held["due_dates"].pop()), "total_differs"),
    "own currency": (content(lambda held: held.update(tax_company_currency="1")), "total_differs"),
    "withheld": (content(lambda held: held["withholdings"].append({"amount": "1"})), "total_differs"),
    "prepaid": (content(lambda held: held["prepaid"].append({"amount": "1"})), "total_differs"),
    **{name: (changed(DOCUMENT, {name: Decimal(1)}), "total_differs") for name in (
        "lines", "charges", "allowances", "net", "tax", "gross", "withholding", "prepaid", "rounding", "payable"
    )},
    "a base": (changed(TAX, {"base": Decimal(1)}, position=1), "tax_row_differs"),
    "a rate": (changed(TAX, {"rate": Decimal(1)}, position=1), "tax_row_differs"),
    "a tax": (changed(TAX, {"amount": Decimal(1)}, position=1), "tax_row_differs total_differs"),
    "no taxes": (gone(TAX), "total_differs"),
    "a gross": (changed(LINE, {"gross": Decimal(1)}, position=1), "line_differs"),
    "a quantity": (changed(LINE, {"quantity": Decimal(1)}, position=1), "line_differs"),
    "a charge": (changed(LINE, {"net": Decimal(1)}, kind="allowance"), "line_differs tax_row_differs total_differs"),
    "a debit": (changed(ENTRY_LINE, {"debit": Decimal(1)}, position=1), "out_of_balance"),
    "in dollars": (changed(ENTRY_LINE, {"amount_currency": Decimal(1)}, position=1), "out_of_balance"),
    "no entry lines": (gone(ENTRY_LINE), "entry_incomplete"),
    "no entry": (gone(ENTRY), "entry_incomplete"),
}  # fmt: skip
"""What is changed of the second document, and what is told of it once all hashes are computed anew."""


@pytest.mark.parametrize("name", REBUILT)
def test_a_change_is_named_though_the_chain_was_rebuilt(house: House, name: str) -> None:
    change, codes = REBUILT[name]
    ids = posted(house)
    with attacking(house) as attacker:
        assert not attacker.codes()
        change(attacker, ids[1])
        attacker.rebuild()
        assert attacker.codes() == set(codes.split())


def series(values: dict[str, Any]) -> Change:
    return lambda attacker, _: attacker.change(tables.series, values, id=1)


CHANGED: dict[str, tuple[Change, str]] = {
    "a name": (changed(DOCUMENT, {"partner_name": "Somebody Else"}), "rows_changed"),
    "a hash": (changed(DOCUMENT, {"hash": "0" * 64}), "chain_interrupted link_broken"),
    "the head": (series({"value": 3}), "series_head"),
    "its day": (series({"last_date": date(2026, 5, 1)}), "series_date"),
    "its company": (series({"company": "LYON"}), "other_series"),
    "its counter": (series({"counter": "NO/FRA"}), "counter_unknown"),
    "no series": (lambda attacker, _: attacker.run(delete(tables.series)), "document_without_series"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_named(house: House, name: str) -> None:
    change, codes = CHANGED[name]
    ids = posted(house)
    with attacking(house) as attacker:
        change(attacker, ids[1])
        assert attacker.codes() == set(codes.split())


def test_a_series_whose_beginning_was_cut_off_is_told(house: House) -> None:
    first, *_ = posted(house)
    with attacking(house) as attacker:
        attacker.remove(first)
        attacker.rebuild()
        (found,) = attacker.verify().findings
    assert found.fault.code == "series_start" and "with value 2, not 1" in found.words


def test_rows_whose_document_is_gone_are_told(house: House) -> None:
    *_, last = posted(house)
    with attacking(house) as attacker:
        attacker.run(delete(DOCUMENT).where(DOCUMENT.c.id == last))
        attacker.rebuild()
        found = attacker.verify()
    assert {one.fault.code for one in found.findings} == {"stray_rows"}
    assert any(f"rows in entry_line are of document id {last}, which is not there" in words for words in found.broken)


def test_a_number_that_two_documents_have_is_told(house: House) -> None:
    if house.database.dialect == "sqlite":
        pytest.skip("no constraint of SQLite can be dropped")
    ids = posted(house)
    with attacking(house) as attacker:
        attacker.connection.exec_driver_sql("ALTER TABLE document DROP CONSTRAINT uq_document_company_module_number")
        attacker.change(DOCUMENT, {"number": "FV-2026-00001"}, id=ids[1])
        attacker.rebuild()
        assert attacker.codes() == {"number_twice", "number_differs"}


def test_a_file_that_was_handed_over_is_kept_as_it_was(house: House) -> None:
    house.connect()
    house.post(invoice())
    assert house.relay() == {"sent": 1}
    seen: list[int] = []
    with attacking(house) as attacker:
        assert not attacker.verify(progress=seen.append).broken and seen[-1] == 2  # a document and a file
        attacker.change(tables.file, {"content": b"something else"})
        assert attacker.codes() == {"file_changed"}
        attacker.run(delete(tables.file))
        assert attacker.codes() == {"file_missing"}


def test_a_record_and_a_revision_of_the_past_are_what_they_were_named_for(house: House) -> None:
    body = house.row(tables.record, table_name="counter", key="FV/FRA")["body"]
    rewrite_past(house, tables.record, {"body": body.replace("FV-", "VF-")}, key="FV/FRA")
    assert house.verify() == ("the parametrization's record counter FV/FRA is not what it was named for",)
    rewrite_past(house, tables.record, {"body": body}, key="FV/FRA")
    rewrite_past(house, tables.revision_change, {"pack": "ITA"}, key="FV/FRA")
    (found,) = _verified(house).findings
    assert (found.fault.code, found.words) == ("revision_changed", "revision 1 is not what its hash says")


@pytest.mark.parametrize("table", tables.GUARDED, ids=str)
def test_a_trigger_that_is_gone_is_told(house: House, table: Table) -> None:
    assert house.history.unguarded() == []
    with house.database.write() as connection, unguarded(connection, table.name, back=False):
        pass
    found = {one.fault.code: one.words for one in _verified(house).findings}
    assert list(found) == ["guard_gone"] and f"rows of {table.name} are changed" in found["guard_gone"]


def test_a_changed_counter_does_not_explain_posted_numbers(house: House) -> None:
    """Numbers are recomputed under the revision that each document pins, and that says something else now."""
    posted(house, 2)
    body = house.row(tables.record, table_name="counter", key="FV/FRA")["body"]
    rewrite_past(house, tables.record, {"body": body.replace("FV-", "VF-")}, key="FV/FRA")
    found = {one.fault.code for one in _verified(house).findings}
    assert found == {"number_differs", "record_changed"}


def test_what_cannot_be_read_is_told_and_the_rest_is_looked_at(sqlite_house: House) -> None:
    ids = posted(sqlite_house)
    with attacking(sqlite_house) as attacker:
        attacker.run("UPDATE entry SET journal = CAST(X'FF' AS TEXT) WHERE document = 2")
        attacker.change(DOCUMENT, {"partner_name": "Somebody Else"}, id=ids[3])
        first, second = attacker.verify().findings
    assert (first.fault.code, first.document, first.value) == ("row_unreadable", ids[1], 2)
    assert (second.fault.code, second.document) == ("rows_changed", ids[3])


def test_a_series_row_that_cannot_be_read_is_told(sqlite_house: House) -> None:
    posted(sqlite_house)
    with attacking(sqlite_house) as attacker:
        attacker.run("UPDATE counter_series SET last_date = 'soon'")
        assert attacker.codes() == {"series_unreadable"}


# --- fast and typed series ------------------------------------------------------------------------------------------


def test_a_value_of_a_fast_series_has_a_document_or_a_row_that_tells_of_it(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FAST, requires=("DEMO",))
    ids = [house.post(invoice(invoice_type="QUICK", category="quote"))["id"] for _ in range(4)]
    taken = tables.number_taken
    with attacking(house) as attacker:
        attacker.remove(ids[1])
        assert not attacker.codes()  # it was taken, and never used: that can be
        attacker.run(delete(taken).where(taken.c.value == 2))
        assert attacker.codes() == {"value_missing"}
        attacker.remove(ids[3])
        attacker.run(delete(taken).where(taken.c.value == 4))
        assert attacker.codes() == {"value_missing", "value_lost"}


def test_numbers_typed_by_hand_are_counted_and_not_recomputed(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", HAND, requires=("DEMO",))
    for number in ("K-1", "K-2"):
        house.post(invoice(invoice_type="HAND", number=number))
    house.post(invoice())
    found = _verified(house)
    assert not found.broken and found.not_recomputed == (("typed by hand", 2),)


PARTS = """
[[counter]]
code = "PARTS"
legislation = "FRA"
mode = "gapless"
component = [
    {{ position = 1, kind = "{kind}", value = '{value}', length = {length} }},
    {{ position = 2, kind = "constant", value = "-" }},
    {{ position = 3, kind = "sequence", length = 4 }},
]
[[invoice_type]]
code = "OWN"
legislation = "FRA"
module = "sales"
category = "invoice"
entry_type = "FAC"
automatic_journal = "SIHI"
counter = "PARTS"
"""


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("formula", '"{partner.country}"', (("made by a formula", 2),)),
        ("complement", '"{partner.country}"', ()),
        ("complement", "", ()),
    ],
)
def test_what_a_formula_says_of_a_number_is_read_where_the_series_is_named_for_it(
    house: House, tmp_path: Path, kind: str, value: str, told: tuple[tuple[str, int], ...]
) -> None:
    house.apply(tmp_path, "OURS", PARTS.format(kind=kind, value=value, length=0), requires=("DEMO",))
    ids = [house.post(invoice(invoice_type="OWN"))["id"] for _ in range(2)]
    found = _verified(house)
    assert not found.broken and found.not_recomputed == told
    with attacking(house) as attacker:
        attacker.change(DOCUMENT, {"number": "FR/0002"}, id=ids[1])
        attacker.rebuild()
        assert attacker.codes() == {"number_differs"}


PLACES = """
[[site]]
code = "NORD"
company = "PARIS"
name = "Nord"
address = {{ street = "1 rue", postcode = "59000", city = "Lille", country = "FR" }}
[[fiscal_year]]
company = "PARIS"
code = "FY26"
valid_from = 2026-01-01
valid_to = 2026-12-31
period = [
    {{ code = "01", valid_from = 2026-01-01, valid_to = 2026-06-30 }},
    {{ code = "02", valid_from = 2026-07-01, valid_to = 2026-12-31 }},
]
[[counter]]
code = "KIND"
legislation = "FRA"
level = "{level}"
reset = "{reset}"
component = [
    {{ position = 1, kind = "{first}" }},
    {{ position = 2, kind = "{second}" }},
    {{ position = 3, kind = "sequence", length = 4 }},
]
[[company_group]]
code = "MINE"
companies = {companies}
[[invoice_type]]
code = "OWN"
legislation = "FRA"
company_group = "MINE"
module = "sales"
category = "invoice"
entry_type = "FAC"
automatic_journal = "SIHI"
counter = "KIND"
"""


@pytest.mark.parametrize(
    ("level", "reset", "first", "second"),
    [
        ("folder", "never", "company", "year"), ("site", "never", "site", "week"), ("company", "annual", "year", "day"),
        ("company", "monthly", "year", "month"), ("company", "fiscal_year", "company", "fiscal_year"),
        ("company", "period", "fiscal_year", "period"), ("site", "period", "fiscal_year", "period"),
    ],
)  # fmt: skip
def test_numbers_of_every_kind_of_counter_are_recomputed(
    house: House, tmp_path: Path, level: str, reset: str, first: str, second: str
) -> None:
    companies = '["PARIS", "LYON"]' if level == "folder" else '["PARIS"]'
    text = PLACES.format(level=level, reset=reset, first=first, second=second, companies=companies)
    house.apply(tmp_path, "OURS", text, requires=("DEMO",))
    asked = invoice(invoice_type="OWN", site="NORD")
    days = ("2026-03-02", "2026-03-03") if reset == "never" else ("2026-03-02", "2026-03-02", "2026-09-07")
    ids = [house.post(asked, date=day)["id"] for day in days]
    if level == "folder":
        ids.append(house.post(asked | {"site": ""}, company="LYON")["id"])
    found = _verified(house)
    assert not found.broken and not found.not_recomputed
    with attacking(house) as attacker:
        attacker.change(DOCUMENT, {"number": "/0009"}, id=ids[1])
        attacker.rebuild()
        assert attacker.codes() == {"number_differs"}


# --- how it is told -------------------------------------------------------------------------------------------------


def test_the_first_broken_document_of_each_series_is_named_and_the_others_are_counted(house: House) -> None:
    ids = posted(house)
    other = [house.post(invoice(company="LYON"))["id"] for _ in range(2)]
    with attacking(house) as attacker:
        attacker.run(update(DOCUMENT).values(partner_name="Somebody Else"))
        named: list[findings.Finding] = []
        found = attacker.verify(every=False, tell=named.append)
        assert [one.document for one in found.findings] == [ids[0], other[0]] and found.unlisted == 4
        assert tuple(named) == found.findings and found.problems == 2
        assert [one.document for one in attacker.verify().findings] == [*ids, *other]
        assert [one.company for one in attacker.verify(company="LYON").findings] == ["LYON"] * 2


def test_no_more_than_a_hundred_findings_are_named_unless_all_are_asked_for(house: House) -> None:
    for _ in range(60):
        house.post(invoice(lines=2))
    with attacking(house) as attacker:
        attacker.run(delete(DOCUMENT))
        few, every = attacker.verify(every=False), attacker.verify()
    assert few.problems == len(few.findings) == 100
    assert every.problems == few.problems + few.unlisted > 300 and every.unlisted == 0


def test_a_finding_tells_where_as_data(house: House) -> None:
    ids = posted(house)
    with attacking(house) as attacker:
        attacker.change(DOCUMENT, {"partner_name": "Somebody Else"}, id=ids[1])
        (found,) = attacker.verify().findings
    told = found.as_json()
    assert told.pop("remedy")
    assert told == {
        "code": "rows_changed", "company": "PARIS", "series": "PARIS/FV/FRA/2026", "value": 2, "number":
        "FV-2026-00002", "document": ids[1], "message": "its rows do not give the hash they were posted with",
    }  # fmt: skip
    assert found.words == f"PARIS FV-2026-00002 (id {ids[1]}): {told['message']}"


def _verified(house: House) -> Any:
    from engine import flow

    return flow.verify(house, house.context)
