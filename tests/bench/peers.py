"""A peer on the same machine in the same run, when asked for: Tryton, in a venv of its own under build/."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Line, Sections

FOLDER = Path("build") / "peers" / "tryton"
WANTED = ("trytond==8.2.*", "trytond_account_invoice==8.2.*")
SCRIPT = Path(__file__).with_name("tryton_invoices.py")
ROUNDS, BATCH = 5, 20
OVER_SINGLE, OVER_BATCH = (200, 600), 500
"""How many times the peer's best CPU ours must be less: (gate, goal); gate in a batch."""


def tryton(ours: Sections) -> Iterator[Line]:
    """CPU of an invoice in Tryton on SQLite, and how many times that of ours on SQLite in this run."""
    try:
        told = _told()
    except (OSError, ValueError, subprocess.CalledProcessError) as problem:
        last = (getattr(problem, "stderr", "") or str(problem)).strip().splitlines()[-1:]
        yield f"  Tryton could not be measured: {' '.join(last)}"
        return
    times: Mapping[str, Mapping[str, float]] = told["ms"]
    for name, one in times.items():
        note = f"wall {one['wall']:,.0f} ms" + (f", {told['batch of']} in one" if name == "batch" else "")
        yield Figure(f"Tryton {told['version']}, {name}", one["cpu"], "ms CPU", note=note)
    single, batch = _ours(ours, "one by one"), _ours(ours, "batches")
    if single is not None:
        gate, goal = OVER_SINGLE
        times_ours = times["best, one by one"]["cpu"] / single
        yield Figure("the engine, one by one, quicker", times_ours, "×", gate=gate, goal=goal, floor=True)
    if batch is not None:
        yield Figure("the engine, in batches, quicker", times["batch"]["cpu"] / batch, "×", gate=OVER_BATCH, floor=True)


def _ours(sections: Sections, how: str) -> float | None:
    """Our CPU of a posting on SQLite, in ms."""
    for title, section in sections.items():
        if title.startswith("sqlite") and how in title and "memory" in title:
            for one in section:
                if isinstance(one, Figure) and one.name == "CPU of a posting":
                    return one.value
    return None


def _told() -> Any:
    python = FOLDER / "bin" / "python"
    if not python.exists():
        _run(sys.executable, "-m", "venv", str(FOLDER))
    _run(str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install", *WANTED)
    return json.loads(_run(str(python), str(SCRIPT.resolve()), str(ROUNDS), str(BATCH)))


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
