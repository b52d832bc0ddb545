"""Automatic journal groups: all members that hold run, the main one gives entry type, journal and number."""

from __future__ import annotations

from typing import Any

import pytest

from engine.kernel.faults import Faulty
from engine.parametrization import definitions as d
from engine.parametrization.coherence import incoherences
from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalGroup
from tests.support.drafts import document, line, planned
from tests.support.packs import catalog, company, invoice_type, journal_line, world

TWO_SIDES = (
    journal_line("a", "debit", "customer.control", "document.gross"),
    journal_line("b", "credit", "customer.control", "document.gross"),
)


def extra(code: str = "EXTRA", **more: Any) -> AutomaticJournal:
    return AutomaticJournal(code=code, line=TWO_SIDES, **more)


def group(*members: str, **more: Any) -> AutomaticJournalGroup:
    return AutomaticJournalGroup(code="GRPJ", members=members, **more)


def made(*records: d.Record, **asked: Any) -> Any:
    kind = invoice_type("OWN", entry_type="FAC", automatic_journal="GRPJ")
    return planned(catalog(*world(), kind, *records, base=()), document(line(), invoice_type="OWN", **asked))


def journals(plan: Any) -> list[str]:
    return [entry.automatic_journal for entry in plan.generated.entries]


def test_every_member_makes_an_entry_of_its_own() -> None:
    plan = made(group("SIHI", "EXTRA"), extra())
    assert journals(plan) == ["SIHI/*", "EXTRA/*"]
    assert all(sum(one.balance for one in entry.lines) == 0 for entry in plan.generated.entries)
    assert {entry.entry_type for entry in plan.generated.entries} == {"FAC"}


def test_a_member_runs_only_where_its_condition_and_legislation_hold() -> None:
    apart = extra("ITA1", legislation="ITA")
    never = extra("NEVER", when="document.is_credit")
    assert journals(made(group("SIHI", "ITA1", "NEVER", "EXTRA"), extra(), apart, never)) == ["SIHI/*", "EXTRA/*"]


def test_when_no_member_holds_each_is_told() -> None:
    never = [extra(code, when="document.is_credit") for code in ("N1", "N2")]
    with pytest.raises(Faulty) as faulty:
        made(group("N1", "N2"), *never)
    assert [fault.code for fault in faulty.value.faults] == ["journal_condition", "journal_condition"]


def test_the_main_one_gives_the_entry_type_where_the_type_names_none() -> None:
    kind = invoice_type("OWN", automatic_journal="GRPJ")
    main = extra("MAIN", entry_type="FAC")
    whole = catalog(*world(), kind, main, group("SIHI", "MAIN", main="MAIN"), base=())
    plan = planned(whole, document(line(), invoice_type="OWN"))
    assert plan.determination.automatic_journal == main
    assert [step["from"] for step in plan.determination.steps if step["table"].startswith("automatic")] == [
        "type", "group", "group", "group",
    ]  # fmt: skip


def test_a_group_is_found_before_a_single_journal_of_its_code() -> None:
    same = extra("GRPJ")
    assert journals(made(group("SIHI", "EXTRA"), extra(), same)) == ["SIHI/*", "EXTRA/*"]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (group(), "group_shape"),
        (group("SIHI", "SIHI"), "group_shape"),
        (group(*(f"J{place}" for place in range(11))), "group_shape"),
        (group("SIHI", main="OTHER"), "group_main"),
        (group("NOWHERE"), "unknown_record"),
    ],
)
def test_a_group_that_does_not_hold_together_is_a_fault(record: AutomaticJournalGroup, code: str) -> None:
    found = incoherences(catalog(company(), *world(), record, base=()), lambda one: one.key)
    assert code in {fault.code for fault in found}


def test_the_entry_takes_the_date_and_the_partner_its_journal_says() -> None:
    lines = (
        journal_line("a", "debit", "customer.control", "document.gross", partner='"HOLDING"'),
        journal_line("b", "credit", "customer.control", "document.gross"),
    )
    dated = AutomaticJournal(code="GRPJ", date="end_of_month(document.date)", line=lines)
    [entry] = made(dated).generated.entries
    assert entry.date.isoformat() == "2026-03-31"
    assert {one.partner for one in entry.lines} == {"HOLDING", "C1"}
