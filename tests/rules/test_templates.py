"""Texts with holes."""

from decimal import Decimal

import pytest

from rules import TEXT
from tests.rules.samples import Case, Document, Line, failure, problems, result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Invoice {document.number} of {document.date}"', "Invoice FV-7 of 2026-01-31"),
        ('"{document.net}"', "1234.50"),
        ('"{0 * line.net} {money(3)} {document.price} {line.rate}"', "0 3.00 1.23456 22"),
        ("'{if line.nature = \"goods\" then \"G\" else \"S\"}'", "G"),
        ('"{line.nature} {document.is_credit} {count(line)}"', "goods false 2"),
        ('"{{{document.number}}}"', "{FV-7}"),
        ("'{{}}'", "{}"),
        ("''", ""),
        ('"it\'s"', "it's"),
        ("'{\"{document.number}\"}!'", "FV-7!"),
        ("'{\"}}\"}'", "}"),
        ("text(document.net) & text(22%) & text(1.500) & text(true) & text('a') & text(2026-01-31)",
         "1234.50221.5truea2026-01-31"),
    ],
)  # fmt: skip
def test_templates_read(text: str, expected: str) -> None:
    assert result(text, expects=TEXT) == expected


def test_money_is_written_with_the_decimals_of_its_currency() -> None:
    stored = Case(document=Document(net=Decimal("1234.5000")))
    assert result("'{document.net}'", stored) == "1234.50"
    assert result("'{-document.net}'", Case(document=Document(net=Decimal(0)))) == "0.00"
    assert result("'{document.net}'", Case(document=Document(net=Decimal(1234)), quantum=Decimal(1))) == "1234"


def test_a_text_stays_within_its_limit_at_every_step() -> None:
    long = Case(document=Document(number="x" * 6_000))
    assert failure("left(document.number & document.number, 3)", long) == "formula_text_too_long"
    assert failure("length('{document.number}{document.number}')", long) == "formula_text_too_long"
    assert result("left(document.number, 3) & left(document.number, 2)", long) == "xxxxx"


def test_numbers_are_written_without_exponent() -> None:
    assert result("'{line.quantity}'", Case(lines=[Line(quantity=Decimal("1E+5"))])) == "100000"
    assert result("'{line.quantity}'", Case(lines=[Line(quantity=Decimal("0.00000001"))])) == "0.00000001"
    assert failure("'{line.quantity}'", Case(lines=[Line(quantity=Decimal("1E+9999999"))])) == "formula_overflow"
    assert failure("'{document.net}'", Case(document=Document(net=Decimal("1E+9999999")))) == "formula_overflow"


@pytest.mark.parametrize("text", ["'{'", "'}'", "'{}'", "'{1'", "'{1}}'", "'{1 +}'", "'{(}'", "'{1 document}'"])
def test_holes_are_whole_expressions(text: str) -> None:
    assert problems(text) == ["formula_syntax"]


def test_problems_in_a_hole_are_placed_in_the_whole_text() -> None:
    assert problems('"a {document.nett} {document.numbr}"') == ["formula_unknown_name", "formula_unknown_name"]
