"""How numbers read, and which period a series runs for."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.numbering import mask
from engine.numbering.mask import CounterExhausted
from tests.support.packs import counter, part

DAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("parts", "value", "text"),
    [
        ([part(1, "constant", value="FV-"), part(2, "year", 4), part(3, "sequence", 5)], 7, "FV-202600007"),
        (
            [part(1, "year", 2), part(2, "month"), part(3, "constant", value="/"), part(4, "sequence")],
            1234,
            "2603/1234",
        ),
        ([part(1, "company"), part(2, "constant", value=" "), part(3, "sequence", 2)], 99, "ACME 99"),
        ([part(3, "sequence", 1), part(1, "year"), part(2, "constant", value=".")], 9, "2026.9"),
        ([part(1, "sequence", 3), part(2, "constant", value="-A")], 42, "042-A"),
    ],
)
def test_a_number_is_its_components_in_order_of_position(parts: list[Any], value: int, text: str) -> None:
    assert mask.text(counter("FV", *parts), "ACME", DAY, value) == text


@pytest.mark.parametrize(("reset", "period"), [("never", ""), ("annual", "2026"), ("monthly", "2026-03")])
def test_a_series_runs_for_the_period_of_its_reset(reset: str, period: str) -> None:
    assert mask.period(counter(reset=reset), DAY) == period


def test_early_years_keep_four_digits() -> None:
    day = date(33, 4, 3)
    assert mask.period(counter(reset="monthly"), day) == "0033-04"
    assert mask.text(counter(), "ACME", day, 1) == "FV-0033-00001"


def test_a_number_that_no_longer_fits_is_an_error_with_a_way_out() -> None:
    assert mask.text(counter(), "ACME", DAY, 99_999) == "FV-2026-99999"
    with pytest.raises(CounterExhausted) as caught:
        mask.text(counter(), "ACME", DAY, 100_000)
    fault = caught.value.as_fault()
    assert fault.code == "counter_exhausted"
    assert fault.message == "counter FV/* is at 100000; its sequence holds 5 digits" and "longer" in fault.remedy


days = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(st.sampled_from(["annual", "monthly"]), days, days, st.integers(1, 99_999), st.integers(1, 99_999))
def test_numbers_of_one_counter_are_the_same_only_for_one_value_in_one_period(
    reset: str, first: date, second: date, value: int, other: int
) -> None:
    parts = [part(1, "year", 4), part(2, "month"), part(3, "sequence", 5)]
    series = counter("C", *(parts if reset == "monthly" else [parts[0], parts[2]]), reset=reset)
    same = mask.period(series, first) == mask.period(series, second) and value == other
    assert (mask.text(series, "A", first, value) == mask.text(series, "A", second, other)) == same


@given(st.integers(1, 9_999_998))
def test_numbers_of_one_width_sort_as_they_were_given(value: int) -> None:
    wide = counter("C", part(1, "sequence", 7), reset="never")
    assert mask.text(wide, "A", DAY, value) < mask.text(wide, "A", DAY, value + 1)
