"""An automatic journal makes entries: sides, merging, ledgers, currencies; and it balances, or nothing is made."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.journal.entries import Entry, EntryLine, Generated, LateText
from engine.journal.explain import explanation
from engine.kernel.faults import Fault, Faulty
from engine.kernel.money import quantum, rounded
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.posting.post import Plan
from tests.packs.shipped import catalog_of
from tests.support.drafts import Document, decimals, demo_documents, document, line, planned
from tests.support.packs import catalog, codes, invoice_type, journal_line, of_world, sihi

D = Decimal
FAC = of_world(d.EntryType, "FAC/*")
MEMO = invoice_type("RFA", category="credit_memo")
GROSS = journal_line("customer", "debit", "411", "document.gross")
NET = journal_line("sales", "credit", "707", "line.net", each="line")
TAX = journal_line("tax", "credit", "44571", "tax.amount", each="tax")


def generated(*records: d.Record, packs: Catalog | None = None, **asked: Any) -> Generated:
    given_to = {"invoice_type": "FAC"} | asked
    return planned(packs or catalog(MEMO, *records), document(**given_to)).generated


def entry(*records: d.Record, **asked: Any) -> Entry:
    (made,) = generated(*records, **asked).entries
    return made


def booked(made: Entry) -> list[str]:
    return [f"{one.account} {'D' if one.debit else 'C'} {one.debit or one.credit}" for one in made.lines]


def faults(*records: d.Record, **asked: Any) -> list[Fault]:
    with pytest.raises(Faulty) as caught:
        generated(*records, **asked)
    return list(caught.value.faults)


def sums(lines: Iterable[EntryLine]) -> tuple[Decimal, Decimal]:
    kept = list(lines)
    return sum((one.debit for one in kept), D(0)), sum((one.credit for one in kept), D(0))


# --- what is made ---------------------------------------------------------------------------------------------------


def test_an_entry_says_ledger_journal_entry_type_recipe_date_and_currency() -> None:
    made = entry(accounting_date="2026-03-05")
    assert (made.ledger, made.journal, made.entry_type, made.automatic_journal) == ("PCG", "VTE", "FAC", "SIHI/*")
    assert (made.date, made.currency, made.document_currency) == (date(2026, 3, 5), "EUR", "EUR")
    assert booked(made) == ["411 D 120.00", "707 C 100.00", "44571 C 20.00"]


def skipped(plan: Plan, world: Catalog) -> list[tuple[str, int]]:
    told = explanation(plan.draft, plan.determination.members, plan.generated, world)
    return [(one["line"], one["row"]) for one in told["skipped"]]


def test_a_negative_amount_goes_to_the_other_side() -> None:
    made = entry(lines=[line("3"), line("-1", tax_code="FR10")], charges=[])
    assert booked(made) == ["411 D 250.00", "707 C 300.00", "707 D 100.00", "44571 C 60.00", "44571 D 10.00"]


def test_where_reverse_holds_every_side_is_turned_and_amounts_stay_positive() -> None:
    made = entry(invoice_type="RFA")
    assert booked(made) == ["411 C 120.00", "707 D 100.00", "44571 D 20.00"]
    assert [one.amount_currency for one in made.lines] == [D("-120.00"), D("100.00"), D("20.00")]


def test_a_side_may_be_a_formula() -> None:
    turned = replace(GROSS, side='if document.is_credit then "credit" else "debit"')
    assert booked(entry(sihi(turned, NET, TAX, reverse="")))[0] == "411 D 120.00"


def test_a_line_is_made_for_each_element_where_its_condition_holds() -> None:
    goods = replace(NET, when='line.nature = "goods"')
    service = replace(NET, id="service", account=("706",), when='line.nature = "service"')
    packs = (sihi(GROSS, goods, service, TAX), d.Account(chart="PCG", code="706"))
    plan = planned(world := catalog(*packs), document(line(nature="goods"), line("2", nature="service")))
    made = plan.generated
    assert booked(made.entries[0]) == ["411 D 360.00", "707 C 100.00", "706 C 200.00", "44571 C 60.00"]
    (ran,) = made.ran
    assert [(one.line.id, one.row) for one in ran.made] == [
        ("customer", -1), ("sales", 0), ("service", 1), ("tax", 0),
    ]  # fmt: skip
    assert skipped(plan, world) == [("sales", 1), ("service", 0)]


def test_an_amount_of_nothing_makes_no_line_and_is_told_as_skipped() -> None:
    zero = d.Tax(code="Z", category="Z", rate=(d.Rate(percent=D(0)),))
    plan = planned(world := catalog(zero), document(line(tax_code="Z")))
    assert booked(plan.generated.entries[0]) == ["411 D 100.00", "707 C 100.00"]
    assert skipped(plan, world) == [("tax", 0)]


# --- merging --------------------------------------------------------------------------------------------------------


def test_lines_that_agree_are_merged_and_remember_who_made_them() -> None:
    freight = {"kind": "charge", "description": "x", "amount": "5", "tax_code": "FR20"}
    made = entry(lines=[line(), line("2")], charges=[freight])
    assert booked(made) == ["411 D 366.00", "707 C 305.00", "44571 C 61.00"]
    assert made.lines[1].made_by == ("revenue", "charges")


@pytest.mark.parametrize(
    "change",
    [
        {"description": "line.description"}, {"tax_code": "line.tax_code"},
        {"description": '"{document.number} {line.description}"'},
    ],
    ids=["description", "tax code", "late description"],
)  # fmt: skip
def test_lines_that_differ_are_not_merged(change: dict[str, str]) -> None:
    lines = [line(description="one"), line(description="two", tax_code="FR10")]
    made = entry(sihi(GROSS, replace(NET, **change), TAX), lines=lines)
    assert booked(made)[1:3] == ["707 C 100.00", "707 C 100.00"]


def test_the_two_sides_of_one_account_stay_apart() -> None:
    assert [text for text in booked(entry(lines=[line("2"), line("-1")])) if text.startswith("707")] == [
        "707 C 200.00", "707 D 100.00",
    ]  # fmt: skip


def test_the_partner_and_the_due_date_stand_on_control_accounts_only() -> None:
    due = replace(GROSS, each="due_date", amount="due_date.amount", due_date="due_date.date")
    dated = replace(TAX, due_date="document.date")
    halves = [{"date": "2026-04-01", "percent": "50"}, {"date": "2026-05-01", "percent": "50"}]
    made = entry(sihi(due, NET, dated), due_dates=halves)
    assert [(one.account, one.partner, str(one.due_date)) for one in made.lines] == [
        ("411", "C1", "2026-04-01"), ("411", "C1", "2026-05-01"), ("707", "", "None"), ("44571", "", "None"),
    ]  # fmt: skip


# --- texts ----------------------------------------------------------------------------------------------------------


def test_a_text_that_prints_the_number_waits_for_it() -> None:
    said = '"Facture {document.number} {partner.name}"'
    made = entry(sihi(replace(GROSS, description=said), NET, TAX, description=said))
    assert isinstance(made.description, LateText) and made.description.given("FV-7") == "Facture FV-7 Client"
    late = made.lines[0].description
    assert isinstance(late, LateText) and late.given("FV-8") == "Facture FV-8 Client"


def test_a_text_that_does_not_is_there_at_once() -> None:
    assert entry(sihi(description='"Client {partner.name}"')).description == "Client Client"
    assert entry().description == "Client"


# --- ledgers and currencies -----------------------------------------------------------------------------------------

IFRS = (
    d.Chart(code="IFRS"), d.Ledger(code="IFRS", chart="IFRS"), d.Account(chart="IFRS", code="411", partner=True),
    d.Account(chart="IFRS", code="707"), d.Account(chart="IFRS", code="44571"),
)  # fmt: skip


def ledgers(**uses: Any) -> d.EntryType:
    return replace(FAC, ledgers=uses)


def test_every_ledger_the_entry_type_feeds_gets_an_entry() -> None:
    two = ledgers(PCG="mandatory", IFRS="authorized")
    assert [one.ledger for one in generated(two, *IFRS).entries] == ["IFRS", "PCG"]
    assert [one.ledger for one in generated(ledgers(PCG="mandatory", IFRS="none"), *IFRS).entries] == ["PCG"]


def test_a_line_may_go_to_some_ledgers_only() -> None:
    lines = [replace(one, ledgers=("PCG",)) for one in (GROSS, NET, TAX)]
    assert [
        one.ledger for one in generated(ledgers(PCG="mandatory", IFRS="authorized"), *IFRS, sihi(*lines)).entries
    ] == ["PCG"]
    (fault,) = faults(ledgers(PCG="mandatory", IFRS="mandatory"), *IFRS, sihi(*lines))
    assert fault.code == "ledger_not_fed" and "IFRS" in fault.message


FOREIGN = {"currency": "USD", "exchange_rate": "0.9"}


def test_a_foreign_document_is_converted_and_keeps_both_amounts() -> None:
    made = entry(**FOREIGN)
    assert (made.currency, made.document_currency) == ("EUR", "USD")
    assert booked(made) == ["411 D 108.00", "707 C 90.00", "44571 C 18.00"]
    assert [one.amount_currency for one in made.lines] == [D("120.00"), D("-100.00"), D("-20.00")]


def test_the_open_item_takes_the_rounding_difference() -> None:
    made = entry(lines=[line("1", "0.33")], currency="USD", exchange_rate="0.5")
    assert booked(made) == ["411 D 0.21", "707 C 0.17", "44571 C 0.04"]  # 0.40 USD alone would be 0.20
    assert made.lines[0].amount_currency == D("0.40")


def test_a_ledger_in_the_documents_currency_needs_no_conversion() -> None:
    made = entry(of_world(d.Ledger, "PCG", currency="USD"), **FOREIGN)
    assert made.currency == "USD" and booked(made) == ["411 D 120.00", "707 C 100.00", "44571 C 20.00"]


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(line, decimals(1, 50, 2), decimals(1, 300, 3), st.sampled_from(["FR20", "FR10"])),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["USD", "JPY", "KWD"]),
    decimals(1, 300, 6),
    st.sampled_from(["FAC", "RFA"]),
)
def test_a_foreign_document_balances_by_construction(
    lines: list[Document], currency: str, rate: str, kind: str
) -> None:
    made = planned(WORLD, document(*lines, currency=currency, exchange_rate=rate, invoice_type=kind))
    (found,) = made.generated.entries
    debit, credit = sums(found.lines)
    assert debit == credit
    assert sum((one.amount_currency for one in found.lines), D(0)) == 0
    for one in found.lines:
        assert one.debit >= 0 and one.credit >= 0 and not (one.debit and one.credit)
        assert rounded(one.debit, "EUR") == one.debit and rounded(one.credit, "EUR") == one.credit
        exact = abs(one.amount_currency) * made.draft.exchange_rate
        near = len(found.lines) if one.partner else 1
        assert abs(one.debit + one.credit - exact) <= near * quantum("EUR") / 2 + (near - 1) * quantum("EUR")


WORLD = catalog(MEMO)


@settings(max_examples=150)
@given(demo_documents())
def test_what_demo_companies_post_balances_in_every_ledger_and_currency(asked: Document) -> None:
    try:
        made = planned(catalog_of("DEMO"), asked)
    except Faulty as faulty:
        assert {*codes(faulty.faults)} <= {"negative_total", "discount_too_large", "prepaid_too_large", "entry_empty"}
        assume(False)
        raise
    assert made.generated.entries
    for one in made.generated.entries:
        debit, credit = sums(one.lines)
        assert debit == credit
        assert sum((each.amount_currency for each in one.lines), D(0)) == 0
        assert all(each.debit >= 0 and each.credit >= 0 for each in one.lines)


# --- faults ---------------------------------------------------------------------------------------------------------


def test_an_entry_that_does_not_balance_is_a_fault_and_nothing_else() -> None:
    (fault,) = faults(sihi(GROSS, NET))
    assert (fault.code, fault.path) == ("entry_unbalanced", "invoice_type")
    assert "gives 120.00 debit and 100.00 credit in ledger PCG" in fault.message


def test_each_ledger_balances_for_itself() -> None:
    lines = (GROSS, NET, replace(TAX, ledgers=("PCG",)))
    (fault,) = faults(ledgers(PCG="mandatory", IFRS="mandatory"), *IFRS, sihi(*lines))
    assert fault.code == "entry_unbalanced" and "ledger IFRS" in fault.message


def test_a_journal_that_gives_nothing_is_a_fault() -> None:
    assert codes(faults(lines=[line("1", "0")])) == ["entry_empty"]
    assert codes(faults(sihi(replace(GROSS, when="document.is_credit")))) == ["entry_empty"]


def test_an_entry_type_that_feeds_no_ledger_is_a_fault() -> None:
    assert codes(faults(ledgers(PCG="none"))) == codes(faults(ledgers())) == ["ledger_missing"]


def test_a_line_that_finds_no_account_is_a_fault_that_names_its_sources() -> None:
    (fault,) = faults(sihi(GROSS, replace(NET, account=("line.account", "sales.nothing")), TAX))
    assert fault.code == "account_missing" and "line.account, sales.nothing" in fault.message


@pytest.mark.parametrize(
    "change",
    [{"code": "708"}, {"active": False}, {"valid_to": date(2026, 2, 28)}, {"valid_from": date(2026, 3, 2)}],
    ids=["unknown", "inactive", "closed", "not yet open"],
)
def test_an_account_that_is_not_in_the_chart_or_closed_is_a_fault(change: dict[str, Any]) -> None:
    known = of_world(d.Account, "PCG/707")
    with pytest.raises(Faulty) as caught:
        planned(catalog(replace(known, **change), without=[known] if "code" in change else []), document())
    assert codes(caught.value.faults)[0] == "account_unknown"
    assert "account 707 is not in chart PCG, or is closed on 2026-03-01" in caught.value.faults[0].message


def test_an_account_is_open_on_the_accounting_date() -> None:
    closed = of_world(d.Account, "PCG/707", valid_to=date(2026, 2, 28))
    assert booked(entry(closed, accounting_date="2026-02-28"))


def test_a_foreign_entry_without_partner_line_has_nothing_to_balance_it() -> None:
    assert codes(faults(of_world(d.Account, "PCG/411", partner=False), **FOREIGN)) == ["open_item_missing"]


def test_a_ledger_in_a_third_currency_cannot_be_converted_to() -> None:
    assert codes(faults(of_world(d.Ledger, "PCG", currency="GBP"), **FOREIGN)) == ["ledger_currency"]


def test_a_formula_that_cannot_be_computed_is_a_fault_with_line_and_operands() -> None:
    wrong = replace(NET, amount="round(line.net / (line.quantity - 1))")
    (fault,) = faults(sihi(GROSS, wrong, TAX))
    assert (fault.code, fault.path) == ("formula_division_by_zero", "lines[0]")
    assert "SIHI/* line sales" in fault.message and "line.quantity = 1" in fault.message


def test_all_faults_come_at_once() -> None:
    broken = (replace(GROSS, account=("no.account",)), replace(NET, account=("no.account",)), TAX)
    assert codes(faults(sihi(*broken))) == ["account_missing", "account_missing"]
    assert codes(faults(sihi(replace(GROSS, account=("999",)), replace(NET, account=("998",)), TAX))) == [
        "account_unknown", "account_unknown",
    ]  # fmt: skip
