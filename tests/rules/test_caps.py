"""No text exhausts the stack, the memory or the patience of who compiles it."""

import pytest

from rules import BOOLEAN, NUMBER, Collection, Record, Vocabulary
from tests.rules.samples import compiled, problems, result


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(" * 10_000 + "1" + ")" * 10_000, ["formula_too_long"]),
        ("(" * 2_000 + "1" + ")" * 2_000, ["formula_too_deep"]),
        ("(" * 33 + "1" + ")" * 33, ["formula_too_deep"]),
        ("(" * 32 + "1" + ")" * 32, []),
        ("-" * 4_000 + "1", ["formula_too_many_nodes"]),
        ("-" * 40 + "1", ["formula_too_deep"]),
        ("not " * 40 + "true", ["formula_too_deep"]),
        ("if true then " * 40 + "1" + " else 1" * 40, ["formula_too_deep"]),
        ("if true then 1 else " * 40 + "1", ["formula_too_deep"]),
        ("abs(" * 33 + "1" + ")" * 33, ["formula_too_deep"]),
        ("+".join(["line.quantity"] * 128), []),
        ("+".join(["line.quantity"] * 129), ["formula_too_deep"]),
        ("+".join(["1"] * 600), ["formula_too_many_nodes"]),
        ("1 in (" + ", ".join(["1"] * 498) + ")", []),
        ("1 in (" + ", ".join(["1"] * 499) + ")", ["formula_too_many_nodes"]),
        ("'" + "{1}" * 498 + "'", []),
        ("'" + "{1}" * 501 + "'", ["formula_too_many_nodes"]),
        ("'" + "(" * 3_000 + "'", []),
        ("1" * 20, []),
        ("1" * 21, ["formula_number_out_of_range"]),
        ("0." + "1" * 10, []),
        ("0." + "1" * 11, ["formula_number_out_of_range"]),
        ("1" * 21 + "%", ["formula_number_out_of_range"]),
        ("'" + "x" * 4_094 + "'", []),
        ("'" + "x" * 4_095 + "'", ["formula_too_long"]),
    ],
)
def test_caps_hold_at_their_edge(text: str, found: list[str]) -> None:
    assert problems(text) == found


def test_a_long_chain_of_constants_is_worked_out_in_time() -> None:
    assert result("+".join(["1"] * 128), expects=NUMBER) == 128


def test_collections_nest_twice() -> None:
    inner = "count(line where {})"
    assert problems(inner.format(inner.format("true") + " > 0")) == []
    assert problems(inner.format(inner.format(inner.format("true") + " > 0") + " > 0")) == ["formula_too_deep"]


def test_digits_of_other_scripts_are_no_numbers() -> None:
    assert problems("١٢") == ["formula_syntax"]


@pytest.mark.parametrize(
    "text", ["class.x", "document.__class__", "document.net.real", "__import__('os')", "lambda: 1", "quantum", "lines"]
)
def test_python_is_out_of_reach(text: str) -> None:
    assert problems(text)


@pytest.mark.parametrize("name", ["Net", "_net", "net gross", "if", "", "é"])
def test_a_vocabulary_refuses_names_that_no_formula_can_write(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        Record({name: NUMBER})


def test_a_vocabulary_has_one_word_per_thing() -> None:
    row = Record({"net": NUMBER})
    with pytest.raises(ValueError, match="line"):
        Vocabulary({"line": row}, {"line": Collection("lines", row)})
    with pytest.raises(ValueError, match="quantum"):
        Vocabulary({"quantum": row})


def test_a_chain_as_tall_as_allowed_compiles() -> None:
    assert compiled(" and ".join(["document.is_credit"] * 128)).type == BOOLEAN
