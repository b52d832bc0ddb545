"""Examples of packs, over DEMO: each kind of expectation, met and not met."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, Counter, Example
from engine.parametrization.packs import read_tables
from engine.rehearsal.examples import ExampleResult, LocatedExample, run_examples
from tests.engine.rehearsal.candidates import candidate, of_demo
from tests.packs.shipped import catalog_of
from tests.packs.test_golden_journals import ITALIAN
from tests.support.house import CUSTOMER, invoice, line
from tests.support.packs import DAY

ANSWER: dict[str, Any] = {
    "offered": ["AUT", "BEF", "CTD", "FAA", "FACT", "FAF", "FAS"],
    "number": "FV-2026-00001",
    "invoice_type": {"code": "FACT", "legislation": "FRA"},
    "totals": {"net": "100.00", "gross": "120.00"},
    "taxes": [{"tax_code": "FR20", "rate": "20", "base": "100.00", "amount": "20.00"}],
    "due_dates": [{"date": "2026-04-01", "amount": "120.00"}],
    "entries": [
        {
            "ledger": "PCG",
            "lines": [
                {"account": "411", "debit": "120.00", "partner": "C0001"},
                {"account": "707", "credit": "100.00"},
                {"account": "44571", "credit": "20.00", "currency": "EUR"},
            ],
        }
    ],
    "faults": [],
}
"""What comes of one lamp at 100.00, VAT 20 %."""
ANSWER_WITHOUT_FAULTS = {key: value for key, value in ANSWER.items() if key != "faults"}

ITALIAN_INVOICE = {
    "company": "MILANO", "invoice_type": "FATT", "date": "2026-03-01", "customer": ITALIAN,
    "lines": [line(tax_code="IT22")],
}  # fmt: skip


def ran(expect: dict[str, Any], document: Any = None, catalog: Catalog | None = None, **more: Any) -> ExampleResult:
    given = invoice(category="invoice") if document is None else document
    example = Example(id="ONE", expect=expect, **more)
    (result,) = run_examples(catalog or catalog_of("DEMO"), [LocatedExample(example, "X/examples.toml", given)])
    return result


def told(result: ExampleResult) -> list[str]:
    return [one.words for one in result.differences]


@pytest.mark.parametrize("key", ANSWER)
def test_each_expectation_that_is_met_passes(key: str) -> None:
    expect = {key: ANSWER[key]}
    result = ran(expect)
    assert result.passed, told(result)
    assert result.observed == expect


def test_all_expectations_together_pass_whatever_the_order() -> None:
    lines = ANSWER["entries"][0]["lines"]
    turned = ANSWER | {"entries": [{"lines": [*reversed(lines)]}], "offered": [*reversed(ANSWER["offered"])]}
    assert ran(turned).passed


@pytest.mark.parametrize(
    ("expect", "words", "observed"),
    [
        ({"offered": ["FACT", "FAC"]}, [
            "offered[1]: missing: FAC",
            "offered[0]: not expected: AUT", "offered[1]: not expected: BEF", "offered[2]: not expected: CTD",
            "offered[3]: not expected: FAA", "offered[5]: not expected: FAF", "offered[6]: not expected: FAS",
        ], {"offered": ["FACT", "AUT", "BEF", "CTD", "FAA", "FAF", "FAS"]}),
        ({"number": "FV-2026-00002"}, ["number: expected FV-2026-00002, found FV-2026-00001"],
         {"number": "FV-2026-00001"}),
        ({"totals": {"net": "100", "tax": "19.60"}}, ["totals.tax: expected 19.60, found 20.00"],
         {"totals": {"net": "100", "tax": "20.00"}}),
        ({"taxes": [{"tax_code": "FR10", "amount": "20"}]}, ["taxes[FR10].tax_code: expected FR10, found FR20"],
         {"taxes": [{"tax_code": "FR20", "amount": "20"}]}),
        ({"entries": []}, None, None),
        ({"entries": [{"journal": "VTE", "lines": [{"account": "411"}, {"account": "706"}, {"account": "44571"}]}]},
         ["entries[0].lines[706].account: expected 706, found 707"],
         {"entries": [{"journal": "VTE", "lines": [{"account": "411"}, {"account": "707"}, {"account": "44571"}]}]}),
        ({"faults": ["no_lines"]}, ["faults: missing: no_lines"], {"faults": []}),
        ({"total": {"net": "1"}}, ["total: missing: net 1; did you mean 'totals'?"], {}),
    ],
)  # fmt: skip
def test_each_expectation_that_is_not_met_is_told(
    expect: dict[str, Any], words: list[str] | None, observed: Any
) -> None:
    result = ran(expect)
    assert not result.passed
    if words is not None:
        assert told(result) == words
        assert result.observed == observed
    else:
        assert [one.path for one in result.differences] == ["entries[PCG]"]


@pytest.mark.parametrize("company", ["PARIS", "MILANO"])
def test_what_is_observed_passes(company: str) -> None:
    document = invoice() if company == "PARIS" else ITALIAN_INVOICE
    wrong = {
        "offered": ["X"],
        "number": "?",
        "totals": {"net": "0"},
        "taxes": [],
        "entries": [{"lines": [{"debit": "7"}]}],
    }
    first = ran(wrong, document)
    assert not first.passed
    assert ran(dict(first.observed), document).passed


def test_where_nothing_is_expected_everything_worth_expecting_is_observed() -> None:
    result = ran({})
    assert result.passed
    assert set(result.observed) == {"number", "totals", "taxes", "entries"}
    assert ran(dict(result.observed)).passed


def test_a_document_that_does_not_post_where_no_faults_are_expected_tells_its_faults_whole() -> None:
    result = ran(ANSWER_WITHOUT_FAULTS, invoice([line(tax_code="FR99"), line(nature="x")], category="invoice"))
    assert [one.path for one in result.differences] == ["faults"]
    fault = result.differences[0].as_json()["found"]
    assert fault == result.faults[0].as_json() and fault["code"] == "unknown_code"
    assert fault["path"] == "lines[1].nature" and fault["remedy"]


def test_every_fault_that_is_not_expected_is_told() -> None:
    result = ran({"totals": {"net": "1"}}, invoice([line(tax_code="FR99"), line(tax_code="FR98")]))
    assert [one.as_json()["found"]["path"] for one in result.differences] == ["lines[0].tax_code", "lines[1].tax_code"]
    assert result.differences[0].words.endswith(result.faults[0].remedy)
    assert result.observed == {"faults": ["unknown_reference", "unknown_reference"]}


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (["unknown_reference", "unknown_reference"], []),
        (["unknown_reference"], ["faults: not expected: unknown_reference at lines[1].tax_code"]),
        (["unknown_reference"] * 3, ["faults: missing: unknown_reference"]),
        ("unknown_reference", ["faults: not expected: unknown_reference at lines[1].tax_code"]),
        (
            [],
            [
                "faults: not expected: unknown_reference at lines[0]",
                "faults: not expected: unknown_reference at lines[1]",
            ],
        ),
    ],
)
def test_faults_are_expected_by_their_codes_as_a_multiset(codes: Any, words: list[str]) -> None:
    result = ran({"faults": codes}, invoice([line(tax_code="FR99"), line(tax_code="FR98")]))
    assert len(result.differences) == len(words)
    assert all(found.startswith(wanted) for found, wanted in zip(told(result), words, strict=True))


def test_a_faulty_document_has_no_number_even_where_the_fault_is_expected() -> None:
    result = ran({"faults": ["no_lines"], "number": "FV-2026-00001"}, invoice([]))
    assert told(result) == ["number: missing: FV-2026-00001"]
    assert result.observed == {"faults": ["no_lines"]}


@pytest.mark.parametrize("expect", [{"offered": ["FACT"]}, {"number": "1"}, {"offered": ["FACT"], "number": "1"}])
def test_an_unknown_company_is_a_fault_told_once(expect: dict[str, Any]) -> None:
    result = ran(expect, invoice(company="PARI"))
    assert [fault.code for fault in result.faults] == ["unknown_company"]
    assert result.faults[0].remedy == "did you mean 'PARIS'?"
    assert len(result.differences) == 1
    assert ran({"faults": ["unknown_company"]}, invoice(company="PARI")).passed


def test_a_list_of_types_needs_no_more_than_company_and_date() -> None:
    for module, code in {"sales": "FATT", "purchase": "PIN"}.items():
        result = ran({"offered": []}, {"company": "MILANO", "module": module, "category": "invoice"}, on=DAY)
        assert code in result.observed["offered"] and not result.faults
    supplier = {"company": "MILANO", "date": "2026-03-01", "supplier": {}, "category": "credit_note"}
    assert ran({"offered": []}, supplier).observed["offered"] == ["PCN", "PCR"]


def test_a_list_of_types_without_date_is_a_fault() -> None:
    result = ran({"offered": []}, {"company": "MILANO"})
    assert [(fault.code, fault.path) for fault in result.faults] == [("missing_field", "date")]


def test_a_type_that_is_not_offered_is_refused() -> None:
    assert ran({"faults": ["type_not_offered"]}, invoice(company="LILLE", invoice_type="FATT")).passed


def test_on_takes_the_place_of_the_date() -> None:
    (example,), faults = read_tables(
        tomllib.loads('[[example]]\nid = "A"\non = 2027-01-31\nexpect = { number = "FV-2027-00001" }'), "X"
    )
    assert not faults and isinstance(example.record, Example)
    (result,) = run_examples(catalog_of("DEMO"), [LocatedExample(example.record, example.place, invoice())])
    assert result.passed, told(result)


def test_counters_begin_at_their_start_and_examples_do_not_see_each_other() -> None:
    catalog = candidate(of_demo(Counter, "FV/FRA", start=500))
    one = LocatedExample(Example(id="ONE", expect={"number": "FV-2026-00500"}), "X", invoice(key="K"))
    steps: list[int] = []
    results = [*run_examples(catalog, [one, one, one], steps.append)]
    assert [result.passed for result in results] == [True] * 3
    assert steps == [1, 2, 3]


def test_a_start_that_does_not_fit_the_mask_is_a_fault() -> None:
    assert ran({"faults": ["counter_exhausted"]}, catalog=candidate(of_demo(Counter, "FV/FRA", start=10**6))).passed


def test_a_document_of_ours_cannot_be_referred_to() -> None:
    references = [{"kind": "corrects", "id": 1}]
    result = ran({"faults": ["unknown_origin"]}, invoice(invoice_type="AVF", references=references))
    assert result.passed and result.faults[0].path == "references[0].id"


def test_an_example_of_toml_may_write_dates_and_decimals_as_toml_does() -> None:
    text = """
    [[example]]
    id = "TOML"
    [example.document]
    company = "PARIS"
    date = 2026-03-02
    customer = { name = "A", country = "FR", address = { street = "1 rue A", postcode = "35000", city = "Rennes" } }
    lines = [{ description = "Lampe", quantity = 2.50, unit_price = 40.00, tax_code = "FR20" }]
    [example.expect]
    number = "FV-2026-00001"
    totals = { net = 100, gross = 120.00 }
    due_dates = [{ date = 2026-04-01 }]
    """
    (one,), faults = read_tables(tomllib.loads(text, parse_float=Decimal), "X/examples.toml")
    assert not faults and isinstance(one.record, Example)
    (result,) = run_examples(catalog_of("DEMO"), [LocatedExample(one.record, one.place, one.record.document)])
    assert result.passed, told(result)
    assert result.as_json() == {
        "id": "TOML",
        "place": "X/examples.toml example TOML",
        "passed": True,
        "differences": [],
    }


@pytest.mark.parametrize("document", [{}, {"company": ["PARIS"]}, {"lines": 7, "date": "soon"}, CUSTOMER])
def test_what_is_no_document_has_faults(document: dict[str, Any]) -> None:
    assert ran({"offered": []}, document).faults
    assert ran({"number": "1"}, document).faults


def test_the_candidate_is_what_counts() -> None:
    company = of_demo(Company, "PARIS", payment_terms="EOM30")
    assert told(ran({"due_dates": ANSWER["due_dates"]}, catalog=candidate(company))) == [
        "due_dates[0].date: expected 2026-04-01, found 2026-04-30"
    ]
