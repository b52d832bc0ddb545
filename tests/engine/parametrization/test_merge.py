"""Overrides: a company's changes to records another pack owns, merged field by field, conflicts told and settled."""

from dataclasses import replace
from typing import Any

import pytest

from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.parametrization.merge import effective
from engine.parametrization.revisions import Candidate, State, candidate
from tests.engine.parametrization.test_revisions import EMPTY, after
from tests.support.packs import codes, invoice_type, read_pack, sihi

FAC, SIHI = invoice_type(counter="FV"), sihi()
KEY = "sales/FAC/*"


def override(set: dict[str, Any] | None = None, unset: tuple[str, ...] = (), **more: Any) -> d.Override:
    return d.Override(**{"table": "invoice_type", "target": KEY, "set": set or {}, "unset": unset} | more)


def merged(*overrides: d.Record, base: tuple[d.Record, ...] = (FAC, SIHI), before: State = EMPTY) -> Candidate:
    return candidate(before, [read_pack("LAW", *base), read_pack("MINE", *overrides)])


def fac(found: Candidate) -> d.InvoiceType:
    assert not found.faults, found.faults
    return found.catalog.table(d.InvoiceType)[KEY]


def journal_of(found: Candidate) -> d.AutomaticJournal:
    assert not found.faults, found.faults
    return found.catalog.table(d.AutomaticJournal)["SIHI/*"]


def one_fault(found: Candidate) -> Fault:
    (fault,) = found.faults
    return fault


def test_an_override_changes_the_fields_it_names_and_no_other() -> None:
    assert fac(merged(override({"counter": "MY", "manual_number": True}))) == replace(
        FAC, counter="MY", manual_number=True
    )
    assert fac(merged(override(unset=("counter",)))) == replace(FAC, counter="")


def test_elements_of_a_list_are_named_by_their_stable_key() -> None:
    change = {"table": "automatic_journal", "target": "SIHI/*"}
    lines = journal_of(merged(override({"line": {"tax": {"when": "true"}}}, **change))).line
    assert [line.id for line in lines] == [line.id for line in SIHI.line]
    assert [line.when for line in lines] == ["", "", "", "true"]
    assert [line.id for line in journal_of(merged(override(unset=("line.charges",), **change))).line] == [
        "customer", "revenue", "tax",
    ]  # fmt: skip


def test_what_a_database_holds_is_read_with_its_overrides() -> None:
    state = after(read_pack("LAW", FAC), read_pack("MINE", override({"counter": "MY"})))
    assert Catalog(effective(state.bodies)).table(d.InvoiceType)[KEY].counter == "MY"


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (override(target="sales/FAX/*"), "override_without_record", "override invoice_type/sales/FAX/*"),
        (override({"code": "FAX"}), "override_of_key", f"override invoice_type/{KEY} code"),
        (override(unset=("journal",)), "override_without_field", f"override invoice_type/{KEY} unset"),
        (override({"countre": "X"}), "unknown_field", f"override invoice_type/{KEY}, invoice_type {KEY} countre"),
        (override({"counter": 3}), "wrong_type", f"override invoice_type/{KEY}, invoice_type {KEY} counter"),
    ],
)  # fmt: skip
def test_an_override_that_does_not_fit_is_a_fault(change: d.Override, code: str, path: str) -> None:
    fault = one_fault(merged(change))
    assert fault.code == code and fault.path == f"MINE/all.toml {path}"


# --- the pack moves on ----------------------------------------------------------------------------------------------

MINE = override({"counter": "MY"})
BEFORE = after(read_pack("LAW", FAC, SIHI), read_pack("MINE", MINE))


def test_a_field_the_pack_changes_and_the_company_does_not_comes_from_the_pack() -> None:
    found = merged(MINE, base=(replace(FAC, manual_number=True), SIHI), before=BEFORE)
    assert fac(found) == replace(FAC, counter="MY", manual_number=True)


def test_both_may_come_to_the_same_value() -> None:
    assert fac(merged(MINE, base=(replace(FAC, counter="MY"), SIHI), before=BEFORE)).counter == "MY"


def test_a_field_both_change_apart_is_a_conflict_with_all_three_values() -> None:
    fault = one_fault(merged(MINE, base=(replace(FAC, counter="NEW"), SIHI), before=BEFORE))
    assert fault.code == "merge_conflict"
    assert 'the pack had "FV", has "NEW" now, and here it is "MY"' in fault.message
    assert 'over.counter = "NEW"' in fault.remedy


def test_a_conflict_is_settled_by_what_was_seen() -> None:
    settled = override({"counter": "MY"}, over={"counter": "NEW"})
    assert fac(merged(settled, base=(replace(FAC, counter="NEW"), SIHI), before=BEFORE)).counter == "MY"
    again = merged(settled, base=(replace(FAC, counter="NEWER"), SIHI), before=BEFORE)
    assert codes(again.faults) == ["merge_conflict"]


def test_a_company_that_drops_its_override_gets_the_packs_value() -> None:
    assert fac(merged(base=(replace(FAC, counter="NEW"), SIHI), before=BEFORE)).counter == "NEW"
