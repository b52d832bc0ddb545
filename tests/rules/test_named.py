"""Formulas that use named formulas: as if the body stood there in brackets, told by its own name."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules import (
    AMOUNT,
    MONEY,
    NUMBER,
    BadFormula,
    Formula,
    FormulaFailed,
    Problem,
    Record,
    Vocabulary,
    compile_formula,
)
from rules.named import read
from rules.nodes import Named, walk
from tests.rules.formulas import cases, formulas
from tests.rules.samples import ALL_TYPES, SIDE, VOCABULARY, Case, Document, Line, compiled, result


def over(named: Mapping[str, str], text: str, row: str | None = "line") -> Formula:
    return compile_formula(text, VOCABULARY.with_formulas(named), ALL_TYPES, row)


def told(named: Mapping[str, str], text: str, row: str | None = "line") -> tuple[Problem, ...]:
    with pytest.raises(BadFormula) as caught:
        over(named, text, row)
    return caught.value.problems


def outcome(named: Mapping[str, str], text: str, case: Case) -> object:
    """Its value, or the code of what is wrong with it: a body may stand too deep where it is used."""
    try:
        return over(named, text)(case.values())
    except FormulaFailed as failed:
        return failed.code
    except BadFormula as refused:
        return {problem.code for problem in refused.problems}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("any(line where any(line where document.is_credit))", Case(), "count(tax where {} = {})")
@given(formulas, cases, st.sampled_from(["{}", "({})", "text({}) & 'x'", "count(tax where {} = {})", "{} != {}"]))
def test_a_name_means_its_body_in_brackets(body: str, case: Case, shape: str) -> None:
    known = {**VOCABULARY.formulas, "body": body}
    named, written = (shape.replace("{}", words) for words in ("formula.body", f"({body})"))
    assert outcome(known, named, case) == outcome(known, written, case)


def test_a_body_uses_the_rows_that_are_bound_where_it_is_used() -> None:
    assert result("formula.base") == Decimal(200)
    assert result("sum(formula.base for line)") == Decimal("224.70")
    assert compiled("formula.total", row=None)(Case().values()) == Decimal("224.70")
    problem = told({"base": "line.net * line.quantity"}, "1 + formula.base", row=None)[0]
    assert (problem.code, problem.span) == ("formula_row_not_bound", (4, 16))
    assert problem.words == "in formula.base: no line is at hand here"


def test_a_body_has_the_type_that_it_has() -> None:
    assert compiled("formula.base").type == AMOUNT
    assert compiled("formula.total").type == MONEY
    assert compiled("formula.side", SIDE).type == SIDE
    assert told({"a": "1"}, "line.net + formula.a")[0].hint == "a money constant is written money(10.50)"


def test_texts_of_a_body_are_codes_where_codes_are_wanted() -> None:
    problem = told({"kind": "'gods'"}, "line.nature = formula.kind")[0]
    assert (problem.code, problem.words) == ("formula_unknown_code", "in formula.kind: 'gods' is no nature code")
    assert over({"kind": "'goods'"}, "line.nature = formula.kind")(Case().values()) is True


def test_a_body_that_is_a_field_or_a_lookup_may_be_missing() -> None:
    assert result("coalesce(formula.remark, 'none')") == "none"
    assert result("given(formula.remark)") is False
    assert over({"rate": "tax_rate('none', document.date)"}, "coalesce(formula.rate, 7%)")(Case().values()) == 7
    assert told({"a": "1 + 1"}, "coalesce(formula.a, 2)")[0].code == "formula_arguments"


def test_problems_inside_name_the_way_to_them() -> None:
    named = {"a": "formula.b * 2", "b": "document.nett"}
    (problem,) = told(named, "1 + (formula.a)")
    assert (problem.code, problem.span) == ("formula_unknown_name", (4, 15))
    assert problem.words == "in formula.a → formula.b: unknown name 'document.nett'"
    assert problem.hint == "did you mean 'document.net'?"


def test_a_body_that_is_no_formula_is_told_where_it_is_used() -> None:
    (problem,) = told({"a": "1 +"}, "2 * formula.a")
    assert (problem.code, problem.span) == ("formula_syntax", (4, 13))
    assert problem.words == "in formula.a: the formula ends too early"
    assert over({"a": "1 +", "b": "2"}, "formula.b").type == NUMBER


def test_an_unknown_formula_suggests_the_nearest() -> None:
    (problem,) = told({"taxable": "1"}, "formula.taxble")
    assert (problem.code, problem.hint) == ("formula_unknown_name", "did you mean 'formula.taxable'?")
    assert told({"taxable": "1"}, "formul.taxable")[0].hint == "did you mean 'formula.taxable'?"
    assert told({"taxable": "1"}, "formula")[0].hint == "name one of them: formula.…"
    assert told({}, "formula.x.y")[0].code == "formula_unknown_name"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"a": "formula.a"}, "formula.a uses itself: a → a"),
        ({"a": "1 + formula.b", "b": "formula.a"}, "formula.a uses itself: a → b → a"),
        ({"a": "formula.b", "b": "formula.c", "c": "2 * formula.b"}, "formula.b uses itself: b → c → b"),
        ({"a": "formula.d + formula.b", "b": "formula.a", "d": "1"}, "formula.a uses itself: a → b → a"),
    ],
)
def test_a_formula_that_uses_itself_shows_the_circle(named: dict[str, str], words: str) -> None:
    (problem,) = told(named, "1 + formula.a")
    assert (problem.code, problem.words, problem.span) == ("formula_recursion", words, (4, 13))


def test_each_use_of_a_circle_is_told_and_other_problems_too() -> None:
    named = {"a": "formula.b", "b": "formula.a", "c": "formula.b + 1", "d": "2"}
    problems = told(named, "formula.a + formula.c + formula.d + document.nett + formula.a")
    assert [problem.code for problem in problems] == [
        "formula_recursion",
        "formula_recursion",
        "formula_unknown_name",
        "formula_recursion",
    ]
    assert problems[1].words == "formula.a uses itself: a → b → a"


def chain(steps: int, body: str) -> dict[str, str]:
    """f0 uses f1, which uses f2, …; `body` has the next one's name for {}."""
    return {f"f{step}": body.replace("{}", f"formula.f{step + 1}") for step in range(steps)} | {f"f{steps}": "1"}


@pytest.mark.parametrize(
    ("named", "text", "codes"),
    [
        (chain(3, "{} + {}"), "formula.f0", []),
        (chain(100, "{} + {}"), "formula.f0", ["formula_too_deep"]),
        (chain(200, "{} + {}"), "formula.f0", ["formula_too_many_nodes"]),
        (chain(6, "{} + {} + {}"), "formula.f0", ["formula_too_many_nodes"]),
        (chain(300, "{}"), "formula.f0", ["formula_too_deep"]),
        (chain(5_000, "{}"), "formula.f0", ["formula_too_many_nodes"]),
        (chain(30, "{}"), "formula.f0", []),
        (chain(31, "{}"), "formula.f0", ["formula_too_deep"]),
        ({"a": "+".join(["1"] * 100)}, "formula.a + formula.a", []),
        ({"a": "+".join(["1"] * 100)}, "formula.a + formula.a + formula.a", ["formula_too_many_nodes"]),
        ({"a": "+".join(["1"] * 127)}, "formula.a", []),
        ({"a": "+".join(["1"] * 128)}, "formula.a", ["formula_too_deep"]),
        ({"a": f"'{'x' * 4_000}'"}, " & ".join(["formula.a"] * 2), []),
        ({"a": f"'{'x' * 4_000}'"}, " & ".join(["formula.a"] * 5), ["formula_too_long"]),
        ({"a": "(" * 33 + "1" + ")" * 33}, "formula.a", ["formula_too_deep"]),
        ({f"f{n}": f"formula.f{n + 1}" for n in range(600)} | {"f600": "formula.f0"}, "formula.f0",
         ["formula_too_many_nodes"]),
    ],
)  # fmt: skip
def test_caps_hold_on_the_whole(named: dict[str, str], text: str, codes: list[str]) -> None:
    if codes:
        assert [problem.code for problem in told(named, text)] == codes
    else:
        assert over(named, text)(Case().values())


def test_what_is_accepted_is_no_larger_than_the_caps() -> None:
    whole = over(chain(4, "{} + {} + {}"), "formula.f0")
    assert 250 < sum(1 for _ in walk(whole.node)) <= 500
    assert whole({}) == 3**4


def test_a_body_is_read_once() -> None:
    read.cache_clear()
    for text in ("formula.z", "formula.z + 1", "formula.z - formula.z"):
        over({"z": "document.net / document.net"}, text)
    assert read.cache_info().misses == 1


def test_rows_nest_twice_through_names_too() -> None:
    named = {"a": "count(line where formula.b > 0)", "b": "count(line where formula.c > 0)", "c": "count(tax)"}
    assert [problem.code for problem in told(named, "formula.a")] == ["formula_too_deep"]
    assert over(named, "formula.b").type == NUMBER


def test_a_formula_tells_the_names_and_formulas_it_uses() -> None:
    formula = compiled("formula.label")
    assert formula.names == {"document.number", "line.net", "line.quantity"}
    assert formula.formulas == {"label", "total", "base"}
    assert any(isinstance(node, Named) for node in walk(formula.node))


def test_an_explanation_shows_a_named_formula_and_inside_it_its_parts() -> None:
    found = compiled("formula.total - document.net").explain(Case().values())
    total, net = found.children
    assert (total.text, total.value) == ("formula.total", "224.70")
    (body,) = total.children
    assert (body.text, body.value) == ("round(sum(formula.base for line))", "224.70")
    (summed,) = body.children
    assert [(row.text, row.children[0].text) for row in summed.children] == [
        ("formula.base", "line.net * line.quantity"),
        ("formula.base", "line.net * line.quantity"),
    ]
    assert net.text == "document.net"


def test_a_missing_field_behind_a_name_is_no_failure_until_it_is_needed() -> None:
    found = compiled("coalesce(formula.remark, 'none')").explain(Case().values())
    assert [(part.text, part.value, part.failure) for part in found.children] == [("formula.remark", None, None)]


def test_a_failure_inside_a_name_tells_its_operands() -> None:
    with pytest.raises(FormulaFailed) as caught:
        compiled("formula.base + 1 * line.net")(Case(document=Document(), lines=[Line(net=None)]).values())
    assert caught.value.code == "formula_missing_value"
    assert caught.value.operands == (("line.net", None), ("line.quantity", Decimal(2)))


def test_formula_is_no_name_of_a_record() -> None:
    with pytest.raises(ValueError, match="formula"):
        Vocabulary({"formula": Record({"net": MONEY})})
