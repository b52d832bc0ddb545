"""Deliveries, as people look after them: held, let go, tried again, given up, repeated, settled.

Every change is kept with who made it and when. What is being handed over at this moment is not changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.flow.afterwards import stored_document
from engine.flow.filters import known_company
from engine.flow.house import Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty

if TYPE_CHECKING:
    from engine.outbox.store import Change, Row

UNKNOWN_DELIVERY = FaultKind("unknown_delivery", "there is no delivery {id}", "`factotum delivery list` shows them")
UNKNOWN_STATE = FaultKind("unknown_delivery_state", "no delivery is ever {state!r}", "known states: {known}")
DELIVERY_STATE = FaultKind("delivery_state", "delivery {id} is {state}; it cannot be {done}", "{remedy}")
RESEND_NOT_AGREED = FaultKind(
    "resend_not_agreed",
    "document {number} would go out once more, to {whom}, through {channel} and connection {connection}: they may get "
    "it twice",
    "to do so: `factotum delivery resend {id} --yes`",
)
NOT_WAITING = FaultKind(
    "not_waiting_for_payment", "no delivery of {number} waits for its payment", "see its deliveries"
)
Told = dict[str, Any]
DONE = {
    "hold": "held", "release": "released", "retry": "tried again", "cancel": "cancelled", "resolve": "resolved",
    "resend": "resent", "paid": "released",
}  # fmt: skip
"""Each action, and what is done by it."""
HELD = "held"
STATES = ("pending", "sending", "retry", "sent", "rejected", "failed", "uncertain", "cancelled", HELD)
"""What may be asked for; what is held is in one of the states `OPEN`."""
OPEN = ("pending", "retry")
SENT, FAILED, AGAIN = "sent", "failed", "again"
"""How a delivery in doubt may be settled."""


def list_deliveries(
    house: House, context: Context, *, state: str = "", company: str = "", document: str = "", limit: int = 100
) -> list[Told]:
    """The newest first; `document` is a number or an id. Shape: outbox/telling.py. Errors: Faulty."""
    from engine.outbox.telling import told

    allowed(context, "read", company)
    if state and state not in STATES:
        raise Faulty([UNKNOWN_STATE.at("state", state=state, known=", ".join(STATES))])
    known_company(house, company)
    of = stored_document(house, context, document, company, "").document["id"] if document else None
    now = context.clock.now()
    found = house.delivery_book.found("" if state == HELD else state, company, of, limit, held=state == HELD)
    mine = [row for row in found if context.actor.may("read", row["company"])]
    events = defaultdict(list)
    for one in house.delivery_book.events(*(row["id"] for row in mine if row["state"] == SENT)):
        events[one["delivery"]].append(one)
    return [told(row, now, events[row["id"]]) for row in mine]


def delivery(house: House, context: Context, id: int) -> Told:
    """One, with "tries" and "events". Errors: Faulty."""
    from engine.outbox.telling import told, told_event, told_try

    row = _found(house, context, id, "read")
    tries, events = house.delivery_book.tries(id), house.delivery_book.events(id)
    return told(row, context.clock.now(), events if row["state"] == SENT else ()) | {
        "tries": [told_try(one) for one in tries], "events": [told_event(one) for one in events]
    }  # fmt: skip


def hold_delivery(house: House, context: Context, id: int, why: str = "") -> Told:
    """It waits until it is let go. Errors: Faulty."""
    return _changed(house, context, id, "hold", OPEN, {"held": True, **({"detail": why[:2000]} if why else {})})


def release_delivery(house: House, context: Context, id: int) -> Told:
    """Let go what is held, or waits for a payment; its hour stays. Errors: Faulty."""
    return _changed(house, context, id, "release", OPEN, {"held": False, "waits_for": ""})


def retry_delivery(house: House, context: Context, id: int) -> Told:
    """Now, with all its tries before it; what may have arrived already is still for its policy. Errors: Faulty."""
    values = {"state": "pending", "tries": 0, "due_at": context.clock.now(), "held": False, "waits_for": ""}
    return _changed(house, context, id, "retry", (*OPEN, FAILED), values)


def cancel_delivery(house: House, context: Context, id: int) -> Told:
    """It goes to nobody. Errors: Faulty."""
    return _changed(house, context, id, "cancel", OPEN, {"state": "cancelled", "held": False, "waits_for": ""})


def resolve_delivery(house: House, context: Context, id: int, how: str) -> Told:
    """Say what came of a delivery in doubt: `sent`, `failed`, or `again` when it did not arrive. Errors: Faulty."""
    now, who = context.clock.now(), context.actor.name
    ways: dict[str, dict[str, Any]] = {
        SENT: {"state": SENT, "sent_at": now, "detail": f"arrived, says {who}"},
        FAILED: {"state": FAILED, "detail": f"did not arrive, says {who}"},
        AGAIN: {"state": "pending", "tries": 0, "due_at": now, "detail": f"did not arrive, says {who}"},
    }
    return _changed(house, context, id, "resolve", ("uncertain",), ways[how], settles=how == AGAIN)


def resend_delivery(house: House, context: Context, id: int, agreed: bool = False) -> Told:
    """Hand a document over once more: a delivery of its own, which points to this one. Gives the new one.

    Errors: Faulty; resend_not_agreed, which tells what would happen, unless it was `agreed`.
    """
    from engine.outbox.deliveries import recipients_of
    from engine.outbox.providers import hand_overs
    from engine.outbox.store import Change

    row = _found(house, context, id, "deliver")
    offered = hand_overs(house.plugins.channels, house.plugins.providers)
    whom = recipients_of(row, offered.get(row["channel"]), house.deliveries.view)
    if not agreed and whom:
        facts = {name: row[name] for name in ("id", "number", "channel", "connection")}
        raise Faulty([RESEND_NOT_AGREED.at("delivery", whom=", ".join(whom), **facts)])
    audit_id, made = house.posting.next_id("audit"), house.posting.next_id("delivery")

    def decide(before: Row) -> Change:
        _refuse(before, "resend", ("sent", "rejected", "failed", "cancelled") if whom else ())
        audited = _audited(context, audit_id, before, "resend", {})
        return Change({}, audited, {"id": made, "recipients": json.dumps(whom, ensure_ascii=False)})

    house.delivery_book.change(id, context.clock.now(), decide)
    return delivery(house, context, made)


def paid(house: House, context: Context, called: str, *, company: str = "", series: str = "") -> list[Told]:
    """The document is paid: let go what waits for that, at its hour. Errors: Faulty."""
    from engine.outbox.deliveries import PAYMENT, due_at
    from engine.parametrization.definitions import Company, DeliveryRule

    document = stored_document(house, context, called, company, series).document
    waiting = [row for row in house.delivery_book.found(document=document["id"]) if row["waits_for"] == PAYMENT]
    if not waiting:
        raise Faulty([NOT_WAITING.at("document", number=document["number"])])
    catalog, now = house.catalog_at(document["revision"]), context.clock.now()
    zone = catalog.table(Company)[document["company"]].time_zone
    done = []
    for row in waiting:
        rule = catalog.table(DeliveryRule).get(row["rule"])
        values = {"waits_for": "", "due_at": due_at(rule, now, zone) if rule else now}
        done.append(_changed(house, context, row["id"], "paid", OPEN, values))
    return done


def _changed(
    house: House,
    context: Context,
    id: int,
    action: str,
    states: tuple[str, ...],
    values: Mapping[str, Any],
    *,
    settles: bool = False,
) -> Told:
    from engine.outbox.store import Change

    _found(house, context, id, "deliver")
    audit_id = house.posting.next_id("audit")

    def decide(before: Row) -> Change:
        _refuse(before, action, states)
        fields = {
            name: {"before": str(before[name]), "after": str(value)}
            for name, value in values.items()
            if before[name] != value and name in ("state", "held", "waits_for", "due_at")
        }
        return Change(values, _audited(context, audit_id, before, action, fields), settles=settles)

    house.delivery_book.change(id, context.clock.now(), decide)
    return delivery(house, context, id)


def _found(house: House, context: Context, id: int, action: str) -> Row:
    row = house.delivery_book.one(id)
    if row is None:
        raise Faulty([UNKNOWN_DELIVERY.at("delivery", id=id)])
    allowed(context, action, row["company"])
    return row


def _refuse(row: Row, action: str, states: tuple[str, ...]) -> None:
    """Errors: Faulty, when a delivery is in none of these states."""
    if row["state"] not in states:
        remedy = {
            "sending": "wait until it is handed over",
            "uncertain": f"first say what came of it: `factotum delivery resolve {row['id']}`",
        }.get(row["state"], f"that is for what is {' or '.join(states)}" if states else "it names nobody to send it to")
        raise Faulty(
            [DELIVERY_STATE.at("delivery", id=row["id"], state=row["state"], done=DONE[action], remedy=remedy)]
        )


def _audited(context: Context, audit_id: int, row: Row, action: str, fields: Mapping[str, Any]) -> Row:
    """The audit row of a change; no document's hash holds it."""
    from engine.posting.canon import json_text

    return {
        "id": audit_id, "at": context.clock.now(), "actor": context.actor.name, "action": action,
        "company": row["company"], "subject": f"delivery {row['id']} of document {row['document']}", "document": None,
        "detail": json_text({"fields": fields}),
    }  # fmt: skip
