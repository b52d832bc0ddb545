"""The audit tells who changed what, when and why: parametrization, periods, connections, postings."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import FixedClock, MemoryChannel, MemorySettings, PlainFormat, Stamp
from tests.support.house import House, invoice, new_house, written

JOURNAL = """
[[journal]]
code = "OWN"
kind = "sales"
description.en = "{words}"
"""
OTHER = """
[[journal]]
code = "MORE"
kind = "sales"
"""


def told(house: House, **asked: Any) -> list[dict[str, Any]]:
    return list(flow.audit(house, house.context, **asked))


def test_a_record_is_told_field_by_field_each_time_it_changes(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", JOURNAL.format(words="Ours"), requires=("DEMO",))
    house.clock.goes_on(hours=1)
    house.apply(tmp_path, "OURS", JOURNAL.format(words="Ours, of old") + OTHER, requires=("DEMO",))
    house.clock.goes_on(hours=1)
    planned = flow.plan_packs(house, house.context, [str(tmp_path / "OURS")])
    assert not planned.changes
    house.apply(tmp_path, "OURS", OTHER, requires=("DEMO",))
    house.clock.goes_on(hours=1)
    house.apply(tmp_path, "OURS", OTHER + JOURNAL.format(words="Again"), requires=("DEMO",))
    mine = told(house, table="journal", key="OWN/*")
    assert [(one["action"], one["revision"]) for one in mine] == [("add", 2), ("change", 3), ("remove", 4), ("add", 5)]
    assert mine[1]["fields"] == {"description": {"before": {"en": "Ours"}, "after": {"en": "Ours, of old"}}}
    assert mine[2]["fields"]["code"] == {"before": "OWN", "after": None}
    assert mine[3]["fields"]["code"] == {"before": None, "after": "OWN"}
    assert all(one["pack"] == "OURS" and one["actor"] == "clerk" for one in mine)
    assert [one["at"] for one in mine] == sorted({one["at"] for one in mine})


def test_every_change_that_a_revision_counts_is_told(house: House) -> None:
    (revision,) = flow.revisions(house, house.context)
    assert len(told(house)) == revision["changes"] > 100


def test_why_a_revision_was_made_is_told(house: House, tmp_path: Path) -> None:
    planned = flow.plan_packs(house, house.context, [str(written(tmp_path, "OURS", OTHER, requires=("DEMO",)))])
    flow.apply_packs(house, house.context, planned, "the auditor asked for it")
    assert {one["message"] for one in told(house) if one["revision"] == 2} == {"the auditor asked for it"}


def test_a_posting_is_told(house: House) -> None:
    posted = house.post(invoice())
    *_, last = told(house)
    assert last["detail"].pop("request")
    assert last == {
        "at": house.clock.now().isoformat(), "actor": "clerk", "action": "post", "company": "PARIS",
        "subject": f"document {posted['id']}", "document": posted["id"], "number": "FV-2026-00001",
        "detail": {"invoice_type": "FACT"},
    }  # fmt: skip


FISCAL = """
[[fiscal_year]]
company = "PARIS"
code = "2026"
valid_from = 2026-01-01
valid_to = 2026-12-31
period = [{ code = "01", valid_from = 2026-01-01, valid_to = 2026-12-31 }]
"""


def test_a_period_is_told_with_what_it_was(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FISCAL, requires=("DEMO",))
    for state in ("closed", "open"):
        house.clock.goes_on(hours=1)
        flow.set_periods(house, house.context, "PARIS", "2026", state, message="the year is done")
    closed, opened = [one for one in told(house, company="PARIS") if one.get("table") == "period"]
    assert closed["key"] == "PARIS/2026/01" and closed["fields"] == {"state": {"before": None, "after": "closed"}}
    assert opened["fields"] == {"state": {"before": "closed", "after": "open"}}
    assert "the year is done" in closed["message"]


# --- connections ----------------------------------------------------------------------------------------------------


class Secretive(MemorySettings):
    password: str = ""


class SecretiveChannel(MemoryChannel):
    settings_model = Secretive


def test_a_connection_is_told_without_its_secrets(demo_url: str) -> None:
    channels = {"email": MemoryChannel("email"), "drop": SecretiveChannel("drop")}
    with new_house(demo_url, Plugins({"facturx": PlainFormat("facturx")}, channels)) as house:
        for password in ("canary-1", "canary-2"):
            house.clock.goes_on(hours=1)
            flow.configure(house, house.context, "DROP", "drop", {"box": "out", "password": password})
        house.clock.goes_on(hours=1)
        flow.configure(house, house.context, "DROP", "email", {"box": "in"})
        made, changed, moved = told(house)[-3:]
        assert made["subject"] == "connection DROP" and made["action"] == "configure" and made["company"] == ""
        assert made["fields"]["box"] == {"before": None, "after": "out"}
        assert made["fields"]["channel"] == {"before": None, "after": "drop"}
        assert made["fields"]["password"] == {"before": None, "after": "***"}
        assert changed["fields"] == {"password": {"before": "***", "after": "***"}}
        assert moved["fields"]["channel"] == {"before": "drop", "after": "email"}
        assert moved["fields"]["password"] == {"before": "***", "after": None}
        assert "canary" not in str(house.rows(tables.audit))
        assert not house.verify()


def test_a_seal_is_told_with_what_it_was_set_to_before(house: House) -> None:
    made = house.beside(Plugins(house.plugins.formats, house.plugins.channels, {"stamp": Stamp()}))
    for settings in ({"word": "one"}, {"word": "two"}, None):
        house.clock.goes_on(hours=1)
        flow.configure_seal(made, made.context, "stamp", "PARIS", settings, "the tax office wants it")
    steps = told(made, company="PARIS")[-3:]
    words = [(one["fields"]["word"]["before"], one["fields"]["word"]["after"]) for one in steps]
    assert words == [(None, "one"), ("one", "two"), ("two", None)]
    assert {one["subject"] for one in steps} == {"seal stamp of PARIS"}
    assert all(one["action"] == "configure" and "the tax office wants it" in one["message"] for one in steps)
    unknown = told(house, company="PARIS")[-1]  # without the plugin nobody knows what is a secret
    assert unknown["fields"] == {"word": {"before": "***", "after": None}}


def test_settings_that_a_channel_refuses_leave_no_trace(house: House) -> None:
    before = len(told(house))
    with pytest.raises(Faulty):
        house.connect(box="out", weight="heavy")
    assert len(told(house)) == before


# --- narrowed -------------------------------------------------------------------------------------------------------


def test_the_audit_is_narrowed_by_who_when_and_whose(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FISCAL, requires=("DEMO",))
    house.clock.goes_on(days=2)
    house.post(invoice())
    house.post(invoice(company="LYON"))
    ada = Context(Actor("ada", lambda action, company, type: True), house.clock)
    flow.post(house, ada, invoice())
    day = house.clock.now().date()
    actions: Callable[..., list[str]] = lambda **asked: [one["action"] for one in told(house, **asked)]  # noqa: E731
    assert actions(since=day) == ["post"] * 3
    assert actions(actor="ada") == ["post"]
    assert actions(company="LYON") == ["add", "post"]  # its [[company]] record
    assert actions(table="fiscal_year") == ["add"]
    assert actions(since=date(2030, 1, 1)) == []


def test_what_happened_comes_in_order_of_time(house: House, tmp_path: Path) -> None:
    clock: FixedClock = house.clock
    for number in range(3):
        clock.goes_on(hours=1)
        house.post(invoice())
        clock.goes_on(hours=1)
        house.apply(tmp_path, "OURS", JOURNAL.format(words=f"Number {number}"), requires=("DEMO",))
        clock.goes_on(hours=1)
        house.connect(box=f"box {number}")
    moments = [one["at"] for one in told(house)]
    assert all(before <= after for before, after in pairwise(moments)) and len(set(moments)) == 10


def test_who_may_not_read_is_told_nothing(house: House) -> None:
    nobody = Context(Actor("nobody"), house.clock)
    for asked in (flow.audit, flow.register):
        with pytest.raises(Faulty) as caught:
            next(iter(asked(house, nobody)))  # type: ignore[operator]
        assert [fault.code for fault in caught.value.faults] == ["not_allowed"]
    with pytest.raises(Faulty):
        flow.anchor(house, nobody)
