"""The experiments under load: each posts, breaks something, and has the checker look at what is left.

In: the URL of a database with DEMO applied, and an empty folder for the ledgers. The tests run them short, the long
form long.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.storage.database import open_database
from tests.soak import broken, killer
from tests.soak.checker import Found, check
from tests.soak.killer import Killed
from tests.soak.ledger import Told, told
from tests.soak.load import Load, make_ready
from tests.support.databases import OwnServer

WORKERS = (1, 4, 16)
PATIENCE = 300
"""Seconds a load may take to post a few documents."""

FOR_EVER = 10**9

Progress = Callable[[str], None]


def silent(words: str) -> None:
    """No progress is shown."""


@dataclass(slots=True)
class Run:
    """What came of one experiment."""

    killed: list[Killed]
    told: Told
    found: Found
    stops: int = 0

    @property
    def kills(self) -> int:
        return sum(one.kills for one in self.killed)

    @property
    def in_flight(self) -> int:
        return sum(one.in_flight for one in self.killed)

    @property
    def phases(self) -> Counter[str]:
        """What the killed were doing."""
        return sum((Counter(one.phases) for one in self.killed), Counter())

    @property
    def wrong(self) -> list[str]:
        """What should not be: what the checker found, workers that did not behave, kills that hit nothing."""
        ended = [
            f"{one.name}: {one.crashes} crashed, {one.stuck} stuck" for one in self.killed if one.crashes or one.stuck
        ]
        untyped = [error for error in self.told.errors if error.startswith("untyped")]
        idle = ["no kill hit a posting"] if self.kills and not self.in_flight else []
        return [*ended, *untyped, *idle, *map(str, self.found.violations)]

    def figures(self) -> dict[str, int]:
        kinds = self.found.kinds
        return {
            "kills": self.kills, "in flight": self.in_flight, "in the transaction": in_transaction(self.phases),
            "server stops": self.stops, "documents": self.found.documents, "acknowledged": len(self.told.acknowledged),
            "tried again": self.told.errors.total(), "refused": len(self.told.refused), "holes": kinds["hole"],
            "duplicates": kinds["duplicate"], "lost": kinds["lost"], "fast, unused": self.found.unused,
            "wrong": len(self.wrong),
        }  # fmt: skip


def in_transaction(phases: Counter[str]) -> int:
    return phases["WRITING"] + phases["COMMITTING"]


def kills(url: str, folder: Path, number: int, *, seed: int = 1, progress: Progress = silent) -> Run:
    """At least `number` kills, a third each with 1, 4 and 16 workers, on one database."""
    make_ready(url)
    killed = []
    for workers in WORKERS:
        load = Load(url, str(folder), f"w{workers}", workers, -(-number // len(WORKERS)), seed=seed)
        killed.append(killer.run(load))
        progress(f"{workers} workers: {killed[-1].kills} kills, {killed[-1].in_flight} in flight")
    seen = told(folder)
    return Run(killed, seen, check(url, seen))


def control(url: str, folder: Path, store: str, workers: int, *, seed: int = 1) -> Run:
    """The same load on a store of broken.py: a run that finds nothing wrong has proved nothing."""
    make_ready(url)
    if store == "max_plus_one":
        database = open_database(url)
        broken.unguard(database)
        database.close()
    ran = killer.run(Load(url, str(folder), "control", workers, kills=12, documents=60, seed=seed, control=store))
    seen = told(folder)
    return Run([ran], seen, check(url, seen))


def lost_answers(url: str, folder: Path, documents: int, *, seed: int = 1) -> Run:
    """Each worker dies right after each commit, so that each answer comes of a second asking."""
    make_ready(url)
    load = Load(url, str(folder), "dies", 2, documents=documents, seed=seed, dies=True, failing=0)
    ran = killer.run(load)
    seen = told(folder)
    return Run([ran], seen, check(url, seen))


def calendar(url: str, folder: Path, number: int, *, seed: int = 1) -> Run:
    """At least `number` kills while the clock goes on and back around the end of a year."""
    make_ready(url)
    ran = killer.run(Load(url, str(folder), "days", 4, number, documents=10 * number, seed=seed, calendar=True))
    seen = told(folder)
    return Run([ran], seen, check(url, seen))


def restarts(
    server: OwnServer, url: str, folder: Path, stops: int, *, seed: int = 1, progress: Progress = silent
) -> Run:
    """The server is stopped at once and started again, while workers post and are killed."""
    make_ready(url)
    load = Load(url, str(folder), "stops", 4, kills=FOR_EVER, seed=seed)
    with killer.started(load) as process:
        for stop in range(stops):
            _posted(process, folder, 30)
            server.stop_at_once()
            server.start()
            progress(f"stop {stop + 1} of {stops}")
        _posted(process, folder, 30)
        process.terminate()
        said, _ = process.communicate(timeout=PATIENCE)
    seen = told(folder)
    return Run([killer.outcome(said)], seen, check(url, seen), stops)


def _posted(process: subprocess.Popen[str], folder: Path, more: int) -> None:
    """Wait until so many more documents are acknowledged. Errors: TimeoutError."""
    wanted, patience = len(told(folder).acknowledged) + more, time.monotonic() + PATIENCE
    while len(told(folder).acknowledged) < wanted:
        if time.monotonic() > patience or process.poll() is not None:
            raise TimeoutError(f"no {more} documents were posted in {PATIENCE} seconds, or the killer is gone")
        time.sleep(0.05)
