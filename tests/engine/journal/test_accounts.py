"""Accounts from masks: each next source fills the holes that remain."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journal.accounts import SourceStep, account, filled
from engine.parametrization import definitions as d
from tests.support.packs import DAY, catalog, company

ACME = company()
masks = st.from_regex(r"[0-9Ax]{0,8}", fullmatch=True)


@dataclass
class Row:
    account: str = ""
    accounting_code: str = ""


@pytest.mark.parametrize(
    ("sources", "wanted"),
    [
        (("411xxx", "xxx02x"), "411020"),
        (("411xxx",), "411000"),
        (("411",), "411"),
        (("xxx", "12"), "120"),
        (("4x1x", "x1", "9929"), "4119"),
        (("x", "12345"), "1"),
        ((), ""),
    ],
)
def test_holes_are_filled_in_order_and_what_is_left_is_0(sources: tuple[str, ...], wanted: str) -> None:
    assert account(sources, None, catalog(), ACME, DAY).account == wanted


@given(st.lists(masks, max_size=5))
def test_filling_never_changes_a_digit_that_is_no_hole(sources: list[str]) -> None:
    result = ""
    for mask in sources:
        before, result = result, filled(result, mask)
        if before:
            assert len(result) == len(before)
            for place, digit in enumerate(before):
                assert result[place] == digit or digit == "x"
                assert result[place] in (digit, mask[place] if place < len(mask) else digit)


@given(masks, masks)
def test_a_mask_without_holes_is_not_changed_and_an_empty_one_gives_way(first: str, second: str) -> None:
    whole = first.replace("x", "7")
    assert filled(whole, second) == (whole or second)
    assert filled(first, "") == first and filled("", second) == second


def test_the_trail_tells_which_source_gave_what() -> None:
    packs = catalog(d.AccountingCode(kind="customer", legislation="FRA", accounts={"control": "411xxx"}))
    found = account(("customer.control", "xxx02x"), None, packs, ACME, DAY)
    assert found.account == "411020"
    assert found.steps == (
        SourceStep("customer.control", "customer/STD/FRA", "411xxx", "411xxx"),
        SourceStep("xxx02x", "", "xxx02x", "41102x"),
    )


def test_an_account_typed_on_the_line_comes_where_it_is_named() -> None:
    sources = ("line.account", "sales.goods")
    assert account(sources, Row(account="7011"), catalog(), ACME, DAY).account == "7011"
    assert account(sources, Row(), catalog(), ACME, DAY).account == "707"
    assert account(sources, None, catalog(), ACME, DAY).account == "707"


def test_a_tax_goes_by_its_own_accounting_code() -> None:
    special = d.AccountingCode(kind="tax", code="IMPORT", accounts={"output": "4452"})
    packs = catalog(special)
    assert account(("tax.output",), Row(accounting_code="IMPORT"), packs, ACME, DAY).account == "4452"
    assert account(("tax.output",), Row(accounting_code="STD"), packs, ACME, DAY).account == "44571"
    assert account(("sales.goods",), Row(accounting_code="IMPORT"), packs, ACME, DAY).account == "707"


@pytest.mark.parametrize("source", ["customer.nothing", "nothing.control"])
def test_a_source_that_gives_nothing_leaves_no_account(source: str) -> None:
    found = account((source,), None, catalog(), ACME, DAY)
    assert found.account == "" and found.steps[0].mask == ""
