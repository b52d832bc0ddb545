"""Everybody who writes the sample's rows, each in a database of its own, one by one and in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from engine import flow
from engine.app import BuiltHouse, open_house, system_context
from tests.bench import checks, places
from tests.bench.alchemy import Core, Orm
from tests.bench.places import POSTGRESQL, Place
from tests.bench.raw import PostgresRaw, SqliteRaw, Writer
from tests.bench.rounds import Way, Work
from tests.bench.sample import Sample, copies, taken

ENGINE, DRY_RUN, BATCH = "engine: flow.post", "engine: dry run", "engine: flow.post_batch"
CHUNK = 500
CONTEXT = system_context()


@dataclass(slots=True)
class Filled:
    """A database, and how many documents it should hold: the sample, and what was written since."""

    url: str
    sample: Sample
    documents: int = 1
    ids: count[int] = field(default_factory=count)

    def wrong(self, gapless: bool = True) -> list[str]:
        """What SQL finds missing or wrong."""
        return checks.wrong(self.url, self.sample, self.documents, gapless)


@dataclass(frozen=True, slots=True)
class Ways:
    single: dict[str, Way]
    batch: dict[str, Way]
    filled: list[Filled]

    def fill(self, url: str) -> Filled:
        """Begin with the sample, which makes series and ids."""
        self.filled.append(Filled(url, taken(url)))
        return self.filled[-1]

    def limit(self, ways: dict[str, Way]) -> Way:
        """The quickest driver."""
        return min((way for name, way in ways.items() if name.startswith("raw")), key=lambda way: way.median("wall"))


def ways(place: Place, dialect: str, closing: ExitStack, single: int, batch: int) -> Ways:
    """`single` documents a round one by one, `batch` in one transaction; closed with `closing`."""
    found = Ways({}, {}, [])
    for make in writers(dialect):
        mine = found.fill(place.new(dialect))
        writer = make(mine.url, mine.sample)
        closing.callback(writer.close)
        found.single[writer.name] = Way(writer.name, _one_by_one(writer, mine), single)
        found.batch[writer.name] = Way(writer.name, _at_once(writer, mine), batch)
    mine = found.fill(place.new(dialect))
    house = open_house(mine.url)
    closing.callback(house.database.close)
    found.single[ENGINE] = Way(ENGINE, _posting(house, mine), single)
    found.single[DRY_RUN] = Way(DRY_RUN, _planning(house, mine), single)
    if post_batch() is not None:
        found.batch[BATCH] = Way(BATCH, _in_batches(house, mine), batch)
    return found


def writers(dialect: str) -> Iterable[Callable[[str, Sample], Writer]]:
    if dialect == POSTGRESQL:
        return (
            lambda url, sample: PostgresRaw(url, sample, "executemany"),
            lambda url, sample: PostgresRaw(url, sample, "COPY"),
            Core,
            Orm,
        )
    return (SqliteRaw, Core, Orm)


def post_batch() -> Callable[..., Any] | None:
    """The engine's posting of many documents in few transactions, once it is there."""
    return getattr(flow, "post_batch", None)


def _one_by_one(writer: Writer, into: Filled) -> Callable[[int], Work]:
    def prepare(number: int) -> Work:
        start = into.documents
        groups = [writer.ready([one]) for one in copies(into.sample, start, number)]

        def work() -> None:
            for one in groups:
                writer.write(one)
            into.documents += number

        return work

    return prepare


def _at_once(writer: Writer, into: Filled) -> Callable[[int], Work]:
    def prepare(number: int) -> Work:
        group = writer.ready(copies(into.sample, into.documents, number))

        def work() -> None:
            writer.write(group)
            into.documents += number

        return work

    return prepare


def requests(into: Filled, number: int) -> list[dict[str, Any]]:
    return [places.document(f"bench-{next(into.ids)}") for _ in range(number)]


def _posting(house: BuiltHouse, into: Filled) -> Callable[[int], Work]:
    def prepare(number: int) -> Work:
        asked = requests(into, number)

        def work() -> None:
            for one in asked:
                flow.post(house, CONTEXT, one)
            into.documents += number

        return work

    return prepare


def _planning(house: BuiltHouse, into: Filled) -> Callable[[int], Work]:
    def prepare(number: int) -> Work:
        asked = requests(into, number)

        def work() -> None:
            for one in asked:
                flow.post(house, CONTEXT, one, dry_run=True)

        return work

    return prepare


def _in_batches(house: BuiltHouse, into: Filled) -> Callable[[int], Work]:
    post = post_batch()

    def prepare(number: int) -> Work:
        asked = requests(into, number)

        def work() -> None:
            assert post is not None
            for answer in post(house, CONTEXT, asked, chunk=CHUNK):
                if "faults" in answer:
                    raise SystemExit(str(answer["faults"]))
            into.documents += number

        return work

    return prepare
