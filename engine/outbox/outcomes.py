"""What a try came to, and when it is made again. Pure.

    pending → sending → sent · rejected · failed · uncertain          retry → sending, when it is due again
    a try:    sending → sent · rejected · failed · uncertain · retry · unknown · died          unknown, died → absent

`unknown` and `died` are doubts: the other side may have it. They stay in the log of tries until the other side was
asked (`absent`: it had not), so no restart, pause or crash forgets them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.outbox.words import in_words, written
from engine.spi.contracts import Receipt, TryLater

PENDING, SENDING, RETRY = "pending", "sending", "retry"
SENT, REJECTED, FAILED, UNCERTAIN, CANCELLED = "sent", "rejected", "failed", "uncertain", "cancelled"
UNKNOWN, DIED, ABSENT = "unknown", "died", "absent"
DOUBTS = frozenset({UNKNOWN, DIED})

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
LONGEST_WAIT = timedelta(days=7)
"""However long the other side asks us to wait."""
MOST_TRIES = 30
"""About a day of trying; then the delivery has failed and a person looks."""
MOST_AGE = timedelta(days=14)
"""Since the first try: who always asks us to wait for days is given up, too."""
FIRST_LOOK, LATER_LOOK = timedelta(seconds=30), timedelta(minutes=5)
"""When a connection that cannot be used is looked at again; mending it wakes what waits for it at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try came to, the words for people, and when to come back.

    `attempt` is what the log says of this try, when it is not the state. `refused` and `later` are recipients with the
    words for each: the former never get it; for the latter this delivery is tried again when it reached nobody, and
    others are made when it did (see `parts`).
    """

    state: str
    detail: str
    reference: str = ""
    due_at: datetime | None = None
    attempt: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)


LISTS = ("recipients", "copies", "hidden_copies")


def pause_after(tries: int, asked: timedelta | None = None) -> timedelta:
    """Ever more slowly, or as long as the other side asked, if that makes sense."""
    if isinstance(asked, timedelta) and asked > timedelta(0):
        return min(asked, LONGEST_WAIT)
    return min(FIRST_PAUSE * (1 << min(tries - 1, 20)), LONGEST_PAUSE)


def again(tries: int, began: datetime, now: datetime, later: TryLater, attempt: str = "") -> Outcome:
    """Try `tries` did not go through; `began` is when the first of them did."""
    reason = written(later.reason)
    if tries >= MOST_TRIES:
        return Outcome(FAILED, f"given up after {tries} tries: {reason}", attempt=attempt)
    pause = pause_after(tries, later.after)
    if now + pause - began > MOST_AGE:
        return Outcome(FAILED, f"given up after {in_words(now - began)}, {tries} tries: {reason}", attempt=attempt)
    return Outcome(RETRY, f"{reason}; try {tries}, again in {in_words(pause)}", due_at=now + pause, attempt=attempt)


def of_receipt(receipt: Receipt, addressed: tuple[str, ...], tries: int, began: datetime, now: datetime) -> Outcome:
    """What a receipt says of each recipient. `addressed` are all who should get it.

    When somebody got it, it is sent, and those it is still to reach get a delivery of their own; when nobody did, it
    is refused, or the same delivery is tried again for those who may still get it.
    """
    refused = {who: written(why) for who, why in receipt.refused.items()}
    later = {who: written(why) for who, why in receipt.later.items() if who not in refused}
    taken = [who for who in addressed if who not in refused and who not in later]
    told = [f"{who}: refused, {why}" for who, why in refused.items()]
    if not taken and later:
        outcome = again(tries, began, now, TryLater("; ".join(f"{who}: {why}" for who, why in later.items())))
        left = later if outcome.state == RETRY else {}
        return Outcome(outcome.state, outcome.detail, due_at=outcome.due_at, refused=refused, later=left)
    if not taken and refused:
        return Outcome(REJECTED, written("; ".join(told)), refused=refused)
    told += [f"{who}: later, {why}" for who, why in later.items()]
    words = written("; ".join([receipt.detail or "handed over", *told]))
    due = now + pause_after(1) if later else None
    return Outcome(SENT, words, written(receipt.reference or ""), due, refused=refused, later=later)


def parts(lists: Mapping[str, Sequence[str]], later: Collection[str]) -> list[dict[str, list[str]]]:
    """Whom the deliveries go to that reach those who are still to get it; nobody sees more than the first one showed.

    Each stays in its list. A mail needs a recipient: without one the first copy is written to, and hidden copies,
    which nobody may see, get a delivery each.

    Shape: ({"recipients": ["a"], "copies": ["b"], "hidden_copies": ["c"]}, {"b", "c"}) ->
           [{"recipients": ["b"], "copies": [], "hidden_copies": ["c"]}]
    """
    left = {name: [one for one in lists[name] if one in later] for name in LISTS}
    alone = [one for one in later if not any(one in listed for listed in left.values())]  # under another name
    if not left["recipients"] and left["copies"]:
        first = left["copies"][0]
        left = {name: [one for one in listed if one != first] for name, listed in left.items()} | {
            "recipients": [first]
        }
    elif not left["recipients"]:
        alone, left = [*left["hidden_copies"], *alone], {}
    by_itself: list[dict[str, list[str]]] = [{"recipients": [one], "copies": [], "hidden_copies": []} for one in alone]
    return [left, *by_itself] if left else by_itself
