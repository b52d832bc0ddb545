"""Money: a Decimal and a currency, rounded to the currency's exponent, half away from zero.

Source: ISO 4217 for exponents; EN 16931 asks for half-up on amounts.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import cache

ZERO = Decimal(0)
HUNDRED = Decimal(100)

EXACT = Context(prec=38, rounding=ROUND_HALF_UP, Emin=-30, Emax=30, traps=[InvalidOperation, DivisionByZero, Overflow])
"""The context of all arithmetic: 38 digits, as the widest NUMERIC we write, and no silent NaN or infinity."""

AMOUNT_SCALE, AMOUNT_LIMIT = 4, Decimal(10) ** 14
QUANTITY_SCALE, QUANTITY_LIMIT = 8, Decimal(10) ** 10
"""What the two column types hold: amounts at scale 4, quantities, prices and rates at scale 8, 18 digits each."""

_EXPONENTS = {"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4} | dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
)
DECIMALS = 8
"""As many as a number may be written with."""
_NUMBER = re.compile(rf"-?(0|[1-9][0-9]{{0,17}})(\.[0-9]{{1,{DECIMALS}}})?")


@cache
def exponent(currency: str) -> int:
    """Decimal places of a currency: EUR 2, JPY 0, KWD 3."""
    return _EXPONENTS.get(currency, 2)


@cache
def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency: EUR 0.01."""
    return Decimal(1).scaleb(-exponent(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's exponent, half away from zero: 2.345 EUR -> 2.35, -2.345 -> -2.35; never minus zero."""
    return amount.quantize(quantum(currency), ROUND_HALF_UP, EXACT) + ZERO


def share(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` of an amount, exact: 200.00, 20 -> 40."""
    return EXACT.divide(EXACT.multiply(amount, percent), HUNDRED)


def parse_number(text: str) -> Decimal | None:
    """A decimal as people and programs write it in documents: `12`, `-0.50`; None when it is anything else."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plain(number: Decimal) -> str:
    """The shortest plain text of a number, the same for equal numbers: 100.00 -> `100`, 1E+2 -> `100`."""
    if not number:
        return "0"
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money_text(amount: Decimal, currency: str) -> str:
    """An amount with the currency's decimals: 100 EUR -> `100.00`; more decimals are kept as they are."""
    if not amount:  # half of all amounts
        return _nothing(currency)
    text, places = str(amount), exponent(currency)
    if places and text[-places - 1 : -places] == "." and "E" not in text:  # and most others have them already
        return text
    shown = rounded(amount, currency)
    return _digits(shown) if shown == amount else plain(amount)


@cache
def _nothing(currency: str) -> str:
    return _digits(rounded(ZERO, currency))


def _digits(number: Decimal) -> str:
    """Without an exponent: `str` writes one rarely, and is three times as quick as `format`."""
    text = str(number)
    return format(number, "f") if "E" in text else text
