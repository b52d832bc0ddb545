"""The relay: claim a delivery that is due, render it, hand it over, write down what came of it.

No database transaction is open while rendering or sending. A row is claimed with a lease and a token, and every
result is guarded by them: a relay that lost its lease changes nothing. Each (channel, connection) is worked through
in a thread of its own, so one that is down delays nobody else; what failed for now comes back later, ever more
slowly. A row whose sender died is due again when its lease ends.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from engine.kernel.clock import Clock, token
from engine.kernel.errors import EngineError
from engine.outbox.connections import Switchboard
from engine.outbox.words import in_words, plugin_fault, written
from engine.spi.contracts import (
    AuthExpired,
    DeliveryChannel,
    DocumentFormat,
    DocumentView,
    File,
    OutcomeUnknown,
    Parcel,
    Receipt,
    Rejected,
    TryLater,
)

LEASE = timedelta(minutes=30)
"""Longer than any channel's time-outs; it is not renewed."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
LONGEST_WAIT = timedelta(days=7)
"""However long the other side asks us to wait."""
MOST_TRIES = 30
"""About a day of trying; then the delivery has failed and a person looks."""

Row = Mapping[str, Any]
Endpoint = tuple[str, str]
"""(channel, connection)"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try came to: the state of RELIABILITY, the words for people, and when to come back."""

    state: str
    detail: str
    reference: str = ""
    due_at: datetime | None = None


class DeliveryStore(Protocol):
    def endpoints(self, now: datetime) -> list[Endpoint]:
        """Endpoints with something due."""

    def claim(self, endpoint: Endpoint, now: datetime, lease_until: datetime, token: str) -> Row | None:
        """The next due row of an endpoint, now ours and `sending`; None when nothing is due."""

    def finish(self, delivery: Row, outcome: Outcome, now: datetime) -> bool:
        """Write an outcome, if the row is still ours."""

    def view(self, document: int) -> DocumentView:
        """The posted document."""

    def keep(self, delivery: Row, file: File, digest: str, now: datetime) -> None:
        """Store a rendered file under its hash, and name it on the row."""

    def counted(self) -> Mapping[str, int]:
        """How many deliveries are in each state."""


@dataclass(frozen=True, slots=True)
class Relay:
    store: DeliveryStore
    formats: Mapping[str, DocumentFormat]
    channels: Mapping[str, DeliveryChannel]
    connections: Switchboard
    clock: Clock

    def run(self, progress: Callable[[], None] = lambda: None) -> Counter[str]:
        """Work through everything that is due now, once; how many came to each state.

        `progress` is called after each delivery, from the thread that worked on it.
        """
        done: Counter[str] = Counter()
        endpoints = self.store.endpoints(self.clock.now())
        if not endpoints:
            return done
        with ThreadPoolExecutor(max_workers=min(len(endpoints), 32), thread_name_prefix="relay") as pool:
            for counted in pool.map(lambda endpoint: self._work(endpoint, progress), endpoints):
                done.update(counted)
        return done

    def _work(self, endpoint: Endpoint, progress: Callable[[], None]) -> Counter[str]:
        """One endpoint, row after row, as they stood when we began: a retry is due later than now."""
        done: Counter[str] = Counter()
        began = self.clock.now()
        while row := self.store.claim(endpoint, began, self.clock.now() + LEASE, token()):
            if row["tries"] > MOST_TRIES:  # whoever tried it last did not live to tell
                outcome = Outcome("failed", f"given up after {MOST_TRIES} tries")
            else:
                outcome = self._try(row)
            try:
                finished = self.store.finish(row, outcome, self.clock.now())
            except EngineError:  # a busy database: the row stays ours until its lease ends
                finished = False
            if finished:
                done[outcome.state] += 1
            progress()
        return done

    def _try(self, row: Row) -> Outcome:
        """One attempt. Whatever a plugin does, it ends as an outcome on the row, without the connection's secrets."""
        masks: list[Callable[[str], str]] = []
        outcome = self._tried(row, masks.append)
        for mask in masks:
            outcome = replace(outcome, detail=mask(outcome.detail), reference=mask(outcome.reference))
        return outcome

    def _tried(self, row: Row, masked: Callable[[Callable[[str], str]], None]) -> Outcome:
        try:
            receipt = self._deliver(row, masked)
            return Outcome("sent", written(receipt.detail or "handed over"), written(receipt.reference or ""))
        except TryLater as later:
            return self._later(row, later)
        except OutcomeUnknown as unknown:
            return self._later(row, TryLater(unknown.reason))
        except AuthExpired as expired:
            self.connections.refused(row["connection"], expired)
            return self._later(row, TryLater(f"connection {row['connection']} needs a new login: {expired.reason}"))
        except Rejected as refused:
            return Outcome("rejected", written(refused.reason))
        except EngineError as ours:  # such as a database that is busy: no fault of the plugin
            return self._later(row, TryLater(str(ours)))
        except BaseException as bug:  # a plugin may fail in any way, sys.exit included: the row is parked
            return Outcome("failed", plugin_fault(bug))

    def _deliver(self, row: Row, masked: Callable[[Callable[[str], str]], None]) -> Receipt:
        channel = self.channels.get(row["channel"])
        if channel is None:
            raise TryLater(f"no plugin offers the channel {row['channel']}")
        ready = self.connections.ready(row["connection"], channel, row["company"])
        masked(ready.mask)
        view = self.store.view(row["document"])
        files = (self._render(row, view),) if row["format"] else ()
        key = str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"factotum:{row['company']}:{row['document']}:{row['channel']}:{row['id']}")
        )
        recipients = tuple(json.loads(row["recipients"]))
        return channel.deliver(Parcel(key, view, files, recipients, ready.settings), ready.context)

    def _render(self, row: Row, view: DocumentView) -> File:
        form = self.formats.get(row["format"])
        if form is None:
            raise TryLater(f"no plugin offers the format {row['format']}")
        file = form.render(view)
        self.store.keep(row, file, hashlib.sha256(file.content).hexdigest(), self.clock.now())
        return file

    def _later(self, row: Row, later: TryLater) -> Outcome:
        if row["tries"] >= MOST_TRIES:
            return Outcome("failed", f"given up after {row['tries']} tries: {written(later.reason)}")
        asked = later.after if isinstance(later.after, timedelta) and later.after > timedelta(0) else None
        pause = min(asked, LONGEST_WAIT) if asked else min(FIRST_PAUSE * 2 ** (row["tries"] - 1), LONGEST_PAUSE)
        due = self.clock.now() + pause
        words = f"{written(later.reason)}; try {row['tries']}, again in {in_words(pause)}"
        return Outcome("retry", words, due_at=due)
