"""`factotum formula`: one expression tried over one document."""

import json

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import House, invoice, line


@pytest.fixture
def document(factotum: Terminal) -> str:
    return factotum.file(invoice([line(), line(quantity="3", unit_price="50.00")]))


def test_a_value_its_type_and_where_it_comes_from(factotum: Terminal, document: str) -> None:
    said = factotum("formula", "round(document.net * 4%)", "--document", document).done()
    assert said.out == (
        "10.00  (money)\n"
        "  round(document.net * 4%) = 10.00\n"
        "    document.net * 4% = 10.0000\n"
        "      document.net = 250.00\n"
    )  # fmt: skip
    assert not said.err


def test_the_same_as_json(factotum: Terminal, document: str) -> None:
    found = factotum("formula", "round(document.net * 4%)", "--document", document, "--json").done().json
    assert (found["type"], found["row"]) == ("money", None)
    (only,) = found["results"]
    assert (only["index"], only["value"]) == (None, "10.00")
    assert only["explanation"]["children"][0]["text"] == "document.net * 4%"


def test_an_expression_about_a_row_is_worked_out_for_every_row(factotum: Terminal, document: str) -> None:
    found = factotum("formula", "line.net", "--document", document, "--json").done().json
    assert (found["type"], found["row"]) == ("money", "line")
    assert [(one["index"], one["value"]) for one in found["results"]] == [(1, "100.00"), (2, "150.00")]
    told = factotum("formula", "line.net * 2", "--document", document).done().out
    assert "line 1: 200.00  (amount)" in told and "line 2: 300.00  (amount)" in told


def test_one_row_may_be_named(factotum: Terminal, document: str) -> None:
    words = ("formula", "line.net", "--document", document, "--row", "line", "--json")
    assert [one["value"] for one in factotum(*words, "--index", "2").done().json["results"]] == ["150.00"]
    assert "the document has no line 3" in factotum(*words, "--index", "3").err
    about_all = factotum("formula", "document.net", "--document", document, "--row", "line", "--json").done().json
    assert [one["value"] for one in about_all["results"]] == ["250.00", "250.00"]


def test_a_document_without_such_rows_says_so(factotum: Terminal, document: str) -> None:
    assert factotum("formula", "charge.amount", "--document", document).done().out == (
        "money; the document has no charge\n"
    )


def test_the_document_may_come_from_a_pipe(factotum: Terminal) -> None:
    said = factotum("formula", "document.gross", "--document", "-", stdin=json.dumps(invoice())).done()
    assert said.out.startswith("120.00  (money)\n")


def test_without_a_document_only_the_type_is_told(factotum: Terminal) -> None:
    assert factotum("formula", "document.net * 4%").done().out == "amount\n"
    assert factotum("formula", "line.net * 4%").done().out == "amount, of a line\n"
    found = factotum("formula", "line.nature", "--json").done().json
    assert found == {"expression": "line.nature", "type": "nature code", "row": "line", "results": None}


def test_named_formulas_are_those_of_the_company(factotum: Terminal, document: str) -> None:
    told = factotum("formula", "formula.process_code", "--document", document).done().out
    assert told.startswith("B1  (text)\n  formula.process_code = B1\n    ") and "line.nature = goods" in told
    assert factotum("formula", "formula.process_code", "--company", "PARIS").done().out == "text\n"
    assert factotum("formula", "formula.process_code").exit == 1
    assert "unknown_company" in factotum("formula", "1", "--company", "PARISS").err


def test_problems_are_faults_with_a_caret(factotum: Terminal) -> None:
    said = factotum("formula", "round(document.nett * 4%) + foo(1)", "--json")
    assert said.exit == 1
    assert [(one["code"], one["path"]) for one in said.faults] == [
        ("formula_unknown_name", "expression"),
        ("formula_unknown_function", "expression"),
    ]
    assert said.faults[0]["message"] == (
        "unknown name 'document.nett'\n  round(document.nett * 4%) + foo(1)\n        ^^^^^^^^^^^^^"
    )
    assert said.faults[0]["remedy"] == "did you mean 'document.net'?"
    assert "    1 +\n       ^\n" in factotum("formula", "1 +").err


def test_the_row_that_leaves_the_fewest_problems_is_meant(factotum: Terminal) -> None:
    faults = factotum("formula", "line.net + line.nett", "--json").faults
    assert [(one["code"], one["remedy"]) for one in faults] == [
        ("formula_unknown_name", "did you mean 'line.net'?"),
    ]


def test_a_formula_that_fails_tells_why_in_its_parts(factotum: Terminal, document: str) -> None:
    words = ("formula", "1 / (line.quantity - 3)", "--document", document)
    said = factotum(*words)
    assert said.exit == 1
    assert "line 1: -0.5  (number)" in said.out and "line 2: no value  (number)" in said.out
    assert "1 / (line.quantity - 3) = no value: formula_division_by_zero" in said.out
    assert "formula_division_by_zero  line[2]" in said.err
    found = factotum(*words, "--json")
    assert [one["value"] for one in found.json["results"]] == ["-0.5", None]
    assert [one["code"] for one in found.faults] == ["formula_division_by_zero"]


def test_what_is_not_known_yet_is_missing(factotum: Terminal, document: str) -> None:
    said = factotum("formula", "coalesce(document.number, '')", "--document", document).done()
    assert said.out.startswith('""  (text)\n') and "document.number = missing" in said.out


def test_a_document_that_cannot_be_drafted_tells_its_faults(factotum: Terminal) -> None:
    bad = factotum.file(invoice(company="PARISS"))
    assert [one["code"] for one in factotum("formula", "1", "--document", bad, "--json").faults] == ["unknown_company"]
    unread = factotum("formula", "1", "--document", factotum.file("{"), "--json")
    assert (unread.exit, len(unread.faults)) == (1, 1)


def test_a_draft_takes_no_number_and_writes_nothing(factotum: Terminal, document: str, sqlite_house: House) -> None:
    before = sqlite_house.counts()
    factotum("formula", "document.net", "--document", document).done()
    assert sqlite_house.counts() == before


@pytest.mark.parametrize(
    "words",
    [
        ("1", "--row", "lines"),
        ("line.net", "--index", "1"),
        ("line.net", "--index", "0"),
        ("document.net", "--document", "{file}", "--index", "1"),
        ("line.net", "--document", "{file}", "--index", "9"),
        ("1", "--document", "{several}"),
    ],
)
def test_wrong_usage_is_told(factotum: Terminal, document: str, words: tuple[str, ...]) -> None:
    several = factotum.file([invoice(), invoice()], "several.json")
    assert factotum("formula", *(word.format(file=document, several=several) for word in words)).exit == 2
