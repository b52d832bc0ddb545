"""Client processes that post at the same time: on one gapless series, on separate series, and on a reference.

Each client has a process of its own. Those of one cell stand at a line until all are ready, are told one moment to
begin (perf_counter is one clock for all processes), and post until the time is over; what comes later does not count.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import Connection, text

from engine import flow
from engine.app import BuiltHouse, system_context
from engine.kernel.errors import EngineError
from engine.storage.database import open_database
from tests.bench import places
from tests.bench.sequences import SequenceHouse

CLIENTS = (1, 2, 4, 8)
ONE, SEPARATE, SEQUENCE, FIRST_OF_ALL = "one series", "separate series", "database sequence", "number first"
LEAD = 0.03
"""Seconds between the word and the start, for the word to reach everybody."""
PATIENCE = 60
"""Seconds to wait for a client to end."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What some clients do for some seconds; `rules` are seconds of sleep before each posting."""

    url: str
    how: str
    clients: int
    seconds: float
    rules: float = 0


@dataclass(frozen=True, slots=True)
class Done:
    counted: int  # within the time
    posted: int  # in all
    busy: int  # refused because the database was


class Client:
    """In its own process: opens each database once, and answers cells one after another."""

    def __init__(self, place: int, line: Callable[[], float]) -> None:
        self._place, self._line = place, line
        self._houses: dict[tuple[str, bool], BuiltHouse] = {}
        self._keys, self._context = count(), system_context()

    def run(self, cell: Cell) -> Done:
        house = self._house(cell)
        with ExitStack() as closing:
            lock = None
            if cell.how == FIRST_OF_ALL:
                lock = closing.enter_context(house.database.read())
            posted = int(self._post(house, cell, lock))  # rules are compiled, ids are at hand
            start = self._line()
            end = start + cell.seconds
            counted = busy = 0
            time.sleep(max(start - time.perf_counter(), 0))
            while time.perf_counter() < end:
                done = self._post(house, cell, lock)
                posted += done
                busy += not done
                counted += done and time.perf_counter() <= end
        return Done(counted, posted, busy)

    def _post(self, house: BuiltHouse, cell: Cell, lock: Connection | None) -> bool:
        company = 1 + self._place if cell.how == SEPARATE else 1
        document = places.document(f"client-{self._place}-{next(self._keys)}", company)
        with _held(lock) if lock is not None else nullcontext():
            if cell.rules:
                time.sleep(cell.rules)
            try:
                flow.post(house, self._context, document)
            except EngineError as error:
                if error.code != "database_busy":
                    raise
                return False
        return True

    def _house(self, cell: Cell) -> BuiltHouse:
        reference = cell.how == SEQUENCE
        found = self._houses.get((cell.url, reference))
        if found is None:
            found = (SequenceHouse if reference else BuiltHouse)(open_database(cell.url))
            self._houses[cell.url, reference] = found
        return found

    def close(self) -> None:
        for house in self._houses.values():
            house.database.close()


@contextmanager
def _held(connection: Connection) -> Iterator[None]:
    """As if the number were taken, and its series locked, before the rules run."""
    connection.execute(text("SELECT pg_advisory_lock(1)"))
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(1)"))


def serve(place: int, pipe: Pipe) -> None:
    """A client's life: a cell comes in, "ready" goes out, the start comes in, what was done goes out; None ends it."""

    def line() -> float:
        pipe.send(None)
        start: float = pipe.recv()
        return start

    client = Client(place, line)
    while (cell := pipe.recv()) is not None:
        try:
            pipe.send(client.run(cell))
        except Exception as problem:
            pipe.send(f"{type(problem).__name__}: {problem}")
    client.close()


class Crowd:
    """Eight client processes, started once."""

    def __init__(self, most: int = max(CLIENTS)) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipes: list[Any] = []
        self._processes = []
        for place in range(most):
            here, there = spawning.Pipe()
            process = spawning.Process(target=serve, args=(place, there), daemon=True)
            process.start()
            there.close()
            self._pipes.append(here)
            self._processes.append(process)

    def run(self, cell: Cell) -> Sequence[Done]:
        """What each client did."""
        pipes = self._pipes[: cell.clients]
        _told(pipes, cell)
        if any(problems := [pipe.recv() for pipe in pipes]):
            raise SystemExit(f"{cell.how}, {cell.clients} clients: {next(filter(None, problems))}")
        _told(pipes, time.perf_counter() + LEAD)
        found = [pipe.recv() for pipe in pipes]
        for one in found:
            if not isinstance(one, Done):
                raise SystemExit(f"{cell.how}, {cell.clients} clients: {one}")
        return found

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(PATIENCE)


def _told(pipes: Iterable[Any], word: object) -> None:
    for pipe in pipes:
        pipe.send(word)
