"""What an automatic journal line may say: repetition, conditions, accounts, dimensions, netting, variance, dates."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journal.check import check
from engine.journal.entries import Entry, LateText
from engine.journal.generate import Books, run
from engine.journal.periods import Periods, PeriodState
from engine.kernel.faults import Fault, Faulty
from engine.parametrization import definitions as d
from rules import arithmetic
from tests.support.drafts import document, line, planned
from tests.support.packs import DAY, catalog, codes, invoice_type, journal_line, of_world, sihi

D = Decimal
GROSS = journal_line("customer", "debit", "411", "document.gross")
NET = journal_line("sales", "credit", "707", "line.net", each="line")
TAX = journal_line("tax", "credit", "44571", "tax.amount", each="tax")


def entry(*records: d.Record, **asked: Any) -> Entry:
    (made,) = planned(catalog(*records), document(invoice_type="FAC", **asked)).generated.entries
    return made


def booked(made: Entry) -> list[str]:
    return [f"{one.account} {one.debit} {one.credit}" for one in made.lines]


def faults(*records: d.Record, **asked: Any) -> list[str]:
    with pytest.raises(Faulty) as caught:
        entry(*records, **asked)
    return codes(caught.value.faults)


def checked(*records: d.Record) -> list[Fault]:
    return list(check(catalog(*records), DAY, lambda record: record.key))


# --- how often, and when --------------------------------------------------------------------------------------------


def test_a_repeated_line_is_made_for_each_number_which_its_formulas_see() -> None:
    twice = d.Repeat(first=1, last=3)
    parts = replace(
        GROSS, repeat=twice, amount="round(document.gross * 10% * repeat.index)", description='"part {repeat.index}"'
    )
    rest = replace(GROSS, id="rest", amount="document.gross - round(document.gross * 60%)")
    made = entry(sihi(parts, rest, NET, TAX))
    assert [(one.description, one.debit) for one in made.lines][:4] == [
        ("part 1", D("12.00")), ("part 2", D("24.00")), ("part 3", D("36.00")), ("", D("48.00")),
    ]  # fmt: skip


def test_a_line_that_does_not_repeat_has_no_number() -> None:
    (fault,) = checked(sihi(replace(GROSS, amount="round(document.gross * repeat.index)"), NET, TAX))
    assert (fault.code, fault.path) == ("repeat_missing", "SIHI/* line[customer] amount")


def test_every_one_of_several_conditions_must_hold() -> None:
    some = replace(NET, when="line.net > 0", conditions=('line.nature = "goods"', "line.position = 1"))
    other = replace(NET, id="other", account=("411",), when='line.position > 1 or line.nature != "goods"')
    made = entry(sihi(GROSS, some, other, TAX), lines=[line(), line("2"), line("3", nature="service")])
    assert booked(made) == ["411 720.00 0", "707 0 100.00", "411 0 500.00", "44571 0 120.00"]


def test_a_line_is_made_in_its_legislations_only() -> None:
    both = [replace(NET, id="fr", legislations=("FRA",)), replace(NET, id="it", account=("0",), legislations=("ITA",))]
    assert booked(entry(sihi(GROSS, *both, TAX)))[1] == "707 0 100.00"


# --- accounts -------------------------------------------------------------------------------------------------------


def test_a_formula_for_the_account_goes_past_all_masks() -> None:
    either = 'if line.position = 1 then "707" else account_mask("tax", "STD", "output")'
    chosen = replace(NET, account=(), account_formula=either)
    assert booked(entry(sihi(GROSS, chosen, TAX), lines=[line(), line()])) == [
        "411 240.00 0", "707 0 100.00", "44571 0 140.00",
    ]  # fmt: skip


def test_holes_that_are_left_become_0_unless_the_chart_forbids_it() -> None:
    masked = sihi(GROSS, replace(NET, account=("70x",)), TAX)
    account = d.Account(chart="PCG", code="700")
    assert booked(entry(masked, account))[1] == "700 0 100.00"
    assert faults(masked, account, of_world(d.Chart, "PCG", holes="refuse")) == ["account_holes"]


# --- what a line carries --------------------------------------------------------------------------------------------


def test_quantity_and_reference_are_kept_and_add_up() -> None:
    said = replace(NET, quantity="line.quantity", reference="line.product")
    made = entry(sihi(GROSS, said, TAX), lines=[line("2", product="A"), line("3", product="A"), line("1", product="B")])
    assert [(one.quantity, one.reference) for one in made.lines][1:3] == [(D(5), "A"), (D(1), "B")]


def test_lines_that_differ_in_dimensions_only_are_one_line_with_parts() -> None:
    said = replace(NET, analytic={"COST": '"SHOP"', "KIND": "line.nature"})
    usual = of_world(d.Account, "PCG/707", analytic={"COST": "NONE", "AREA": "FR"})
    made = entry(
        sihi(GROSS, said, TAX), usual, lines=[line(), line("2", nature="service"), line("4", analytic={"COST": "X"})]
    )
    sales = made.lines[1]
    assert (sales.account, sales.credit) == ("707", D("700.00"))
    assert sales.analytic == (
        ((("AREA", "FR"), ("COST", "SHOP"), ("KIND", "goods")), D("-100.00")),
        ((("AREA", "FR"), ("COST", "SHOP"), ("KIND", "service")), D("-200.00")),
        ((("AREA", "FR"), ("COST", "X"), ("KIND", "goods")), D("-400.00")),
    )
    assert sum((amount for _, amount in sales.analytic), D(0)) == sales.amount_currency
    assert made.lines[0].analytic == ()


def test_an_entry_says_its_category_and_status() -> None:
    made = entry(sihi(category="off_balance", status="temporary"))
    assert (made.category, made.status) == ("off_balance", "temporary")


# --- signs ----------------------------------------------------------------------------------------------------------


def test_netting_lines_offset_and_what_comes_to_nothing_is_no_line() -> None:
    lines = [line("2"), line("-2"), line("3", tax_code="FR10")]
    netted = [replace(one, netting=True) for one in (NET, TAX)]
    assert booked(entry(sihi(GROSS, *netted), lines=lines)) == ["411 330.00 0", "707 0 300.00", "44571 0 30.00"]
    assert booked(entry(sihi(GROSS, NET, TAX), lines=lines))[1:3] == ["707 0 500.00", "707 200.00 0"]


def test_a_journal_may_keep_negative_amounts_where_they_are() -> None:
    made = entry(sihi(GROSS, NET, TAX, negative="keep"), lines=[line("3"), line("-1", tax_code="FR10")])
    assert booked(made) == ["411 250.00 0", "707 0 200.00", "44571 0 50.00"]
    lonely = entry(sihi(GROSS, NET, TAX, negative="keep"), lines=[line("3"), line("-1", tax_code="FR10", account="")])
    assert lonely.lines[1].amount_currency == D("-200.00")


# --- rounding differences -------------------------------------------------------------------------------------------

THIRDS = replace(NET, amount="round(line.net / 3)", conditions=(), repeat=d.Repeat(first=1, last=3))
VARIANCE = d.Variance(tolerance=D("0.02"), gain=("758",), loss=("658",))
ROUNDING = [d.Account(chart="PCG", code=code) for code in ("758", "658")]


def test_a_difference_within_the_tolerance_goes_to_the_variance_account() -> None:
    loose = sihi(GROSS, THIRDS, TAX, variance=VARIANCE)
    assert booked(entry(loose, *ROUNDING))[-1] == "758 0 0.01"
    assert booked(entry(loose, *ROUNDING, lines=[line("1", "200.00")]))[-1] == "658 0.01 0"
    assert booked(entry(loose, *ROUNDING, lines=[line("1", "300.00")]))[-1] == "44571 0 60.00"


def test_a_larger_one_is_refused_and_so_is_any_without_tolerance() -> None:
    lines = [line("1", "100.00", description=str(place)) for place in range(3)]
    loose = sihi(GROSS, THIRDS, TAX, variance=VARIANCE)
    assert faults(loose, *ROUNDING, lines=lines) == ["entry_unbalanced"]
    assert faults(sihi(GROSS, THIRDS, TAX)) == ["entry_unbalanced"]


def test_the_variance_account_must_be_in_the_chart() -> None:
    assert faults(sihi(GROSS, THIRDS, TAX, variance=VARIANCE)) == ["account_unknown"]


def test_the_open_item_that_is_marked_takes_the_difference_of_a_currency() -> None:
    small = replace(GROSS, id="fee", amount="money(0.11)", open_item=True)
    rest = replace(GROSS, amount="document.gross - money(0.11)")
    foreign = {"currency": "USD", "exchange_rate": "0.5", "lines": [line("1", "0.33"), line("1", "0.33", "FR10")]}
    marked = entry(sihi(replace(small, reference='"F"'), rest, NET, TAX), **foreign)
    assert sum((one.balance for one in marked.lines), D(0)) == 0
    exact = {one.reference: one.debit - one.amount_currency * D("0.5") for one in marked.lines[:2]}
    assert abs(exact[""]) <= D("0.005") < abs(exact["F"]) or exact["F"] != 0


# --- named formulas -------------------------------------------------------------------------------------------------


def test_a_journal_uses_the_named_formula_of_the_companys_legislation() -> None:
    shared = [
        d.NamedFormula(code="revenue", each="line", text="line.net"),
        d.NamedFormula(code="revenue", legislation="ITA", each="line", text="round(line.net * 2)"),
        d.NamedFormula(code="twice", text="formula.once & formula.once"),
        d.NamedFormula(code="once", text='"x"'),
    ]
    made = entry(sihi(GROSS, replace(NET, amount="formula.revenue", description="formula.twice"), TAX), *shared)
    assert [(one.credit, one.description) for one in made.lines][1] == (D("100.00"), "xx")


def test_a_named_formula_of_one_legislation_is_checked_for_its_companies() -> None:
    used = sihi(GROSS, replace(NET, amount="formula.revenue"), TAX)
    italian = d.NamedFormula(code="revenue", legislation="ITA", each="line", text="line.net")
    (fault,) = checked(used, italian)
    assert (fault.code, fault.path) == ("formula_unknown_name", "SIHI/* line[sales] amount")
    round_about = [d.NamedFormula(code="a", text="formula.b"), d.NamedFormula(code="b", text="formula.a")]
    assert {fault.code for fault in checked(*round_about)} == {"formula_recursion"}


# --- groups ---------------------------------------------------------------------------------------------------------

BOTH_SIDES = (
    journal_line("back", "credit", "411", "document.gross"),
    journal_line("back2", "debit", "707", "document.gross"),
)


@pytest.mark.parametrize(("amount", "letter"), [("document.gross", "A"), ("document.tax", "a")])
def test_lines_that_a_group_matches_carry_one_letter_small_when_a_rest_is_left(amount: str, letter: str) -> None:
    back = [replace(one, amount=amount) for one in BOTH_SIDES]
    group = d.AutomaticJournalGroup(
        code="G", members=("SIHI", "BACK"), matching=({"SIHI": "customer", "BACK": "back"},)
    )
    packs = catalog(
        sihi(GROSS, NET, TAX), d.AutomaticJournal(code="BACK", line=tuple(back)), group,
        invoice_type(automatic_journal="G", entry_type="FAC"),
    )  # fmt: skip
    entries = planned(packs, document(invoice_type="FAC")).generated.entries
    assert [[one.matching for one in made.lines] for made in entries] == [[letter, "", ""], [letter, ""]]


# --- dates and periods ----------------------------------------------------------------------------------------------

MARCH = PeriodState("2026", "03", date(2026, 3, 1), date(2026, 3, 31), "closed")
APRIL = PeriodState("2026", "04", date(2026, 4, 1), date(2026, 4, 30), "locked")
MAY = PeriodState("2026", "05", date(2026, 5, 1), date(2026, 5, 31))


def dated(periods: Periods, **journal: Any) -> date:
    packs = catalog(sihi(GROSS, NET, TAX, **journal))
    plan = planned(packs, document(invoice_type="FAC"))
    found = plan.determination
    assert found.entry_type and found.journal
    with arithmetic():
        made = run(plan.draft, found.members, Books(found.entry_type, found.journal, periods), packs)
    return made.entries[0].date


def test_a_closed_period_refuses_or_gives_the_first_open_day_as_the_journal_says() -> None:
    periods = Periods((MARCH, APRIL, MAY))
    assert dated(periods, closed_period="first_open") == date(2026, 5, 1)
    with pytest.raises(Faulty) as caught:
        dated(periods)
    (fault,) = caught.value.faults
    assert fault.code == "period_closed" and "2026-05-01" in fault.remedy and "2026/03" in fault.message


def test_what_is_said_of_one_journal_goes_before_what_is_said_of_all() -> None:
    open_for_sales = replace(MARCH, journal="VTE", state="open")
    assert dated(Periods((MARCH, open_for_sales, MAY))) == DAY
    assert dated(Periods((replace(MARCH, state="open"), replace(MARCH, journal="OD")))) == DAY


def test_a_day_without_fiscal_year_is_refused_where_there_are_years() -> None:
    with pytest.raises(Faulty) as caught:
        dated(Periods((MAY,)))
    assert codes(caught.value.faults) == ["period_missing"]
    with pytest.raises(Faulty) as nothing_open:
        dated(Periods((MARCH,)), closed_period="first_open")
    assert codes(nothing_open.value.faults) == ["period_closed"]


@given(
    st.dates(date(2026, 3, 1), date(2026, 5, 31)),
    st.lists(st.sampled_from(["open", "closed", "locked"]), min_size=3, max_size=3),
)
def test_the_first_open_day_is_open_and_none_before_it_is(day: date, states: list[Any]) -> None:
    periods = Periods(tuple(replace(one, state=state) for one, state in zip((MARCH, APRIL, MAY), states, strict=True)))
    first = periods.first_open(day, "VTE")
    opened = [one for one in periods.states if one.state == "open" and one.last >= day]
    assert first == (max(day, opened[0].first) if opened else None)


def test_a_date_by_formula_is_the_date_of_the_entry() -> None:
    assert entry(sihi(GROSS, NET, TAX, date="end_of_month(document.date)")).date == date(2026, 3, 31)


def test_a_late_description_stands_on_merged_lines_too() -> None:
    late = replace(NET, description='"{document.number}"')
    (_, sales, _) = entry(sihi(GROSS, late, TAX), lines=[line(), line()]).lines
    assert isinstance(sales.description, LateText) and sales.description.given("N7") == "N7"
