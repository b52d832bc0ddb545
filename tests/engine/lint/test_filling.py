"""Series that fill up are told before they are full."""

from datetime import date
from typing import Any

import pytest

from engine.lint import filling
from tests.support.packs import catalog, counter

PACKS = catalog(counter("SHORT", length=0), base=[counter("FV")])


def told(value: int, on: date = date(2026, 7, 1), **more: Any) -> list[tuple[str, str]]:
    row = {"company": "ACME", "counter": "FV/*", "period": "2026", "value": value, "last_date": None, "closed": False}
    return [(one.code, one.message) for one in filling.look(PACKS, [row | more], on)]


@pytest.mark.parametrize("value", [0, 1, 40_000])
def test_a_series_that_lasts_is_not_told(value: int) -> None:
    assert told(value) == []


def test_one_that_is_full_before_its_period_ends_is_told_with_the_day() -> None:
    ((code, words),) = told(60_000)
    assert code == "lint_series_filling" and "60,000 of 99,999" in words and "2026-10-2" in words


def test_one_that_is_nearly_full_is_told_whatever_its_pace() -> None:
    assert [code for code, _ in told(90_000, date(2026, 12, 31))] == ["lint_series_filling"]


def test_one_that_is_full_is_an_error() -> None:
    assert [code for code, _ in told(99_999)] == ["lint_series_full"]


@pytest.mark.parametrize("more", [{"closed": True}, {"counter": "GONE/*"}, {"period": "FY26"}])
def test_closed_series_unknown_counters_and_calendars_nobody_knows_are_passed_over(more: dict[str, Any]) -> None:
    assert told(60_000, **more) == []


def test_what_separates_series_does_not_hide_their_counter() -> None:
    for apart in ("@NORD", "#VTE", "@NORD#VTE", "!typed"):
        assert [code for code, _ in told(99_999, counter=f"FV/*{apart}")] == ["lint_series_full"]
