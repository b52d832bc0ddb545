"""What an owner of the database can hide from `verify`, by computing every hash anew, an anchor of before shows."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import flow
from engine.flow import Verified
from engine.kernel.faults import Faulty
from engine.numbering.counters import Series
from engine.parametrization.definitions import Counter
from engine.posting import anchors
from engine.posting.anchors import Anchor, digest, ranges, read_anchor
from engine.storage import tables
from tests.engine.numbering.test_components import FAST, flow_series
from tests.support.attacker import Attacker, attacking
from tests.support.house import House, invoice


def posted(house: House, count: int = 4, **changes: Any) -> list[int]:
    return [house.post(invoice(), **changes)["id"] for _ in range(count)]


def anchored(house: House) -> Anchor:
    return flow.anchor(house, house.context)


def codes(found: Verified) -> list[str]:
    return [one.fault.code for one in found.findings]


def cut(attacker: Attacker, ids: list[int]) -> None:
    attacker.remove(ids[3])
    attacker.remove(ids[2])


def changed(attacker: Attacker, ids: list[int]) -> None:
    attacker.change(tables.document, {"partner_name": "Somebody Else"}, id=ids[1])


def last_changed(attacker: Attacker, ids: list[int]) -> None:
    attacker.change(tables.document, {"partner_name": "Somebody Else"}, id=ids[3])


def emptied(attacker: Attacker, ids: list[int]) -> None:
    for one in ids:
        attacker.remove(one)
    attacker.run(tables.series.delete().where(tables.series.c.company == "PARIS"))


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (cut, "anchored_document_gone"), (changed, "anchored_document_changed"),
        (last_changed, "anchored_document_changed"), (emptied, "anchored_series_gone"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)  # fmt: skip
def test_a_series_that_was_cut_or_rebuilt_verifies_without_the_anchor_and_not_with_it(
    house: House, attack: Callable[[Attacker, list[int]], None], code: str
) -> None:
    ids = posted(house)
    posted(house, 2, company="LYON")
    before = anchored(house)
    with attacking(house) as attacker:
        attack(attacker, ids)
        if attack is not emptied:
            attacker.rebuild()
        assert not attacker.verify().broken
        found = attacker.verify(before)
    assert codes(found) == [code] and found.anchored == 1
    assert "FV-2026-00004" in found.broken[0] and "PARIS/FV/FRA/2026" in found.broken[0]


def test_what_is_posted_after_an_anchor_does_not_disturb_it(house: House) -> None:
    made = []
    for _ in range(3):
        posted(house, 2)
        made.append(anchored(house))
    found = flow.verify(house, house.context, anchors=made)
    assert not found.broken and found.anchored == 3


def test_a_walk_may_begin_at_an_anchor(house: House) -> None:
    ids = posted(house)
    before = anchored(house)
    later = posted(house, 3)
    found = flow.verify(house, house.context, anchors=[before], since_anchors=True)
    assert not found.broken and found.documents == 3
    with attacking(house) as attacker:
        attacker.change(tables.document, {"partner_name": "Somebody Else"}, id=later[1])
        assert codes(attacker.verify(before, since_anchors=True)) == ["rows_changed"]
    with attacking(house) as attacker:
        changed(attacker, ids)
        attacker.rebuild()
        found = attacker.verify(before, since_anchors=True)
        assert codes(found) == ["chain_interrupted", "anchored_document_changed"]


def test_a_fast_series_is_anchored_as_a_whole_and_what_was_taken_may_still_come(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FAST, requires=("DEMO",))
    quick = invoice(invoice_type="QUICK", category="quote")
    house.post(quick)
    head = house.parametrization.head()
    taken = house.posting.take_ahead(
        flow_series(house), date(2026, 3, 2), head, at=house.clock.now(), actor="a", key="L"
    )
    ids = [house.post(quick)["id"] for _ in range(2)]
    before = anchored(house)
    (fast,) = [one for one in before.heads if one.unused is not None]
    assert (fast.value, fast.unused) == (4, ((2, 2),))
    house.post(quick)
    assert not flow.verify(house, house.context, anchors=[read_anchor(before.text().encode(), "a")]).broken
    with attacking(house) as attacker:
        attacker.change(tables.document, {"value": taken.value}, id=ids[1])  # as if it came late
        attacker.remove(ids[0])
        assert "anchored_document_gone" in attacker.codes(before)
    with attacking(house) as attacker:
        attacker.remove(ids[0])
        attacker.change(tables.number_taken, {"cause": "never used"}, value=3)
        assert not attacker.codes() and attacker.codes(before) == {"anchored_document_changed"}


def test_a_house_whose_head_does_not_hold_is_not_anchored(house: House) -> None:
    posted(house)
    house.change(tables.series, {"head_hash": "0" * 63 + "1"})
    with pytest.raises(Faulty) as caught:
        anchored(house)
    assert [fault.code for fault in caught.value.faults] == ["anchor_broken"]


def test_a_series_that_never_gave_a_number_is_in_no_anchor(house: House) -> None:
    posted(house)
    unused = Series(house.catalog().table(Counter)["FV/FRA"], "LYON", "2026")
    house.posting.open_series(unused, house.parametrization.head())
    assert len(house.rows(tables.series)) == 2 and len(anchored(house).heads) == 1


# --- the text -------------------------------------------------------------------------------------------------------


def test_an_anchor_is_one_line_for_each_series_in_order_and_reads_back(house: House) -> None:
    for company in ("PARIS", "LYON", "LILLE"):
        posted(house, 1, company=company)
    made = anchored(house)
    text = made.text()
    told = json.loads(text)
    assert [one["company"] for one in told["series"]] == ["LILLE", "LYON", "PARIS"]
    assert len(text.splitlines()) == 5 and json.loads(text.splitlines()[1].rstrip(","))["number"] == "FV-2026-00001"
    assert read_anchor(text.encode(), "a.json") == made and told["content_hash"] == made.content_hash


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "anchor_unreadable"), (b"[]", "anchor_unreadable"), (b"\xff", "anchor_unreadable"),
        (b'{"anchor":1}', "anchor_unreadable"),
        (b'{"anchor":2,"at":"","content_hash":"","series":[]}', "anchor_unreadable"),
        (b'{"anchor":1,"at":"","content_hash":"","series":[{"value":"x"}]}', "anchor_unreadable"),
        (b'{"anchor":1,"at":"","content_hash":"","series":[]}', "anchor_altered"),
    ],
)  # fmt: skip
def test_what_is_no_anchor_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(Faulty) as caught:
        read_anchor(text, "a.json")
    assert [(fault.code, fault.path) for fault in caught.value.faults] == [(code, "a.json")]


def test_an_anchor_of_which_a_sign_was_changed_is_refused(house: House) -> None:
    posted(house, 1)
    text = anchored(house).text()
    for place in range(0, len(text), 7):
        other = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        try:
            assert read_anchor(other.encode(), "a") == read_anchor(text.encode(), "a")  # white space
        except Faulty as faulty:
            assert faulty.faults[0].code in ("anchor_altered", "anchor_unreadable")


@given(st.sets(st.integers(0, 60)))
def test_ranges_hold_the_values_and_no_other(values: set[int]) -> None:
    found = ranges(sorted(values))
    assert {value for first, last in found for value in range(first, last + 1)} == values
    assert all(before[1] + 1 < after[0] for before, after in zip(found, found[1:], strict=False))


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_a_digest_leaves_out_what_may_still_come(values: set[int], late: set[int]) -> None:
    rows = [{"value": value, "hash": f"h{value}"} for value in sorted(values | late)]
    known = [row for row in rows if row["value"] not in late]
    assert digest(rows, ranges(sorted(late))) == digest(known)


def test_of_several_anchors_the_latest_head_of_a_series_counts() -> None:
    def head(value: int) -> anchors.Head:
        return anchors.Head("C", "N", "", value, str(value), "", "", "2026-01-01")

    made = [Anchor("a", (head(2),)), Anchor("b", (head(1),))]
    assert anchors.by_series(made) == {("C", "N", ""): head(2)}
