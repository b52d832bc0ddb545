"""Found before anything is applied: formulas with a caret under the place, and chains that do not arrive."""

from dataclasses import replace
from datetime import date

import pytest

from engine.journal.check import check
from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from tests.support.packs import DAY, SALES, catalog, codes, counter, invoice_type, journal_line, of_world, sihi

LINE = journal_line("a", "debit", "411", "document.gross")


def faults(*records: d.Record, on: date = DAY) -> list[Fault]:
    return list(check(catalog(*records), on, lambda record: f"TEST/a.toml {record.TABLE} {record.key}"))


def test_the_world_of_tests_passes() -> None:
    assert not faults()


J = "TEST/a.toml automatic_journal SIHI/*"
WRONG: dict[str, tuple[d.Record, str, str]] = {
    "a header's condition": (sihi(when="document.gros > 0"), "formula_unknown_name", f"{J} when"),
    "what reverses": (sihi(reverse="document.gross"), "formula_type", f"{J} reverse"),
    "a description": (sihi(description="document.gross +"), "formula_syntax", f"{J} description"),
    "a line's condition": (sihi(replace(LINE, when="line.net > 0")), "formula_row_not_bound", f"{J} line[a] when"),
    "a line's amount": (sihi(replace(LINE, amount="document.gross * 2")), "formula_type", f"{J} line[a] amount"),
    "a line's side": (sihi(replace(LINE, side='"debti"')), "formula_unknown_code", f"{J} line[a] side"),
    "a line's tax code": (sihi(replace(LINE, tax_code="tax.code")), "formula_row_not_bound", f"{J} line[a] tax_code"),
    "a line's due date": (sihi(replace(LINE, due_date="document.net")), "formula_type", f"{J} line[a] due_date"),
    "a line's text": (
        sihi(replace(LINE, description="frobnicate()")), "formula_unknown_function", f"{J} line[a] description",
    ),
    "two lines of one id": (sihi(LINE, LINE), "line_id_twice", f"{J} line[a]"),
    "a mention": (d.Mention(code="M", when="1", text={"fr": "x"}), "formula_type", "TEST/a.toml mention M/* when"),
    "a delivery rule": (
        d.DeliveryRule(id="R", channel="c", connection="C", when='document.category = "invoic"'),
        "formula_unknown_code", "TEST/a.toml delivery_rule R/* when",
    ),
    "a named formula": (
        d.NamedFormula(code="tax_due", text='"never"'), "formula_unknown_code", "TEST/a.toml formula tax_due/* text",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "code", "path"), WRONG.values(), ids=WRONG)
def test_refused(record: d.Record, code: str, path: str) -> None:
    (fault,) = faults(record)
    assert (fault.code, fault.path) == (code, path) and fault.remedy


def test_a_fault_in_a_formula_shows_the_text_and_a_caret_under_the_place() -> None:
    (fault,) = faults(sihi(replace(LINE, amount="document.net + document.grss")))
    assert fault.message.splitlines()[-2:] == ["  document.net + document.grss", "                 ^^^^^^^^^^^^^"]
    assert "document.gross" in fault.remedy + fault.message


def test_every_problem_of_every_formula_comes_at_once() -> None:
    found = faults(sihi(replace(LINE, amount="document.a + document.b", when="document.c")))
    assert [fault.path.rpartition(" ")[2] for fault in found] == ["when", "amount", "amount"]


def test_a_side_may_be_a_formula() -> None:
    assert not faults(sihi(replace(LINE, side='if document.is_credit then "credit" else "debit"')))


# --- chains ---------------------------------------------------------------------------------------------------------

FAC = of_world(d.EntryType, "FAC/*")


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (sihi(legislation="ITA"), []),
        (replace(FAC, legislation="FRA", active=False), ["reference_not_usable", "no_counter"]),
        (replace(FAC, default_journal=""), ["nothing_named"]),
        (replace(FAC, counter=""), ["no_counter"]),
        (replace(FAC, counter="FV", legislation="FRA"), []),
        (counter(legislation="FRA", valid_from=date(2027, 1, 1)), ["no_counter"]),
    ],
)
def test_every_type_offered_must_arrive(record: d.Record, wanted: list[str]) -> None:
    found = faults(record)
    assert codes(found) == wanted
    assert all(fault.path == "TEST/a.toml invoice_type sales/FAC/*" for fault in found)


def test_a_type_that_is_offered_to_nobody_is_not_asked() -> None:
    assert not faults(invoice_type("IT", legislation="ITA", automatic_journal="NO"))
    old = invoice_type("OLD", valid_to=date(2025, 1, 1), automatic_journal="NO")
    assert not faults(old)
    assert "reference_not_usable" in codes(faults(old, on=date(2024, 1, 1)))


def test_the_sales_journal_of_the_world_has_lines_of_its_own() -> None:
    assert len({line.id for line in SALES}) == len(SALES)
