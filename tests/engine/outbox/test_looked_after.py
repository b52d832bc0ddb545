"""People hold, let go, retry, cancel, repeat and settle deliveries; each change is kept with who made it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from engine.outbox.deliveries import due_at
from engine.parametrization.definitions import DeliveryRule
from engine.spi import DeliveryPolicy, OutcomeUnknown, Rejected, TryLater
from engine.storage import tables
from tests.support.fakes import fails, takes
from tests.support.house import AT, House, invoice

RULE = """
[[delivery_rule]]
id = "LYON-MAIL"
company = "LYON"
channel = "email"
connection = "DEMO-MAIL"
"""


def posted(house: House) -> int:
    house.connect()
    (delivery,) = house.post(invoice())["deliveries"]
    return int(delivery["id"])


def told(house: House, id: int) -> dict[str, Any]:
    return flow.delivery(house, house.context, id)


def faults(work: Callable[[], object]) -> list[str]:
    with pytest.raises(Faulty) as faulty:
        work()
    return [fault.code for fault in faulty.value.faults]


def test_what_is_held_waits_until_it_is_let_go(house: House) -> None:
    id = posted(house)
    assert flow.hold_delivery(house, house.context, id, "ask the boss")["words"] == (
        "held until a person lets it go: ask the boss"
    )
    house.clock.goes_on(days=30)
    assert house.relay() == {}
    flow.release_delivery(house, house.context, id)
    assert house.relay() == {"sent": 1}


def test_what_was_given_up_is_tried_again(house: House) -> None:
    id = posted(house)
    house.channel.behaviour = fails(ZeroDivisionError())
    assert house.relay() == {"failed": 1}
    house.channel.behaviour = takes
    assert flow.retry_delivery(house, house.context, id)["state"] == "pending"
    assert house.relay() == {"sent": 1}
    assert [one["state"] for one in told(house, id)["tries"]] == ["failed", "sent"]


def test_what_waits_for_its_next_try_is_tried_now(house: House) -> None:
    id = posted(house)
    house.channel.behaviour = fails(TryLater("closed"))
    house.relay()
    assert told(house, id)["words"].startswith("next try at 2026-11-03 09:30 UTC: closed; try 1")
    flow.retry_delivery(house, house.context, id)
    house.channel.behaviour = takes
    assert house.relay() == {"sent": 1}


def test_what_is_cancelled_goes_to_nobody(house: House) -> None:
    id = posted(house)
    flow.cancel_delivery(house, house.context, id)
    assert house.relay() == {} and told(house, id)["words"] == "cancelled"


def test_a_delivery_is_repeated_by_one_of_its_own(house: House) -> None:
    id = posted(house)
    house.relay()
    assert faults(lambda: flow.resend_delivery(house, house.context, id)) == ["resend_not_agreed"]
    assert len(house.rows(tables.delivery)) == 1
    again = flow.resend_delivery(house, house.context, id, True)
    assert (again["resent_of"], again["state"], again["tries"]) == (id, "pending", [])
    assert house.relay() == {"sent": 1}
    first, second = house.channel.parcels
    assert first.key != second.key and first.recipients == second.recipients


def test_what_was_rejected_is_repeated_with_the_same_number(house: House) -> None:
    id = posted(house)
    house.channel.behaviour = fails(Rejected("no such user"))
    house.relay()
    assert faults(lambda: flow.retry_delivery(house, house.context, id)) == ["delivery_state"]
    house.channel.behaviour = takes
    flow.resend_delivery(house, house.context, id, True)
    assert house.relay() == {"sent": 1}
    assert len({parcel.document.number for parcel in house.channel.parcels}) == 1


@pytest.mark.parametrize(
    ("how", "becomes", "sent"), [("sent", "sent", 1), ("failed", "failed", 1), ("again", "sent", 2)]
)
def test_a_person_says_what_came_of_one_in_doubt(house: House, how: str, becomes: str, sent: int) -> None:
    house.channel.policy = DeliveryPolicy.AT_MOST_ONCE
    id = posted(house)
    house.channel.behaviour = fails(OutcomeUnknown("cut off"))
    assert house.relay() == {"uncertain": 1}
    for other in (flow.hold_delivery, flow.retry_delivery, flow.cancel_delivery):
        assert faults(lambda other=other: other(house, house.context, id)) == ["delivery_state"]  # type: ignore[misc]
    flow.resolve_delivery(house, house.context, id, how)
    house.channel.behaviour = takes
    house.relay()
    assert told(house, id)["state"] == becomes and len(house.channel.parcels) == sent


def test_what_is_being_handed_over_is_left_alone(house: House) -> None:
    id = posted(house)
    house.change(tables.delivery, {"state": "sending"})
    for change in (flow.hold_delivery, flow.release_delivery, flow.retry_delivery, flow.cancel_delivery):
        assert faults(lambda change=change: change(house, house.context, id)) == ["delivery_state"]  # type: ignore[misc]
    assert faults(lambda: flow.resend_delivery(house, house.context, id, True)) == ["delivery_state"]


def test_they_are_listed_as_asked_for(house: House) -> None:
    house.connect()
    numbers = [house.post(invoice())["number"] for _ in range(3)]
    house.relay()
    house.post(invoice())
    context = house.context
    assert [one["state"] for one in flow.list_deliveries(house, context)] == ["pending", "sent", "sent", "sent"]
    assert len(flow.list_deliveries(house, context, state="sent", company="PARIS", limit=2)) == 2
    (one,) = flow.list_deliveries(house, context, document=numbers[1])
    assert one["number"] == numbers[1] and one["words"] == "handed over: taken"
    assert flow.list_deliveries(house, context, company="LYON") == []


def test_what_is_not_there_is_told(house: House) -> None:
    context = house.context
    assert faults(lambda: flow.delivery(house, context, 7)) == ["unknown_delivery"]
    assert faults(lambda: flow.list_deliveries(house, context, state="lost")) == ["unknown_delivery_state"]
    number = house.post(invoice())["number"]
    assert faults(lambda: flow.paid(house, context, number)) == ["not_waiting_for_payment"]


def test_each_change_is_told_to_the_auditor(house: House) -> None:
    id = posted(house)
    flow.hold_delivery(house, house.context, id)
    flow.release_delivery(house, house.context, id)
    flow.cancel_delivery(house, house.context, id)
    flow.resend_delivery(house, house.context, id, True)
    seen = [one for one in flow.audit(house, house.context) if one.get("subject", "").startswith(f"delivery {id} ")]
    assert [one["action"] for one in seen] == ["hold", "release", "cancel", "resend"]
    assert seen[0]["fields"] == {"held": {"before": "False", "after": "True"}} and seen[0]["actor"] == "clerk"
    assert not house.verify()


def test_nobody_without_the_right_changes_one(house: House) -> None:
    id = posted(house)
    reader = Context(Actor("reader", lambda action, company, type: action == "read"), house.clock)
    for change in (flow.hold_delivery, flow.release_delivery, flow.retry_delivery, flow.cancel_delivery):
        assert faults(lambda change=change: change(house, reader, id)) == ["not_allowed"]  # type: ignore[misc]
    assert faults(lambda: flow.resend_delivery(house, reader, id, True)) == ["not_allowed"]
    assert flow.delivery(house, reader, id)["state"] == "pending"


# --- when it goes out -----------------------------------------------------------------------------------------------


def rule(**fields: Any) -> DeliveryRule:
    return DeliveryRule(id="R", channel="email", connection="C", **fields)


@pytest.mark.parametrize(
    ("fields", "now", "due"),
    [
        ({}, AT, AT),
        ({"after_days": 3}, AT, AT + timedelta(days=3)),
        ({"at": "08:00"}, AT, datetime(2026, 11, 4, 7, tzinfo=UTC)),  # it is 10:30 in Paris
        ({"at": "12:00"}, AT, datetime(2026, 11, 3, 11, tzinfo=UTC)),
        ({"at": "08:00", "after_days": 2}, AT, datetime(2026, 11, 5, 7, tzinfo=UTC)),
        ({"at": "00:30"}, datetime(2026, 11, 3, 23, 45, tzinfo=UTC), datetime(2026, 11, 4, 23, 30, tzinfo=UTC)),
        ({"at": "02:30"}, datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # skipped
    ],
)
def test_a_rule_says_when(fields: dict[str, Any], now: datetime, due: datetime) -> None:
    found = due_at(rule(**fields), now, "Europe/Paris")
    assert found == due and found >= now


def test_what_is_for_later_goes_out_later(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "RULES", f'{RULE}after_days = 2\nat = "08:00"\n')
    house.connect()
    (delivery, _) = house.post(invoice(), company="LYON")["deliveries"]
    house.relay()
    assert told(house, delivery["id"])["words"] == "goes out at 2026-11-05 07:00 UTC"
    house.clock.goes_on(days=2)
    assert house.relay() == {"sent": 1}


def test_a_rule_may_hold_everything_for_a_person(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "RULES", f'{RULE}send = "held"\n')
    house.connect()
    house.post(invoice(), company="LYON")
    house.relay()
    (held,) = flow.list_deliveries(house, house.context, state="pending")
    flow.release_delivery(house, house.context, held["id"])
    assert house.relay() == {"sent": 1}


def test_a_rule_may_wait_for_the_payment_and_its_hour(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "RULES", f'{RULE}send = "paid"\nat = "08:00"\n')
    house.connect()
    number = house.post(invoice(), company="LYON")["number"]
    house.clock.goes_on(days=9)
    house.relay()
    (waiting,) = flow.list_deliveries(house, house.context, state="pending")
    assert waiting["words"] == "waits until the document is paid"
    (due,) = flow.paid(house, house.context, number, company="LYON")
    assert due["words"] == "goes out at 2026-11-13 07:00 UTC"
    house.clock.goes_on(days=1)
    assert house.relay() == {"sent": 1}


@pytest.mark.parametrize("wrong", ['send = "soon"', "after_days = -1", 'at = "8:00"', 'at = "24:00"'])
def test_a_rule_that_cannot_be_meant_is_refused(house: House, tmp_path: Path, wrong: str) -> None:
    assert faults(lambda: house.apply(tmp_path, "RULES", f"{RULE}{wrong}\n"))
