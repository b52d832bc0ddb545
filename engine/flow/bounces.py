"""Mail that comes back: read, waited for, corrected, posted.

run_bounces      reads what came back, makes tasks of it, and letters of the tasks whose time is over
bounces          the tasks
correct          another address: the document is sent again, to that one
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.flow.letters import deadline_of, in_vain, overdue
from engine.flow.messages import BAD_RECIPIENT, LISTS, audit_row, bad_recipient, delivery
from engine.kernel.errors import EngineError
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.kernel.faults import Fault
    from engine.outbox.bounces import Row
    from engine.outbox.connections import Connection
    from engine.spi.contracts import DeliveryEvent

NOT_A_RECIPIENT = FaultKind("not_a_recipient", "delivery {id} does not go to {who!r}", "{remedy}")
CORRECTED_BEFORE = FaultKind(
    "corrected_before", "{who} of delivery {id} is {state}", "`factotum message bounces` tells what became of it"
)
NOT_SENT_YET = FaultKind("not_sent_yet", "delivery {id} is {state}; it did not come back from {who}", "{remedy}")
NOT_SENT = {
    "pending": "`factotum message edit {id}` changes whom it goes to",
    "retry": "`factotum message edit {id}` changes whom it goes to",
    "sending": "wait until it is handed over",
    "uncertain": "first say what came of it: `factotum delivery resolve {id}`",
}
"""What to do instead of correcting an address, while it may still get there."""
Told = dict[str, Any]


def run_bounces(house: House, context: Context) -> tuple[Counter[str], list[str]]:
    """Read what came back, then look at deadlines. ({"reports": 2, "letters": 1, "left": 0}, troubles in words).

    A mailbox that cannot be read is a trouble; the others are read all the same.
    """
    from engine.outbox.bounces import MOST_RECIPIENT
    from engine.spi.contracts import DeliveryEvent, EventKind

    allowed(context, "relay")
    done, troubles = Counter[str](), list[str]()
    for connection in house.connections.all():
        troubles += [f"{connection.code}: {one}" for one in _read(house, context, connection, done)]
    for event, row in house.messages.refusals():  # by the server at once: the relay told
        told = DeliveryEvent(
            event["id"], EventKind.REJECTED, "", "", event["recipient"], event["detail"], event["at"], event["code"]
        )
        _take(house, context, event["connection"], told, row, event["recipient"][:MOST_RECIPIENT])
    reopened, why = in_vain(house, context)
    done += Counter(reopened=reopened)
    troubles += why
    done += overdue(house, context, troubles)
    return done, troubles


def _read(house: House, context: Context, connection: Connection, done: Counter[str]) -> list[str]:
    """The events of one connection; what went wrong, in words."""
    from engine.outbox.bounces import recipient
    from engine.outbox.words import plugin_fault
    from engine.spi.contracts import AuthExpired, PluginError

    offer = house.plugins.connectable().get(connection.channel)
    if offer is None or not connection.in_use or not hasattr(offer, "events"):
        return []
    try:
        switchboard = house.switchboard(context.clock)
        ready = switchboard.opened(connection, offer)
    except EngineError as why:  # such as a key that is not here
        return [why.words]
    unknown = 0
    try:
        for event in offer.events(ready.settings, ready.context):
            row = house.messages.named(connection.code, event.key, event.reference)
            if row is None:
                unknown += 1
            elif _take(house, context, connection.code, event, row, recipient(event.recipient, row)):
                done["reports"] += 1
    except AuthExpired as expired:
        switchboard.refused(connection.code, AuthExpired(ready.mask(expired.reason)))
        return [ready.mask(expired.reason)]
    except PluginError as wrong:
        return [ready.mask(wrong.reason)]
    except EngineError as why:  # such as a database that is busy: no fault of the plugin
        return [why.words]
    except Exception as bug:  # a plugin may fail in any way
        return [ready.mask(plugin_fault(bug))]
    are = "report is" if unknown == 1 else "reports are"
    return [f"{unknown} {are} about nothing that was sent from here"] if unknown else []


def _take(house: House, context: Context, connection: str, event: DeliveryEvent, row: Row, who: str) -> bool:
    """Take one event in, with what it leads to; False when it was taken before. `who` it is about."""
    from engine.outbox.bounces import SOFT_PAUSE, reaction
    from engine.outbox.words import written

    now, until = context.clock.now(), deadline_of(house, context, row)
    again = house.messages.repeated(
        row, now, due_at=now + SOFT_PAUSE, recipients=json.dumps([who]), copies="[]", hidden_copies="[]",
        detail=f"sent again: {written(event.detail)}",
    )  # fmt: skip
    kept = {
        "connection": connection, "id": event.id[:200], "delivery": row["id"], "recipient": who,
        "kind": event.kind.value, "code": event.code[:40], "detail": written(event.detail), "at": event.at,
        "taken_at": now,
    }  # fmt: skip
    return house.messages.take(kept, reaction(event, who, _line(house, row), until, again), now)


def _line(house: House, row: Row) -> list[Row]:
    """A delivery, what it repeats, what that repeats …: ten at most."""
    line = [row]
    while line[-1]["resent_of"] is not None and len(line) < 10:
        found = house.messages.delivery(line[-1]["resent_of"])
        if found is None:
            break
        line.append(found)
    return line


def bounces(house: House, context: Context, company: str = "", every: bool = False) -> list[Told]:
    """The tasks that are open, or every one, the most pressing first.

    Shape: {"delivery", "recipient", "state", "code", "detail", "at", "deadline", "next", "channel", "number",
    "partner"}; `next` is the delivery that took its place.
    """
    from engine.outbox.bounces import OPEN

    allowed(context, "read", company)
    return [told_of(one) for one in house.messages.tasks(company, "" if every else OPEN)]


def told_of(task: Row) -> Told:
    """A task as data."""
    times = {name: task[name].isoformat() for name in ("at", "deadline")}
    names = ("delivery", "recipient", "state", "code", "detail", "next", "channel", "number")
    return {name: task[name] for name in names} | times | {"partner": task["partner_name"]}


def correct(house: House, context: Context, id: int, old: str, new: str) -> int:
    """Send what did not reach `old` to `new`: a new delivery, its id. A letter that lies ready is cancelled.

    Errors: Faulty(no_delivery, not_a_recipient, bad_recipient, corrected_before, not_sent_yet).
    """
    from engine.outbox.bounces import Correction

    seen = delivery(house, context, id, "deliver")
    if words := bad_recipient(new):
        raise Faulty([BAD_RECIPIENT.at("new", words=words)])
    made = house.posting.next_id("delivery")
    audited = audit_row(house, context, seen, "correct", {"from": old, "to": new, "delivery": made})

    def decide(row: Row, tasks: Mapping[str, Row]) -> Correction:
        if faults := list(_keeps_from_correcting(row, tasks, old)):
            raise Faulty(faults)
        lists: dict[str, list[str]] = {name: [] for name in LISTS} | {"recipients": [new]}
        if row["state"] in ("rejected", "failed") and not tasks:  # it never left: all others are still to get it
            lists = {name: [new if one == old else one for one in json.loads(row[name])] for name in LISTS}
        return Correction(made, lists, audited)

    house.messages.correct(id, old, decide, context.clock.now())
    return made


def _keeps_from_correcting(row: Row, tasks: Mapping[str, Row], old: str) -> Iterable[Fault]:
    from engine.outbox.bounces import CORRECTABLE, named

    listed, id = named(row), row["id"]
    if old not in {*listed, *tasks}:
        yield NOT_A_RECIPIENT.at("old", id=id, who=old, remedy=nearest(old, {*listed, *tasks}))
    elif old in tasks and tasks[old]["state"] not in CORRECTABLE:
        yield CORRECTED_BEFORE.at("delivery", id=id, who=old, state=tasks[old]["state"])
    elif old in listed and row["state"] in NOT_SENT:
        remedy = NOT_SENT[row["state"]].format(id=id)
        yield NOT_SENT_YET.at("delivery", id=id, who=old, state=row["state"], remedy=remedy)
