"""A file that came in, the states it goes through, and where such files are kept.

new → imported | dismissed        duplicate, refused: a person may still take or dismiss them

A file is posted in three steps: it is written down whose it is, which holds its identity; it is posted under a key
of its own; it is written down as what. Who is stopped in between leaves it held, and it is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from engine.kernel.faults import Fault
from engine.spi.contracts import File

NEW, IMPORTED, DUPLICATE, REFUSED, DISMISSED = "new", "imported", "duplicate", "refused", "dismissed"
STATES = (NEW, IMPORTED, DUPLICATE, REFUSED, DISMISSED)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What an importer read, as it is kept beside the file."""

    syntax: str
    request: Mapping[str, Any]
    buyer: Mapping[str, str]
    totals: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    payment_means: str = ""
    accounts: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "syntax": self.syntax, "request": dict(self.request), "buyer": dict(self.buyer),
            "totals": dict(self.totals), "warnings": list(self.warnings), "payment_means": self.payment_means,
            "accounts": [list(one) for one in self.accounts],
        }  # fmt: skip

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Found:
        return cls(
            told["syntax"], told["request"], told["buyer"], told["totals"], tuple(told["warnings"]),
            told["payment_means"], tuple((iban, bic) for iban, bic in told["accounts"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Received:
    id: int
    source: str
    source_id: str
    part: int
    file: str  # its hash
    name: str
    media_type: str
    sender: str
    subject: str
    received_at: datetime
    actor: str
    state: str = NEW
    company: str = ""
    document: int | None = None
    supplier: str = ""
    supplier_number: str = ""
    supplier_date: date | None = None
    found: Found | None = None
    faults: tuple[Fault, ...] = field(default=())
    words: str = ""

    @property
    def open(self) -> bool:
        """Whether it may still become a document."""
        return self.state != IMPORTED

    @property
    def settled(self) -> bool:
        """Whether something was said of it; else it is to be read, or being posted, or whoever did was stopped."""
        return self.state != NEW or bool(self.faults or self.words)

    @property
    def held(self) -> bool:
        """Whether it is being posted: nobody posts another one of its identity meanwhile."""
        return self.found is not None and not self.settled


class InboxStore(Protocol):
    def keep(self, received: Received, file: File) -> Received:
        """File and row in one transaction, before anything is read. What was kept before comes back unchanged."""

    def get(self, id: int) -> Received | None: ...

    def by_source(self, source: str, source_id: str, part: int = 0) -> Received | None: ...

    def parts(self, source: str, source_id: str) -> int:
        """How many files of one message are kept."""

    def listed(self, states: Sequence[str], company: str = "") -> Iterator[Received]:
        """In order of arrival."""

    def unread(self, limit: int, before: datetime) -> list[Received]:
        """Kept and not read, or held since before that: whoever read or posted them was stopped."""

    def change(self, was: Received, now: Received, at: datetime) -> bool:
        """Write what became of it, if nobody else did in between (its state is still what it was).

        That it was posted is true whatever else was written in between, and is written always.
        """

    def claim(
        self, was: Received, now: Received, at: datetime, twice: Callable[[Received], Received] | None, posted: bool
    ) -> Received | None:
        """Write `now`, or what `twice` makes of another one with the same bytes, or the same supplier, number and date.

        One at a time for each company, so of two that come at once one sees the other. `posted` is whether only one
        that was posted, or is being posted, counts; else also one that waits. Without `twice` nobody asks.
        What was written; None when the row is no longer as it was.
        """

    def archived(self, digest: str) -> bool:
        """Whether its content lies in the archive only."""

    def put_back(self, digest: str, content: bytes) -> None:
        """Its content lies here again, as if it had never been archived."""

    def content(self, digest: str) -> Row | None:
        """The row of a file: content, name, media_type, archive, place, archived_at; None when there is none."""

    def posted(self, company: str, number: str, on: date) -> list[Row]:
        """Purchases posted with this supplier number and date: id, key, number, content, request."""
