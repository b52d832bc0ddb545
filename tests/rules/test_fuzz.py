"""Whatever is written gives a formula or a BadFormula; whatever it meets gives a value or a FormulaFailed."""

from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules import AMOUNT, BOOLEAN, MONEY, NUMBER, TEXT, BadFormula, Formula, FormulaFailed, compile_formula
from rules.errors import FAILURES, PROBLEMS
from tests.rules.formulas import formulas
from tests.rules.samples import ALL_TYPES, SIDE, VOCABULARY, Case, Document, Line

WORDS = """
    if then else and or not in for where true false ( ) , + - * / & = != < <= > >= . 0 1 2.5 22% 2026-01-31 2026-02-30
    'a' "b {1}" '{' line document tax line.net line.rate line.nature document.date document.number document.note
    'goods' round sum count any all min coalesce given money half_up text left add_months year foo { } " ' % é ( ) ,
""".split()

expectations = st.sampled_from([ALL_TYPES, MONEY, AMOUNT, NUMBER, TEXT, BOOLEAN, SIDE, (SIDE, BOOLEAN)])
fuzz = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
odd_values = st.sampled_from(
    [None, 1.5, 7, "x", True, (), [None], Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e9999999")]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(formulas)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        text = text[:start] + draw(st.sampled_from(WORDS) | st.text(max_size=2)) + text[end:]
    return text


def attempt(text: str, expects: object = ALL_TYPES) -> Formula | None:
    try:
        return compile_formula(text, VOCABULARY, expects, row="line")  # type: ignore[arg-type]
    except BadFormula as bad:
        assert bad.problems
        for problem in bad.problems:
            assert problem.code in PROBLEMS
            assert 0 <= problem.span[0] < problem.span[1] <= len(text) + 1
            assert problem.show(text)
        return None


def run(formula: Formula | None, case: Case) -> None:
    if formula is None:
        return
    try:
        formula(case.values())
    except FormulaFailed as failed:
        assert failed.code in FAILURES
        assert str(failed)
    formula.explain(case.values())


@fuzz
@example("\x00", ALL_TYPES)
@example("\ud800", ALL_TYPES)
@example("'{'", ALL_TYPES)
@example("'a' = 'b'", ALL_TYPES)
@given(st.text(max_size=60), expectations)
def test_any_text(text: str, expects: object) -> None:
    run(attempt(text, expects), Case())


@fuzz
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join), expectations)
def test_any_words(text: str, expects: object) -> None:
    run(attempt(text, expects), Case())


@fuzz
@given(mutated(), expectations)
def test_formulas_with_slips(text: str, expects: object) -> None:
    run(attempt(text, expects), Case())


@fuzz
@given(formulas, st.data())
def test_values_of_any_kind(text: str, data: st.DataObject) -> None:
    odd = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Document.__slots__)))}
    line = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Line.__slots__)))}
    quantum = data.draw(st.sampled_from([Decimal("0.01"), Decimal("NaN"), None]))
    run(attempt(text), Case(document=Document(**odd), lines=[Line(**line), Line()], quantum=quantum))
