"""Is a posted document what it was when it was posted? Recomputed from its rows alone, and the revision it pins.

Found: a number out of order or not its counter's, a row changed by a single byte, an entry that does not balance,
totals that do not add up, a link that does not hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from functools import lru_cache
from typing import Any

from engine.kernel.faults import Fault
from engine.parametrization.definitions import Counter
from engine.posting import canon
from engine.posting.findings import (
    HASH_VERSION,
    LINK_BROKEN,
    NOT_AUDITED,
    NOT_CANONICAL,
    NOT_FOLLOWING,
    NOT_HASHED,
    OTHER_COMPANY,
    REQUEST_CHANGED,
    ROWS_CHANGED,
    SERIES_DATE,
    SERIES_HEAD,
    UNREADABLE,
    VALUE_LOST,
    Finding,
    of_document,
    series_name,
)
from engine.posting.numbers import CatalogOf, Named, Unused, numbered, wrong_place
from engine.posting.ports import Row, Stored, Unreadable
from engine.posting.sealing import links
from engine.posting.sums import Content, wrong_amounts


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk through a series stands: what the next document must follow.

    `hash` is None after a document that cannot be read: nothing can be said of the next one's link. Documents of fast
    counters are not chained to each other: each follows the head, and does not become it.
    """

    value: int | None = None  # None before the first document
    hash: str | None = canon.FIRST
    date: Day | None = None  # the latest so far


BEGINNING = Place()
UNREADABLE_VALUES = (LookupError, TypeError, ValueError, ArithmeticError)
"""What a value raises that is of another kind than its column or its JSON should hold."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one step of a walk found: a document, or the end of its series."""

    documents: int
    findings: Sequence[Finding]
    not_recomputed: str = ""  # why the number could not be


class Walk:
    """One series, from its first document, or from where one stands, to its head."""

    def __init__(self, series: Row, catalog: CatalogOf, unused: Iterable[int] = (), begin: Place = BEGINNING) -> None:
        self._series, self._catalog, self._place = series, catalog, begin
        self._name, self._named, self._unused = series_name(series), Named.of(series), Unused(unused)

    def over(self, documents: Iterable[Stored | Unreadable]) -> Iterator[Checked]:
        """One step for each document, then one for the series' own row."""
        for one in documents:
            if isinstance(one, Unreadable):
                yield self._unreadable(one)
                continue
            try:
                found = self._checked(one)
            except UNREADABLE_VALUES as reason:
                found = self._unreadable(Unreadable(one.document["id"], one.document["value"], str(reason)))
            yield found
        yield Checked(0, [Finding(fault, self._name, self._series["company"]) for fault in self._wrong_head()])

    def over_second(self, rows: Iterable[Row]) -> Iterator[Checked]:
        """The same of a series of second numbers: its documents are chained where their first numbers are."""
        for row in rows:
            content = _parsed(row["content"]) or {}
            found = numbered(
                self._series, self._named, row, str(content.get("site", "")), self._catalog(row["revision"])
            )
            faults, place = [*found.faults], self._place
            if found.counter:
                place_of = (
                    row,
                    found.counter,
                    place.value,
                    place.date,
                    self._unused,
                    lambda row=row: self._starts(row),
                )
                faults += wrong_place(*place_of)
            self._place = Place(row["value"], place.hash, max(place.date or row["date"], row["date"]))
            document = {**row, "id": row["document"]}
            yield Checked(0, [of_document(fault, document, self._name) for fault in faults], found.why)
        yield Checked(0, [Finding(fault, self._name, self._series["company"]) for fault in self._wrong_head()])

    def _unreadable(self, one: Unreadable) -> Checked:
        self._place = Place(one.value, None, self._place.date)
        fault, called = UNREADABLE.at("document", reason=one.reason), f"value {one.value} of series {self._name}"
        return Checked(1, [Finding(fault, self._name, self._series["company"], one.document, one.value, called)])

    def _checked(self, stored: Stored) -> Checked:
        document, place, parsed = stored.document, self._place, _Parsed.of(stored)
        site = str((parsed.content or {}).get("site", ""))
        found = numbered(self._series, self._named, document, site, self._catalog(document["revision"]))
        faults, counter = [*found.faults, *_wrong(stored, parsed, place.hash)], found.counter
        chained = not (counter.mode == "fast" if counter else self._series["fast"])
        if counter:
            last = None if self._named.typed else place.date
            faults += wrong_place(document, counter, place.value, last, self._unused, lambda: self._starts(document))
        latest = max(place.date or document["date"], document["date"])
        self._place = Place(document["value"], document["hash"] if chained else place.hash, latest)
        return Checked(1, [of_document(fault, document, self._name) for fault in faults], found.why)

    def _starts(self, document: Row) -> set[int]:
        """Where its counter began at earlier revisions: the series may have been opened under one of them."""
        earlier = (self._catalog(revision).table(Counter) for revision in range(1, document["revision"]))
        return {counters[self._named.counter].start for counters in earlier if self._named.counter in counters}

    def _wrong_head(self) -> Iterator[Fault]:
        """What the series' own row says, against its last document."""
        series, place, name = self._series, self._place, self._name
        ahead = series["fast"] and (place.value is None or place.value <= series["value"])
        if place.hash not in (None, series["head_hash"]) or not (ahead or place.value in (None, series["value"])):
            found = "it has no document" if place.value is None else f"its last document has value {place.value}"
            yield SERIES_HEAD.at("counter_series", series=name, value=series["value"], found=found)
        elif not ahead and place.date != series["last_date"]:
            told = {"date": series["last_date"] or "none", "found": place.date or "none"}
            yield SERIES_DATE.at("counter_series", series=name, **told)
        elif ahead and place.value is not None:
            lost = self._unused.missing(place.value + 1, series["value"] + 1)
            if lost is not None:
                yield VALUE_LOST.at("counter_series", series=name, value=lost)


def _wrong(stored: Stored, parsed: _Parsed, previous_hash: str | None) -> Iterator[Fault]:
    """What is wrong with one document by itself, and with its link to the one before it."""
    document, version, by_table = stored.document, stored.document["canon"], stored.by_table
    if not 1 <= version <= canon.VERSION:
        yield HASH_VERSION.at("document.canon", version=version, known=canon.VERSION)
    if canon.body_hash(by_table, version) != document["body_hash"]:
        yield ROWS_CHANGED.at("document")
    for column in canon.not_hashed(by_table, version):
        yield NOT_HASHED.at(column, column=column)
    if previous_hash not in (None, document["previous_hash"]):
        yield NOT_FOLLOWING.at("document.previous_hash")
    if _link(stored) != document["hash"]:
        yield LINK_BROKEN.at("document.hash")
    if hashlib.sha256(document["request"].encode()).hexdigest() != document["content_hash"]:
        yield REQUEST_CHANGED.at("document.request")
    yield from _wrong_parts(by_table)
    yield from _not_canonical(stored, parsed)
    if parsed.content is not None and None not in parsed.details:
        try:
            yield from wrong_amounts(stored, parsed.content, [one for one in parsed.details if one is not None])
        except UNREADABLE_VALUES as lacking:
            yield NOT_CANONICAL.at("document.content", column=f"content ({type(lacking).__name__} {lacking})")


def _link(stored: Stored) -> str:
    document = stored.document
    texts = canon.texts_after_number(stored.entries, stored.entry_lines)
    second = [document[name] for name in canon.CREATION]
    return canon.link(
        document["previous_hash"], document["series"], document["value"], document["number"], texts,
        document["body_hash"], document["canon"], links([row for row in stored.seals if row["kind"] == "issue"]),
        () if second == [None, None, None] else second,
    )  # fmt: skip


def _wrong_parts(by_table: Mapping[str, Sequence[Row]]) -> Iterator[Fault]:
    """Rows of another company; not one audit row that says it was posted."""
    company = by_table["document"][0]["company"]
    for table, rows in by_table.items():
        for row in rows:
            if row["company"] != company:
                yield OTHER_COMPANY.at(table, table=table, company=row["company"])
    posted = [row for row in by_table["audit"] if row["action"] == "post"]
    if len(posted) != 1:
        yield NOT_AUDITED.at("audit", count=len(posted))


def _not_canonical(stored: Stored, parsed: _Parsed) -> Iterator[Fault]:
    """Columns that hold JSON in another form than what is hashed and read."""
    if parsed.content is None:
        yield NOT_CANONICAL.at("document.content", column="content")
    for row, detail in zip(stored.lines, parsed.details, strict=True):
        if detail is None:
            yield NOT_CANONICAL.at("document_line.detail", column=f"detail of line {row['position']}")
    for row in stored.entry_lines:
        if row["analytic"] and canon.read(row["analytic"]) is None:
            yield NOT_CANONICAL.at("entry_line.analytic", column=f"analytic of entry line {row['position']}")
    for row in stored.audit:
        if _parsed(row["detail"]) is None:
            yield NOT_CANONICAL.at("audit.detail", column="detail of the audit row")


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The JSON of a document's columns; None where it is not canonical."""

    content: Content | None
    details: Sequence[Content | None]

    @classmethod
    def of(cls, stored: Stored) -> _Parsed:
        texts = [row["detail"] for row in stored.lines]
        details = [_known(text) if len(text) <= SHORT else _parsed(text) for text in texts]
        return cls(_parsed(stored.document["content"]), details)


def _parsed(text: str) -> Content | None:
    """The object that a canonical text holds."""
    found: Any = canon.read(text)
    return found if isinstance(found, dict) else None


SHORT = 1000
"""Characters. The details of lines are few and short, and come again and again."""

_known = lru_cache(maxsize=4096)(_parsed)
