"""What the bytecode makes of a formula is what a naive reading of its nodes makes of it."""

from decimal import Decimal, DecimalException

from hypothesis import HealthCheck, given, settings

from rules import FormulaFailed, arithmetic
from tests.rules.formulas import cases, formulas
from tests.rules.interpreter import Fails, interpret
from tests.rules.samples import VOCABULARY, Case, compiled

FAILED = object()
CLOSE = Decimal("1e-25")


@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(formulas, cases)
def test_bytecode_and_interpreter_agree(text: str, case: Case) -> None:
    formula, values = compiled(text), case.values()
    try:
        found = formula(values)
    except FormulaFailed:
        found = FAILED
    try:
        with arithmetic():
            expected = interpret(formula.node, values, VOCABULARY)
    except (Fails, DecimalException, OverflowError, ValueError):
        expected = FAILED
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        assert abs(found - expected) <= CLOSE * (1 + abs(expected))
    else:
        assert found == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(formulas, cases)
def test_an_explanation_ends_in_the_result_it_explains(text: str, case: Case) -> None:
    formula, values = compiled(text), case.values()
    told = formula.explain(values)
    try:
        result = formula(values)
    except FormulaFailed as failed:
        assert told.value is None
        assert told.failure in (failed.code, None)
        return
    assert told.value == (format(result, "f") if isinstance(result, Decimal) else told.value)
    assert told.failure is None
