"""Several clients at once, as figures: each way of taking a number against the reference, in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench import sequences
from tests.bench.clients import (
    CLIENTS,
    FIRST_OF_ALL,
    ONE,
    SEPARATE,
    SEQUENCE,
    Cell,
    Crowd,
)
from tests.bench.figures import Figure, Line, of_rounds
from tests.bench.places import POSTGRESQL, Place
from tests.bench.sample import taken
from tests.bench.ways import Filled

MANY = max(CLIENTS)
RULES = 0.005
"""Seconds of simulated rules."""
OF_SEQUENCE, OF_SEQUENCE_WITH_RULES, OVER_FIRST = (60, 95), (85, 95), 5


@dataclass(slots=True)
class Series:
    """One way of taking numbers, with some clients: posts a second, round by round."""

    cell: Cell
    into: Filled
    rounds: list[float] = field(default_factory=list)
    busy: int = 0

    @property
    def name(self) -> str:
        return f"{self.cell.how}, {self.cell.clients} client{'s' * (self.cell.clients > 1)}"

    def shares_of(self, other: Series) -> list[float]:
        return [100 * own / one for own, one in zip(self.rounds, other.rounds, strict=True)]


@dataclass(slots=True)
class Together:
    """All that was measured in one place on one database."""

    dialect: str
    kind: str
    series: list[Series]
    with_rules: list[Series]
    filled: list[tuple[Filled, bool]]  # and whether its numbers have no gaps

    def curves(self) -> dict[str, list[tuple[int, float]]]:
        """How throughput goes with clients: (clients, posts a second), by way."""
        found: dict[str, list[tuple[int, float]]] = {}
        for one in self.series:
            found.setdefault(one.cell.how, []).append((one.cell.clients, statistics.median(one.rounds)))
        return found

    def figures(self) -> Iterator[Line]:
        for one in self.series:
            yield _throughput(one)
        found = {one.name: one for one in self.series}
        whole = found[f"{SEQUENCE}, {MANY} clients"]
        gate, goal = OF_SEQUENCE
        for how in (ONE, SEPARATE):
            own = found.get(f"{how}, {MANY} clients")
            limits = {"gate": gate, "goal": goal, "floor": True} if how == ONE and self.dialect == POSTGRESQL else {}
            if own is not None:
                yield of_rounds(f"{own.name}, of the sequence", own.shares_of(whole), "%", **limits)
        for one in self.with_rules:
            yield _throughput(one)
        rules = {one.cell.how: one for one in self.with_rules}
        if rules:
            shares, name = rules[ONE].shares_of(rules[SEQUENCE]), "one series, 5 ms of rules"
            gate, goal = OF_SEQUENCE_WITH_RULES
            yield of_rounds(f"{name}, of the sequence", shares, "%", floor=True, gate=gate, goal=goal)
            if FIRST_OF_ALL in rules:
                over = [one / 100 for one in rules[ONE].shares_of(rules[FIRST_OF_ALL])]
                yield of_rounds(f"{name}, against number first", over, "×", floor=True, gate=OVER_FIRST)


def _throughput(one: Series) -> Figure:
    notes = ["5 ms of rules"] * bool(one.cell.rules) + [f"{one.busy} times busy"] * bool(one.busy)
    return of_rounds(one.name, one.rounds, "posts/s", note=", ".join(notes))


def measured(place: Place, dialect: str, crowd: Crowd, clients: Sequence[int], rounds: int, seconds: float) -> Together:
    """Run every cell once in each round."""
    gapless, reference = (Filled(url, taken(url)) for url in (place.new(dialect), place.new(dialect)))
    sequences.prepare(reference.url)

    def series(how: str, number: int, rules: float = 0) -> Series:
        into = reference if how == SEQUENCE else gapless
        return Series(Cell(into.url, how, number, seconds, rules), into)

    ways = (ONE, SEPARATE, SEQUENCE)
    first = (FIRST_OF_ALL,) if dialect == POSTGRESQL else ()
    found = Together(
        dialect,
        place.kind,
        [series(how, number) for how in ways for number in clients],
        [series(how, MANY, RULES) for how in (ONE, SEQUENCE, *first)] if place.kind == "memory" else [],
        [(gapless, True), (reference, False)],
    )
    cells = [*found.series, *found.with_rules]
    for number in range(rounds):
        turn = number % len(cells)
        for one in (*cells[turn:], *cells[:turn]):
            done = crowd.run(one.cell)
            one.rounds.append(sum(each.counted for each in done) / one.cell.seconds)
            one.into.documents += sum(each.posted for each in done)
            one.busy += sum(each.busy for each in done)
    return found
