"""A pack is upgraded under local edits: three sides, field by field, against a reference."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.faults import Fault
from engine.parametrization.definitions import AutomaticJournal, EntryType, Tax
from engine.parametrization.merge import Side, applied, conflicts
from engine.parametrization.packs import read_folder
from engine.parametrization.revisions import Candidate, State, candidate

LAW = """
[[legislation]]
code = "FRA"
country = "FR"
currency = "EUR"
language = "fr"
[[entry_type]]
code = "FAC"
legislation = "FRA"
default_journal = "{journal}"
description = {{ fr = "Facture", en = "Invoice" }}
[[tax]]
code = "T"
category = "S"
rate = [{{ percent = 19.6, valid_to = 2013-12-31 }}, {{ percent = 20, valid_from = 2014-01-01 }}]
[[automatic_journal]]
code = "SIHI"
[[automatic_journal.line]]
id = "customer"
side = "debit"
account = ["411"]
amount = "document.gross"
[[automatic_journal.line]]
id = "revenue"
each = "line"
side = "credit"
account = ["707"]
amount = "line.net"
"""
OURS = '[[override]]\ntable = "entry_type"\nkey = "FAC/FRA"\nset = {{ default_journal = "{local}" }}\n{more}'
EMPTY = State(0, {}, {})


def pack(folder: Path, code: str, text: str) -> Path:
    place = folder / code
    place.mkdir(parents=True, exist_ok=True)
    (place / "pack.toml").write_text(f'[pack]\ncode = "{code}"\nversion = "1"\n', encoding="utf-8")
    (place / "records.toml").write_text(text, encoding="utf-8")
    return place


def law(folder: Path, journal: str = "VTE") -> Path:
    return pack(folder, "LAW", LAW.format(journal=journal))


def seen(before: State, *places: Path) -> tuple[Candidate, list[str]]:
    """The candidate of these packs, and the codes of every fault."""
    read = [read_folder(place) for place in places]
    found = candidate(before, [one for one, _ in read if one])
    return found, [fault.code for fault in (*(fault for _, faults in read for fault in faults), *found.faults)]


def state_of(found: Candidate) -> State:
    """What applying a first candidate leaves behind."""
    bodies: dict[str, dict[str, str]] = {}
    for change in found.changes:
        bodies.setdefault(change.table, {})[change.key] = str(change.body)
    return State(1, bodies, {(change.table, change.key): change.pack for change in found.changes})


def upgraded(folder: Path, journal: str, local: str = "V2", more: str = "") -> list[str]:
    """What an upgrade of LAW meets, when OURS was applied with V2 before and now says this."""
    first, faults = seen(EMPTY, law(folder), pack(folder, "OURS", OURS.format(local="V2", more="")))
    assert not faults
    ours = pack(folder, "OURS", OURS.format(local=local, more=more))
    return seen(state_of(first), law(folder, journal), ours)[1]


def test_a_line_and_a_rate_are_added_and_changed_beside_those_of_the_pack(tmp_path: Path) -> None:
    local = pack(
        tmp_path,
        "OURS",
        """
[[override]]
table = "automatic_journal"
key = "SIHI/*"
set = { line = { revenue = { account = ["706"] }, extra = { side = "debit", account = ["9"], amount = "money(0)" } } }
[[override]]
table = "tax"
key = "T/*"
set = { rate = { "2014-01-01" = { valid_to = "2026-12-31" }, "2027-01-01" = { percent = "21" } } }
""",
    )
    found, faults = seen(EMPTY, law(tmp_path), local)
    lines = found.catalog.table(AutomaticJournal)["SIHI/*"].line
    rates = found.catalog.table(Tax)["T/*"].rate
    assert not faults
    assert [(line.id, line.account) for line in lines] == [
        ("customer", ("411",)),
        ("revenue", ("706",)),
        ("extra", ("9",)),
    ]
    assert [(str(rate.percent), str(rate.valid_from), str(rate.valid_to)) for rate in rates] == [
        ("19.6", "None", "2013-12-31"),
        ("20", "2014-01-01", "2026-12-31"),
        ("21", "2027-01-01", "None"),
    ]


def test_unset_removes_a_field_a_translation_or_a_line(tmp_path: Path) -> None:
    local = pack(
        tmp_path,
        "OURS",
        '[[override]]\ntable = "automatic_journal"\nkey = "SIHI/*"\nunset = ["line.revenue"]\n'
        '[[override]]\ntable = "entry_type"\nkey = "FAC/FRA"\nunset = ["description.en", "default_journal"]\n',
    )
    found, faults = seen(EMPTY, law(tmp_path), local)
    record = found.catalog.table(EntryType)["FAC/FRA"]
    assert not faults
    assert [line.id for line in found.catalog.table(AutomaticJournal)["SIHI/*"].line] == ["customer"]
    assert (record.description, record.default_journal) == ({"fr": "Facture"}, "")


def test_a_settled_conflict_stays_settled_until_the_pack_changes_again(tmp_path: Path) -> None:
    settled = 'over = { default_journal = "VT9" }'
    assert upgraded(tmp_path, "VT9") == ["merge_conflict"]
    assert upgraded(tmp_path, "VT9", more=settled) == []
    assert upgraded(tmp_path, "VT10", more=settled) == ["merge_conflict"]


def test_a_local_value_written_with_the_upgrade_knows_the_pack(tmp_path: Path) -> None:
    assert upgraded(tmp_path, "VT9", local="V3") == []


def test_a_path_the_pack_dropped_is_settled_by_gone(tmp_path: Path) -> None:
    moved = '[[override]]\ntable = "entry_type"\nkey = "FAC/FRA"\nset = { description = { en = "Ours" } }\n'
    first, _ = seen(EMPTY, law(tmp_path), pack(tmp_path, "OURS", moved))
    without = LAW.replace(', en = "Invoice"', "").format(journal="VTE")
    again = [pack(tmp_path, "LAW", without), pack(tmp_path, "OURS", moved)]
    assert seen(state_of(first), *again)[1] == ["merge_conflict"]
    again[1] = pack(tmp_path, "OURS", moved + 'gone = ["description.en"]\n')
    assert seen(state_of(first), *again)[1] == []


def test_an_override_may_hold_dates_and_numbers_as_toml_writes_them(tmp_path: Path) -> None:
    rates = "[{ valid_from = 2014-01-01, valid_to = 2026-12-31 }, { percent = 2.25, valid_from = 2027-01-01 }]"
    text = f'[[override]]\ntable = "tax"\nkey = "T/*"\nset = {{ rate = {rates} }}\n'
    found, faults = seen(EMPTY, law(tmp_path), pack(tmp_path, "OURS", text))
    assert not faults
    assert [str(rate.percent) for rate in found.catalog.table(Tax)["T/*"].rate] == ["19.6", "20", "2.25"]


def test_a_folder_of_packs_says_that_it_is_one(tmp_path: Path) -> None:
    law(tmp_path)
    _, faults = read_folder(tmp_path)
    assert [fault.code for fault in faults] == ["packs_inside"]
    assert "LAW" in faults[0].remedy


def test_two_packs_cannot_override_one_record(tmp_path: Path) -> None:
    text = OURS.format(local="V2", more="")
    assert seen(EMPTY, law(tmp_path), pack(tmp_path, "OURS", text), pack(tmp_path, "YOURS", text))[1] == ["two_owners"]


TREES = st.recursive(
    st.text("abc", max_size=2) | st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), TREES, max_size=4)
Tree = dict[str, object]


@given(BODIES, BODIES)
def test_applying_an_override_twice_is_applying_it_once(body: Tree, changes: Tree) -> None:
    once = applied(body, {"set": changes})
    assert applied(once, {"set": changes}) == once


@given(BODIES, BODIES)
def test_an_unchanged_pack_never_conflicts(body: Tree, changes: Tree) -> None:
    side = Side(body, {"table": "t", "target": "k", "set": changes})
    assert not list(conflicts(side, side, "here"))
    assert not list(conflicts(None, side, "here"))


def at(tree: object, path: Sequence[str]) -> object:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def leaves(tree: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    if not isinstance(tree, dict):
        return [(path, tree)]
    return [leaf for name, each in tree.items() for leaf in leaves(each, (*path, name))]


@given(BODIES, BODIES, BODIES)
def test_a_conflict_is_exactly_a_field_that_both_sides_changed_apart(old: Tree, new: Tree, changes: Tree) -> None:
    override = {"table": "t", "target": "k", "set": changes}
    found: list[Fault] = list(conflicts(Side(old, override), Side(new, override), "x"))
    wanted = {".".join(path) for path, local in leaves(changes) if at(new, path) not in (at(old, path), local)}
    assert {fault.message.split(" of ")[0] for fault in found} == wanted
