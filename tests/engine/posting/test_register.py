"""Every value of a series stands in the register once, in order: issued, unused with its cause, or missing."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import flow
from engine.kernel.faults import Faulty
from engine.posting.register import register
from tests.engine.numbering.test_components import FAST, flow_series
from tests.support.attacker import attacking
from tests.support.house import House, invoice


def told(house: House, **asked: Any) -> list[dict[str, Any]]:
    return list(flow.register(house, house.context, **asked))


@given(st.integers(0, 5), st.dictionaries(st.integers(0, 40), st.booleans()), st.integers(0, 50))
def test_every_value_stands_once_and_in_order(start: int, known: dict[int, bool], end: int) -> None:
    values = sorted(value for value in known if start <= value <= end)
    issued = [{"value": value} for value in values if known[value]]
    unused = [{"value": value} for value in values if not known[value]]
    found = list(register(start, end, issued, unused))
    spread = [(value, one.state) for one in found for value in range(one.value, one.last + 1)]
    states = {True: "issued", False: "unused", None: "missing"}
    assert spread == [(value, states[known.get(value)]) for value in range(start, end + 1)]


def test_each_number_is_told_with_its_document_and_who_posted_it(house: House) -> None:
    ids = [house.post(invoice(), key=f"K{number}", date=f"2026-03-0{number}")["id"] for number in (1, 2, 3)]
    house.post(invoice(company="LYON"))
    first, *_ = found = told(house, company="PARIS")
    assert [one["document"] for one in found] == ids and [one["value"] for one in found] == [1, 2, 3]
    assert first.pop("revision")
    assert first == {
        "series": "PARIS/FV/FRA/2026", "company": "PARIS", "counter": "FV/FRA", "period": "2026", "state": "issued",
        "value": 1, "number": "FV-2026-00001", "document": ids[0], "invoice_type": "FACT", "date": "2026-03-01",
        "key": "K1", "actor": "clerk", "posted_at": house.clock.now().isoformat(),
    }  # fmt: skip
    assert [one["series"] for one in told(house)] == ["LYON/FV/FRA/2026"] + ["PARIS/FV/FRA/2026"] * 3
    assert told(house, series="FV", company="PARIS") == told(house, series="PARIS/FV/FRA/2026")
    assert [one["value"] for one in told(house, company="PARIS", since=date(2026, 3, 2))] == [2, 3]


def test_a_series_that_is_not_there_is_said(house: House) -> None:
    house.post(invoice())
    with pytest.raises(Faulty) as caught:
        told(house, series="XX")
    assert [fault.code for fault in caught.value.faults] == ["unknown_series"]


def test_a_number_that_is_gone_is_missing_in_its_place(house: House) -> None:
    ids = [house.post(invoice())["id"] for _ in range(6)]
    with attacking(house) as attacker:
        for one in (ids[0], ids[2], ids[3], ids[5]):
            attacker.remove(one)
        found = list(flow.register(attacker.house_within(), house.context))
    runs = [(one["state"], one["value"], one.get("last")) for one in found]
    assert runs == [
        ("missing", 1, None), ("issued", 2, None), ("missing", 3, 4), ("issued", 5, None), ("missing", 6, None)
    ]  # fmt: skip


def test_a_number_of_a_fast_series_that_nobody_used_is_told_with_its_cause(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FAST, requires=("DEMO",))
    quick = invoice(invoice_type="QUICK", category="quote")
    house.post(quick)
    head, at = house.parametrization.head(), house.clock.now()
    taken = house.posting.take_ahead(flow_series(house), date(2026, 3, 2), head, at=at, actor="ada", key="L")
    house.posting.give_up(taken, "the program was told to stop")
    house.post(quick)
    _, unused, _ = told(house, series="FAST")
    named = {name: unused[name] for name in ("state", "value", "cause", "actor", "key", "at")}
    assert named == {
        "state": "unused", "value": 2, "cause": "the program was told to stop", "actor": "ada", "key": "L",
        "at": at.isoformat(),
    }  # fmt: skip


SHARED = """
[[counter]]
code = "ALL"
legislation = "FRA"
level = "folder"
component = [{ position = 1, kind = "constant", value = "S" }, { position = 2, kind = "sequence" }]
[[invoice_type]]
code = "SHARE"
legislation = "FRA"
module = "sales"
category = "quote"
counter = "ALL"
"""


def test_of_a_series_that_companies_share_each_sees_its_own(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", SHARED, requires=("DEMO",))
    for company in ("PARIS", "LYON", "PARIS"):
        house.post(invoice(invoice_type="SHARE", category="quote"), company=company)
    assert [(one["company"], one["number"]) for one in told(house)] == [
        ("PARIS", "S1"),
        ("LYON", "S2"),
        ("PARIS", "S3"),
    ]
    assert [one["number"] for one in told(house, company="PARIS")] == ["S1", "S3"]
    assert not house.verify()
