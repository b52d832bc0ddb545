"""Where a result comes from."""

import json
from decimal import Decimal

import pytest

from tests.rules.samples import Case, Document, Line, compiled


def test_an_explanation_gives_the_value_of_every_part() -> None:
    found = compiled("round(line.net * (100% + line.rate))").explain(Case().values())
    assert (found.text, found.value) == ("round(line.net * (100% + line.rate))", "122.00")
    product = found.children[0]
    assert (product.text, Decimal(str(product.value))) == ("line.net * (100% + line.rate)", Decimal(122))
    assert [(part.text, part.value) for part in product.children] == [
        ("line.net", "100.00"),
        ("(100% + line.rate)", "122"),
    ]


def test_only_the_branch_taken_is_explained() -> None:
    found = compiled("if document.is_credit then -line.net else line.net").explain(Case().values())
    assert [part.text for part in found.children] == ["document.is_credit", "line.net"]
    found = compiled("document.is_credit and line.net > 0").explain(Case().values())
    assert [part.text for part in found.children] == ["document.is_credit"]


@pytest.mark.parametrize("value", [Decimal("sNaN"), Decimal("NaN"), "yes", 1, (), 1.5])
def test_a_condition_of_another_type_is_explained_all_the_same(value: object) -> None:
    values = Case(document=Document(is_credit=value)).values()
    for text in ("document.is_credit and line.net > 0", "document.is_credit or line.net > 0"):
        assert compiled(text).explain(values).children[0].text == "document.is_credit"
    assert compiled("if document.is_credit then 1 else 2").explain(values).children


def test_a_sum_is_explained_row_by_row() -> None:
    found = compiled("sum(line.net for line where line.nature = 'services')").explain(Case().values())
    assert [part.value for part in found.children] == ["12.35"]


def test_a_long_collection_is_explained_by_its_first_rows() -> None:
    found = compiled("sum(line.net for line)").explain(Case(lines=[Line()] * 300).values())
    assert found.value == "30000.00"
    assert len(found.children) == 20


def test_an_explanation_says_why_there_is_no_value() -> None:
    found = compiled("document.net / (line.quantity - 2)").explain(Case().values())
    assert (found.value, found.failure) == (None, "formula_division_by_zero")
    assert [part.value for part in found.children] == ["1234.50", "0"]


def test_asking_for_a_missing_value_is_no_failure() -> None:
    found = compiled("coalesce(document.note, 'none')").explain(Case().values())
    assert [(part.value, part.failure) for part in found.children] == [(None, None)]


def test_an_explanation_is_json() -> None:
    text = '"{document.number} {document.date} {document.is_credit} {count(line)} {sum(line.net for line)}"'
    data = compiled(text).explain(Case().values()).as_data()
    assert json.loads(json.dumps(data))["value"] == "FV-7 2026-01-31 false 2 112.35"


def test_operands_are_the_names_with_their_values() -> None:
    text = "line.net > 0 and sum(line.net for line where document.is_credit) = 0 and count(tax) > 0 and line.net = 1%"
    formula = compiled(text.replace("1%", "0"))
    assert formula.operands(Case().values()) == (
        ("line.net", Decimal("100.00")),
        ("lines.net", (Decimal("100.00"), Decimal("12.35"))),
        ("document.is_credit", False),
        ("taxes", 1),
    )


def test_operands_of_many_rows_are_a_count() -> None:
    assert compiled("sum(line.net for line)").operands(Case(lines=[Line()] * 21).values()) == (("lines.net", 21),)


def test_operands_never_fail() -> None:
    formula = compiled("sum(line.net for line) + document.net")
    assert formula.operands({}) == (("lines.net", None), ("document.net", None))
