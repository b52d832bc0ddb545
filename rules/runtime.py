"""What compiled formulas call: the functions of the language, and the checks that keep every failure typed.

Values come from outside, so each function refuses what is not of its type (TypeError, AttributeError) or stops with a
code (`Stop`); `Formula` turns both into FormulaFailed.
"""

from collections.abc import Callable, Sized
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NoReturn

ZERO = Decimal(0)
MAX_TEXT = 10_000
_FURTHEST = 10_000_000  # days, months, characters: beyond every use


class Stop(Exception):
    """No result: a code of errors.FAILURES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def looked_up(lookup: Callable[..., object], *arguments: object) -> object:
    """A lookup's answer. It is of another's making: whatever it raises becomes one code."""
    try:
        return lookup(*arguments)
    except Exception as error:
        raise Stop("formula_lookup_failed") from error


def missing() -> NoReturn:
    raise Stop("formula_missing_value")


def _whole(number: Decimal) -> int:
    if not -_FURTHEST < number < _FURTHEST:
        raise Stop("formula_out_of_range")
    whole = int(number)
    if whole != number:
        raise Stop("formula_not_whole")
    return whole


def _position(number: Decimal) -> int:
    whole = _whole(number)
    if whole < 0:
        raise Stop("formula_out_of_range")
    return whole


def _require_text(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value


# Numbers


def round_number(value: Decimal, exponent: Decimal, mode: str) -> Decimal:
    return Decimal(value).quantize(exponent, mode) + ZERO


def share(x: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    return Decimal(x) * part / whole


# Dates


def _shifted(day: date, days: int) -> date:
    try:
        return day + timedelta(days)
    except OverflowError:
        raise Stop("formula_date_out_of_range") from None


def add_days(day: date, days: Decimal) -> date:
    return _shifted(day, _whole(days))


def subtract_days(day: date, days: Decimal) -> date:
    return _shifted(day, -_whole(days))


def days_between(later: date, earlier: date) -> Decimal:
    return Decimal((later - earlier).days)


def add_months(day: date, months: Decimal) -> date:
    """The same day so many months on; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + _whole(months), 12)
    if not 1 <= year <= 9999:
        raise Stop("formula_date_out_of_range")
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, end_of_month(first).day))


def end_of_month(day: date) -> date:
    if day.month == 12:
        return date(day.year, 12, 31)
    return date(day.year, day.month + 1, 1) - timedelta(1)


def year(day: date) -> Decimal:
    return Decimal(day.year)


def month(day: date) -> Decimal:
    return Decimal(day.month)


def day(day: date) -> Decimal:
    return Decimal(day.day)


# Texts


def upper(text: str) -> str:
    return _require_text(text).upper()


def lower(text: str) -> str:
    return _require_text(text).lower()


def trim(text: str) -> str:
    return _require_text(text).strip()


def left(text: str, count: Decimal) -> str:
    return _require_text(text)[: _position(count)]


def right(text: str, count: Decimal) -> str:
    kept = _position(count)
    return _require_text(text)[-kept:] if kept else _require_text(text)[:0]


def length(text: str) -> Decimal:
    return Decimal(len(_require_text(text)))


def contains(text: str, part: str) -> bool:
    return _require_text(part) in _require_text(text)


def starts_with(text: str, start: str) -> bool:
    return _require_text(text).startswith(_require_text(start))


def money_text(value: Decimal, quantum: Decimal) -> str:
    """1234.50, with the currency's decimals and never as -0.00."""
    return format(value.quantize(quantum, ROUND_HALF_UP) + ZERO, "f")


def number_text(value: Decimal) -> str:
    """Without exponent and without zeros behind that say nothing."""
    text = format(Decimal(value) + ZERO, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def date_text(value: date) -> str:
    return date.isoformat(value)


def boolean_text(value: bool) -> str:
    return "true" if value else "false"


def capped(text: str) -> str:
    if len(_require_text(text)) > MAX_TEXT:
        raise Stop("formula_text_too_long")
    return text


# Rows


def count_rows(rows: Sized) -> Decimal:
    return Decimal(len(rows))
