"""Tables that formulas may ask."""

from datetime import date
from decimal import Decimal

import pytest

from rules import DATE, NUMBER, PERCENT, TEXT, BadFormula, Collection, Lookup, Record, Vocabulary
from rules.nodes import LookupCall, walk
from tests.rules.samples import Case, Line, compiled, failure, problems, result


def test_a_lookup_is_a_call() -> None:
    formula = compiled("tax_rate('FR20', document.date)")
    assert formula(Case().values()) == Decimal(20)
    assert (formula.type, formula.roots) == (PERCENT, ("tax_rate", "document"))
    assert any(isinstance(node, LookupCall) for node in walk(formula.node))
    assert result("round(line.net * tax_rate('FR20', document.date))") == Decimal("20.00")


def test_no_answer_is_a_missing_value() -> None:
    assert failure("tax_rate('none', document.date)") == "formula_missing_value"
    assert failure("tax_rate('none', document.date) + 1%") == "formula_missing_value"
    assert failure("'a' & account_of('services')") == "formula_missing_value"
    assert failure("upper(account_of('services'))") == "formula_missing_value"
    assert result("coalesce(tax_rate('none', document.date), 5.5%)") == Decimal("5.5")
    assert result("coalesce(document.note, account_of('goods'), 'none')") == "607"
    assert result("given(account_of('services'))") is False
    assert result("account_of('services') = '607'") is False
    assert result("account_of('services') in ('607', '608')") is False


def test_a_lookup_is_not_asked_with_what_is_missing() -> None:
    assert failure("tax_rate('FR20', document.due)") == "formula_missing_value"
    assert failure("coalesce(tax_rate('FR20', document.due), 1%)") == "formula_missing_value"


def test_a_lookup_that_raises_leaves_typed() -> None:
    def broken(code: str, on: date) -> Decimal:
        raise KeyError(code)

    text = "coalesce(tax_rate('FR20', document.date), 1%)"
    assert failure(text, Case(tax_rate=broken)) == "formula_lookup_failed"
    assert failure(text, Case(tax_rate=None)) == "formula_lookup_failed"
    assert failure("tax_rate('FR20', document.date)", Case(tax_rate=lambda code, on: 1.5)) == "formula_wrong_value"


def test_arguments_are_checked() -> None:
    assert problems("tax_rate('FR20')") == ["formula_arguments"]
    assert problems("tax_rate(1, document.date)") == ["formula_type"]
    assert problems("tax_rate(line.net for line)") == ["formula_arguments"]
    assert problems("account_of('gods')") == ["formula_unknown_code"]
    assert problems("account_of(document.number)") == ["formula_type"]
    assert problems("tax_rate(document.nett, 2026-02-30)") == ["formula_bad_date"]
    assert problems("tax_rate(document.nett)") == ["formula_arguments", "formula_unknown_name"]
    with pytest.raises(BadFormula) as caught:
        compiled("tax_rate('FR20')")
    problem = caught.value.problems[0]
    assert (problem.words, problem.hint) == (
        "write tax_rate(text, date)",
        'for example tax_rate("FR20", document.date)',
    )


def test_an_unknown_lookup_suggests_the_nearest() -> None:
    with pytest.raises(BadFormula) as caught:
        compiled("taxrate('FR20', document.date)")
    assert caught.value.problems[0].hint == "did you mean 'tax_rate'?"


def test_an_explanation_shows_what_was_asked() -> None:
    found = compiled("coalesce(tax_rate(document.number, document.date), 1%)").explain(Case().values())
    (asked,) = found.children
    assert (asked.text, asked.value, asked.failure) == ("tax_rate(document.number, document.date)", None, None)
    assert [part.value for part in asked.children] == ["FV-7", "2026-01-31"]


def test_a_lookup_is_an_operand_with_its_answer() -> None:
    formula = compiled(
        "line.net * tax_rate('FR20',  document.date) + sum(line.net for line where tax_rate('', document.date) > 1%)"
    )
    assert formula.operands(Case().values()) == (
        ("line.net", Decimal("100.00")),
        ("tax_rate('FR20', document.date)", Decimal(20)),
        ("document.date", date(2026, 1, 31)),
        ("lines.net", (Decimal("100.00"), Decimal("12.35"))),
    )
    assert formula.operands({})[1] == ("tax_rate('FR20', document.date)", None)


def test_a_lookup_is_asked_for_each_row() -> None:
    case = Case(lines=[Line(), Line(nature="services"), Line()])
    assert result("count(line where given(account_of(line.nature)))", case) == 2


@pytest.mark.parametrize("name", ["round", "document", "quantum", "formula", "sum", "lines"])
def test_a_lookup_has_a_name_of_its_own(name: str) -> None:
    records = {"document": Record({"date": DATE})}
    with pytest.raises(ValueError, match=name):
        Vocabulary(records, {"line": Collection("lines", Record({"x": NUMBER}))}, {name: Lookup((TEXT,), NUMBER)})
