"""What the relay needs of storage: rows that are due, claimed under a lease, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.outbox.outcomes import Outcome
from engine.spi.contracts import DocumentView, File

Row = Mapping[str, Any]
Endpoint = tuple[str, str]
"""(channel, connection)"""


@dataclass(frozen=True, slots=True)
class Health:
    """How a queue is: deliveries that are due, since when the oldest of them is, under way, workers at work on them."""

    due: int
    oldest: datetime | None
    under_way: int
    workers: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Under which a row is claimed: who, by which token, from when, until when."""

    worker: str
    token: str
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours and `sending`."""

    row: Row  # its `tries` count this one
    was: str  # its state before
    number: int  # of this try, in the log
    began: datetime  # the first try since it was last begun with
    doubtful: bool  # an earlier try may have been taken
    parked: bool  # an earlier try ended in a plugin's bug: nobody knows
    settled_at: datetime | None = None  # when a sender that died can have nothing under way any more

    @property
    def tries(self) -> int:
        return int(self.row["tries"])


class DeliveryStore(Protocol):
    def endpoints(self, now: datetime) -> Mapping[Endpoint, int]:
        """Endpoints with something due, and how much."""

    def claim(self, of: Endpoint | int, due_by: datetime, lease: Lease) -> Claimed | None:
        """The row due first of an endpoint, or a certain one if it is due; it is `sending` from now on, and logged."""

    def finish(self, claimed: Claimed, outcome: Outcome, notes: str, now: datetime) -> bool:
        """Write an outcome, if the row is still ours; with it the deliveries it makes necessary.

        One that settles the matter is written also when the row was freed and nobody has it: its try was no death.
        """

    def wait(self, claimed: Claimed, until: datetime, words: str, now: datetime) -> int:
        """Nothing was tried: the row, and all that are due for the same endpoint and company, wait. How many."""

    def cleared(self, claimed: Claimed) -> None:
        """The other side was asked and has nothing: earlier tries are no longer in doubt."""

    def renew(self, tokens: Collection[str], until: datetime) -> None:
        """Hold on to what is being sent."""

    def under_way(self) -> Sequence[Row]:
        """Every row that is `sending`: id, lease_token, lease_until, worker."""

    def free(self, delivery: int, token: str, now: datetime, words: str) -> bool:
        """A row whose sender died is due again, its last try in doubt; if that lease is still the one."""

    def view(self, document: int) -> DocumentView:
        """The posted document."""

    def keep(self, delivery: Row, now: datetime, file: File, digest: str, form: str) -> None:
        """Store a rendered file under its hash, as the row's own or beside it, as its format is."""

    def counted(self) -> Mapping[str, int]:
        """How many deliveries are in each state."""

    def health(self, now: datetime) -> Health:
        """What is due, since when, and who is at it."""

    def wake(self, connection: str, now: datetime) -> int:
        """What waits for a connection, or is tried again later, is due now. How many."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a person makes of a delivery: new values, and the audit row of it.

    `repeats`: a delivery of its own repeats it, with these values, its id among them.
    `settles`: earlier tries are no longer in doubt.
    """

    values: Row
    audited: Row
    repeats: Row | None = None
    settles: bool = False


class DeliveryBook(Protocol):
    """Deliveries as people see and change them; rows have the document's `number` besides."""

    def found(
        self, state: str = "", company: str = "", document: int | None = None, limit: int = 100, held: bool = False
    ) -> list[Row]:
        """The newest first; `held`: only those that wait for a person."""

    def one(self, delivery: int) -> Row | None: ...

    def tries(self, delivery: int) -> list[Row]:
        """The log, in order."""

    def events(self, *deliveries: int) -> list[Row]:
        """What was told of some of them afterwards, in order."""

    def change(self, delivery: int, now: datetime, decide: Callable[[Row], Change]) -> None:
        """One transaction, the row locked; what `decide` raises changes nothing."""
