"""Executors: what says *when* a delivery is worked on; the delivery's row alone says what is to be done.

    embedded       one process or several look for rows that are due                 SQLite, PostgreSQL
    procrastinate  a queue in the database tells workers on many machines            PostgreSQL

Both work through the relay, so that leases, policies and words are the same.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.outbox.store import Health

EMBEDDED, PROCRASTINATE = "embedded", "procrastinate"
CONCURRENCY = 4
"""Hand-overs at once of one worker, to one endpoint."""


class Executor(Protocol):
    name: str

    def enqueue(self, session: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Deliveries that are due now or at their `due_at`, inside the caller's transaction."""

    def cancel(self, session: Any, deliveries: Sequence[int]) -> None:
        """They are not due any more; who comes for them all the same finds nothing to do."""

    def run_worker(
        self,
        concurrency: int = CONCURRENCY,
        *,
        stop: threading.Event | None = None,
        once: bool = False,
        progress: Callable[[], None] = lambda: None,
    ) -> Counter[str]:
        """Work until `stop` is set, or with `once` until nothing is due; how many deliveries came to each state.

        `concurrency` hand-overs at once to each endpoint: one that is slow or dead takes nobody else's place.
        """

    def health(self) -> Health: ...
