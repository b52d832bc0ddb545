"""What one worker hands over: deliveries a second, whether a backlog slows it, what a dead channel costs the others.

    rate      one worker, a channel that does nothing, no file           gate 100/s on PostgreSQL, 60/s on SQLite
    backlog   100,000 deliveries drained (--backlog, --quick)            gate: the last tenth at half the pace of the
                                                                         first or better, memory flat
    dead      an endpoint that never answers, beside one that works      the other's pace with and without it

Rows are copies of one delivery of one document, so the time is the worker's. `python -m tests.bench.deliveries`
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import delete, insert

from engine import flow
from engine.kernel.clock import SystemClock
from engine.outbox.executors import CONCURRENCY
from engine.spi import Parcel, PluginContext, Receipt
from engine.spi.host import Plugins
from engine.storage import tables
from tests.bench.machine import described
from tests.support import databases
from tests.support.fakes import FixedClock, MemoryChannel, PlainFormat
from tests.support.house import House, invoice, prepare

GATES = {"sqlite": 60, "postgresql": 100}
SLOWER, MEMORY = 2.0, 300
"""At most: the first tenth's pace over the last's; megabytes."""
ROOT = Path(__file__).resolve().parents[2]


class Nothing(MemoryChannel):
    """Takes everything at once, and keeps nothing."""

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        return Receipt("taken")


class Dead(MemoryChannel):
    """Never answers."""

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        threading.Event().wait()
        raise AssertionError


def opened(url: str) -> House:
    plugins = Plugins({"facturx": PlainFormat("facturx")}, {"email": Nothing("email"), "dead": Dead("dead")})
    return House(url, plugins, FixedClock(SystemClock().now()))


def fill(url: str, count: int, dead: int = 0) -> None:
    """So many deliveries that are due, and nothing else."""
    house = opened(url)
    house.connect()
    house.connect("GRAVE", "dead")
    if not house.rows(tables.document):
        house.post(invoice())
    table, first = tables.delivery, house.rows(tables.delivery)[0]
    with house.database.write() as connection:
        for one in (tables.delivery_attempt, tables.delivery):
            connection.execute(delete(one))
        fresh = first | {"state": "pending", "tries": 0, "format": "", "lease_until": None, "lease_token": None}
        rows = [fresh | {"id": number + 1} for number in range(count)]
        rows += [fresh | {"id": count + number + 1, "channel": "dead", "connection": "GRAVE"} for number in range(dead)]
        for place in range(0, len(rows), 5000):
            connection.execute(insert(table), rows[place : place + 5000])
    with house.database.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    house.close()


def worked(url: str, count: int, concurrency: int, executor: str = "embedded") -> dict[str, Any]:
    """In a process of its own: seconds at each tenth of `count`, megabytes at the first and at the end."""
    command = [sys.executable, "-m", "tests.bench.deliveries", "--work", url, str(count), str(concurrency), executor]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def work(url: str, count: int, concurrency: int, executor: str) -> None:
    house, stop = opened(url), threading.Event()
    lock, done = threading.Lock(), 0
    marks: list[float] = []
    memory: list[float] = []
    began = time.perf_counter()

    def progress() -> None:
        nonlocal done
        with lock:
            done += 1
            if done % max(count // 10, 1) == 0:
                marks.append(time.perf_counter() - began)
                memory.append(resident())
            if done >= count:
                stop.set()

    threading.Thread(
        target=lambda: flow.worker(
            house, house.context, executor, concurrency=concurrency, stop=stop, progress=progress
        ),
        daemon=True,
    ).start()
    stop.wait()
    print(json.dumps({"marks": marks, "memory": memory}), flush=True)
    os._exit(0)  # a dead channel would keep us


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def database(kind: str) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        if kind == "sqlite":
            url = databases.sqlite_url(Path(folder))
            prepare(url)
            yield url
        else:
            with databases.fresh_postgresql() as url:
                prepare(url)
                yield url


def rate(kind: str, url: str, count: int) -> bool:
    fill(url, count)
    found = {lanes: count / worked(url, count, lanes)["marks"][-1] for lanes in (1,)}
    fill(url, count)
    found[CONCURRENCY] = count / worked(url, count, CONCURRENCY)["marks"][-1]
    told = ", ".join(f"{pace:.0f}/s with {lanes} at once" for lanes, pace in found.items())
    print(f"{kind}: {told}   (gate {GATES[kind]}/s)", flush=True)
    return max(found.values()) >= GATES[kind]


def backlog(kind: str, url: str, count: int) -> bool:
    fill(url, count)
    told = worked(url, count, CONCURRENCY)
    marks, memory = told["marks"], told["memory"]
    slower = (marks[-1] - marks[-2]) / marks[0]
    print(
        f"{kind}: backlog of {count:,}: {count / marks[-1]:.0f}/s, the last tenth takes {slower:.2f} times the first, "
        f"memory {memory[0]:.0f} MB after the first, {memory[-1]:.0f} MB at the end   (gate {SLOWER:.0f} times, "
        f"{MEMORY} MB)", flush=True,
    )  # fmt: skip
    return slower <= SLOWER and memory[-1] < MEMORY and memory[-1] < 1.2 * memory[0] + 10


def dead(kind: str, url: str, count: int) -> bool:
    fill(url, count)
    alone = count / worked(url, count, CONCURRENCY)["marks"][-1]
    fill(url, count, dead=count)
    beside = count / worked(url, count, CONCURRENCY)["marks"][-1]
    print(f"{kind}: {alone:.0f}/s alone, {beside:.0f}/s beside a channel that never answers   (gate half)", flush=True)
    return beside >= alone / 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.deliveries", description="What one worker hands over.")
    parser.add_argument("--quick", action="store_true", help="a twentieth")
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--on", nargs="+", choices=GATES, default=list(GATES))
    parser.add_argument("--only", nargs="+", choices=["rate", "backlog", "dead"], default=["rate", "backlog", "dead"])
    parser.add_argument("--work", nargs=4, metavar="…", help=argparse.SUPPRESS)
    asked, _ = parser.parse_known_args()  # `make bench ARGS=…` is for other figures, too
    if asked.work:
        url, count, concurrency, executor = asked.work
        work(url, int(count), int(concurrency), executor)
    few, many = (500, asked.backlog // 20) if asked.quick else (3000, asked.backlog)
    databases.open_postgres_folder()
    print(json.dumps(described()), file=sys.stderr)
    held = True
    try:
        for kind in asked.on:
            with database(kind) as url:
                for name in asked.only:
                    figure = {"rate": rate, "backlog": backlog, "dead": dead}[name]
                    held &= figure(kind, url, many if name == "backlog" else few)
    finally:
        databases.close_postgres_folder()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
