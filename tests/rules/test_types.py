"""Which types go together, and what they make."""

from itertools import product

import pytest

from rules import AMOUNT, BOOLEAN, DATE, MONEY, NUMBER, PERCENT, TEXT, Type
from rules.types import ARITHMETIC
from tests.rules.samples import SIDE, compiled, problems, result

FIELD = {
    MONEY: "line.net",
    AMOUNT: "document.price",
    NUMBER: "line.quantity",
    PERCENT: "line.rate",
    TEXT: "document.number",
    DATE: "document.date",
    BOOLEAN: "document.is_credit",
}

# left, then the result for each right: money amount number percent text date boolean; a dot is an error
TABLE = {
    "+": """
        money    money   amount  .       .        .  .       .
        amount   amount  amount  .       .        .  .       .
        number   .       .       number  .        .  .       .
        percent  .       .       .       percent  .  .       .
        text     .       .       .       .        .  .       .
        date     .       .       date    .        .  .       .
        boolean  .       .       .       .        .  .       .""",
    "-": """
        money    money   amount  .       .        .  .       .
        amount   amount  amount  .       .        .  .       .
        number   .       .       number  .        .  .       .
        percent  .       .       .       percent  .  .       .
        text     .       .       .       .        .  .       .
        date     .       .       date    .        .  number  .
        boolean  .       .       .       .        .  .       .""",
    "*": """
        money    .       .       amount  amount   .  .       .
        amount   .       .       amount  amount   .  .       .
        number   amount  amount  number  number   .  .       .
        percent  amount  amount  percent percent  .  .       .
        text     .       .       .       .        .  .       .
        date     .       .       .       .        .  .       .
        boolean  .       .       .       .        .  .       .""",
    "/": """
        money    number  number  amount  amount   .  .       .
        amount   number  number  amount  amount   .  .       .
        number   .       .       number  number   .  .       .
        percent  .       .       percent number   .  .       .
        text     .       .       .       .        .  .       .
        date     .       .       .       .        .  .       .
        boolean  .       .       .       .        .  .       .""",
}


def _cells() -> list[tuple[str, Type, Type, str]]:
    cells = []
    for operator, rows in TABLE.items():
        for left, row in zip(FIELD, rows.strip().splitlines(), strict=True):
            name, *results = row.split()
            assert name == left.name
            cells += [(operator, left, right, kind) for right, kind in zip(FIELD, results, strict=True)]
    return cells


@pytest.mark.parametrize(("operator", "left", "right", "kind"), _cells())
def test_arithmetic_follows_the_table(operator: str, left: Type, right: Type, kind: str) -> None:
    text = f"{FIELD[left]} {operator} {FIELD[right]}"
    if kind == ".":
        assert problems(text) == ["formula_type"]
    else:
        assert compiled(text).type.name == kind
        result(text)


def test_the_table_of_the_language_has_no_other_entries() -> None:
    listed = {(operator, left, right) for operator, left, right, kind in _cells() if kind != "."}
    assert listed == {(operator, *pair) for operator, pairs in ARITHMETIC.items() for pair in pairs}


@pytest.mark.parametrize(("left", "right"), list(product(FIELD, FIELD)))
def test_values_are_compared_with_their_like(left: Type, right: Type) -> None:
    alike = left == right or {left, right} == {MONEY, AMOUNT}
    assert problems(f"{FIELD[left]} = {FIELD[right]}") == ([] if alike else ["formula_type"])
    has_order = alike and left not in (TEXT, BOOLEAN)
    assert problems(f"{FIELD[left]} < {FIELD[right]}") == ([] if has_order else ["formula_type"])
    assert problems(f"{FIELD[left]} in ({FIELD[right]})") == ([] if alike else ["formula_type"])
    assert problems(f"if true then {FIELD[left]} else {FIELD[right]}") == ([] if alike else ["formula_type"])
    assert problems(f"coalesce({FIELD[left]}, {FIELD[right]})") == ([] if alike else ["formula_type"])
    assert problems(f"max({FIELD[left]}, {FIELD[right]})") == ([] if has_order else ["formula_type"])


@pytest.mark.parametrize("kind", [MONEY, AMOUNT, NUMBER, PERCENT])
def test_zero_stands_for_any_quantity(kind: Type) -> None:
    assert compiled("0", kind).type == kind
    for text in ("{x} > 0", "0 = {x}", "{x} in (0)"):
        assert problems(text.format(x=FIELD[kind]), BOOLEAN) == []
    for text in ("if true then {x} else 0", "if true then 0 else if true then 0 else {x}", "max(0, {x})", "{x} - 0"):
        assert compiled(text.format(x=FIELD[kind]), kind).type == kind


def test_an_amount_is_money_only_once_rounded() -> None:
    assert problems("line.net * 10%", MONEY) == ["formula_type"]
    assert problems("round(line.net * 10%)", MONEY) == []
    assert problems("round(line.net * 10%, 2)", MONEY) == ["formula_type"]
    assert problems("line.net", AMOUNT) == []
    assert problems("if true then line.net else line.net * 10%", MONEY) == ["formula_type"]


def test_a_number_is_no_money() -> None:
    assert problems("5", MONEY) == ["formula_type"]
    assert problems("money(5)", MONEY) == []
    assert problems("money(-5.10)", MONEY) == []
    assert problems("money(line.quantity)", MONEY) == ["formula_arguments"]


def test_one_of_several_expected_types_will_do() -> None:
    assert compiled("5", (MONEY, NUMBER)).type == NUMBER
    assert problems("'a'", (MONEY, NUMBER)) == ["formula_type"]


def test_text_literals_are_codes_where_codes_are_wanted() -> None:
    assert compiled('if document.is_credit then "credit" else "debit"', SIDE).type == SIDE
    assert problems('if document.is_credit then "credt" else "debit"', SIDE) == ["formula_unknown_code"]
    assert problems('if document.is_credit then "credt" else "debit"', TEXT) == []
    assert problems("document.number", SIDE) == ["formula_type"]
    assert problems("line.nature", SIDE) == ["formula_type"]
    assert problems("coalesce(line.nature, 'goods') = 'gods'") == ["formula_unknown_code"]
    assert problems("coalesce(line.nature, 'none') = 'none'") == []
    assert problems("line.nature in ('goods', 'gods')") == ["formula_unknown_code"]
    assert problems("'gods' = line.nature") == ["formula_unknown_code"]
    assert problems("(if true then line.nature else 'goods') = 'gods'") == ["formula_unknown_code"]
    assert problems("line.nature = document.category") == ["formula_type"]
    assert problems("line.nature", TEXT) == []
