"""A figure, its gate and its goal; figures as lines of text and as plain data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a section. `low` and `high` are the least and the most that any round gave.

    Units: `value`, `low`, `high`, `gate` and `goal` are in `unit`. A figure without a gate is printed only.
    """

    name: str
    value: float
    unit: str
    gate: float | None = None
    goal: float | None = None
    floor: bool = False  # the gate is the least that will do, else the most
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "" without a gate, else goal, holds or MISSED; a gate is compared with what was measured, unrounded."""
        if self.gate is None:
            return ""
        if self.goal is not None and self._reaches(self.goal):
            return "goal"
        return "holds" if self._reaches(self.gate) else "MISSED"

    def _reaches(self, limit: float) -> bool:
        return self.value >= limit if self.floor else self.value <= limit

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, "")} | {
            "verdict": self.verdict
        }


Line = Figure | str
"""A figure of a section, or words that stand in its place."""
Sections = dict[str, list[Line]]


def of_rounds(name: str, rounds: Sequence[float], unit: str, **more: Any) -> Figure:
    """The median of several rounds, with its spread."""
    return Figure(name, statistics.median(rounds), unit, low=min(rounds), high=max(rounds), **more)


def lines(title: str, section: Sequence[Line]) -> Iterator[str]:
    """A section as a table: name, value, spread, gate and goal, verdict, note."""
    yield f"\n{title}"
    width = max((len(one.name) for one in section if isinstance(one, Figure)), default=0)
    for one in section:
        yield one if isinstance(one, str) else _row(one, width)


def _row(one: Figure, width: int) -> str:
    spread = f"{_number(one.low)} – {_number(one.high)}" if one.low is not None and one.high is not None else ""
    sign = "≥" if one.floor else "≤"
    gate = f"gate {sign} {_number(one.gate)}" if one.gate is not None else ""
    goal = f"goal {sign} {_number(one.goal)}" if one.goal is not None else ""
    row = f"  {one.name:{width}}  {_number(one.value):>8} {one.unit:10} {spread:17} {gate:11} {goal:11}"
    return f"{row} {one.verdict:6}  {one.note}".rstrip()


def _number(value: float | None) -> str:
    """Three figures, or all of a large number."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
