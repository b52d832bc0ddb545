"""Step 9 of the proof: a document on which a journal does not balance, found by trying and then made small.

First documents aimed at what the proof left: its case of the document, rows like those in the cells that remain. Then
any. Only a document that was really drafted, and on which the journal's own formulas do not balance, counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from engine.journal.specimens.maker import Maker
from engine.journal.specimens.wishes import wishes_of
from engine.journal.specimens.world import Document, Specimen
from engine.journal.trial import Posted, Trial, Values, difference
from rules.proof import Unproved

MOST_AIMED = 24  # cases that are aimed at
MOST_SMALLER = 400  # attempts to make a document smaller
OPTIONAL = (
    "charges", "withholdings", "prepaid", "due_dates", "due_date", "subject", "supplier_number", "language",
)  # fmt: skip
LISTS = ("lines", "charges", "withholdings", "prepaid", "due_dates")
SIMPLER = {
    "quantity": ("1",), "unit_price": ("100", "10", "1"), "amount": ("10", "1"), "base": ("10", "1"),
    "percent": ("10",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A document on which debit and credit differ."""

    specimen: Specimen
    values: Values
    posted: tuple[Posted, ...]
    delta: Decimal


class Search:
    """Tries documents for one ledger. `tried` counts those on which the journal posted something."""

    def __init__(self, trial: Trial, ledger: str, tolerance: Decimal, maker: Maker) -> None:
        self.trial, self.ledger, self.tolerance, self.maker = trial, ledger, tolerance, maker
        self.tried = 0

    def run(self, unproved: Sequence[Unproved], tries: int) -> Found | None:
        """The first that does not balance, made small; None when none of them does not."""
        for specimen in self.specimens(unproved, tries):
            found = self.attempt(specimen)
            if found:
                return self.smaller(found)
        return None

    def attempt(self, specimen: Specimen) -> Found | None:
        values = self.maker.world.facts(specimen)
        posted = self.trial.posted(values) if values is not None else None
        if values is None or posted is None:
            return None
        self.tried += 1
        delta = difference(posted, self.ledger)
        return Found(specimen, values, posted, delta) if abs(delta) > self.tolerance else None

    def specimens(self, unproved: Sequence[Unproved], tries: int) -> Iterator[Specimen]:
        make, dice = self.maker.make, self.maker.dice
        for one in unproved[:MOST_AIMED]:
            wishes = wishes_of(one.case)
            rows = [(rest.row, wishes_of(rest.cell)) for rest in one.rests if rest.row]
            rows = [row for place, row in enumerate(rows) if row not in rows[:place]]
            for large, rich in ((False, False), (True, False), (False, True), (True, True)):
                yield make(wishes, rows, large, rich)
            for row in rows if len(rows) > 1 else ():
                yield make(wishes, [row], large=True, rich=False)
        for _ in range(tries):
            aim = dice.one(unproved) if unproved and dice.chance(0.6) else None
            yield self.maker.any(wishes_of(aim.case) if aim else {})

    def smaller(self, found: Found) -> Found:
        """Taken apart as long as it still does not balance."""
        left = MOST_SMALLER
        again = True
        while again and left:
            again = False
            for request in simpler(found.specimen.request):
                left -= 1
                less = self.attempt(replace(found.specimen, request=request))
                if less:
                    found, again = less, True
                    break
                if not left:
                    break
        return found


def simpler(request: Document) -> Iterator[Document]:
    """The same document with one thing less, or simpler."""
    for name in OPTIONAL:
        if name in request:
            yield _without(request, name)
    if "currency" in request:
        yield _without(_without(request, "currency"), "exchange_rate")
    for name in LISTS:
        rows = request.get(name, [])
        for place in range(len(rows) if len(rows) > 1 else 0):
            yield request | {name: rows[:place] + rows[place + 1 :]}
    for name in LISTS:
        for place, row in enumerate(request.get(name, [])):
            for less in _simpler_row(row, name):
                changed = deepcopy(request)
                changed[name][place] = less
                yield changed


def _simpler_row(row: Document, kind: str) -> Iterator[Document]:
    for name in ("discounts", "product", "account", "unit", "code", "reference", "method"):
        if name in row and not (kind == "withholdings" and name == "code"):
            yield _without(row, name)
    for name, values in SIMPLER.items():
        if name in row and kind != "due_dates" and row[name] not in values:
            yield from (row | {name: value} for value in values)
    plain: Any = {"charges": {"kind": "charge"}, "lines": {"nature": "goods"}}.get(kind, {})
    for name, value in plain.items():
        if row[name] != value:
            yield row | {name: value}


def _without(record: Document, name: str) -> Document:
    return {key: value for key, value in record.items() if key != name}
