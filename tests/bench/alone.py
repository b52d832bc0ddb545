"""One client: the limit, SQLAlchemy and the engine on one database, as figures with gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from engine import flow
from engine.app import open_house
from tests.bench import places, ways
from tests.bench.counting import Asked, asked
from tests.bench.figures import Figure, Line, of_rounds
from tests.bench.places import POSTGRESQL, SQLITE, Place
from tests.bench.rounds import Way, interleave
from tests.bench.ways import BATCH, CHUNK, CONTEXT, DRY_RUN, ENGINE, Filled, Ways

SHARES = {SQLITE: (18, 30), POSTGRESQL: (40, 60)}
"""Percent of the limit's speed, one by one: (gate, goal)."""
BATCH_SHARES = (30, 50)
OVER_ORM = (2.5, 4)
STATEMENTS, BATCH_STATEMENTS, ROUND_TRIPS = (10, 8), (16, None), 3
CPU, BATCH_CPU = 5, 2
"""Milliseconds of CPU a posting may take, the server's included."""
WARM = 8
"""Postings after which psycopg has prepared its statements; preparing one costs a wait of its own."""
NOT_THERE = "  engine: flow.post_batch is not there yet"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    rounds: int
    single: int  # documents in a round, one by one
    batch: int  # documents in a batch
    batches: int  # rounds of batches


def measured(place: Place, dialect: str, sizes: Sizes) -> tuple[dict[str, list[Line]], list[Filled]]:
    """Sections of one dialect, and the databases that were filled."""
    with ExitStack() as closing:
        found = ways.ways(place, dialect, closing, sizes.single, sizes.batch)
        interleave(list(found.single.values()), sizes.rounds)
        sections = {f"{dialect}, one by one, {sizes.rounds} rounds of {sizes.single}": single(found, dialect)}
        if sizes.batches:
            interleave(list(found.batch.values()), sizes.batches)
            sections[f"{dialect}, batches of {sizes.batch}, {sizes.batches} rounds"] = batch(found, dialect)
    return sections, found.filled


def printed_only(place: Place, dialect: str, sizes: Sizes) -> tuple[list[Line], list[Filled]]:
    """Limit and engine, one by one, without gates: for a disk, whose flushes say more of the disk than of us."""
    with ExitStack() as closing:
        found = ways.ways(place, dialect, closing, sizes.single, sizes.batch)
        some = [way for name, way in found.single.items() if name.startswith(("raw", ENGINE))]
        interleave(some, sizes.rounds)
    return [_time(way) for way in some], found.filled


def single(found: Ways, dialect: str) -> list[Line]:
    made, limit = found.single, found.limit(found.single)
    engine, dry, orm, core = made[ENGINE], made[DRY_RUN], made["SQLAlchemy ORM, unit of work"], made["SQLAlchemy Core"]
    gate, goal = SHARES[dialect]
    spent = [one / 1e3 for one in engine.all("cpu")]
    writing = [(whole - rules) / 1e3 for whole, rules in zip(engine.all("cpu"), dry.all("cpu"), strict=True)]
    faster = [one / 100 for one in engine.shares_of(orm)]
    writing_faster = [one / 1e3 / own for one, own in zip(orm.all("cpu"), writing, strict=True)]
    return [
        *map(_time, made.values()),
        _share("engine, of the best driver", engine, limit, gate, goal),
        of_rounds("the same in CPU", engine.shares_of(limit, "cpu"), "%"),
        of_rounds("Core, of the best driver", core.shares_of(limit), "%"),
        of_rounds("engine with all checks, against ORM", faster, "×", floor=True, gate=OVER_ORM[0], goal=OVER_ORM[1]),
        of_rounds("Core, against ORM", [one / 100 for one in core.shares_of(orm)], "×"),
        of_rounds("CPU of a posting", spent, "ms", gate=CPU, note=_parts(engine)),
        of_rounds("of it beyond a dry run", writing, "ms", note="about what writing takes"),
        of_rounds("writing alone, against ORM, in CPU", writing_faster, "×"),
    ]


def batch(found: Ways, dialect: str) -> list[Line]:
    made = found.batch
    limit = made["raw: psycopg COPY"] if dialect == POSTGRESQL else found.limit(made)
    times: list[Line] = [*map(_time, made.values())]
    if BATCH not in made:
        return [*times, of_rounds("Core, of the limit", made["SQLAlchemy Core"].shares_of(limit), "%"), NOT_THERE]
    engine = made[BATCH]
    return [
        *times,
        _share(f"engine, of {limit.name}", engine, limit, *BATCH_SHARES),
        of_rounds("the same in CPU", engine.shares_of(limit, "cpu"), "%"),
        of_rounds("Core, of the limit", made["SQLAlchemy Core"].shares_of(limit), "%"),
        of_rounds(
            "CPU of a posting", [one / 1e3 for one in engine.all("cpu")], "ms", gate=BATCH_CPU, note=_parts(engine)
        ),
    ]


def _time(way: Way) -> Figure:
    return of_rounds(way.name, way.all("wall"), "µs", note=_parts(way))


def _parts(way: Way) -> str:
    return f"CPU {way.median('client'):,.0f} µs here, {way.median('server'):,.0f} µs in the server"


def _share(name: str, engine: Way, limit: Way, gate: float, goal: float) -> Figure:
    return of_rounds(name, engine.shares_of(limit), "%", floor=True, gate=gate, goal=goal, note=f"of {limit.name}")


# --- statements -----------------------------------------------------------------------------------------------------


def statements(place: Place, dialect: str) -> list[Line]:
    """What a posting asks of the database, in a process that has posted before: exact, however busy the machine is."""
    house = open_house(place.new(dialect))

    def post(key: str, lines: int = places.LINES) -> Callable[[], object]:
        document = places.document(key, lines=lines)
        return lambda: flow.post(house, CONTEXT, document)

    def of(key: str, lines: int = places.LINES) -> Asked:
        return asked(house.database, post(key, lines))

    for number in range(WARM):
        post(f"warm-{number}")()
        post("")()
    by_lines = {lines: of(f"lines-{lines}", lines) for lines in (1, places.LINES, 200)}
    found: list[Line] = [*_asked("of a posting", of(""), STATEMENTS), *_asked("with a key", of("k"), STATEMENTS)]
    growth = max(one.statements for one in by_lines.values()) - min(one.statements for one in by_lines.values())
    found.append(Figure("growth from 1 to 200 lines", growth, "statements", gate=0))
    posting = ways.post_batch()
    if posting is None:
        found.append(NOT_THERE)
    else:
        many = [places.document(f"batch-{number}") for number in range(2 * CHUNK)]
        list(posting(house, CONTEXT, many[:CHUNK], chunk=CHUNK))
        sent = asked(house.database, lambda: list(posting(house, CONTEXT, many[CHUNK:], chunk=CHUNK)))
        found += _asked(f"of a batch of {CHUNK}", sent, BATCH_STATEMENTS)
    house.database.close()
    return found


def _asked(name: str, sent: Asked, limits: tuple[float, float | None]) -> Iterator[Line]:
    yield Figure(name, sent.statements, "statements", gate=limits[0], goal=limits[1])
    if sent.round_trips is not None:
        yield Figure(f"{name}: waits for the server", sent.round_trips, "times", note=f"goal ≤ {ROUND_TRIPS} for one")
