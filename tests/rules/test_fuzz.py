"""Whatever is written gives a formula or a BadFormula; whatever it meets gives a value or a FormulaFailed."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rules import AMOUNT, BOOLEAN, MONEY, NUMBER, TEXT, Type
from tests.rules import fuzz
from tests.rules.formulas import formulas, odd_values
from tests.rules.fuzz import WORDS, Source, attempt, run
from tests.rules.samples import ALL_TYPES, SIDE, Case, Document, Line

BLOCK = 2_500
Expected = Type | tuple[Type, ...]

expectations = st.sampled_from([ALL_TYPES, MONEY, AMOUNT, NUMBER, TEXT, BOOLEAN, SIDE, (SIDE, BOOLEAN)])
often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(formulas)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        text = text[:start] + draw(st.sampled_from(WORDS) | st.text(max_size=2)) + text[end:]
    return text


def tried(text: str, expects: Expected, case: Case | None = None) -> None:
    formula, values = attempt(Source(text), expects), case or Case()
    run(formula, values)
    fuzz.explain(formula, values)


@pytest.mark.parametrize("start", range(0, 20_000, BLOCK))
def test_twenty_thousand_sources(start: int) -> None:
    """`make fuzz` tries a million others."""
    for seed in range(start, start + BLOCK):
        fuzz.try_seed(seed)


def test_a_seed_is_one_source() -> None:
    assert [fuzz.source(seed).text for seed in range(50)] == [fuzz.source(seed).text for seed in range(50)]


@often
@example("\x00", ALL_TYPES)
@example("\ud800", ALL_TYPES)
@example("'{'", ALL_TYPES)
@example("'a' = 'b'", ALL_TYPES)
@given(st.text(max_size=60), expectations)
def test_any_text(text: str, expects: Expected) -> None:
    tried(text, expects)


@often
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join), expectations)
def test_any_words(text: str, expects: Expected) -> None:
    tried(text, expects)


@often
@given(mutated(), expectations)
def test_formulas_with_slips(text: str, expects: Expected) -> None:
    tried(text, expects)


@often
@given(formulas, st.data())
def test_values_of_any_kind(text: str, data: st.DataObject) -> None:
    odd = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Document.__slots__)))}
    line = {field: data.draw(odd_values) for field in data.draw(st.sets(st.sampled_from(Line.__slots__)))}
    quantum = data.draw(st.sampled_from([Decimal("0.01"), Decimal("NaN"), None]))
    tried(text, ALL_TYPES, Case(document=Document(**odd), lines=[Line(**line), Line()], quantum=quantum))
