"""Throughput against clients, as a picture.

Drawn by typst, which the product needs anyway: a plotting library would bring a dozen packages for one picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typst

from tests.bench.together import Together

TEMPLATE = Path(__file__).with_name("clients.typ")
RESOLUTION = 160


def draw(found: Sequence[Together], words: str, target: Path) -> None:
    """A panel for each database. `words` say what machine it was."""
    data = {
        "title": "Posting invoices of 10 lines: posts a second, by clients",
        "words": words,
        "panels": [_panel(one) for one in found if len({each.cell.clients for each in one.series}) > 1],
    }
    picture = typst.compile(
        TEMPLATE, format="png", ppi=RESOLUTION, sys_inputs={"data": json.dumps(data)}, ignore_system_fonts=True
    )
    assert isinstance(picture, bytes)  # one page
    target.write_bytes(picture)


def _panel(one: Together) -> dict[str, Any]:
    curves = one.curves()
    most = max(rate for points in curves.values() for _, rate in points)
    step = _step(most)
    ticks = [step * number for number in range(math.ceil(most / step) + 1)]
    return {
        "title": f"{one.dialect}, {one.kind}",
        "clients": sorted({clients for points in curves.values() for clients, _ in points}),
        "most": ticks[-1],
        "ticks": ticks,
        "curves": [{"name": name, "points": points} for name, points in curves.items()],
    }


def _step(most: float) -> int:
    """A round distance between ticks, so that there are at most seven."""
    power: int = 10 ** max(math.floor(math.log10(max(most, 1))) - 1, 0)
    return next(step * power for step in (1, 2, 5, 10, 20) if most <= 6 * step * power)
