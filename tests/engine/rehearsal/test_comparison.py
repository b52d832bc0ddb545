"""What differs, and what only looks different."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.faults import Fault
from engine.rehearsal.comparison import Difference, as_written, differences, pairs, same

SALES: list[dict[str, Any]] = [
    {"account": "411", "debit": "120.00", "credit": "0.00", "description": ""},
    {"account": "707", "debit": "0.00", "credit": "60.00", "description": "goods"},
    {"account": "707", "debit": "0.00", "credit": "40.00", "description": "more goods"},
    {"account": "44571", "debit": "0.00", "credit": "20.00", "description": ""},
]


def told(expected: Any, found: Any, path: str = "totals") -> list[str]:
    return [one.words for one in differences(expected, found, path)]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"net": "100"}, {"net": "100.00", "tax": "20.00"}),
        ({"net": Decimal("100.0"), "tax": 20}, {"net": "100.00", "tax": "20.00"}),
        ({"date": date(2026, 3, 1)}, {"date": "2026-03-01", "amount": "1.00"}),
        ({"account": 411}, {"account": "411"}),
        ({}, {"net": "1"}),
        ([{"credit": "40"}, {"account": "411"}, {"account": "707"}, {"account": "44571"}], SALES),
        ([{"account": "707"}, {"account": "707", "credit": "60"}, {}, {"debit": "120"}], SALES),
        ([], []),
    ],
)
def test_what_agrees_in_what_is_named_is_the_same(expected: Any, found: Any) -> None:
    assert same(expected, found)
    assert told(expected, found) == []
    assert as_written(expected, found) == json.loads(json.dumps(expected, default=str))


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        ({"net": "100"}, {"net": "90.00"}, ["totals.net: expected 100, found 90.00"]),
        ({"nett": "100"}, {"net": "100.00"}, ["totals.nett: missing: 100"]),
        ({"net": "many"}, {"net": "90.00"}, ["totals.net: expected many, found 90.00"]),
        ("100", {"net": "100"}, ["totals: expected 100, found net 100"]),
        ({"account": "0411"}, {"account": "411"}, ["totals.account: expected 0411, found 411"]),
        ({"a": []}, {}, ["totals.a: missing: none"]),
        (["A"], ["B", "A"], ["totals[0]: not expected: B"]),
        (["A", "A"], ["A"], ["totals[1]: missing: A"]),
        ([], [{}], ["totals[0]: not expected: nothing"]),
    ],
)
def test_a_difference_says_where_and_what(expected: Any, found: Any, words: list[str]) -> None:
    assert not same(expected, found, "totals")
    assert told(expected, found) == words


def test_the_order_of_a_list_does_not_matter() -> None:
    assert told([*reversed(SALES)], SALES, "lines") == []


def test_a_line_is_compared_with_the_likest_one_and_named_by_its_account() -> None:
    changed = [one | {"account": "701"} if one["credit"] == "60.00" else one for one in reversed(SALES)]
    assert told(SALES, changed, "lines") == ["lines[1].account: expected 707, found 701"]
    changed = [one | {"credit": "21.00"} if one["account"] == "44571" else one for one in SALES]
    assert told(SALES, changed, "lines") == ["lines[44571].credit: expected 20.00, found 21.00"]


def test_a_line_that_is_like_no_other_comes_alone() -> None:
    other = {"account": "658", "debit": "1.00", "credit": "2.00", "description": "rounding"}
    extra = [*SALES, other]
    line = "account 658, debit 1.00, credit 2.00, description rounding"
    assert told(SALES, extra, "lines") == [f"lines[658]: not expected: {line}"]
    assert told(extra, SALES, "lines") == [f"lines[658]: missing: {line}"]
    instead = [*SALES[:1], other, other | {"description": "again"}, *SALES[3:]]
    assert [one.path for one in differences(SALES, instead, "lines")] == [
        "lines[1]",
        "lines[2]",
        "lines[1]",
        "lines[2]",
    ]


def test_entries_are_compared_across_their_order_and_line_by_line() -> None:
    entries = [{"ledger": "PCG", "lines": SALES}, {"ledger": "IFRS", "lines": SALES[:1]}]
    expected = [
        {"ledger": "IFRS", "lines": [{"account": "411"}]},
        {"lines": [{"credit": "20"}, {"credit": "40"}, {"credit": "61"}, {"debit": "120"}]},
    ]
    assert told(expected, entries, "entries") == ["entries[1].lines[2].credit: expected 61, found 60.00"]


def test_a_thousand_lines_that_all_changed_are_paired() -> None:
    before = [{"account": str(place), "description": "before"} for place in range(1000)]
    after = [one | {"description": "after"} for one in before]
    assert [one.path for one in differences(before, after, "lines")] == [
        f"lines[{place}].description" for place in range(1000)
    ]


def test_a_difference_as_data_and_as_a_change() -> None:
    one = Difference("totals.net", Decimal("100.00"), "90.00")
    assert one.as_json() == {"path": "totals.net", "expected": "100.00", "found": "90.00"}
    assert one.change == "totals.net: 100.00 → 90.00"
    assert Difference("taxes[N4]", None, {"rate": "0"}).change == "taxes[N4]: nothing → rate 0"
    assert Difference("totl", "1", None, "did you mean 'totals'?").words.endswith("missing: 1; did you mean 'totals'?")


def test_a_fault_is_told_whole() -> None:
    fault = Fault("no_lines", "lines", "the document has no lines", "add at least one")
    one = Difference("faults", None, fault)
    assert one.words == "faults: not expected: no_lines at lines: the document has no lines; add at least one"
    assert one.as_json() == {"path": "faults", "expected": None, "found": fault.as_json()}


def test_what_was_found_takes_the_shape_of_what_was_expected() -> None:
    totals = {"net": "100.00", "tax": "20.00", "gross": "120.00"}
    assert as_written({"gross": "120", "net": "99"}, totals) == {"gross": "120", "net": "100.00"}
    expected = [{"account": "707", "credit": "99"}, {"debit": "120"}]
    assert as_written(expected, SALES) == [
        {"account": "707", "credit": "60.00"},
        {"debit": "120"},
        {"account": "707", "credit": "40.00", "debit": "0.00"},
        {"account": "44571", "credit": "20.00", "debit": "0.00"},
    ]
    assert as_written(["B", "A"], ["A", "C"]) == ["A", "C"]
    assert as_written([], SALES) == SALES
    assert as_written(None, totals) == totals


rows = st.lists(
    st.dictionaries(
        st.sampled_from(("account", "debit", "description")), st.sampled_from(("1", "1.00", "2", "3")), max_size=3
    ),
    max_size=6,
)  # fmt: skip


@given(rows, rows)
def test_every_element_is_paired_once_and_what_is_written_back_agrees(expected: Any, found: Any) -> None:
    paired = pairs(expected, found)
    assert sorted(one.expected for one in paired if one.expected is not None) == [*range(len(expected))]
    assert sorted(one.found for one in paired if one.found is not None) == [*range(len(found))]
    assert same(expected, found, "lines") == (not [*differences(expected, found, "lines")])
    assert same(as_written(expected, found, "lines"), found, "lines")


@given(rows, st.randoms(use_true_random=False), st.data())
def test_rows_that_name_less_fit_what_they_were_taken_from(found: Any, chance: Any, data: st.DataObject) -> None:
    """Whatever the order, and however many rows each of them would fit."""
    expected = [{key: row[key] for key in row if data.draw(st.booleans())} for row in found]
    chance.shuffle(expected)
    assert same(expected, found, "lines")
