"""A file that came in, the states it goes through, and where such files are kept.

new → imported | dismissed        duplicate, refused: a person may still take or dismiss them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class InboxStore(Protocol):
    def keep(self, received: Received, file: File) -> Received:
        """File and row in one transaction, before anything is read. What was kept before comes back unchanged."""

    def get(self, id: int) -> Received | None: ...

    def by_source(self, source: str, source_id: str, part: int = 0) -> Received | None: ...

    def parts(self, source: str, source_id: str) -> int:
        """How many files of one message are kept."""

    def listed(self, states: Sequence[str], company: str = "") -> Iterator[Received]:
        """In order of arrival."""

    def unread(self, limit: int) -> list[Received]:
        """Kept, and not read: whoever read them was stopped."""

    def change(self, was: Received, now: Received, at: datetime) -> bool:
        """Write what became of it, if nobody else did in between (its state is still what it was)."""

    def content(self, digest: str) -> Row | None:
        """The row of a file: content, name, media_type, archive, place, archived_at; None when there is none."""

    def same_file(self, digest: str, company: str, but: int) -> Received | None:
        """An earlier one with the same bytes that was not dismissed or refused."""

    def same_document(
        self, company: str, supplier: str, number: str, on: date | None, but: int
    ) -> Received | None:  # fmt: skip
        """An earlier one from the same supplier with the same number and date, not dismissed or refused."""

    def posted(self, company: str, number: str, on: date) -> list[Row]:
        """Purchases posted with this supplier number and date: id, number, content."""
