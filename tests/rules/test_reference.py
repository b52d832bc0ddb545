"""The reference page tells the truth: each example is run."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from rules import AMOUNT, BOOLEAN, DATE, MONEY, NUMBER, PERCENT, TEXT, compile_formula
from rules.functions import FUNCTIONS, ROUNDING_MODES, Function
from rules.reference import SAMPLE, reference
from tests.rules.samples import VOCABULARY

LINES = (
    SimpleNamespace(net=Decimal("12.50"), nature="goods"),
    SimpleNamespace(net=Decimal("7.25"), nature="service"),
)
VALUES = {
    "document": SimpleNamespace(number="FV-7", date=date(2026, 1, 31), note=None),
    "lines": LINES,
    "line": LINES[0],
    "quantum": Decimal("0.01"),
}
ANY_TYPE = (MONEY, AMOUNT, NUMBER, PERCENT, TEXT, DATE, BOOLEAN)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_an_example_gives_what_the_page_says(function: Function) -> None:
    example, gives = (
        compile_formula(text, SAMPLE, ANY_TYPE, row="line") for text in (function.example, function.gives)
    )
    assert function.name in function.example
    assert example(VALUES) == gives(VALUES)
    assert example.type == gives.type


def test_the_page_has_every_function_mode_and_name() -> None:
    page = reference(VOCABULARY)
    for function in FUNCTIONS.values():
        assert function.signature in page
    for mode in ROUNDING_MODES:
        assert f"`{mode}`" in page
    for name, _, words in VOCABULARY.dotted_names():
        assert f"`{name}`" in page
        assert words in page
