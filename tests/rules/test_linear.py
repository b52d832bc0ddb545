"""Forms, equations and cases: the arithmetic below the proof."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cells import (
    Among,
    Case,
    Flag,
    Range,
    TooMany,
    Undecided,
    Words,
    is_among,
    is_so,
    is_true,
    parts,
    question,
)
from rules.linear import CUT, Equations, Form, Variable, constant, form, single

NET, TAX, GROSS = (Variable(name, "", 14, 4, True) for name in ("net", "tax", "gross"))
ROW = Variable("line.net", "line", 14, 4, True)
HALF = Fraction(1, 2)

fractions = st.fractions(-5, 5, max_denominator=8)
forms = st.builds(form, st.dictionaries(st.sampled_from([NET, TAX, GROSS]), fractions), fractions)
points = st.fixed_dictionaries({variable: fractions for variable in (NET, TAX, GROSS)})


def value(one: Form, at: dict[Variable, Fraction]) -> Fraction:
    return one.constant + sum((factor * at[variable] for variable, factor in one.parts), Fraction(0))


@given(forms, forms, fractions, points)
def test_forms_add_and_scale_as_their_values_do(
    left: Form, right: Form, factor: Fraction, at: dict[Variable, Fraction]
) -> None:
    assert value(left.plus(right), at) == value(left, at) + value(right, at)
    assert value(left.plus(right, -1), at) == value(left, at) - value(right, at)
    assert value(left.scaled(factor), at) == factor * value(left, at)


@given(forms, forms)
def test_equal_forms_are_equal_objects_with_one_text(left: Form, right: Form) -> None:
    assert (left == right) == (str(left) == str(right)) == (left.plus(right, -1) == constant(0))
    assert left.plus(right) == right.plus(left)
    assert hash(left.plus(right)) == hash(right.plus(left))


@given(forms, fractions.filter(bool), fractions)
def test_a_direction_is_the_same_whatever_factor_and_constant(one: Form, factor: Fraction, more: Fraction) -> None:
    if one.parts:
        other = one.scaled(factor).plus(constant(more))
        assert other.direction()[0] == one.direction()[0]
        assert one.direction()[0].scaled(one.direction()[1]).plus(constant(one.constant)) == one


def test_a_product_is_multiplied_out_and_does_not_mind_order() -> None:
    left, right = single(NET).plus(constant(2)), single(TAX).plus(single(GROSS), -1)
    assert left.times(right) == right.times(left)
    assert str(left.times(constant(3))) == "3*net + 6"
    assert "(net * tax)" in str(left.times(right)) and "2*tax" in str(left.times(right))


@pytest.mark.parametrize(
    ("one", "fits"),
    [
        (single(NET), True),
        (single(NET).scaled(Fraction(225, 1000)), True),
        (single(NET).scaled(Fraction(1, 3)), False),
        (single(NET).scaled(Fraction(10**17)), True),
        (single(NET).scaled(Fraction(10**20 + 1, 10**10)), False),
        (single(Variable("(net) / (3)", "", 38, CUT)), False),
        (single(NET).plus(constant(Fraction(1, 10**25))), False),
    ],
    ids=["money", "a share", "a third", "large", "large and fine", "cut", "a tiny constant"],
)
def test_a_form_stands_for_decimals_only_while_they_are_exact(one: Form, fits: bool) -> None:
    assert one.fits() == fits


def test_sums_of_money_are_money() -> None:
    assert single(NET).plus(single(TAX), -1).is_money()
    assert not single(NET).scaled(HALF).is_money()
    assert not single(NET).plus(constant(HALF)).is_money(), "a yen has no half"
    assert not single(Variable("price", "", 14, 8)).is_money()


# Equations


@given(st.lists(forms, max_size=4), points)
def test_what_equations_say_changes_no_value_where_they_hold(zeros: list[Form], at: dict[Variable, Fraction]) -> None:
    equations = Equations[Variable]()
    for zero in zeros:
        level = zero.plus(constant(value(zero, at)), -1)  # 0 at the point
        equations.add({**dict(level.parts), None: level.constant})
    assert not equations.contradictory
    total = {NET: Fraction(2), TAX: Fraction(-3), None: Fraction(1)}
    left = equations.reduced(total)
    known = {**at, None: Fraction(1)}
    assert sum(factor * known[name] for name, factor in left.items()) == 2 * at[NET] - 3 * at[TAX] + 1


def test_equations_solve_in_any_order() -> None:
    equations = Equations[str]()
    equations.add({"gross": Fraction(1), "net": Fraction(-1), "tax": Fraction(-1)})
    equations.add({"tax": Fraction(1), None: Fraction(-5)})
    assert equations.reduced({"gross": Fraction(1), "net": Fraction(-1)}) == {None: 5}
    equations.add({"net": Fraction(1), None: Fraction(-7)})
    assert equations.reduced({"gross": Fraction(1), None: Fraction(-12)}) == {}


def test_equations_that_contradict_each_other_are_noticed() -> None:
    equations = Equations[str]()
    equations.add({"net": Fraction(1), None: Fraction(-1)})
    assert not equations.contradictory
    equations.add({"net": Fraction(1), None: Fraction(-2)})
    assert equations.contradictory


# Cases

WANTED = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": "=>"}


def cases_of(*asked: tuple[Form, str]) -> list[tuple[Case, tuple[bool, ...]]]:
    def probe(one: Form, operator: str):  # type: ignore[no-untyped-def]
        found = question(one, operator)
        return lambda case: (found if isinstance(found, bool) else is_so(case, found),)

    return [(case, tuple(one for (one,) in found)) for case, found in parts([probe(*one) for one in asked], "", 500)]


@given(
    st.lists(st.tuples(st.sampled_from(sorted(WANTED)), st.integers(-3, 3), st.sampled_from([1, -1, 2])), max_size=5),
    st.fractions(-4, 4, max_denominator=2),
)
def test_every_value_is_in_exactly_one_case_and_every_answer_is_true(
    asked: list[tuple[str, int, int]], at: Fraction
) -> None:
    """Comparisons of k·x + c with 0, at a value of x."""
    forms = [(single(NET).scaled(Fraction(factor)).plus(constant(more)), operator) for operator, more, factor in asked]
    found = [(case, answers) for case, answers in cases_of(*forms) if holds_at(case, at)]
    assert len(found) == 1
    for (one, operator), answer in zip(forms, found[0][1], strict=True):
        left = value(one, {NET: at})
        place = "<" if left < 0 else ">" if left > 0 else "="
        assert answer == (place in WANTED[operator])


def holds_at(case: Case, at: Fraction) -> bool:
    answer = case.get(single(NET), Range())
    assert isinstance(answer, Range)
    return "=" in answer.positions(at)


def test_a_comparison_is_split_no_further_than_it_asks() -> None:
    assert len(cases_of((single(NET), "<"))) == 2
    assert len(cases_of((single(NET), "="))) == 3
    assert len(cases_of((single(NET), "<"), (single(NET).scaled(Fraction(-2)), ">"), (single(NET), ">="))) == 2
    assert [case for case, _ in cases_of((constant(3), ">"))] == [{}]


def test_a_range_that_is_closed_to_one_point_is_that_value() -> None:
    below = [case for case, found in cases_of((single(NET), "<="), (single(NET), ">=")) if all(found)]
    (answer,) = below[0].values()
    assert isinstance(answer, Range) and answer.point == 0


def test_a_text_is_one_of_its_codes_or_any() -> None:
    nature = Words("line.nature", "line", ("goods", "service"))
    product = Words("line.product", "line")
    seen = parts(
        [
            lambda case: (is_among(case, nature, frozenset({"goods"})),),
            lambda case: (is_among(case, nature, frozenset({"service", "other"})),),
            lambda case: (is_among(case, product, frozenset({"A", "B"})),),
            lambda case: (is_among(case, product, frozenset({"B"})),),
        ],
        "line",
        500,
    )
    assert [tuple(one for (one,) in found) for _, found in seen] == [
        (True, False, True, True),
        (True, False, True, False),
        (True, False, False, False),
        (False, True, True, True),
        (False, True, True, False),
        (False, True, False, False),
    ]


def test_a_case_of_rows_leaves_questions_about_the_document_to_others() -> None:
    flag = Flag("document.is_credit", "")
    with pytest.raises(Undecided) as asked:
        list(parts([lambda case: (is_true(case, flag),)], "line", 500))
    assert asked.value.subject == flag and asked.value.pieces == (True, False)
    assert is_true({flag: True}, flag) and not is_true({flag: False}, flag)


def test_too_many_cases_are_not_looked_at() -> None:
    flags = [Flag(f"f{number}", "") for number in range(20)]
    with pytest.raises(TooMany):
        list(parts([lambda case, flag=flag: (is_true(case, flag),) for flag in flags], "", 100))  # type: ignore[misc]


def test_a_probe_that_gives_none_drops_the_case() -> None:
    flag = Flag("x", "")
    kept = list(parts([lambda case: is_true(case, flag) or None], "", 10))
    assert [case for case, _ in kept] == [{flag: True}]
    assert Among(frozenset({"a"})) != Among(but=frozenset({"a"}))
