"""The reference page tells the truth: each example is run."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from rules import ANY_TYPE, Vocabulary, compile_formula, compile_wherever
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
    "tax_rate": lambda code, on: Decimal(20),
    "quantum": Decimal("0.01"),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_an_example_gives_what_the_page_says(function: Function) -> None:
    example, gives = (
        compile_formula(text, SAMPLE, ANY_TYPE, row="line") for text in (function.example, function.gives)
    )
    assert function.name in function.example
    assert example(VALUES) == gives(VALUES)
    assert example.type == gives.type


@pytest.mark.parametrize("vocabulary", [SAMPLE, VOCABULARY], ids=["page", "tests"])
def test_an_example_of_a_lookup_is_one(vocabulary: Vocabulary) -> None:
    for name, lookup in vocabulary.lookups.items():
        formula, _ = compile_wherever(lookup.example, vocabulary)
        assert formula.type == lookup.result
        assert name in formula.roots


def test_what_the_page_says_of_named_formulas_holds() -> None:
    assert "`formula.goods`" in reference(SAMPLE)
    text = SAMPLE.formulas["goods"]
    one, other = (compile_formula(each, SAMPLE, ANY_TYPE) for each in ("formula.goods * 2", f"({text}) * 2"))
    assert one(VALUES) == other(VALUES) == Decimal(25)


def test_the_page_tells_the_type_of_a_named_formula_or_why_it_has_none() -> None:
    page = reference(VOCABULARY)
    assert "| `formula.base` | amount, of a line | `line.net * line.quantity` |" in page
    assert "| `formula.total` | money |" in page
    assert "| `formula.nett` | in formula.nett: unknown name 'document.nett' |" in page
    assert "| `formula.round_a` | formula.round_a uses itself: round_a → round_b → round_a |" in page


def test_a_vocabulary_without_lookups_and_formulas_has_a_shorter_page() -> None:
    page = reference(Vocabulary(VOCABULARY.records, VOCABULARY.collections))
    assert "## Lookups" not in page and "## Named formulas" not in page


def test_the_page_has_every_function_mode_and_name() -> None:
    page = reference(VOCABULARY)
    for function in FUNCTIONS.values():
        assert function.signature in page
    for mode in ROUNDING_MODES:
        assert f"`{mode}`" in page
    for name, _, words in VOCABULARY.dotted_names():
        assert f"`{name}`" in page
        assert words in page
    for name, lookup in VOCABULARY.lookups.items():
        assert f"| `{lookup.signature(name)}` | {lookup.result} | {lookup.words} | `{lookup.example}` |" in page
