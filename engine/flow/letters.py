"""Letters: what nobody corrected in time is posted, once; what the post cannot do either is told.

overdue      letters of the tasks whose time is over
in_vain      tasks are open anew when what took their place did not leave either
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House

if TYPE_CHECKING:
    from datetime import datetime

    from engine.outbox.bounces import Row
    from engine.parametrization.definitions import DeliveryRule

Told = dict[str, Any]


def overdue(house: House, context: Context, troubles: list[str]) -> Counter[str]:
    """Letters for what nobody corrected in time."""
    from engine.outbox.bounces import LEFT, OPEN, POSTED

    done, now = Counter[str](), context.clock.now()
    for task in house.messages.tasks(state=OPEN, due_by=now):
        row = house.messages.delivery(task["delivery"])
        letter, why = _letter(house, row, now) if row else (None, "")
        if why:
            troubles.append(f"delivery {task['delivery']}, {task['recipient']}: {why}")
        state = POSTED if letter else LEFT
        if house.messages.done((task["delivery"], task["recipient"]), state, letter, now):
            done["letters" if letter else "left"] += 1
    return done


def in_vain(house: House, context: Context) -> tuple[int, list[str]]:
    """How many tasks are open anew, with another deadline; why, in words."""
    from engine.outbox.words import written

    reopened, troubles = 0, []
    for task, row in house.messages.in_vain():
        words = written(f"delivery {row['id']} by {row['channel']} instead is {row['state']}: {row['detail']}")
        if house.messages.reopened(task, words, deadline_of(house, context, row), context.clock.now()):
            reopened += 1
            troubles.append(f"delivery {task['delivery']}, {task['recipient']}: {words}")
    return reopened, troubles


def deadline_of(house: House, context: Context, row: Row) -> datetime:
    """Until when a better address is waited for, from now on."""
    from engine.outbox.bounces import deadline

    rule, company = rule_of(house, row), house.catalog().company(row["company"])
    zone = company.time_zone if company else "UTC"
    return deadline(context.clock.now(), rule.correction_days if rule else 5, zone)


def _letter(house: House, row: Row, now: datetime) -> tuple[Told | None, str]:
    """The delivery by post that takes the place of one, or why there is none."""
    from engine.outbox.words import plugin_fault

    rule = rule_of(house, row)
    if rule is None or not rule.postal:
        return None, "its delivery rule names no connection for letters (`postal`)"
    if why := _was_posted(house, row, rule):
        return None, why
    connection = house.connections.get(rule.postal)
    channel = house.plugins.channels.get(connection.channel) if connection else None
    if connection is None or channel is None:
        return None, f"connection {rule.postal} is not configured"
    try:
        to = [str(one) for one in channel.recipients(house.deliveries.view(row["document"]))]
    except Exception as bug:  # a plugin may fail in any way
        return None, plugin_fault(bug)
    if not to:
        return None, "the document has no postal address that is whole"
    parts = {name: "[]" for name in ("copies", "hidden_copies", "formats")}
    return house.messages.repeated(
        row, now, channel=channel.name, connection=connection.code, recipients=json.dumps(to, ensure_ascii=False),
        template="", message="", **parts,
    ), ""  # fmt: skip


def _was_posted(house: House, row: Row, rule: DeliveryRule) -> str:
    """Why no letter is written: this was one, or there is one; "" when there is none."""
    from engine.outbox.outcomes import CANCELLED
    from engine.spi.contracts import PluginKind

    owner = house.plugins.manifests.get(house.plugins.owners.get(("channels", row["channel"]), ""))
    if row["connection"] == rule.postal or (owner and owner.kind is PluginKind.POSTAL):
        return "it was a letter, so no other is posted"
    for one in house.delivery_book.found(document=row["document"]):
        if one["connection"] == rule.postal and one["state"] != CANCELLED:
            return f"delivery {one['id']} is a letter of the same document, so no other is posted; it is {one['state']}"
    return ""


def rule_of(house: House, row: Row) -> DeliveryRule | None:
    """The rule that made a delivery; None when it is gone."""
    from engine.parametrization.definitions import DeliveryRule

    return house.catalog(fresh=False).table(DeliveryRule).get(row["rule"])
