"""What a formula may call: the one table behind the checks, the bytecode, the reference page and the examples.

A plain function has fixed types and a body in runtime.py. The others take their types from their arguments and are
checked in calls.py, by name; the aggregates also bind a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP
from types import MappingProxyType

from rules import runtime
from rules.types import BOOLEAN, DATE, NUMBER, TEXT, Type


@dataclass(frozen=True, slots=True)
class Function:
    """Shape: example and gives are formulas of equal value over the names of reference.SAMPLE."""

    name: str
    signature: str
    words: str
    example: str
    gives: str


@dataclass(frozen=True, slots=True)
class PlainFunction(Function):
    parameters: tuple[Type, ...]
    result: Type
    body: Callable[..., object]


@dataclass(frozen=True, slots=True)
class RoundingMode:
    name: str
    words: str
    decimal_mode: str


ROUNDING_MODES: Mapping[str, RoundingMode] = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            RoundingMode("half_up", "to the nearest, half away from zero (when none is named)", ROUND_HALF_UP),
            RoundingMode("half_even", "to the nearest, half to the even digit", ROUND_HALF_EVEN),
            RoundingMode("half_down", "to the nearest, half toward zero", ROUND_HALF_DOWN),
            RoundingMode("up", "away from zero", ROUND_UP),
            RoundingMode("down", "toward zero", ROUND_DOWN),
            RoundingMode("ceiling", "to the larger", ROUND_CEILING),
            RoundingMode("floor", "to the smaller", ROUND_FLOOR),
        )
    }
)

_NUMBERS: tuple[Function, ...] = (
    Function(
        "round",
        "round(x), round(x, mode), round(x, digits), round(x, digits, mode)",
        "an amount to money, at the currency's decimals; with digits, a number, percent or amount to so many decimals",
        "round(line.net * 12.5%)",
        "money(1.56)",
    ),
    Function(
        "share",
        "share(x, part, whole)",
        "as much of x as part is of whole, exact: multiplied before it is divided",
        "round(share(money(10), line.net, money(37.50)))",
        "money(3.33)",
    ),
    Function("money", "money(77.47)", "a money constant", "money(77.47) + line.net", "money(89.97)"),
    Function("min", "min(x, y, …)", "the smallest", "min(3, 1, 2)", "1"),
    Function("max", "max(x, y, …)", "the largest", "max(0, line.net - money(100))", "money(0)"),
    Function("abs", "abs(x)", "without its sign", "abs(-3)", "3"),
)

_ROWS: tuple[Function, ...] = (
    Function(
        "sum",
        "sum(x for row), sum(x for row where condition)",
        "x added up over the rows; 0 where there are none",
        'sum(line.net for line where line.nature = "goods")',
        "money(12.50)",
    ),
    Function(
        "count",
        "count(row), count(row where condition)",
        "how many rows",
        "count(line where line.net > 0)",
        "2",
    ),
    Function(
        "any",
        "any(row), any(row where condition)",
        "is there such a row?",
        'any(line where line.nature = "service")',
        "true",
    ),
    Function(
        "all",
        "all(row where condition)",
        "do all rows fulfil it? true where there are none",
        "all(line where line.net > 0)",
        "true",
    ),
)

_MISSING: tuple[Function, ...] = (
    Function(
        "coalesce",
        "coalesce(field, other, …)",
        "the first that is not missing; a field or a lookup may be",
        'coalesce(document.note, "none")',
        '"none"',
    ),
    Function("given", "given(field)", "is it there, that is, not missing?", "given(document.note)", "false"),
)

_DATES: tuple[Function, ...] = (
    PlainFunction("year", "year(date)", "the year", "year(2026-01-31)", "2026", (DATE,), NUMBER, runtime.year),
    PlainFunction("month", "month(date)", "1 to 12", "month(2026-01-31)", "1", (DATE,), NUMBER, runtime.month),
    PlainFunction("day", "day(date)", "1 to 31", "day(2026-01-31)", "31", (DATE,), NUMBER, runtime.day),
    PlainFunction(
        "end_of_month",
        "end_of_month(date)",
        "the last day of its month",
        "end_of_month(2026-02-10)",
        "2026-02-28",
        (DATE,),
        DATE,
        runtime.end_of_month,
    ),
    PlainFunction(
        "add_months",
        "add_months(date, months)",
        "the same day so many months on, or the last day of that month",
        "add_months(2026-01-31, 1)",
        "2026-02-28",
        (DATE, NUMBER),
        DATE,
        runtime.add_months,
    ),
)

_TEXTS: tuple[Function, ...] = (
    Function("text", "text(x)", "any value as a template writes it", "text(22%)", '"22"'),
    PlainFunction("upper", "upper(text)", "in capitals", "upper('ab')", "'AB'", (TEXT,), TEXT, runtime.upper),
    PlainFunction("lower", "lower(text)", "in small letters", "lower('AB')", "'ab'", (TEXT,), TEXT, runtime.lower),
    PlainFunction("trim", "trim(text)", "without blanks around", "trim(' a ')", "'a'", (TEXT,), TEXT, runtime.trim),
    PlainFunction(
        "left",
        "left(text, count)",
        "its first characters",
        "left('abc', 2)",
        "'ab'",
        (TEXT, NUMBER),
        TEXT,
        runtime.left,
    ),
    PlainFunction(
        "right",
        "right(text, count)",
        "its last characters",
        "right('abc', 2)",
        "'bc'",
        (TEXT, NUMBER),
        TEXT,
        runtime.right,
    ),
    PlainFunction(
        "length", "length(text)", "how many characters", "length('abc')", "3", (TEXT,), NUMBER, runtime.length
    ),
    PlainFunction(
        "contains",
        "contains(text, part)",
        "is the part in it?",
        "contains('abc', 'b')",
        "true",
        (TEXT, TEXT),
        BOOLEAN,
        runtime.contains,
    ),
    PlainFunction(
        "starts_with",
        "starts_with(text, start)",
        "does it begin so?",
        "starts_with('abc', 'ab')",
        "true",
        (TEXT, TEXT),
        BOOLEAN,
        runtime.starts_with,
    ),
)

GROUPS: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {"Numbers": _NUMBERS, "Rows": _ROWS, "Missing values": _MISSING, "Dates": _DATES, "Texts": _TEXTS}
)
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for group in GROUPS.values() for function in group}
)
AGGREGATES: frozenset[str] = frozenset(function.name for function in _ROWS)
