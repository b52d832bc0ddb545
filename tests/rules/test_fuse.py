"""Many formulas as one function give what they give one by one."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import BOOLEAN, Formula, FormulaFailed, Fused, FusedLine, compile_formula, fuse
from tests.rules.formulas import cases, conditions, formulas, odd_values
from tests.rules.samples import ALL_TYPES, VOCABULARY, Case, Document, Line, compiled

FAILED = object()


Texts = list[tuple[list[str], list[str]]]
texts_of_lines = st.lists(st.tuples(st.lists(conditions, max_size=3), st.lists(formulas, max_size=3)), max_size=4)


def without_rows(texts: Texts) -> Texts:
    """Only what can be asked of a whole document."""
    return [tuple([text for text in part if "line" not in compiled(text).roots] for part in line) for line in texts]  # type: ignore[misc]


def lines_of(texts: Texts, row: str | None) -> list[FusedLine]:
    return [
        FusedLine(
            tuple(compile_formula(text, VOCABULARY, BOOLEAN, row) for text in when),
            tuple(compile_formula(text, VOCABULARY, ALL_TYPES, row) for text in fields),
        )
        for when, fields in texts
    ]


def one_by_one(lines: Sequence[FusedLine], at_hand: dict[str, object]) -> object:
    return tuple(
        tuple(formula(at_hand) for formula in line.fields) if all(test(at_hand) for test in line.when) else None
        for line in lines
    )


def in_one(fused: Fused, at_hand: dict[str, object]) -> object:
    try:
        return fused(at_hand)
    except Exception:  # whatever values raise, raw
        return FAILED


def expected(lines: Sequence[FusedLine], case: Case, row: str | None) -> object:
    at_hand = case.values()
    try:
        if row is None:
            return one_by_one(lines, at_hand)
        assert isinstance(case.lines, list)
        return [one_by_one(lines, at_hand | {"line": each}) for each in case.lines]
    except FormulaFailed:
        return FAILED


slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(texts_of_lines, cases)
def test_lines_over_rows_give_what_their_formulas_give(texts: Texts, case: Case) -> None:
    lines = lines_of(texts, "line")
    assert same(in_one(fuse(lines, VOCABULARY, "line"), case.values()), expected(lines, case, "line"))


@slow
@given(texts_of_lines.map(without_rows), cases)
def test_lines_over_a_document_give_what_their_formulas_give(texts: Texts, case: Case) -> None:
    lines = lines_of(texts, None)
    assert same(in_one(fuse(lines, VOCABULARY, None), case.values()), expected(lines, case, None))


@slow
@given(texts_of_lines, st.data())
def test_values_of_any_kind_fail_alike(texts: Texts, data: st.DataObject) -> None:
    odd = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Document.__slots__)))}
    line = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Line.__slots__)))}
    case = Case(document=Document(**odd), lines=[Line(), Line(**line)])
    lines = lines_of(texts, "line")
    assert same(in_one(fuse(lines, VOCABULARY, "line"), case.values()), expected(lines, case, "line"))


def same(found: object, wanted: object) -> bool:
    """Equal, of the same types, and written alike."""
    return repr(found) == repr(wanted)


def formula(text: str, row: str | None = "line") -> Formula:
    return compile_formula(text, VOCABULARY, ALL_TYPES, row)


def test_a_line_is_the_tuple_of_its_fields_or_none() -> None:
    lines = [
        FusedLine((formula("line.nature = 'goods'"), formula("line.net > 0")), (formula("line.net"), formula("'x'"))),
        FusedLine((), (formula("document.number"),)),
        FusedLine((), ()),
    ]
    fused = fuse(lines, VOCABULARY, "line")
    assert fused(Case().values()) == [((Decimal(100), "x"), ("FV-7",), ()), (None, ("FV-7",), ())]
    assert fused(Case(lines=[]).values()) == []
    assert fused.roots == ("document", "lines") or fused.roots == ("lines", "document")
    assert fuse([], VOCABULARY, None)({}) == ()


def test_later_conditions_and_fields_are_not_looked_at_where_one_does_not_hold() -> None:
    line = FusedLine((formula("false"), formula("1 / (line.quantity - 2) = 1")), (formula("1 / (line.quantity - 2)"),))
    assert fuse([line], VOCABULARY, "line")(Case(lines=[Line()]).values()) == [(None,)]


def test_what_looks_at_no_row_is_worked_out_once_and_only_when_it_is_needed() -> None:
    asked = []

    def tax_rate(code: str, on: object) -> Decimal:
        asked.append(code)
        return Decimal(20)

    share = "line.net * tax_rate('FR20', document.date)"
    lines = [FusedLine((formula("line.net > 0"),), (formula(share), formula(f"1 * ({share})")))]
    fused = fuse(lines, VOCABULARY, "line")
    rows = [Line(), Line(net=Decimal(0)), Line()]
    assert fused(Case(lines=rows, tax_rate=tax_rate).values())[2] == ((Decimal(20), Decimal(20)),)
    assert asked == ["FR20"]
    fused(Case(lines=[Line(net=Decimal(0))], tax_rate=tax_rate).values())
    assert asked == ["FR20"]
    twice = [FusedLine((), (formula("tax_rate('FR20', document.date)", None),)) for _ in range(2)]
    fuse(twice, VOCABULARY, None)(Case(tax_rate=tax_rate).values())
    assert asked == ["FR20", "FR20"]


def test_a_part_that_fails_is_not_reached_before_its_condition() -> None:
    broken = "2 / (document.copies - 3)"
    lines = [FusedLine((formula("line.net < 0"),), (formula(broken), formula(f"{broken} + 1")))]
    fused = fuse(lines, VOCABULARY, "line")
    assert fused(Case().values()) == [(None,), (None,)]
    with pytest.raises(ArithmeticError):
        fused(Case(lines=[Line(net=Decimal(-1))]).values())


def test_constants_are_shared() -> None:
    lines = [FusedLine((), (formula("line.net * 22%"), formula("line.net * 22%"), formula("line.net * 22.0%")))]
    names = fuse(lines, VOCABULARY, "line").function.__code__.co_names
    assert len([name for name in names if name.startswith("k")]) == 3  # 0.22, 0.220, and the type Decimal


def test_a_formula_about_another_row_is_refused() -> None:
    with pytest.raises(ValueError, match="tax"):
        fuse([FusedLine((), (compile_formula("tax.base", VOCABULARY, ALL_TYPES, "tax"),))], VOCABULARY, "line")


def test_fused_code_sees_no_builtins() -> None:
    fused = fuse([FusedLine((), (formula("line.net"),))], VOCABULARY, "line")
    assert fused.function.__globals__["__builtins__"] == {}
