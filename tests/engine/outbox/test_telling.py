"""A delivery in words: what it waits for, what came of it, and what was told of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.outbox.telling import words

NOW = datetime(2026, 11, 3, 9, 30, 20, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


def delivery(state: str, **changes: Any) -> dict[str, Any]:
    return {"state": state, "detail": "", "held": False, "waits_for": "", "due_at": NOW} | changes


def event(kind: str, detail: str = "", recipient: str = "a@b.example") -> dict[str, Any]:
    return {"kind": kind, "recipient": recipient, "code": "", "detail": detail}


@pytest.mark.parametrize(
    ("row", "reads"),
    [
        (delivery("pending"), "goes out as soon as a worker comes to it"),
        (delivery("pending", due_at=LATER), "goes out at 2026-11-03 11:30 UTC"),
        (delivery("retry", due_at=LATER, detail="busy"), "next try at 2026-11-03 11:30 UTC: busy"),
        (delivery("pending", held=True, detail="why"), "held until a person lets it go: why"),
        (delivery("sent", detail="250 Queued"), "handed over: 250 Queued"),
        (delivery("failed", detail="given up"), "failed: given up"),
    ],
)
def test_a_delivery_says_how_it_stands(row: dict[str, Any], reads: str) -> None:
    assert words(row, NOW) == reads


def test_that_it_arrived_or_came_back_only_an_event_says() -> None:
    row, back = delivery("sent", detail="250 Queued"), event("bounced_hard", "no such user")
    assert words(row, NOW, [back]) == "came back: a@b.example no such user; handed over: 250 Queued"
    assert words(row, NOW, [back, event("delivered")]) == "arrived: a@b.example; handed over: 250 Queued"
    other = event("delivered", recipient="c@d.example")
    assert words(row, NOW, [back, other]) == "came back: a@b.example no such user; handed over: 250 Queued"
    assert words(row, NOW, [event("opened")]) == "handed over: 250 Queued"
