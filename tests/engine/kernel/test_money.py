"""Money: exact, rounded half away from zero, to the currency's exponent."""

from decimal import Decimal, Inexact, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.codes import CURRENCIES
from engine.kernel.money import EXACT, exponent, money_text, parse_number, plain, quantum, rounded, share

amounts = st.decimals(min_value=-(10**14), max_value=10**14, places=6, allow_nan=False, allow_infinity=False)
currencies = st.sampled_from(sorted(CURRENCIES))


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [
        ("2.345", "EUR", "2.35"), ("-2.345", "EUR", "-2.35"), ("2.344999", "EUR", "2.34"), ("0.5", "JPY", "1"),
        ("-0.5", "JPY", "-1"), ("1.2345", "KWD", "1.235"), ("1.00005", "CLF", "1.0001"), ("-0.004", "EUR", "0.00"),
    ],
)  # fmt: skip
def test_halves_go_away_from_zero_at_the_currencys_exponent(amount: str, currency: str, wanted: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == wanted


@given(amounts, currencies)
def test_rounding_moves_by_half_a_unit_at_most_and_is_odd(amount: Decimal, currency: str) -> None:
    near = rounded(amount, currency)
    assert abs(near - amount) <= quantum(currency) / 2
    assert rounded(-amount, currency) == -near
    assert rounded(near, currency) == near
    assert -near.as_tuple().exponent == exponent(currency)


@given(amounts, st.decimals(min_value=0, max_value=100, places=8))
def test_a_share_is_exact(amount: Decimal, percent: Decimal) -> None:
    with localcontext(EXACT) as context:
        context.traps[Inexact] = True
        assert share(amount, percent) * 100 == amount * percent


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=8))
def test_equal_numbers_have_one_plain_text_that_reads_back(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert plain(Decimal(text)) == text == plain(number.normalize())
    assert "E" not in text and not text.endswith(".")


@given(amounts, currencies)
def test_money_text_never_hides_a_decimal(amount: Decimal, currency: str) -> None:
    assert Decimal(money_text(amount, currency)) == amount


@pytest.mark.parametrize("text", ["12", "-0.50", "0", "999999999999999999.12345678"])
def test_numbers_are_read_as_written(text: str) -> None:
    assert parse_number(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "01", "1.", ".5", "1e3", "1,5", "1_000", "NaN", "Infinity", "٣", "1.123456789", "--1"],
)
def test_anything_else_is_no_number(text: str) -> None:
    assert parse_number(text) is None
