"""The embedded executor: a loop over what is due. The row itself is the job, so there is nothing to enqueue.

Each endpoint has lanes of its own, threads that work until nothing of it is due; so one that hangs holds up its own
lanes and nothing else. The loop is also the sweep: whatever is due is found, however it came to be.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.kernel.errors import EngineError
from engine.outbox.executors import CONCURRENCY, EMBEDDED
from engine.outbox.relay import Relay
from engine.outbox.store import Endpoint, Health

WINK = 0.05
"""Seconds between two looks at threads that are to end."""
PATIENCE = 30.0
"""Seconds that hand-overs under way are given to end when the worker is asked to stop; their leases do the rest."""


@dataclass
class Embedded:
    """`every`: seconds between two looks. `troubled` is told when the database could not be asked."""

    relay: Relay
    every: float = 1.0
    troubled: Callable[[EngineError], None] = lambda error: None
    name: str = field(default=EMBEDDED, init=False)

    def enqueue(self, session: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Nothing: the row that is written is the job."""

    def cancel(self, session: Any, deliveries: Sequence[int]) -> None:
        """Nothing: a row that is not due is not found."""

    def run_worker(
        self,
        concurrency: int = CONCURRENCY,
        *,
        stop: threading.Event | None = None,
        once: bool = False,
        progress: Callable[[], None] = lambda: None,
    ) -> Counter[str]:
        stop = stop or threading.Event()
        lanes = _Lanes(self.relay, concurrency, stop, progress)
        with self.relay.leases.renewed():
            while not stop.is_set():
                try:
                    self.relay.sweep()
                    lanes.open(self.relay.store.endpoints(self.relay.clock.now()))
                except EngineError as error:  # a database that is away: we look again
                    self.troubled(error)
                    if once:
                        break
                if once and not lanes.at_work():
                    break
                stop.wait(WINK if once else self.every)
            lanes.finish(PATIENCE)
        return lanes.done

    def health(self) -> Health:
        return self.relay.store.health(self.relay.clock.now())


class _Lanes:
    """The threads at work, by endpoint."""

    def __init__(self, relay: Relay, most: int, stop: threading.Event, progress: Callable[[], None]) -> None:
        self._relay, self._most, self._stop, self._progress = relay, most, stop, progress
        self._threads: dict[Endpoint, list[threading.Thread]] = {}
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()

    def open(self, due: Mapping[Endpoint, int]) -> None:
        """As many lanes for each endpoint as it has work for, up to the most."""
        for endpoint, number in due.items():
            working = self._threads[endpoint] = [one for one in self._threads.get(endpoint, ()) if one.is_alive()]
            for _ in range(min(number, self._most) - len(working)):
                name = f"lane {endpoint[0]} {endpoint[1]}"
                thread = threading.Thread(target=self._work, args=(endpoint,), name=name, daemon=True)
                working.append(thread)
                thread.start()

    def _work(self, endpoint: Endpoint) -> None:
        try:
            while not self._stop.is_set() and (counted := self._relay.step(endpoint)):
                with self._lock:
                    self.done.update(counted)
                self._progress()
        except EngineError:  # a busy database: the loop opens a lane again
            return

    def at_work(self) -> bool:
        return any(one.is_alive() for many in self._threads.values() for one in many)

    def finish(self, patience: float) -> None:
        """Wait for what is under way, so many seconds in all."""
        waits = int(patience / WINK)
        while self.at_work() and (waits := waits - 1) > 0:
            for one in [one for many in self._threads.values() for one in many if one.is_alive()][:1]:
                one.join(WINK)
        with self._lock:
            self.done.pop("lost", None)
