"""Anchors: the heads of all series at one moment, kept outside, so that nobody can cut or rebuild a series unseen.

Who owns the database can compute an unkeyed chain anew, or cut its end. An anchor is a small text to be mailed or kept
elsewhere: `verify` proves that every document it names is still there, at its place, with its hash. As the chain links
each document to the one before it, this vouches for all before it too.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.kernel.clock import moment
from engine.kernel.faults import Fault, FaultKind, Faulty
from engine.posting import canon
from engine.posting.ports import Row

ANCHOR_UNREADABLE = FaultKind(
    "anchor_unreadable", "this is no anchor: {reason}", "give a file that `factotum anchor` wrote"
)
ANCHOR_ALTERED = FaultKind(
    "anchor_altered", "the anchor was changed after it was made: its content hash does not hold", "fetch the copy sent"
)
ANCHOR_BROKEN = FaultKind(
    "anchor_broken",
    "series {series} is at {value}, and has no such document with the hash of its head",
    "see what `factotum verify` says",
)
SERIES_GONE = FaultKind(
    "anchored_series_gone", "series {series} is not there; on {at} it was at {number} (value {value})", "take a backup"
)
DOCUMENT_GONE = FaultKind(
    "anchored_document_gone",
    "{number} (value {value} of series {series}), anchored on {at}, is not there; the series is at {now}",
    "the series was cut: take a backup",
)
DOCUMENT_CHANGED = FaultKind(
    "anchored_document_changed",
    "{number} (value {value} of series {series}) does not have the hash it was anchored with on {at}",
    "it, or a document before it, was changed and the series rebuilt: take a backup",
)
VERSION = 1
Ranges = tuple[tuple[int, int], ...]
"""(first, last) values."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where one series stood. In a fast one, whose documents are not chained, `hash` is over all of them up to `value`
    and `unused` are the values no document had: one of those may still come."""

    company: str
    counter: str
    period: str
    value: int
    number: str
    hash: str
    posted_at: str
    last_date: str
    unused: Ranges | None = None

    @property
    def named(self) -> tuple[str, str, str]:
        return self.company, self.counter, self.period

    @property
    def series(self) -> str:
        return "/".join(part for part in self.named if part)

    @property
    def date(self) -> date:
        return date.fromisoformat(self.last_date)

    def as_json(self) -> dict[str, Any]:
        told = {
            name: getattr(self, name)
            for name in ("company", "counter", "period", "value", "number", "hash", "posted_at", "last_date")
        }
        return told | ({"unused": [list(one) for one in self.unused]} if self.unused is not None else {})

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Head:
        """Errors: LookupError, TypeError, ValueError."""
        unused = told.get("unused")
        ranges = None if unused is None else tuple((int(first), int(last)) for first, last in unused)
        named = ("company", "counter", "period", "number", "hash", "posted_at", "last_date")
        return cls(value=int(told["value"]), unused=ranges, **{name: str(told[name]) for name in named})


@dataclass(frozen=True, slots=True)
class Anchor:
    at: str
    heads: tuple[Head, ...]

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(canon.json_text(self._content()).encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {"anchor": VERSION, "at": self.at, "series": [one.as_json() for one in self.heads]}

    def text(self) -> str:
        """One JSON document; a line for each series, in order of company, counter and period."""
        begin = f'{{"anchor":{VERSION},"at":{canon.json_text(self.at)},"content_hash":"{self.content_hash}","series":['
        return begin + ",".join(f"\n{canon.json_text(one.as_json())}" for one in self.heads) + "\n]}\n"


def anchor(at: str, heads: Iterable[Head]) -> Anchor:
    return Anchor(at, tuple(sorted(heads, key=lambda one: one.named)))


def read_anchor(text: bytes, called: str) -> Anchor:
    """What `text` gave. Errors: Faulty(anchor_unreadable, anchor_altered)."""
    try:
        told = json.loads(text)
        found = Anchor(str(told["at"]), tuple(Head.from_json(one) for one in told["series"]))
        content_hash = told["content_hash"]
        if told["anchor"] != VERSION:
            raise ValueError(f"it is of version {told['anchor']}")
    except (LookupError, TypeError, ValueError, RecursionError) as reason:
        raise Faulty([ANCHOR_UNREADABLE.at(called, reason=reason)]) from None
    if content_hash != found.content_hash:
        raise Faulty([ANCHOR_ALTERED.at(called)])
    return found


def digest(documents: Iterable[Row], but: Ranges = ()) -> str:
    """One hash over the values and hashes of many documents, in order, without those of some values."""
    found, left = hashlib.sha256(), deque(but)
    for row in documents:
        while left and left[0][1] < row["value"]:
            left.popleft()
        if not left or row["value"] < left[0][0]:
            found.update(f"{row['value']} {row['hash']}\n".encode())
    return found.hexdigest()


def ranges(values: Iterable[int]) -> Ranges:
    """Shape: [3, 7, 8, 9] -> ((3, 3), (7, 9))"""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and value == found[-1][1] + 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return tuple(found)


def wrong_head(head: Head, at: str, series: Row | None, there: Row | None, hashed: str) -> Iterator[Fault]:
    """What became of an anchored head. `there` is the document with its value now; `hashed` what stands for `hash`."""
    told = {"series": head.series, "number": head.number, "value": head.value, "at": moment(at)}
    if series is None:
        yield SERIES_GONE.at("anchor", **told)
    elif there is None:
        yield DOCUMENT_GONE.at("anchor", now=series["value"], **told)
    elif (there["number"], hashed) != (head.number, head.hash):
        yield DOCUMENT_CHANGED.at("anchor", **told)


def by_series(anchors: Sequence[Anchor]) -> dict[tuple[str, str, str], Head]:
    """The latest head of each series that any of them holds."""
    latest: dict[tuple[str, str, str], Head] = {}
    for one in (head for found in anchors for head in found.heads):
        if one.named not in latest or one.value > latest[one.named].value:
            latest[one.named] = one
    return latest
