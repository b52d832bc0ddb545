"""What a run posts: the same documents for the same seed, in the same order for each worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from engine.edge.demo.sample import samples
from engine.parametrization.catalog import Catalog

Document = dict[str, Any]

SERIES = (("PARIS", "invoice"), ("MILANO", "invoice"), ("LYON", "credit_note"), ("LILLE", "proforma"))
"""Company and category: four series of DEMO. The last is not chronological, and nothing of it is handed over."""
DAY = date(2026, 6, 1)
SHARED = 7
"""Each seventh document is one that all workers post, with one key."""
VARIETY = 40
"""Different documents of each series."""


@dataclass(frozen=True, slots=True)
class Load:
    """One run, as a killer is told it.

    Units: pauses between two kills in milliseconds; `failing` is the share of postings that break after their number
    was taken. A run ends after so many `kills` and so many `documents`, or by a signal.
    """

    url: str
    folder: str
    name: str
    workers: int
    kills: int = 0
    documents: int = 0
    seed: int = 1
    failing: float = 0.05
    pauses: tuple[int, int] = (50, 250)
    control: str = ""  # a store of broken.py
    dies: bool = False  # each worker ends itself between commit and answer
    calendar: bool = False  # the day changes on the way, back and over the year's end

    def write(self) -> Path:
        file = Path(self.folder) / f"{self.name}.load.json"
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return file

    @classmethod
    def read(cls, file: Path) -> Load:
        data = json.loads(file.read_text(encoding="utf-8"))
        return cls(**data | {"pauses": tuple(data["pauses"])})

    def ledger(self, slot: int) -> Path:
        return Path(self.folder) / f"{self.name}-{slot}.ledger"

    def document(self, catalog: Catalog, slot: int, index: int, day: date) -> Document:
        """The `index`-th document of a worker, dated `day`."""
        shared = index % SHARED == 0 and not self.calendar  # of one content, so of one day
        place = index if shared else index + slot
        kinds = _kinds(catalog, self.seed)
        kind = kinds[place % len(kinds)]
        document = kind[place // len(kinds) % len(kind)]
        dated = {name: day.isoformat() for name in ("date", "supply_date") if name in document}
        owner = "all" if shared else slot
        return document | dated | {"key": f"{self.name}-{owner}-{index}"}


@cache
def _kinds(catalog: Catalog, seed: int) -> list[list[Document]]:
    """Sample documents of each series. The catalog of a process does not change under a load."""
    return [
        list(islice((one for one in samples(catalog, 4_000, seed, company) if one["category"] == category), VARIETY))
        for company, category in SERIES
    ]
