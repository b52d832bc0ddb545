"""`factotum verify` over very many documents on SQLite: CPU and peak memory, each size by a process of its own.

Gate: 100,000 documents within 60 s of CPU, and no more memory than for 10,000 (RELIABILITY L6). Documents are copies of
sample documents, each numbered, hashed and linked by itself: see filled.py.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from time import process_time

from tests.bench.filled import filled


def main(*sizes: int) -> None:
    for size in sizes or (10_000, 100_000):
        with tempfile.TemporaryDirectory() as name:
            start, url = process_time(), f"sqlite:///{name}/bench.db"
            filled(url, size).database.close()
            made, held = process_time() - start, Path(name, "bench.db").stat().st_size / 1e6
            print(f"{size:,} documents, {held:.0f} MB, made in {made:.0f} s of CPU", flush=True)
            command = [sys.executable, "-m", "engine", "--database", url, "verify"]
            child = os.posix_spawn(sys.executable, command, os.environ)
            _, status, used = os.wait4(child, 0)
        if status:
            raise SystemExit(1)
        seconds, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        cost = f"{seconds:.1f} s CPU, {seconds / size * 1e6:.0f} µs a document, {memory:.0f} MB at most"
        print(f"verify: {cost}   (gate 600 µs, memory flat)", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
