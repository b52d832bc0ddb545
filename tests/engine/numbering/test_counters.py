"""Which series numbers a document: the type's counter, its entry type's, the assignment table's; each step told."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.kernel.faults import Faulty
from engine.numbering.counters import Numbering, no_counter, numbering
from engine.parametrization import definitions as d
from tests.support.drafts import document, planned
from tests.support.packs import DAY, catalog, company, counter, invoice_type

ACME = company()
TYPE, ENTRY = invoice_type(), d.EntryType(code="FAC")
COUNTERS = [counter(code) for code in ("T", "E", "A", "B")]


def found(
    *records: d.Record, kind: d.InvoiceType = TYPE, entry_type: d.EntryType | None = ENTRY, on: date = DAY
) -> Numbering:
    return numbering(catalog(ACME, *COUNTERS, *records, base=()), ACME, kind, entry_type, on)


def code(numbers: Numbering) -> str:
    return numbers.series.counter.code if numbers.series else ""


def assignment(counter: str = "A", **more: Any) -> d.CounterAssignment:
    return d.CounterAssignment(counter=counter, **more)


# --- the chain ------------------------------------------------------------------------------------------------------


def test_the_types_own_counter_comes_first() -> None:
    numbers = found(assignment(), kind=replace(TYPE, counter="T"), entry_type=replace(ENTRY, counter="E"))
    assert code(numbers) == "T"
    assert numbers.steps == ({"step": "type", "from": "sales/FAC/*", "code": "T", "record": "T/*"},)


def test_then_the_entry_types() -> None:
    numbers = found(assignment(), entry_type=replace(ENTRY, counter="E"))
    assert code(numbers) == "E"
    assert numbers.steps == (
        {"step": "type", "from": "sales/FAC/*", "code": ""},
        {"step": "entry_type", "from": "FAC/*", "code": "E", "record": "E/*"},
    )


def test_then_the_assignment_tables() -> None:
    numbers = found(assignment())
    assert code(numbers) == "A"
    assert numbers.steps == (
        {"step": "type", "from": "sales/FAC/*", "code": ""},
        {"step": "entry_type", "from": "FAC/*", "code": ""},
        {"step": "assignment", "from": d.CounterAssignment(counter="A").key, "code": "A", "record": "A/*"},
    )


def test_then_a_fault_that_names_every_step() -> None:
    numbers = found()
    assert numbers.series is None and [step["step"] for step in numbers.steps] == ["type", "entry_type", "assignment"]
    fault = no_counter(numbers, ACME, TYPE)
    assert (fault.code, fault.path) == ("no_counter", "invoice_type")
    assert "type sales/FAC/*: none; entry_type FAC/*: none; assignment -: none" in fault.message


def test_a_type_that_is_not_posted_has_no_entry_type_to_ask() -> None:
    assert [step["step"] for step in found(assignment(), entry_type=None).steps] == ["type", "assignment"]


def test_the_counter_of_the_companys_legislation_hides_the_one_for_all_and_says_so() -> None:
    own = counter("T", legislation="FRA", reset="monthly")
    numbers = found(own, kind=replace(TYPE, counter="T"))
    assert numbers.series and numbers.series.counter == own
    assert numbers.steps[-1] == {"step": "type", "from": "sales/FAC/*", "code": "T", "record": "T/FRA", "hides": "T/*"}


def test_a_counter_that_may_not_be_used_gives_its_reason() -> None:
    numbers = found(counter("T", legislation="FRA", active=False), kind=replace(TYPE, counter="T"))
    assert numbers.steps[0]["reason"] == "inactive"
    assert "type sales/FAC/*: inactive" in no_counter(numbers, ACME, TYPE).message


def test_a_series_is_named_by_company_counter_and_period() -> None:
    names = [
        numbers.series.name
        for reset in ("annual", "monthly", "never")
        if (numbers := found(counter("T", reset=reset), kind=replace(TYPE, counter="T"))).series
    ]
    assert names == ["ACME/T/*/2026", "ACME/T/*/2026-03", "ACME/T/*"]


def test_a_series_writes_its_numbers() -> None:
    numbers = found(assignment())
    assert numbers.series and numbers.series.number(DAY, 7) == "A-2026-00007"


def test_a_typed_number_is_a_fault_where_none_is_taken() -> None:
    with pytest.raises(Faulty) as caught:
        planned(catalog(), document(number="FV-2026-00007"))
    assert [(fault.code, fault.path) for fault in caught.value.faults] == [("manual_number", "number")]


# --- the assignment table -------------------------------------------------------------------------------------------

RANKS = {"legislation": "FRA", "company": "ACME", "entry_type": "FAC", "category": "invoice", "module": "sales"}
"""From the most specific down, each with what fits the document."""


@pytest.mark.parametrize("rank", RANKS)
def test_a_row_that_says_something_wins_over_one_that_says_nothing(rank: str) -> None:
    assert code(found(assignment("B", **{rank: RANKS[rank]}), assignment("A"))) == "B"


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(RANKS, 2)))
def test_the_more_specific_row_wins(first: str, second: str) -> None:
    rows = assignment("B", **{first: RANKS[first]}), assignment("A", **{second: RANKS[second]})
    assert code(found(*rows)) == code(found(*reversed(rows))) == "B"


def test_one_more_specific_word_wins_over_many_less_specific() -> None:
    many = {name: text for name, text in RANKS.items() if name != "legislation"}
    assert code(found(assignment("B", legislation="FRA"), assignment("A", **many))) == "B"


@pytest.mark.parametrize(
    ("rank", "other"),
    [
        ("legislation", "ITA"), ("company", "OTHER"), ("entry_type", "AVC"), ("category", "credit_note"),
        ("module", "purchase"), ("site", "NORD"), ("company_group", "GRP"), ("active", False),
        ("valid_to", date(2026, 2, 28)),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_passed_over(rank: str, other: Any) -> None:
    row = assignment("A", **{"module": "sales", rank: other})
    assert code(found(row)) == "" and code(found(row, assignment("B", category="invoice"))) == "B"


def test_a_row_of_a_group_serves_its_companies() -> None:
    assert code(found(d.CompanyGroup(code="GRP", companies=("ACME",)), assignment(company_group="GRP"))) == "A"


def test_a_row_of_the_companys_legislation_hides_its_like_for_all_also_when_it_is_inactive() -> None:
    assert code(found(assignment("A"), assignment("B", legislation="FRA", active=False))) == ""
