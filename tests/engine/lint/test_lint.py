"""Each kind of finding, provoked by a few records; and what is found in the parametrization that ships."""

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal.check import check
from engine.kernel.faults import FaultKind
from engine.lint import FINDINGS, Finding, FindingKind, lint
from engine.lint.chains import breaks
from engine.lint.findings import listed
from engine.lint.legal import number_rules
from engine.lint.readings import Slot, can_be_equal, slots
from engine.lint.survey import Survey
from engine.numbering import mask
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from tests.engine.lint.worlds import WORLDS
from tests.engine.parametrization.records import records
from tests.packs.shipped import CODES, catalog_of
from tests.support.packs import (
    DAY,
    SALES,
    catalog,
    company,
    counter,
    invoice_type,
    journal_line,
    of_world,
    part,
    sihi,
    tax,
    world,
)

GRP = d.CompanyGroup(code="GRP", companies=("ACME",))
FAR = d.CompanyGroup(code="FAR", companies=("ROMA",))
ROMA = company("ROMA", "ITA")
AVC = invoice_type("AVF", category="credit_note", description={"en": "Credit note", "fr": "Avoir"})
FAC = invoice_type(description={"en": "Invoice", "fr": "Facture"})
PIN = invoice_type("PIN", module="purchase", purchase_kind="invoice", automatic_journal="")
QUIET = (*world(), FAC, AVC)
"""The world with all that a lint asks for."""
SOON = date(2026, 9, 1)


def findings(*more: d.Record, on: date = DAY) -> list[Finding]:
    return list(lint(catalog(*more, base=QUIET), on))


def fiscal_year(code: str, start: str, end: str, *periods: str) -> d.FiscalYear:
    since, to = date.fromisoformat(start), date.fromisoformat(end)
    made = tuple(d.Period(code=one, valid_from=since, valid_to=to) for one in periods)
    return d.FiscalYear(company="ACME", code=code, valid_from=since, valid_to=to, period=made)


def series(*parts: Any, **more: Any) -> d.Counter:
    """The counter of every invoice, with these components before its sequence."""
    made = (part(place, *one) if isinstance(one, tuple) else part(place, one) for place, one in enumerate(parts))
    return counter("FV", *made, part(90, "sequence", 6), **{"reset": "never"} | more)


def code(kind: str, **more: Any) -> d.AccountingCode:
    return d.AccountingCode(kind=kind, **more)


def used(accounts: dict[str, str]) -> d.AccountingCode:
    return code("tax", accounts=accounts)


SPARE = tax("FR55", "5.5", accounting_code="SPECIAL")

PROVOKED: dict[str, list[tuple[list[d.Record], str]]] = {
    # what provokes it, and the record found
    "lint_numbers_repeat": [
        ([series(("constant", 0, "FV-"), reset="annual")], "counter FV/*"),
        ([series("year", reset="monthly")], "counter FV/*"),
        ([series("month", reset="monthly")], "counter FV/*"),
        ([series(("year", 1), reset="annual")], "counter FV/*"),
        ([series("year", level="site")], "counter FV/*"),
        ([series(reset="period")], "counter FV/*"),
        ([series(reset="fiscal_year")], "counter FV/*"),
        (
            [series("year", reset="fiscal_year"), fiscal_year("FY26", "2026-04-01", "2027-03-31")],
            "counter FV/*",
        ),
        (
            [
                series("period", reset="period"),
                fiscal_year("FY26", "2026-01-01", "2026-12-31", "01"),
                fiscal_year("FY27", "2027-01-01", "2027-12-31", "01"),
            ],
            "counter FV/*",
        ),
    ],
    "lint_counters_print_alike": [
        (
            [
                counter("OTHER", part(1, "constant", value="FV-"), part(2, "sequence", 10), reset="never"),
                series(("constant", 0, "FV-"), "year"),
                invoice_type("FAX", counter="OTHER", description={"en": "x", "fr": "x"}),
            ],
            "counter FV/*",
        )
    ],
    "lint_counter_runs_out": [
        ([counter("FV", part(1, "year"), part(2, "sequence", 3))], "counter FV/*"),
        ([counter("FV", part(1, "sequence", 4), reset="never")], "counter FV/*"),
    ],
    "lint_counter_cannot_start": [([series(start=1_000_000)], "counter FV/*")],
    "lint_counter_over_length": [([series("year", length=9)], "counter FV/*")],
    "lint_number_not_legal": [
        (
            [
                ROMA,
                counter("FV", part(1, "constant", value="FATTURA-DEL-"), part(2, "year"), part(3, "sequence", 6)),
            ],
            "counter FV/*",
        ),
    ],
    "lint_number_not_legal_soon": [([series(("constant", 0, "F V "))], "counter FV/*")],
    "lint_no_automatic_journal": [
        ([sihi(legislation="ITA"), sihi(active=False), ROMA], "invoice_type sales/FAC/*"),
        ([PIN], "invoice_type purchase/PIN/*"),
    ],
    "lint_no_entry_type": [
        ([sihi(entry_type="")], "invoice_type sales/FAC/*"),
        ([of_world(d.EntryType, "FAC/*", active=False)], "invoice_type sales/FAC/*"),
    ],
    "lint_no_journal": [([of_world(d.Journal, "VTE/*", active=False)], "invoice_type sales/FAC/*")],
    "lint_no_ledger": [([of_world(d.EntryType, "FAC/*", ledgers={"PCG": "none"})], "invoice_type sales/FAC/*")],
    "lint_no_counter": [([of_world(d.EntryType, "FAC/*", counter="")], "invoice_type sales/FAC/*")],
    "lint_chain_will_break": [
        ([of_world(d.EntryType, "FAC/*", valid_to=date(2026, 6, 30))], "invoice_type sales/FAC/*"),
        ([counter(legislation="FRA", company_group="GRP", valid_to=SOON), GRP], "invoice_type sales/FAC/*"),
    ],
    "lint_account_missing": [
        ([code("sales", accounts={"service": "707"})], "automatic_journal SIHI/*"),
        ([used({"input": "44571"})], "automatic_journal SIHI/*"),
    ],
    "lint_tax_without_account": [
        ([SPARE], "tax FR55/*"),
        ([SPARE, code("tax", code="SPECIAL", accounts={"input": "44571"})], "tax FR55/*"),
    ],
    "lint_account_not_in_chart": [
        ([code("sales", accounts={"goods": "70x"})], "automatic_journal SIHI/*"),
        ([of_world(d.Account, "PCG/707", active=False)], "automatic_journal SIHI/*"),
        ([of_world(d.Account, "PCG/707", valid_from=SOON)], "automatic_journal SIHI/*"),
    ],
    "lint_account_source_empty": [
        (
            [sihi(*SALES[1:], journal_line("customer", "debit", ("customer.vip", "customer.control"), "document.net"))],
            "automatic_journal SIHI/*",
        )
    ],
    "lint_mask_not_in_chart": [
        ([code("sales", accounts={"goods": "707", "service": "70x"})], "accounting_code sales/STD/*"),
    ],
    "lint_legislation_without_company": [([invoice_type("CVC", legislation="PRT")], "legislation PRT")],
    "lint_record_inactive": [([invoice_type("OLD", active=False)], "invoice_type sales/OLD/*")],
    "lint_record_expired": [([invoice_type("OLD", valid_to=date(2025, 12, 31))], "invoice_type sales/OLD/*")],
    "lint_record_for_nobody": [
        ([FAR, invoice_type("FAF", company_group="FAR")], "invoice_type sales/FAF/*"),
        ([FAR, ROMA, invoice_type("FAF", legislation="FRA", company_group="FAR")], "invoice_type sales/FAF/FRA"),
    ],
    "lint_record_always_hidden": [([invoice_type(legislation="FRA")], "invoice_type sales/FAC/*")],
    "lint_hides_and_refuses": [
        ([invoice_type(legislation="FRA", active=False)], "invoice_type sales/FAC/FRA"),
        ([invoice_type(legislation="FRA", valid_from=SOON)], "invoice_type sales/FAC/FRA"),
        ([FAR, ROMA, counter(legislation="FRA", company_group="FAR")], "counter FV/FRA"),
    ],
    "lint_group_empty": [([d.CompanyGroup(code="NIL", companies=())], "company_group NIL")],
    "lint_groups_apart": [
        (
            [GRP, FAR, ROMA, invoice_type("FAF", company_group="GRP", counter="C"), counter("C", company_group="FAR")],
            "invoice_type sales/FAF/*",
        )
    ],
    "lint_default_not_offered": [
        ([company(default_type={"sales": {"invoice": "FAX"}})], "company ACME"),
        ([company(default_type={"sales": {"invoice": "AVF"}})], "company ACME"),
    ],
    "lint_coverage_hole": [([ROMA, invoice_type("AVF", category="debit_note")], "company ROMA")],
    "lint_printed_text_missing": [
        ([d.Mention(code="M", text={"en": "Reverse charge"})], "mention M/*"),
        ([d.PaymentTerms(code="M", text={"it": "30 giorni"}, part=(d.TermsPart(),))], "payment_terms M/*"),
    ],
    "lint_translation_missing": [
        ([invoice_type(description={"fr": "Facture"})], "invoice_type sales/FAC/*"),
        ([d.User(code="ines", language="es")], "invoice_type sales/FAC/*"),
        ([d.User(code="ines", language="es"), d.Mention(code="M", text={"en": "x", "fr": "x"})], "mention M/*"),
    ],
    "lint_description_missing": [([invoice_type()], "invoice_type sales/FAC/*")],
    "lint_unused": [
        ([counter("OLD")], "counter OLD/*"),
        (  # only an entry type of another legislation names it
            [counter("ITA", legislation="ITA"), of_world(d.EntryType, "FAC/*", legislation="FRA", counter="ITA"), ROMA],
            "counter ITA/ITA",
        ),
        ([d.Journal(code="BQ", kind="treasury")], "journal BQ/*"),
        ([d.EntryType(code="OLD", ledgers={})], "entry_type OLD/*"),
        ([sihi(code="OLD")], "automatic_journal OLD/*"),
        ([d.PaymentTerms(code="NET", part=(d.TermsPart(),))], "payment_terms NET/*"),
        ([d.Chart(code="OLD")], "chart OLD"),
        ([d.Ledger(code="IFRS", chart="PCG")], "ledger IFRS"),
        ([GRP], "company_group GRP"),
        ([code("stock", accounts={"goods": "707"})], "accounting_code stock/STD/*"),
        ([code("tax", code="OLD", accounts={"output": "44571"})], "accounting_code tax/OLD/*"),
    ],
    "lint_assignment_not_reached": [
        ([d.CounterAssignment(module="sales", counter="FV")], "counter_assignment sales/*/*/*/*/*")
    ],
    "lint_formula_not_asked": [([d.NamedFormula(code="greeting", text='"hello"')], "formula greeting/*")],
}


ELSEWHERE = {
    "lint_series_full", "lint_series_filling",  # of state: test_filling
    "lint_journal_sampled", "lint_line_never_made", "lint_condition_always_true",  # of proofs: test_proofs
    "lint_connection_not_configured",  # of the installation: test_connected
}  # fmt: skip


@pytest.mark.parametrize("kind", [code for code in FINDINGS if code not in ELSEWHERE])
def test_every_kind_is_provoked(kind: str) -> None:
    assert PROVOKED[kind]
    for given_records, record in PROVOKED[kind]:
        found = findings(*given_records)
        named = [f"{one.table} {one.key}" for one in found if one.code == kind]
        assert record in named, (kind, given_records, found)


def test_nothing_provokes_a_kind_that_is_not_declared() -> None:
    assert not PROVOKED.keys() - FINDINGS.keys()


def test_a_whole_parametrization_is_quiet() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    "quiet",
    [
        [series("company", "year", level="folder", reset="annual")],
        [series(level="folder")],
        [series("site", ("constant", 0, "-"), level="site")],
        [series("fiscal_year", reset="fiscal_year")],
        [series("year", reset="fiscal_year"), fiscal_year("FY26", "2026-01-01", "2026-12-31")],
        [series("year", "period", reset="period")],
        [series("period", reset="period"), fiscal_year("FY26", "2026-01-01", "2026-12-31", "2601", "2602")],
        [series(("formula", 0, "text(document.date)"), reset="annual")],
        [series("year", ("constant", 0, "-"), "complement", reset="annual")],
    ],
)
def test_counters_that_tell_their_series_apart_are_quiet(quiet: list[d.Record]) -> None:
    assert [one for one in findings(*quiet) if one.table == "counter"] == []


def test_taxes_that_can_give_no_amount_on_a_line_need_no_account_there() -> None:
    held = journal_line("held", "credit", "tax.held", "tax.amount", each="tax", when='tax.due = "payment"')
    none = tax("NONE", "0", "Z", accounting_code="NOWHERE")
    at_invoice = [tax(name, due="invoice") for name in ("FR20", "FR10")]
    assert findings(none, *at_invoice, sihi(*SALES, held)) == []
    assert {one.code for one in findings(sihi(*SALES, held))} == {"lint_account_missing"}


def test_a_typed_account_stands_in_for_every_source() -> None:
    typed = journal_line("revenue", "credit", ("line.account", "sales.other"), "line.net", each="line")
    assert {one.code for one in findings(sihi(SALES[0], typed, *SALES[2:]))} == {"lint_account_source_empty"}


def test_companies_of_one_legislation_and_group_are_told_together() -> None:
    twins = [company(f"C{place}") for place in range(12)]
    (found,) = (one for one in findings(*twins, sihi(entry_type="")) if one.key.startswith("sales/FAC"))
    assert found.message.startswith("ACME, C0, C1, C10, C11, C2, C3, C4 and 5 more cannot post it")


def test_a_number_rule_is_enforced_from_its_day() -> None:
    spaced = series(("constant", 0, "F V "))
    before, after = findings(spaced), findings(spaced, on=SOON)
    assert [one.severity for one in before] == ["warning"] and "from 2026-09-01 FRA wants" in before[0].message
    assert [one.code for one in after] == ["lint_number_not_legal"]


def test_number_rules_name_their_source() -> None:
    assert all(rule.source and rule.says for rule in number_rules())
    assert {"FRA", "ITA"} <= {rule.legislation for rule in number_rules()}


def test_the_place_is_where_the_caller_says() -> None:
    (found,) = lint(catalog(GRP, base=QUIET), DAY, lambda record: f"x.toml {record.TABLE}")
    assert found.place == "x.toml company_group"
    assert json.loads(json.dumps(found.as_json())) == {
        "code": "lint_unused", "severity": "info", "table": "company_group", "key": "GRP",
        "message": "nothing names it", "remedy": "nothing, if it is kept for later; else remove it",
        "place": "x.toml company_group",
    }  # fmt: skip


def test_kinds_are_declared_once_and_by_prefix() -> None:
    for wrong in (next(iter(FINDINGS)), "unprefixed"):
        with pytest.raises(ValueError, match="declared twice, or does not start with"):
            FindingKind(wrong, "info", "", "")
    assert isinstance(next(iter(FINDINGS.values())), FindingKind) and not issubclass(FindingKind, FaultKind)


def test_what_ships_has_no_error_and_its_warnings_are_known() -> None:
    """LILLE is the seed's second table: FAF of FRA hides FAF for all, and its group refuses LILLE."""
    found = list(lint(catalog_of(*CODES), date(2026, 11, 1)))
    assert [one for one in found if one.severity == "error"] == []
    assert [(one.code, one.key) for one in found if one.severity == "warning"] == [
        ("lint_hides_and_refuses", "sales/FAF/FRA")
    ]


def test_what_ships_is_looked_over_in_a_second() -> None:
    fresh = Catalog({kind.TABLE: dict(catalog_of(*CODES).table(kind)) for kind in d.TABLES.values()})
    assert min(seconds(lambda: list(lint(fresh, date(2026, 11, 1)))) for _ in range(3)) < 1


def seconds(work: Callable[[], object]) -> float:
    """Of the processor, in this thread."""
    started = thread_time()
    assert work()
    return thread_time() - started


TEXTS = st.text("AB12", max_size=4)
PARTS = st.lists(
    st.builds(
        d.CounterComponent,
        position=st.integers(1, 9),
        kind=st.sampled_from(["constant", "year", "month", "company", "sequence"]),
        length=st.sampled_from([0, 2, 4]),
        value=TEXTS,
    ),
    min_size=1,
    max_size=4,
)


@given(PARTS, PARTS, st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 99), st.integers(1, 99))
def test_numbers_that_are_equal_were_foreseen(
    one: list[d.CounterComponent], other: list[d.CounterComponent], on: date, value: int, another: int
) -> None:
    left, right = (d.Counter(code="C", component=tuple(parts)) for parts in (one, other))
    acme = company("A1")
    if mask.text(left, "A1", on, value) == mask.text(right, "A1", on, another):
        assert can_be_equal(slots(left, acme), slots(right, acme))


def test_texts_that_differ_in_a_constant_or_in_length_cannot_be_equal() -> None:
    acme = company("ACME")
    all_different = [
        counter("FV"),
        counter("AV"),
        counter("FV", part(1, "constant", value="FV-"), part(2, "sequence", 5)),
        counter("FV", part(1, "company"), part(2, "sequence", 9)),
    ]
    for one, other in pairwise(all_different):
        assert not can_be_equal(slots(one, acme), slots(other, acme))
    assert can_be_equal([Slot(many=True)], slots(counter(), acme))
    assert not can_be_equal([], slots(counter(), acme)) and can_be_equal([], [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(d.TABLES)).flatmap(lambda name: records(d.TABLES[name])), max_size=12))
def test_lint_never_crashes_on_records_of_any_kind(random: list[d.Record]) -> None:
    for base in (QUIET, ()):
        for found in lint(catalog(*random, base=base), DAY):
            assert found.message and found.remedy and found.code in FINDINGS


@settings(max_examples=200, deadline=None)
@given(WORLDS)
def test_lint_never_crashes_on_records_that_name_each_other(random: tuple[d.Record, ...]) -> None:
    found = list(lint(catalog(*random, base=()), DAY))
    assert len(found) == len(set(found)), "nothing is told twice"


CHAIN = {"reference_not_usable", "nothing_named", "no_counter"}
BROKEN = {"lint_no_automatic_journal", "lint_no_entry_type", "lint_no_journal", "lint_no_counter"}


@settings(max_examples=200, deadline=None)
@given(WORLDS)
def test_types_that_a_plan_would_refuse_are_the_types_found_broken(random: tuple[d.Record, ...]) -> None:
    """But a plan looks only at documents keyed directly."""
    known = catalog(*random, base=())
    refused = {fault.path for fault in check(known, DAY, lambda record: record.key) if fault.code in CHAIN}
    found = {one.key for one in lint(known, DAY) if one.code in BROKEN}
    twice = {one.key for one in known.table(d.InvoiceType).values() if one.automatic_journal_direct}
    assert refused <= found and found - refused <= twice


@settings(max_examples=200, deadline=None)
@given(WORLDS)
def test_every_break_to_come_is_found_on_its_day(random: tuple[d.Record, ...]) -> None:
    """Against following every chain again on every day on which anything changes."""
    survey = Survey(catalog(*random, base=()), DAY)
    days = (DAY, *survey.days_to_come)
    expected: dict[tuple[str, str], date] = {}
    for on in days:
        for alike in survey.alike:
            for chain in survey.chains_on(alike, on):
                if any(True for _ in breaks(chain)):
                    expected.setdefault((chain.type.key, listed(alike.names)), on)
    found = [one for one in lint(survey.catalog, DAY) if one.code == "lint_chain_will_break"]
    told = {(one.key, one.message.split(" ")[1], one.message.split(" can use")[0].split(" ", 2)[2]) for one in found}
    assert told == {(key, str(on), names) for (key, names), on in expected.items() if on > DAY}
