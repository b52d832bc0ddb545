"""What a run posts: the same documents for the same seed, in the same order for each worker."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.edge.demo.sample import samples
from engine.parametrization.catalog import Catalog
from tests.support.house import new_house

Document = dict[str, Any]

SERIES = (
    ("PARIS", "invoice"), ("MILANO", "invoice"), ("LYON", "credit_note"), ("LILLE", "proforma"), ("PARIS", "quote"),
)  # fmt: skip
"""Company and category: four series of DEMO and one of our own. The last two have no order of dates, and nothing of
them is handed over; the last is fast, so it may skip values, each of them in a register."""
QUICK = """
[[counter]]
code = "FAST"
legislation = "FRA"
mode = "fast"
component = [{ position = 1, kind = "constant", value = "Q" }, { position = 2, kind = "sequence" }]

[[invoice_type]]
code = "QUICK"
legislation = "FRA"
module = "sales"
category = "quote"
counter = "FAST"
"""
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
    found = []
    for company, category in SERIES:
        like = "proforma" if category == "quote" else category
        some = islice((one for one in samples(catalog, 4_000, seed, company) if one["category"] == like), VARIETY)
        quick = {"invoice_type": "QUICK", "category": "quote"} if category == "quote" else {}
        found.append([one | quick for one in some])
    return found


def make_ready(url: str) -> None:
    """Apply what the load needs beside DEMO."""
    with new_house(url) as house, TemporaryDirectory() as folder:
        house.apply(Path(folder), "SOAK", QUICK, requires=("DEMO",))
