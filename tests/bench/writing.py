"""Posting invoices of 10 lines: CPU per document, one by one and in batches, on SQLite and on PostgreSQL in memory.

CPU is that of this process and, on PostgreSQL, of the server's processes too (ticks of 10 ms, so runs are long enough).
Rounds of the ways are interleaved; the median of each is printed, with the statements that one posting or chunk took.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

from engine import flow
from engine.app import BuiltHouse, make_house, system_context
from tests.support import databases
from tests.support.house import invoice
from tests.support.statements import counted

ROUNDS, ONES = 5, 300
COUNTER = count()


@contextmanager
def houses() -> Iterator[dict[str, BuiltHouse]]:
    """A house on each database, DEMO applied; SQLite's file and PostgreSQL's folder lie on tmpfs where there is one."""
    databases.open_postgres_folder()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=memory))
        urls = {"sqlite": f"sqlite:///{folder}/bench.db"}
        stack.callback(databases.close_postgres_folder)
        urls["postgresql"] = stack.enter_context(databases.fresh_postgresql())
        made = {}
        for name, url in urls.items():
            house = made[name] = make_house(url)
            stack.callback(house.database.close)
            context = system_context()
            flow.apply_packs(house, context, flow.plan_packs(house, context, ["DEMO"]))
        yield made


def server_seconds() -> float:
    """CPU the server's processes have used, those that ended included."""
    try:
        pid = int((databases.server() / "data" / "postmaster.pid").read_text().split()[0])
    except (OSError, databases.PostgresUnavailable):
        return 0.0
    tick, total = os.sysconf("SC_CLK_TCK"), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if stat.parent.name == str(pid):
            total += sum(map(int, fields[11:15]))  # with its children that ended
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13]))
    return total / tick


def documents(number: int) -> list[dict[str, Any]]:
    return [invoice(10, key=f"B{next(COUNTER)}") for _ in range(number)]


def timed(house: BuiltHouse, work: Callable[[], object], number: int) -> tuple[float, float]:
    """Milliseconds of CPU for each of `number` documents: this process, the server."""
    server = server_seconds() if house.database.dialect == "postgresql" else 0.0
    start = process_time()
    work()
    own = process_time() - start
    there = server_seconds() - server if house.database.dialect == "postgresql" else 0.0
    return own / number * 1e3, there / number * 1e3


def one_by_one(house: BuiltHouse, asked: list[dict[str, Any]]) -> None:
    context = system_context()
    for one in asked:
        flow.post(house, context, one)


def in_batches(house: BuiltHouse, asked: list[dict[str, Any]]) -> None:
    for answer in flow.post_batch(house, system_context(), asked):
        if "faults" in answer:
            raise SystemExit(answer["faults"])


WAYS = {"one by one": one_by_one, "in batches": in_batches}


def calibration() -> float:
    """Milliseconds of a loop that is always the same: how fast this machine is just now."""
    start, total = process_time(), 0
    for number in range(1_000_000):
        total += number
    return (process_time() - start) * 1e3


def main(rounds: int = ROUNDS, number: int = ONES) -> None:
    print(f"{os.cpu_count()} cores; a loop of a million takes {calibration():.0f} ms")
    with houses() as made:
        figures: dict[tuple[str, str], list[tuple[float, float]]] = {}
        sent = {}
        for name, house in made.items():
            for way, work in WAYS.items():
                work(house, documents(20))
                with counted(house.database) as statements:
                    work(house, documents(1 if work is one_by_one else 500))
                sent[name, way] = len(statements)
        for _ in range(rounds):
            for name, house in made.items():
                for way, work in WAYS.items():
                    asked = documents(number if work is one_by_one else max(500, number))
                    figures.setdefault((name, way), []).append(timed(house, lambda: work(house, asked), len(asked)))  # noqa: B023
        for (name, way), found in figures.items():
            own, there = (statistics.median(one) for one in zip(*found, strict=True))
            least, most = (limit(sum(one) for one in found) for limit in (min, max))
            print(
                f"{name:10} {way}   {own + there:5.2f} ms CPU a document ({own:.2f} here, {there:.2f} server; "
                f"{least:.2f} to {most:.2f}), {sent[name, way]} statements a transaction"
            )
        for house in made.values():
            if flow.verify(house, system_context()).broken:
                raise SystemExit("verify found something")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
