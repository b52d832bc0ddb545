"""The long form: `make soak`, or `python -m tests.soak --kills 500 --only kills restarts`.

Progress goes to stderr. The counts go to stdout as a table, and with it to build/soak.md and build/soak.json.
Exit 1 when anything is wrong, a control that found nothing included.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak import disk, runs
from tests.soak.checker import check
from tests.soak.hand_overs import Load
from tests.soak.hand_overs import run as run_hand_overs
from tests.soak.machine import posting_on
from tests.soak.mutations import filled, missed
from tests.support import databases
from tests.support.house import new_house, prepare

BUILD = Path(__file__).resolve().parents[2] / "build"
DATABASES = ("sqlite", "postgresql")
CONTROLS = (("sqlite", "number_apart", 1, "hole"), ("sqlite", "acknowledges_early", 1, "lost"),
            ("postgresql", "max_plus_one", 4, "duplicate"))  # fmt: skip
HAND_OVERS = (("embedded", "sqlite", False), ("embedded", "postgresql", True), ("procrastinate", "postgresql", True))
"""Executor, database, and whether only leases and signs of life tell that a worker is dead."""

Figures = dict[str, int]
Experiment = Callable[[argparse.Namespace], Iterator[tuple[str, Figures]]]


def shown(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


@contextmanager
def fresh(kind: str) -> Iterator[tuple[str, Path]]:
    """A database with DEMO applied, and an empty folder."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sqlite = nullcontext(databases.sqlite_url(folder))
        with sqlite if kind == "sqlite" else databases.fresh_postgresql() as url:
            prepare(url)
            yield url, folder


def kills(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    for kind in DATABASES:
        with fresh(kind) as (url, folder):
            yield kind, runs.kills(url, folder, asked.kills, seed=asked.seed, progress=shown).figures()


def answers(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    for kind in DATABASES:
        with fresh(kind) as (url, folder):
            yield kind, runs.lost_answers(url, folder, asked.kills // 5, seed=asked.seed).figures()


def calendar(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    for kind in DATABASES:
        with fresh(kind) as (url, folder):
            yield kind, runs.calendar(url, folder, asked.kills // 10, seed=asked.seed).figures()


def restarts(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    with databases.own_server() as server, TemporaryDirectory() as name:
        url = server.new_database("soak")
        prepare(url)
        ran = runs.restarts(server, url, Path(name), max(3, asked.kills // 40), seed=asked.seed, progress=shown)
        yield "postgresql", ran.figures()


def controls(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    for kind, store, workers, finds in CONTROLS:
        with fresh(kind) as (url, folder):
            ran = runs.control(url, folder, store, workers, seed=asked.seed)
        yield f"{store}, {kind}", ran.figures() | {"wrong": int(not ran.found.kinds[finds])}


def hand_overs(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    """200 deliveries of each policy, 35 kills and more, for each executor; and the control."""
    killed = max(35, asked.kills // 50)
    for executor, kind, elsewhere in HAND_OVERS:
        with fresh(kind) as (url, folder):
            long = Load(
                url, str(folder), executor, documents=200 * killed // 35, kills=killed, pauses=(0.4, 0.9), seconds=0.4,
                seed=asked.seed, elsewhere=elsewhere,
            )  # fmt: skip
            ran = run_hand_overs(long)
            yield (
                f"{executor}, {kind}",
                ran.figures() | {"wrong": len(ran.wrong) + (ran.kills < 35 or not ran.in_flight)},
            )
    with fresh("sqlite") as (url, folder):
        ran = run_hand_overs(Load(url, str(folder), "embedded", 40, 3, (0.25, 0.5), 0.4, recovery=False))
        yield "without recovery", {"kills": ran.kills, "lost": ran.lost, "wrong": int(not ran.lost)}


def mutations(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    tried = 5 * asked.kills
    with fresh("sqlite") as (url, _), new_house(url) as house:
        by_verify, by_checker = missed(filled(house), tried, asked.seed, checked=10)
    for one in (*by_verify, *by_checker):
        shown(one)
    yield "sqlite", {"bytes": tried, "missed by verify": len(by_verify), "wrong": len(by_verify) + len(by_checker)}


def full(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    with fresh("sqlite") as (url, _), new_house(url) as house:
        said = disk.without_room(house, asked.kills // 4)
        yield "sqlite", {"without room": said.total(), "wrong": len(check(url).violations) + len(house.verify())}


def machine(asked: argparse.Namespace) -> Iterator[tuple[str, Figures]]:
    template = databases.postgresql_template("demo_applied", prepare)
    examples = asked.kills // 10
    within = settings(
        max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(posting_on(_on_sqlite), settings=within)
    yield "sqlite", {"examples": examples, "wrong": 0}
    run_state_machine_as_test(posting_on(lambda folder: databases.fresh_postgresql(template)), settings=within)
    yield "postgresql", {"examples": examples, "wrong": 0}


@cache
def _demo() -> bytes:
    """A SQLite file with DEMO applied."""
    with TemporaryDirectory() as name:
        prepare(databases.sqlite_url(Path(name)))
        return (Path(name) / "factotum.db").read_bytes()


@contextmanager
def _on_sqlite(folder: Path) -> Iterator[str]:
    (folder / "factotum.db").write_bytes(_demo())
    yield databases.sqlite_url(folder)


EXPERIMENTS: dict[str, Experiment] = {
    "kills": kills, "answers": answers, "calendar": calendar, "restarts": restarts, "controls": controls,
    "hand_overs": hand_overs, "mutations": mutations, "full": full, "machine": machine,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description="Fault experiments on posting and handing over, at length."
    )
    parser.add_argument("--kills", type=int, default=2_000, help="kills on each database; the others follow it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=EXPERIMENTS, default=list(EXPERIMENTS))
    asked = parser.parse_args()
    databases.open_postgres_folder()
    rows = []
    try:
        for name in asked.only:
            rows += list(_ran(name, asked))
            write(rows, asked)
    finally:
        databases.close_postgres_folder()
    print(table(rows))
    return int(any(figures["wrong"] for _, _, figures in rows))


Ran = tuple[str, str, Figures]


def _ran(name: str, asked: argparse.Namespace) -> Iterator[Ran]:
    began = time.monotonic()
    print(name, file=sys.stderr, flush=True)
    try:
        for on, figures in EXPERIMENTS[name](asked):
            seconds, began = round(time.monotonic() - began), time.monotonic()
            shown(f"{on}: {figures}")
            yield name, on, figures | {"seconds": seconds}
    except Exception:  # the other experiments are worth their time
        traceback.print_exc()
        yield name, "", {"wrong": 1}


def write(rows: list[Ran], asked: argparse.Namespace) -> None:
    """What is known so far."""
    BUILD.mkdir(exist_ok=True)
    about = {"python": platform.python_version(), "kills asked": asked.kills, "seed": asked.seed}
    runs_ = [{"experiment": name, "on": on} | figures for name, on, figures in rows]
    (BUILD / "soak.json").write_text(json.dumps(about | {"runs": runs_}, indent=2) + "\n", encoding="utf-8")
    (BUILD / "soak.md").write_text(table(rows), encoding="utf-8")


def table(rows: list[Ran]) -> str:
    """Each figure that any run has, in the order they came."""
    names = list(dict.fromkeys(name for _, _, figures in rows for name in figures))
    lines = [["experiment", "on", *names], ["---"] * (len(names) + 2)]
    lines += [[name, on, *(str(figures.get(one, "")) for one in names)] for name, on, figures in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
