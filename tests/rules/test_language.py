"""What formulas mean, example by example."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, getcontext

import pytest

from rules import MONEY, TEXT, FormulaFailed, arithmetic, compile_formula
from rules.functions import FUNCTIONS
from tests.rules.samples import VOCABULARY, Case, Document, Line, compiled, failure, problems, result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", Decimal(5)),
        ("(1 + 2) * 3", Decimal(9)),
        ("10 - 2 - 3", Decimal(5)),
        ("-(2 + 3) * -2", Decimal(10)),
        ("line.net * 22%", Decimal(22)),
        ("line.net * line.rate", Decimal(22)),
        ("line.rate * line.net", Decimal(22)),
        ("line.quantity * line.rate", Decimal("0.44")),
        ("line.rate * line.quantity", Decimal(44)),
        ("50% * line.rate", Decimal(11)),
        ("line.rate / 2", Decimal(11)),
        ("line.rate / 11%", Decimal(2)),
        ("money(122) / (100% + line.rate)", Decimal(100)),
        ("money(10) / money(4)", Decimal("2.5")),
        ("round(money(0.125) * 1)", Decimal("0.13")),
        ("round(money(-0.125) * 1)", Decimal("-0.13")),
        ("round(money(0.125) * 1, half_even)", Decimal("0.12")),
        ("round(money(0.125) * 1, half_down)", Decimal("0.12")),
        ("round(money(0.121) * 1, up)", Decimal("0.13")),
        ("round(money(0.129) * 1, down)", Decimal("0.12")),
        ("round(money(-0.129) * 1, ceiling)", Decimal("-0.12")),
        ("round(money(-0.121) * 1, floor)", Decimal("-0.13")),
        ("round(2.345, 2)", Decimal("2.35")),
        ("round(2.345, 2, half_even)", Decimal("2.34")),
        ("round(22.5%, 0)", Decimal(23)),
        ("round(document.price, 4)", Decimal("1.2346")),
        ("if document.is_credit then 1 else if line.net > 0 then 2 else 3", Decimal(2)),
        ("true or 1 / line.quantity = 1", True),
        ("not true and false", False),
        ("not (true and false)", True),
        ("true or false and false", True),
        ("line.nature in ('goods', 'services')", True),
        ("line.nature not in ('goods', 'services')", False),
        ("line.quantity in (1, 2, 3)", True),
        ("line.net != 0", True),
        ("'a' & 'b' & line.nature", "abgoods"),
        ("document.date + 1", date(2026, 2, 1)),
        ("document.date - 31", date(2025, 12, 31)),
        ("2026-03-01 - document.date", Decimal(29)),
        ("document.date < 2026-02-01", True),
        ("add_months(document.date, 1)", date(2026, 2, 28)),
        ("add_months(document.date, -12)", date(2025, 1, 31)),
        ("end_of_month(2028-02-01)", date(2028, 2, 29)),
        ("end_of_month(2028-12-01)", date(2028, 12, 31)),
        ("sum(line.net for line)", Decimal("112.35")),
        ("sum(line.net * line.rate for line where line.nature = 'goods')", Decimal(22)),
        ("count(line)", Decimal(2)),
        ("count(line where line.net > money(50))", Decimal(1)),
        ("any(line)", True),
        ("any(line where line.net < 0)", False),
        ("all(line where line.net > 0)", True),
        ("sum(line.net for line where any(tax where tax.rate = line.rate))", Decimal("112.35")),
        ("coalesce(document.note, 'none')", "none"),
        ("coalesce(document.due, document.date)", date(2026, 1, 31)),
        ("given(document.due)", False),
        ("given(document.date)", True),
        ("right('abc', 0)", ""),
        ("left('abc', 9)", "abc"),
        ("max(2026-01-01, document.date)", date(2026, 1, 31)),
    ],
)
def test_formulas_have_these_results(text: str, expected: object) -> None:
    found = result(text)
    assert found == expected
    assert type(found) is type(expected)


def test_money_is_rounded_to_the_exponent_of_the_currency() -> None:
    text = "round(line.net * 10.55%)"
    assert [str(result(text, Case(quantum=Decimal(q)))) for q in ("1", "0.01", "0.001")] == ["11", "10.55", "10.550"]


def test_rounding_gives_no_negative_zero() -> None:
    assert str(result("round(money(-0.001) * 1)")) == "0.00"
    assert str(result("round(-0.001, 2)")) == "0.00"


def test_a_row_in_an_aggregate_hides_the_row_at_hand() -> None:
    assert result("line.net = sum(line.net for line where line.nature = 'services')") is False
    assert compiled("line.net / sum(line.net for line)").roots == ("line", "lines")


def test_empty_collections_are_zero_none_and_all() -> None:
    empty = Case(lines=[])
    assert result("sum(line.net for line)", empty, MONEY) == 0
    assert result("count(line)", empty) == 0
    assert result("any(line)", empty) is False
    assert result("all(line where line.net > 0)", empty) is True


def test_a_missing_text_is_equal_to_no_literal() -> None:
    assert result("document.note = 'x'") is False
    assert result("document.note != 'x'") is True
    assert result("document.note in ('x', 'y')") is False


@pytest.mark.parametrize(
    "text",
    [
        "line.net + document.net",
        "line.net > 0",
        "line.net = 0",
        "line.net in (0, money(1))",
        "round(line.net)",
        "-line.net",
        "abs(line.net)",
        "max(line.net, 0)",
        "line.net",
        "if true then line.net else 0",
        "sum(line.net for line)",
        "'{line.net}'",
        "document.note",
        "'a' & document.note",
        "'{document.note}'",
        "upper(document.note)",
        "text(document.note) = 'x'",
        "contains(document.note, 'a')",
        "document.due",
        "document.due + 1",
        "document.due = document.date",
        "document.due < document.date",
        "end_of_month(document.due)",
        "document.is_credit",
        "not document.is_credit",
        "if document.is_credit then 1 else 2",
        "document.is_credit or true",
        "document.is_credit = false",
        "any(line where document.is_credit)",
        "coalesce(document.note, document.note)",
    ],
)
def test_a_missing_value_decides_nothing_in_silence(text: str) -> None:
    case = Case(document=Document(is_credit=None), lines=[Line(net=None)])
    assert failure(text, case) == "formula_missing_value"


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("line.net + line.net", Case(lines=[Line(net=1.5)])),
        ("line.net > 0", Case(lines=[Line(net=1.5)])),
        ("'{line.quantity}'", Case(lines=[Line(quantity=1.5)])),
        ("line.net", Case(lines=[Line(net=Decimal("NaN"))])),
        ("line.net > 0", Case(lines=[Line(net=Decimal("NaN"))])),
        ("line.net", Case(lines=[Line(net="12")])),
        ("document.number", Case(document=Document(number=7))),
        ("'{document.number}'", Case(document=Document(number=7))),
        ("document.date", Case(document=Document(date="2026-01-01"))),
        ("document.is_credit", Case(document=Document(is_credit="yes"))),
        ("sum(line.net for line)", Case(lines=7)),
        ("document.number", Case(document=Line())),
        ("round(line.net)", Case(quantum="0.01")),
    ],
)
def test_values_of_other_types_fail_typed(text: str, case: Case) -> None:
    assert failure(text, case) in ("formula_wrong_value", "formula_missing_value")


def test_values_that_are_not_handed_over_fail_typed() -> None:
    with pytest.raises(FormulaFailed, match="formula_wrong_value"):
        compiled("document.net")({})


def test_whole_numbers_may_be_ints() -> None:
    case = Case(lines=[Line(quantity=2)], document=Document(copies=3))
    assert result("document.copies / line.quantity", case) == Decimal("1.5")
    assert result("document.copies + line.quantity", case) == Decimal(5)
    assert result("round(document.copies, 1)", case) == 3
    assert result("'{document.copies}'", case) == "3"
    assert result("left('abc', line.quantity)", case) == "ab"


def test_a_formula_sets_its_context_only_where_it_must() -> None:
    before = getcontext()
    outside = result("1 / 3")
    assert getcontext() is before
    with arithmetic():
        assert result("1 / 3") == outside
        assert getcontext().prec == 38
    assert getcontext() is before
    assert len(str(outside)) == 40


def test_the_raw_function_takes_its_roots_in_order() -> None:
    formula = compiled("round(line.net * document.copies)")
    assert formula.roots == ("line", "document", "quantum")
    values = Case().values()
    with arithmetic():
        assert formula.function(*(values[root] for root in formula.roots)) == Decimal("300.00")


def test_a_formula_tells_the_names_it_uses() -> None:
    formula = compiled('if any(line where line.net > 0) then "{document.number}" else "{line.quantity}"')
    assert formula.names == {"line.net", "document.number", "line.quantity"}
    assert compiled("count(line) = 2").names == frozenset()


def test_constants_are_worked_out_once() -> None:
    assert compiled("line.net * (100% + 11% * 2)").function.__code__.co_names == ("net", "k0")
    assert failure("1 / (2 - 2)") == "formula_division_by_zero"


def test_compiled_code_sees_no_builtins() -> None:
    formula = compiled("sum(line.net for line where line.nature in ('goods'))")
    assert formula.function.__globals__["__builtins__"] == {}


def test_all_problems_are_told_at_once_in_the_order_of_the_text() -> None:
    text = "round(document.nett) + foo(line.nets) + (1 and 2)"
    assert problems(text) == [
        "formula_unknown_name",
        "formula_unknown_function",
        "formula_unknown_name",
        "formula_type",
        "formula_type",
    ]


def test_a_row_must_be_of_the_vocabulary() -> None:
    with pytest.raises(ValueError, match="lin"):
        compile_formula("1", VOCABULARY, TEXT, row="lin")


def test_what_stands_behind_the_deciding_side_is_not_looked_at() -> None:
    nothing_there = Case(document=replace(Document(), note=None))
    assert result("given(document.note) and length(document.note) > 3", nothing_there) is False
    assert result("if given(document.note) then length(document.note) else 0", nothing_there) == 0


def test_no_function_is_named_like_a_keyword() -> None:
    assert not {"if", "then", "else", "and", "or", "not", "in", "for", "where"} & set(FUNCTIONS)
