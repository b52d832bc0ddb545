"""What came back undelivered: what each report leads to, and until when a better address is waited for.

    sent → bounced softly → sent again, twice at most → bounced for good → open
    corrected, posted → open, when what took its place was refused, too, or given up
    open → corrected (sent to another address) · posted (a letter, after the deadline) · left (nobody posts for us)
         · delivered (a later report says that it arrived: a letter that is not yet sent is cancelled)

Pure, but for the store it describes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engine.outbox.outcomes import LISTS
from engine.spi.contracts import DeliveryEvent, EventKind

Row = Mapping[str, Any]
OPEN, CORRECTED, POSTED, DELIVERED, LEFT = "open", "corrected", "posted", "delivered", "left"
CORRECTABLE = frozenset({OPEN, POSTED, LEFT})
"""A letter that was posted does not forbid to mend the address."""
SOFT_TRIES, SOFT_PAUSE = 2, timedelta(hours=4)
"""How often mail that bounced softly is sent again, and after which pause."""
REFUSED, COPY_REFUSED = "refused:", "refused-copy:"
"""How the ids of our own events begin: refused by the server at once, while the relay handed it over."""
COPIES = ("copies", "hidden_copies")
MOST_RECIPIENT = 254
"""Signs of a recipient that a task holds."""
FOR_GOOD = frozenset({EventKind.BOUNCED_HARD, EventKind.REJECTED, EventKind.RETURNED, EventKind.FAILED})


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an event leads to: a task with a deadline, a new delivery, or an old task that is done."""

    task: Row | None = None
    again: Row | None = None
    arrived: str = ""  # the recipient whose task is done


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person makes of mail that did not arrive: whom a delivery of its own, `id`, goes to, and the audit row."""

    id: int
    lists: Mapping[str, Sequence[str]]
    audited: Row


class MessageStore(Protocol):
    def delivery(self, id: int) -> Row | None:
        """A delivery row."""

    def document(self, delivery: Row) -> Row:
        """The document row of a delivery."""

    def events(self, delivery: int) -> Sequence[Row]:
        """What was reported on a delivery, in order of time."""

    def edit(self, delivery: int, values: Row, audited: Row) -> bool:
        """Change a delivery that is not sent yet; False when it is, or is being sent."""

    def named(self, connection: str, key: str, reference: str) -> Row | None:
        """The delivery that a connection handed over under a key, else under a reference."""

    def take(self, event: Row, reaction: Reaction, now: datetime) -> bool:
        """Write an event and what it leads to; False when it was taken before."""

    def refusals(self) -> Sequence[tuple[Row, Row]]:
        """(event, delivery) of recipients that were refused at once and have no task yet."""

    def tasks(
        self, company: str = "", state: str = "", due_by: datetime | None = None, document: int | None = None
    ) -> Sequence[Row]:
        """Tasks, the oldest first, with channel, document number and partner."""

    def done(self, task: tuple[int, str], state: str, successor: Row | None, now: datetime) -> bool:
        """End a task with the delivery that takes its place; False when it was ended meanwhile."""

    def in_vain(self) -> Sequence[tuple[Row, Row]]:
        """(task, delivery that took its place) where that was refused or given up, and has no task of its own."""

    def reopened(self, task: Row, words: str, deadline: datetime, now: datetime) -> bool:
        """A task is open anew; False when it is not as it was any more."""

    def correct(
        self, delivery: int, old: str, decide: Callable[[Row, Mapping[str, Row]], Correction], now: datetime
    ) -> None:
        """End the task of `old`. Where there is none it is made and ended at once: so nobody is corrected twice.

        One transaction. `decide` is given the delivery, which is locked, and its tasks by their recipients; what it
        raises changes nothing. A letter that nobody can have yet is cancelled.
        """

    def repeated(self, delivery: Row, now: datetime, **changes: Any) -> dict[str, Any]:
        """A new delivery that repeats one, not yet written."""

    def twins(self, delivery: Row, since: datetime) -> Sequence[Row]:
        """Deliveries by the same channel that were sent, are being sent at this moment, or may have been: of the same
        document, or of one with the same content, sent since then."""

    def warned(self, delivery: Row, words: str, now: datetime) -> bool:
        """Note once that a delivery is a duplicate; False when it was noted before."""

    def hold(self, delivery: Row, words: str, now: datetime) -> bool:
        """Hold a delivery that is ours as a duplicate, until a person lets it go; with it that it was held is noted."""

    def was_held(self, delivery: Row) -> bool:
        """Whether it was held as a duplicate before; who is asked about it again has let it go."""


def reaction(event: DeliveryEvent, who: str, line: Sequence[Row], deadline: datetime, again: Row) -> Reaction:
    """What an event leads to. `who` it is about; `line`: the delivery, what it repeats, what that repeats;
    `again` is the delivery for once more.

    Only who is written to by the delivery is sent anything again: anybody can put an address into a report.
    """
    delivery = line[0]
    if event.kind is EventKind.BOUNCED_SOFT and len(line) <= SOFT_TRIES:
        return Reaction(again=again) if who in named(delivery) else Reaction()
    if event.kind in FOR_GOOD or event.kind is EventKind.BOUNCED_SOFT:
        task = {
            "delivery": delivery["id"], "recipient": who, "company": delivery["company"],
            "state": OPEN if _is_awaited(event, who, line) else LEFT,
            "code": event.code[:40], "detail": event.detail, "at": event.at, "deadline": deadline, "next": None,
        }  # fmt: skip
        return Reaction(task=task)
    return Reaction(arrived=who) if event.kind is EventKind.DELIVERED else Reaction()


def _is_awaited(event: DeliveryEvent, who: str, line: Sequence[Row]) -> bool:
    """Whether somebody has to see to it that it arrives; a copy that does not is told, and left."""
    got_a_copy = {one for row in line[1:] for field in COPIES for one in json.loads(row[field])}
    wrote_to = {one for row in line[1:] for one in json.loads(row["recipients"])}
    if who in got_a_copy - wrote_to or event.id.startswith(COPY_REFUSED):
        return False
    return event.id.startswith(REFUSED) or who in json.loads(line[0]["recipients"])


def refusal(claimed: Row, number: int, place: int, who: str) -> str:
    """The id of our own event for who was refused, as number `place`, in try `number` of a delivery.

    It tells copies apart: when the others are tried again, the delivery does not name who was refused any more.
    """
    copy = who not in json.loads(claimed["recipients"]) and who in named(claimed)
    return f"{COPY_REFUSED if copy else REFUSED}{claimed['id']}:{number}:{place}"


def named(delivery: Row) -> list[str]:
    """Everybody whom a delivery goes to."""
    return [one for field in LISTS for one in json.loads(delivery[field])]


def recipient(reported: str, delivery: Row) -> str:
    """Whom a report from outside is about, as the delivery names them: servers change case, and forward.

    Who was refused at once is known by name: what we wrote ourselves is never guessed at.
    """
    whom = named(delivery)
    found = next((one for one in whom if one.lower() == reported.lower()), "")
    return (found or (whom[0] if len(whom) == 1 else reported))[:MOST_RECIPIENT]


def deadline(now: datetime, days: int, time_zone: str) -> datetime:
    """The end of the last of so many days, where the company is.

    Shape: (Monday 09:30, 5, "Europe/Paris") -> Saturday 23:59:59 in Paris
    """
    zone = ZoneInfo(time_zone or "UTC")
    last = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last, time(23, 59, 59), zone).astimezone(now.tzinfo)
