"""What if: posted documents, posted again under a candidate parametrization, compared with what is stored of them.

A document keeps its value: its number is that value under the candidate's mask, its series the one it would be in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.drafting.request import read_request
from engine.kernel.faults import Fault, Faulty
from engine.parametrization.catalog import Catalog
from engine.posting.answer import answer
from engine.posting.origins import Look
from engine.posting.ports import Row, Stored
from engine.rehearsal.comparison import Difference, differences
from engine.rehearsal.rehearse import rehearse

COMPARED = ("series", "number", "invoice_type", "currency", "totals", "taxes", "due_dates", "entries")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A posted document and what would change: `differences`, or `faults` when it would now be refused."""

    id: int
    company: str
    invoice_type: str
    number: str
    date: date
    differences: tuple[Difference, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.differences or self.faults)

    @property
    def aspects(self) -> tuple[str, ...]:
        """What would change, of COMPARED; `faults` when it would be refused."""
        found = {one.path.partition(".")[0].partition("[")[0] for one in self.differences}
        return (*(name for name in COMPARED if name in found), *(["faults"] if self.faults else []))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "company": self.company, "invoice_type": self.invoice_type, "number": self.number,
            "date": self.date.isoformat(), "same": self.same,
            "differences": [one.as_json() for one in self.differences],
            "faults": [one.as_json() for one in self.faults],
        }  # fmt: skip


def replay(
    candidate: Catalog,
    documents: Iterable[Stored],
    series: Iterable[Row],
    origins: Look,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[Replayed]:
    """Each document in turn, lazily. `series` are the rows of all series, for their names."""
    names = {row["id"]: _name(row) for row in series}
    for done, stored in enumerate(documents, 1):
        yield _replayed(candidate, stored, names[stored.document["series"]], origins)
        progress(done)


def _replayed(candidate: Catalog, stored: Stored, series: str, origins: Look) -> Replayed:
    document = stored.document
    who = (document["id"], document["company"], document["invoice_type"], document["number"], document["date"])
    try:
        asked = read_request(json.loads(document["request"]))
        would_be = rehearse(candidate, asked, document["value"], origins=origins, actor=document["actor"], posted=True)
    except Faulty as refused:
        return Replayed(*who, faults=refused.faults)
    was = answer(stored) | {"series": series}
    changed = (
        one for name in COMPARED if was[name] != would_be[name] for one in differences(was[name], would_be[name], name)
    )
    return Replayed(*who, differences=tuple(changed))


def _name(row: Row) -> str:
    """As `Series.name` tells it."""
    return "/".join(part for part in (row["company"], row["counter"], row["period"]) if part)
