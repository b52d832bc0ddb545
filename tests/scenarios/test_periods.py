"""Periods are closed, a late document is refused or moves to the first open day, and a posting under way sees it."""

from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.kernel.faults import Faulty
from tests.edge.terminal import Terminal
from tests.support.house import House, invoice
from tests.support.packs import codes

YEARS = """
[[fiscal_year]]
company = "PARIS"
code = "2026"
valid_from = 2026-01-01
valid_to = 2026-12-31
period = [
    { code = "Q1", valid_from = 2026-01-01, valid_to = 2026-03-31 },
    { code = "Q2", valid_from = 2026-04-01, valid_to = 2026-06-30 },
    { code = "H2", valid_from = 2026-07-01, valid_to = 2026-12-31 },
]
"""
FIRST_OPEN = """
[[override]]
table = "automatic_journal"
key = "SIHI/FRA"
set = { closed_period = "first_open" }
"""


@pytest.fixture
def paris(house: House, tmp_path: Path) -> House:
    house.apply(tmp_path, "YEARS", YEARS, requires=("DEMO",))
    return house


def change(house: House, called: str, state: Any, journal: str = "", message: str = "") -> int:
    return flow.set_periods(house, house.context, "PARIS", called, state, journal=journal, message=message)


def test_a_late_document_is_refused_and_uses_no_number(paris: House) -> None:
    paris.post(invoice())
    change(paris, "2026/Q1", "closed")
    assert paris.refusal(invoice()) == ["period_closed"]
    late = invoice(accounting_date="2026-04-01")
    assert paris.post(late)["entries"][0]["date"] == "2026-04-01"
    assert paris.value("FV/FRA") == 2


def test_or_is_dated_on_the_first_open_day_where_its_journal_says_so(paris: House, tmp_path: Path) -> None:
    paris.apply(tmp_path, "LATE", FIRST_OPEN, requires=("YEARS",))
    change(paris, "2026/Q1", "closed")
    change(paris, "2026/Q2", "closed")
    assert paris.post(invoice())["entries"][0]["date"] == "2026-07-01"


def test_a_period_may_be_closed_for_one_journal(paris: House) -> None:
    change(paris, "2026/Q1", "closed", "ACH")
    assert paris.post(invoice())["number"]
    change(paris, "2026/Q1", "closed")
    change(paris, "2026/Q1", "open", "VTE")
    assert paris.post(invoice())["number"]
    assert [(one["journal"], one["state"]) for one in flow.periods(paris, paris.context, "PARIS")][:3] == [
        ("", "closed"), ("ACH", "closed"), ("VTE", "open"),
    ]  # fmt: skip


def test_a_closed_period_opens_again_and_a_locked_one_never(paris: House) -> None:
    change(paris, "2026/Q1", "closed")
    change(paris, "2026/Q1", "open")
    assert paris.post(invoice())["number"]
    change(paris, "2026/Q1", "locked", message="books of the quarter are signed")
    with pytest.raises(Faulty) as caught:
        change(paris, "2026", "open")
    assert codes(caught.value.faults) == ["period_locked"]
    last = flow.revisions(paris, paris.context)[-1]
    assert last["message"] == "period 2026/Q1 of PARIS locked: books of the quarter are signed"
    assert last["actor"] == "clerk" and last["changes"] == 0


def test_a_whole_year_is_closed_at_once_and_again_changes_nothing(paris: House) -> None:
    revision = change(paris, "2026", "closed")
    assert {one["state"] for one in flow.periods(paris, paris.context, "PARIS")} == {"closed"}
    assert change(paris, "2026", "closed") == revision


def test_a_house_that_looked_before_sees_it_before_it_takes_a_number(paris: House) -> None:
    paris.post(invoice())
    other = paris.beside()
    flow.set_periods(other, other.context, "PARIS", "2026/Q1", "closed")
    assert paris.refusal(invoice()) == ["period_closed"]
    assert paris.value("FV/FRA") == 1


def test_what_does_not_exist_is_told(paris: House) -> None:
    for called, journal, code in (("2026/Q9", "", "unknown_period"), ("2026/Q1", "NO", "unknown_journal")):
        with pytest.raises(Faulty) as caught:
            change(paris, called, "closed", journal)
        assert codes(caught.value.faults) == [code]


def test_a_document_posted_before_is_explained_as_it_was(paris: House) -> None:
    number = paris.post(invoice())["number"]
    change(paris, "2026/Q1", "closed")
    shown = flow.show(paris, paris.context, number, explain=True)
    assert shown["explanation"]["lines"] and not paris.verify()


def test_on_the_command_line(factotum: Terminal, tmp_path: Path) -> None:
    ours = tmp_path / "YEARS"
    ours.mkdir()
    (ours / "pack.toml").write_text('[pack]\ncode = "YEARS"\nversion = "1"\nrequires = ["DEMO"]\n' + YEARS, "utf-8")
    assert "every day is open" in factotum("period", "list", "--company", "PARIS").done().out
    factotum("apply", str(ours)).done()
    assert "is closed" in factotum("period", "close", "2026/Q1", "--company", "PARIS").done().out
    shown = factotum("period", "list", "--company", "PARIS", "--json").done().json
    assert [one["state"] for one in shown] == ["closed", "open", "open"]
    assert "Q1" in factotum("period", "list", "--company", "PARIS").done().out
    assert factotum("period", "lock", "2027", "--company", "PARIS").exit == 1


def test_the_months_of_the_demo_are_closed_as_readme_says(factotum: Terminal) -> None:
    assert "is closed" in factotum("period", "close", "2026/03", "--company", "LILLE").done().out
    late = factotum.post(invoice(company="LILLE"))
    assert [one["code"] for one in late.faults] == ["period_closed"]
    slip = factotum.post(invoice(company="LILLE", date="2036-03-02"))
    assert [one["code"] for one in slip.faults] == ["period_missing"]
