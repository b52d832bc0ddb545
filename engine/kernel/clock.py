"""The only place that reads the clock and makes identifiers; everywhere else they are passed in."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def today(clock: Clock, time_zone: str) -> date:
    """The calendar day it is now where the company is."""
    return clock.now().astimezone(ZoneInfo(time_zone or "UTC")).date()


def moment(at: datetime | str) -> str:
    """An instant as people read it: 2026-11-22T04:28:56.220399+00:00 -> 2026-11-22 04:28 UTC; other text as it is."""
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return str(at)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def token() -> str:
    """An unguessable word, for leases and for what deliveries are called outside."""
    return uuid.uuid4().hex
