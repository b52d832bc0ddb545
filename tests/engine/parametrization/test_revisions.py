"""What applying packs would change: nothing twice, every field told, and only by the pack that owns the record."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.parametrization import definitions as d
from engine.parametrization.packs import ReadPack, read_packs
from engine.parametrization.revisions import Candidate, State, candidate
from tests.packs.shipped import SEED_FIRST
from tests.support.packs import counter, invoice_type, read_pack

EMPTY = State(0, {}, {})
VTE, ACH = d.Journal(code="VTE", kind="sales"), d.Journal(code="ACH", kind="purchase")
RECORDS: list[d.Record] = [VTE, ACH, counter("A"), counter("B"), invoice_type("A"), invoice_type("B")]


def applied(before: State, found: Candidate) -> State:
    """The state after a candidate, as a store would keep it."""
    assert not found.faults
    bodies = {table: dict(texts) for table, texts in before.bodies.items()}
    owners = dict(before.owners)
    for change in found.changes:
        if change.body is None:
            del bodies[change.table][change.key], owners[change.table, change.key]
        else:
            bodies.setdefault(change.table, {})[change.key] = change.body
            owners[change.table, change.key] = change.pack
    return State(before.revision + 1, bodies, owners)


def after(*packs: ReadPack, before: State = EMPTY) -> State:
    return applied(before, candidate(before, packs))


def told(found: Candidate) -> list[tuple[str, str, str]]:
    return [(one.action, one.table, one.key) for one in found.changes if one.table != "pack"]


@pytest.mark.parametrize("names", [["DEMO"], [SEED_FIRST], ["ALL"]], ids=["DEMO", "SEED1", "ALL"])
def test_applying_the_same_packs_again_changes_nothing(names: list[str]) -> None:
    packs, faults = read_packs(names)
    assert not faults
    first = candidate(EMPTY, packs)
    again = candidate(applied(EMPTY, first), packs)
    assert not again.changes and not again.faults
    assert again.content_hash == first.content_hash and again.parent == 1
    assert {change.action for change in first.changes} == {"add"}


def test_the_candidate_holds_what_would_be_in_force() -> None:
    found = candidate(after(read_pack("A", VTE)), [read_pack("B", ACH)])
    assert found.catalog.table(d.Journal) == {"ACH/*": ACH, "VTE/*": VTE}
    assert found.catalog.revision == found.parent == 1
    assert found.place(ACH) == "B/all.toml journal ACH/*" and found.place(VTE) == "journal VTE/*"


def test_a_change_is_told_field_by_field() -> None:
    was = invoice_type(counter="A", description={"fr": "x"}, manual_number=True)
    becomes = replace(was, counter="B", manual_number=False, description={"fr": "y"})
    found = candidate(after(read_pack("A", was)), [read_pack("A", becomes)])
    (change,) = found.changes
    assert (change.action, change.pack, change.key) == ("change", "A", "sales/FAC/*")
    assert change.fields == {
        "counter": ("A", "B"), "description": ({"fr": "x"}, {"fr": "y"}), "manual_number": (True, None),
    }  # fmt: skip
    assert change.body is not None and change.hash is not None


def test_what_a_pack_no_longer_defines_is_removed() -> None:
    found = candidate(after(read_pack("A", VTE, ACH)), [read_pack("A", VTE)])
    (change,) = found.changes
    assert (change.action, change.key, change.body, change.hash) == ("remove", "ACH/*", None, None)
    assert change.fields["kind"] == ("purchase", None) and change.pack == "A"
    assert found.catalog.table(d.Journal) == {"VTE/*": VTE}


def test_records_of_packs_that_are_not_applied_stay() -> None:
    found = candidate(after(read_pack("A", VTE), read_pack("B", ACH)), [read_pack("A")])
    assert told(found) == [("remove", "journal", "VTE/*")]


def test_only_the_owning_pack_defines_a_record_also_within_one_plan() -> None:
    before = after(read_pack("A", VTE))
    for found in (
        candidate(before, [read_pack("B", VTE)]),
        candidate(EMPTY, [read_pack("A", VTE), read_pack("B", VTE)]),
    ):
        (fault,) = found.faults
        assert (fault.code, fault.path) == ("two_owners", "B/all.toml journal VTE/*")
        assert "journal VTE/* is defined by pack A" in fault.message


def test_a_record_moves_when_its_owner_gives_it_up_in_the_same_plan() -> None:
    before = after(read_pack("A", VTE))
    found = candidate(before, [read_pack("A"), read_pack("B", VTE)])
    assert told(found) == [("change", "journal", "VTE/*")]
    (change,) = [one for one in found.changes if one.table == "journal"]
    assert change.pack == "B" and change.fields == {"pack": ("A", "B")}
    moved = applied(before, found)
    again = candidate(moved, [read_pack("B", VTE)])
    assert not again.faults and not again.changes and again.content_hash == found.content_hash


def test_the_hash_tells_owners_apart() -> None:
    assert candidate(EMPTY, [read_pack("A", VTE)]).content_hash != candidate(EMPTY, [read_pack("B", VTE)]).content_hash


@settings(max_examples=20)
@given(st.permutations(RECORDS))
def test_the_content_hash_does_not_depend_on_the_order_of_records(shuffled: list[d.Record]) -> None:
    first, second = candidate(EMPTY, [read_pack("A", *RECORDS)]), candidate(EMPTY, [read_pack("A", *shuffled)])
    assert first.content_hash == second.content_hash
    assert first.changes == second.changes


def test_back_to_the_same_content_is_the_same_hash() -> None:
    first = candidate(EMPTY, [read_pack("A", VTE)])
    changed = after(read_pack("A", replace(VTE, active=False)), before=applied(EMPTY, first))
    assert candidate(changed, [read_pack("A", VTE)]).content_hash == first.content_hash
