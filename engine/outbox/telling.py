"""How a delivery stands, in words. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.kernel.clock import moment
from engine.outbox.deliveries import PAYMENT
from engine.outbox.outcomes import PENDING, RETRY, SENDING, SENT, UNCERTAIN
from engine.outbox.store import Row
from engine.spi.contracts import EventKind

Told = dict[str, Any]


CAME_BACK = frozenset(
    {EventKind.BOUNCED_SOFT, EventKind.BOUNCED_HARD, EventKind.REJECTED, EventKind.RETURNED, EventKind.FAILED}
)
"""What is told afterwards of something that did not reach its recipient."""


def told(row: Row, now: datetime, events: Sequence[Row] = ()) -> Told:
    """`events` are what was told of it afterwards, in order.

    Shape: {"id", "document", "number", "company", "channel", … "state", "words", "recipients": ["a@b"] …}"""
    shown = {
        name: row[name]
        for name in ("id", "document", "number", "company", "rule", "channel", "format", "connection", "state", "tries",
                     "held", "waits_for", "reference", "detail", "resent_of")
    }  # fmt: skip
    moments = {name: row[name].isoformat() if row[name] else None for name in ("due_at", "sent_at", "changed_at")}
    listed = {name: json.loads(row[name] or "[]") for name in ("recipients", "copies", "hidden_copies", "formats")}
    return shown | moments | listed | {"words": words(row, now, events)}


def told_try(row: Row) -> Told:
    return {
        "number": row["number"], "worker": row["worker"], "began_at": row["began_at"].isoformat(),
        "ended_at": row["ended_at"].isoformat() if row["ended_at"] else None, "state": row["state"],
        "reference": row["reference"], "detail": row["detail"], "notes": row["notes"].splitlines(),
    }  # fmt: skip


def told_event(row: Row) -> Told:
    return {
        "at": row["at"].isoformat(), "kind": row["kind"], "recipient": row["recipient"], "code": row["code"],
        "detail": row["detail"],
    }  # fmt: skip


def words(row: Row, now: datetime, events: Sequence[Row] = ()) -> str:
    """What it waits for, or what came of it. A receipt says that it was taken; that it arrived only an event says."""
    state, why = row["state"], f": {row['detail']}" if row["detail"] else ""
    if state in (PENDING, RETRY):
        if row["held"]:
            return f"held until a person lets it go{why}"
        if row["waits_for"] == PAYMENT:
            return "waits until the document is paid"
        when = f"at {moment(row['due_at'])}" if row["due_at"] > now else "as soon as a worker comes to it"
        return f"goes out {when}{why}" if state == PENDING else f"next try {when}{why}"
    if state == SENDING:
        return "is being handed over"
    if state == UNCERTAIN:
        return f"may have arrived{why}"
    return f"{_afterwards(events)}{'handed over' if state == SENT else state}{why}"


def _afterwards(events: Sequence[Row]) -> str:
    """What was told of its arrival, the last of each recipient, before what is said of its hand-over."""
    last = {one["recipient"]: one for one in events if one["kind"] in CAME_BACK or one["kind"] == EventKind.DELIVERED}
    back = [one for one in last.values() if one["kind"] in CAME_BACK]
    if not last:
        return ""
    said = [" ".join(filter(None, (one["recipient"], one["code"], one["detail"]))) for one in back or last.values()]
    return f"{'came back' if back else 'arrived'}: {', '.join(said)}; "
