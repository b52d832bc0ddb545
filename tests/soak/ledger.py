"""What a worker was told, line by line, on a file of its own: the only memory that outlives a kill.

A line is {"key", "number", "id"} for an acknowledged document, {"key", "refused"} for one that faults stopped,
{"key", "error"} for a try that failed and is made again with the same key.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Ledger:
    """Appends. What `write` returned from is on the disk."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # whoever was here before died while writing

    def write(self, **line: Any) -> None:
        os.write(self._file, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


@dataclass(slots=True)
class Told:
    """What all workers of some runs were told."""

    acknowledged: list[Line] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def refusals(self) -> Counter[str]:
        return Counter(line["refused"] for line in self.refused)


def read(file: Path) -> Iterable[Line]:
    """Whole lines; one that a kill cut short says nothing, and its document is asked for again."""
    for text in file.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line


def done(file: Path) -> int:
    """How many documents of a worker are settled, one way or the other."""
    return sum("error" not in line for line in read(file)) if file.exists() else 0


def told(folder: Path) -> Told:
    """Of every ledger in a folder."""
    found = Told()
    for file in sorted(folder.glob("*.ledger")):
        for line in read(file):
            if "number" in line:
                found.acknowledged.append(line)
            elif "refused" in line:
                found.refused.append(line)
            else:
                found.errors[line["error"]] += 1
    return found
