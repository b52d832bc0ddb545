"""Ways to do the same, measured in turns: wall time, CPU of this process, CPU of the PostgreSQL server."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.machine import server_seconds

Work = Callable[[], object]


@dataclass(slots=True)
class Way:
    """One way. `prepare(n)` makes ready n documents, untimed, and gives what writes them."""

    name: str
    prepare: Callable[[int], Work]
    documents: int  # in a round
    rounds: list[Spent] = field(default_factory=list)

    def median(self, part: str) -> float:
        """Microseconds of one document: `wall`, `client`, `server` or `cpu`, which is both."""
        return statistics.median(self.all(part))

    def all(self, part: str) -> list[float]:
        return [getattr(spent, part) for spent in self.rounds]

    def shares_of(self, limit: Way, part: str = "wall") -> list[float]:
        """Percent of the limit's speed that this way reaches, round by round."""
        return [100 * one / own for one, own in zip(limit.all(part), self.all(part), strict=True)]


@dataclass(frozen=True, slots=True)
class Spent:
    """Microseconds of one document."""

    wall: float
    client: float
    server: float

    @property
    def cpu(self) -> float:
        return self.client + self.server


def interleave(ways: Sequence[Way], rounds: int) -> None:
    """Each round runs every way once, beginning with another one each time, so that all meet the same machine."""
    for way in ways:
        way.prepare(min(way.documents, 3))()  # statements are compiled, files are opened
    for number in range(rounds):
        turn = number % len(ways)
        for way in (*ways[turn:], *ways[:turn]):
            work = way.prepare(way.documents)
            gc.collect()
            server, client, wall = server_seconds(), time.process_time(), time.perf_counter()
            work()
            wall, client = time.perf_counter() - wall, time.process_time() - client
            unit = 1e6 / way.documents
            way.rounds.append(Spent(wall * unit, client * unit, (server_seconds() - server) * unit))
