"""Leases that are held on to while something is sent: renewed by a thread, long before they end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from engine.kernel.clock import Clock, token
from engine.kernel.errors import EngineError
from engine.outbox.store import DeliveryStore, Lease

LEASE = timedelta(minutes=2)
"""Longer than any plugin's time-out, so that a process that stood still for a while loses nothing by it."""
RENEWALS = 6
"""In the time of one lease: the database may be away for most of it."""


@dataclass
class Leases:
    store: DeliveryStore
    clock: Clock
    worker: str
    lasting: timedelta = LEASE
    _held: set[str] = field(default_factory=set, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def new(self, worker: str = "") -> Lease:
        now = self.clock.now()
        return Lease(worker or self.worker, token(), now, now + self.lasting)

    @contextmanager
    def held(self, token: str) -> Iterator[None]:
        """Renewed as long as the block runs."""
        with self._lock:
            self._held.add(token)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(token)

    def holds(self, token: str) -> bool:
        with self._lock:
            return token in self._held

    def renew(self) -> None:
        """All that are held. A database that is away is asked again next time; results are guarded by their token."""
        with self._lock:
            tokens = sorted(self._held)
        if tokens:
            try:
                self.store.renew(tokens, self.clock.now() + self.lasting)
            except EngineError:
                return

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """A thread renews them while the block runs."""
        done = threading.Event()

        def go() -> None:
            while not done.wait(self.lasting.total_seconds() / RENEWALS):
                self.renew()

        thread = threading.Thread(target=go, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
