"""The register of numbers: every value of a series in order, with the document it was issued to, or why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.posting.ports import Row

ISSUED, UNUSED, MISSING = "issued", "unused", "missing"


@dataclass(frozen=True, slots=True)
class Entry:
    """One value, or, where nothing is known of them, a run of values up to `last`."""

    state: str  # issued | unused: taken, and no document has it | missing: nothing tells of it
    value: int
    last: int
    row: Row  # of the document, or who took the value and the cause; empty when it is missing

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"state": self.state, "value": self.value}
        if self.last != self.value:
            told["last"] = self.last
        for name, value in self.row.items():
            if name not in ("series", "value", "hash"):
                told[name] = value.isoformat() if isinstance(value, date) else value
        return told


def register(start: int, end: int, numbers: Iterable[Row], unused: Iterable[Row]) -> Iterator[Entry]:
    """Every value from `start` to `end`, which are what the series began with and where it is now."""
    waiting = iter(unused)
    ahead = next(waiting, None)
    expected = start
    for row in _ended(numbers):
        value = end + 1 if row is None else row["value"]
        while ahead is not None and ahead["value"] < value:
            if ahead["value"] > expected:
                yield Entry(MISSING, expected, ahead["value"] - 1, {})
            yield Entry(UNUSED, ahead["value"], ahead["value"], ahead)
            expected, ahead = ahead["value"] + 1, next(waiting, None)
        if value > expected:
            yield Entry(MISSING, expected, value - 1, {})
        if row is not None:
            yield Entry(ISSUED, value, value, row)
            expected = value + 1


def _ended(numbers: Iterable[Row]) -> Iterator[Row | None]:
    yield from numbers
    yield None
