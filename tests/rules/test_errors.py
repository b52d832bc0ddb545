"""Every code has a sample, and every problem its place and its way out."""

import pickle
from datetime import date
from decimal import Decimal

import pytest

from rules import MONEY, BadFormula, FormulaFailed, Problem, compile_formula
from rules.errors import CODES, FAILURES, PROBLEMS
from tests.rules.samples import SIDE, VOCABULARY, Case, Document, compiled, failure, problems

LONG = Case(document=Document(number="x" * 6000))

PROBLEM_SAMPLES = {
    "formula_syntax": "1 +",
    "formula_recursion": "formula.round_a",
    "formula_unknown_name": "document.nett",
    "formula_row_not_bound": "tax.base",
    "formula_unknown_function": "rond(line.net)",
    "formula_arguments": "round()",
    "formula_type": "line.net * line.net",
    "formula_unknown_code": "line.nature = 'good'",
    "formula_division_by_zero": "line.net / 0",
    "formula_bad_date": "2026-02-30",
    "formula_number_out_of_range": "123456789012345678901",
    "formula_too_long": "1" + " " * 5000,
    "formula_too_many_nodes": "1 in (" + ", ".join(["1"] * 600) + ")",
    "formula_too_deep": "(" * 40 + "1" + ")" * 40,
}


def refused(code: str, on: date) -> Decimal:
    raise LookupError(code)


FAILURE_SAMPLES = {
    "formula_division_by_zero": ("line.net / (line.quantity - 2)", Case()),
    "formula_overflow": ("line.quantity * 10000000000000000 * 10000000000000000", Case()),
    "formula_missing_value": ("document.due + 1", Case()),
    "formula_wrong_value": ("document.net", Case(document=Document(net="x"))),
    "formula_not_whole": ("document.date + 0.5", Case()),
    "formula_out_of_range": ("left('abc', -1)", Case()),
    "formula_date_out_of_range": ("add_months(document.date, 99999)", Case()),
    "formula_lookup_failed": ("tax_rate('FR20', document.date)", Case(tax_rate=refused)),
    "formula_text_too_long": ("document.number & document.number", LONG),
}


def test_every_code_has_a_sample() -> None:
    assert PROBLEM_SAMPLES.keys() == PROBLEMS.keys()
    assert FAILURE_SAMPLES.keys() == FAILURES.keys()
    assert PROBLEMS.keys() | FAILURES.keys() == CODES


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_found(code: str) -> None:
    assert problems(PROBLEM_SAMPLES[code]) == [code]


@pytest.mark.parametrize("code", FAILURES)
def test_a_failure_is_typed(code: str) -> None:
    text, case = FAILURE_SAMPLES[code]
    assert failure(text, case) == code


@pytest.mark.parametrize(
    ("text", "case", "code"),
    [
        ("(line.quantity - 2) / (line.quantity - 2)", Case(), "formula_division_by_zero"),
        ("document.date + 9999999", Case(), "formula_date_out_of_range"),
        ("document.date - 9999999", Case(), "formula_date_out_of_range"),
        ("document.date + 99999999", Case(), "formula_out_of_range"),
        ("round(document.net)", Case(document=Document(net=Decimal("1e37"))), "formula_overflow"),
        ("document.net > 0", Case(document=Document(net=Decimal("sNaN"))), "formula_wrong_value"),
    ],
)
def test_other_ways_to_fail(text: str, case: Case, code: str) -> None:
    assert failure(text, case) == code


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("document.nett", "did you mean 'document.net'?"),
        ("dokument.net", "did you mean 'document.net'?"),
        ("net", "did you mean 'document.net'?"),
        ("goods", 'a text is written in quotes: "goods"'),
        ("document", "name one of its fields: document.…"),
        ("rond(line.net)", "did you mean 'round'?"),
        ("line.nature = 'gods'", "did you mean 'goods'?"),
        ("count(lines)", "did you mean 'line'?"),
        ("round(line.net, half_odd)", "the modes are half_up, half_even, half_down, up, down, ceiling, floor"),
        ("line.net + 5", "a money constant is written money(10.50)"),
        ("line.net + 5%", "a percent is taken of something: x * 10%, or x * (100% + 10%)"),
        ("line.net * line.net", "money goes with a number or a percent"),
        ("document.number + '1'", 'texts are joined with &, or in a template: "… {x}"'),
        ("line.net == 0", "equality is a single ="),
        ("line.net <> 0", "different is written !="),
        ("1 < 2 < 3", "comparisons do not chain; write a < b and b < c"),
        ("2 ** 3", "there are no powers; multiply"),
        ("10 % 3", "% marks a percent, as in 22%; there is no remainder"),
        ("10,5", "decimals are written with a point: 10.50"),
        ("1 + if true then 1 else 2", "put the if in brackets"),
        ("if true then 1", "an if needs else: if a then b else c"),
        ("true AND false", "write and"),
        ("“a”", 'use straight quotes: "…"'),
        ("line.net × 2", "multiply with *"),
        ("sum(line.net)", "write sum(line.net for line)"),
    ],
)
def test_a_problem_says_the_way_out(text: str, hint: str) -> None:
    with pytest.raises(BadFormula) as caught:
        compiled(text)
    assert caught.value.problems[0].hint == hint


def test_an_amount_where_money_is_wanted_says_the_way_out() -> None:
    with pytest.raises(BadFormula) as caught:
        compiled("line.net * 10%", MONEY)
    assert caught.value.problems[0].hint == "round(x) makes money of an amount"
    with pytest.raises(BadFormula) as caught:
        compiled("document.number", SIDE)
    assert caught.value.problems[0].hint == "write one of the codes in quotes: debit, credit"


def test_a_problem_shows_its_place() -> None:
    with pytest.raises(BadFormula) as caught:
        compiled("round(document.nett * 0.04)")
    assert str(caught.value) == (
        "formula_unknown_name unknown name 'document.nett'; did you mean 'document.net'?\n"
        "  round(document.nett * 0.04)\n"
        "        ^^^^^^^^^^^^^"
    )


def test_a_problem_shows_the_line_it_is_in() -> None:
    problem = Problem("formula_type", (8, 30), "words")
    assert problem.show("if a\n\tthen b\nelse c") == "formula_type words\n   then b\n     ^^^^"


def test_a_problem_behind_the_end_is_shown_there() -> None:
    assert Problem("formula_syntax", (1, 2), "words").show("1").endswith("\n  1\n   ^")


def test_a_failure_tells_what_it_looked_at() -> None:
    with pytest.raises(FormulaFailed) as caught:
        compiled("document.net / (line.quantity - 2)")(Case().values())
    assert str(caught.value) == (
        "formula_division_by_zero a division by zero\n"
        "  document.net / (line.quantity - 2)\n"
        "  with document.net = 1234.50, line.quantity = 2"
    )


def test_errors_cross_processes() -> None:
    with pytest.raises(BadFormula) as bad:
        compile_formula("1 +", VOCABULARY, MONEY)
    failed = FormulaFailed("formula_overflow", "1", (("document.net", Decimal(1)),))
    assert pickle.loads(pickle.dumps(bad.value)).problems == bad.value.problems  # noqa: S301 - our own bytes
    assert str(pickle.loads(pickle.dumps(failed))) == str(failed)  # noqa: S301 - our own bytes
