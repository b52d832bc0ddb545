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


def main(rounds: int = ROUNDS, number: int = ONES) -> None:
    with houses() as made:
        for name, house in made.items():
            one_by_one(house, documents(20))
            with counted(house.database) as statements:
                one_by_one(house, documents(1))
            figures = []
            for _ in range(rounds):
                asked = documents(number)
                figures.append(timed(house, lambda: one_by_one(house, asked), number))  # noqa: B023
            own, there = (statistics.median(one) for one in zip(*figures, strict=True))
            print(
                f"{name:10} one by one   {own + there:6.2f} ms CPU a document ({own:.2f} here, {there:.2f} server), "
                f"{len(statements)} statements"
            )
            if flow.verify(house, system_context()).broken:
                raise SystemExit("verify found something")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
