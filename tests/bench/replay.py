"""Replay: posted documents, posted again under a candidate in memory."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine import flow
from engine.app import make_house, system_context
from engine.edge.demo.sample import samples
from tests.bench.figures import Figure, Line, lines


def figures(count: int = 2_000) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:  # noqa: S108
        house, context = make_house(f"sqlite:///{name}/bench.db"), system_context()
        flow.apply_packs(house, context, flow.plan_packs(house, context, ["DEMO"]))
        start = time.process_time()
        for answer in flow.post_many(house, context, samples(house.catalog(), count, 1)):
            if "faults" in answer:
                raise SystemExit(answer["faults"])
        posted = time.process_time() - start
        yield Figure("posting samples, one by one", posted / count * 1e3, "ms CPU")
        start = time.process_time()
        changed = sum(not one.same for one in flow.replay(house, context, ["DEMO"]))
        replayed = time.process_time() - start
        yield Figure("replay", replayed / count * 1e3, "ms CPU", gate=6, note=f"{changed} of {count} differ")


if __name__ == "__main__":
    print("\n".join(lines("samples, replayed", list(figures(*map(int, sys.argv[1:]))))))
