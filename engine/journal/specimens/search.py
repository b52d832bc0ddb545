"""Step 9 of the proof: a document on which a journal does not balance, found by trying and then made small.

First documents aimed at what the proof left: its case of the document, rows like those in the cells that remain. Then
any. Only a document that was really drafted, and on which the journal's own formulas do not balance, counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from engine.journal.specimens.maker import Maker
from engine.journal.specimens.wishes import GROSS, NET, wishes_of
from engine.journal.specimens.world import UNSETTLED, Document, Specimen, facts_of
from engine.journal.trial import Posted, Trial, Values, difference
from engine.parametrization.catalog import Catalog
from rules.terms import Unproved

MOST_AIMED = 24  # cases that are aimed at
MOST_SMALLER = 400  # attempts to make a document smaller
OPTIONAL = (
    "charges", "withholdings", "prepaid", "due_dates", "due_date", "subject", "supplier_number", "language",
)  # fmt: skip
LISTS = ("lines", "charges", "withholdings", "prepaid", "due_dates")
SIMPLER = {
    "tax": ("1",), "quantity": ("1",), "unit_price": ("100", "10", "1"), "amount": ("10", "1"), "base": ("10", "1"),
    "percent": ("10",),
}  # fmt: skip
PLAIN = {"category": "invoice", "nature": "goods", "kind": "charge", "tax_code": "S20"}
LATE = "S20P"


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
        specimens = self.specimens(unproved, tries)
        found = next((one for one in map(self.attempt, specimens) if one), None)
        return self.smaller(found) if found else None

    def attempt(self, specimen: Specimen, catalog: Catalog | None = None) -> Found | None:
        """What comes of a specimen, in its own world or under a catalog, if it does not balance."""
        values = facts_of(specimen, catalog) if catalog else self.maker.world.facts(specimen)
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
            if NET in wishes or GROSS in wishes:
                yield make(wishes, self.maker.totals(wishes), False, False)
            for large, rich in ((False, False), (True, False), (False, True), (True, True)):
                yield make(wishes, rows, large, rich)
            for row in rows if len(rows) > 1 else ():
                yield make(wishes, [row], large=True, rich=False)
        for _ in range(tries):
            aim = dice.one(unproved) if unproved and dice.chance(0.6) else None
            yield self.maker.any(wishes_of(aim.case) if aim else {})

    def smaller(self, found: Found) -> Found:
        """Taken apart as long as it still does not balance."""
        left, before = MOST_SMALLER, None
        while before is not found.specimen:
            before = found.specimen
            for less in islice(simpler(before), left):
                left -= 1
                smaller = self.attempt(less)
                if smaller:
                    found = smaller
                    break
        return found


def simpler(specimen: Specimen) -> Iterator[Specimen]:
    """The same document with one thing less, or simpler."""
    request = specimen.request
    if request["category"] != PLAIN["category"]:
        invoice = _without(request, "references") | {"category": PLAIN["category"]}
        yield replace(specimen, request=invoice, type=replace(specimen.type, category="invoice"))
    for key in specimen.more:
        yield replace(specimen, more={other: rows for other, rows in specimen.more.items() if other != key})
    if specimen.settled != UNSETTLED:
        yield replace(specimen, settled=UNSETTLED)
    kind, company = specimen.type, specimen.company
    if kind.cash_vat or kind.self_billed or company.vat_on_debits:
        usual = replace(kind, cash_vat=False, self_billed=False)
        yield replace(specimen, type=usual, company=replace(company, vat_on_debits=False))
    yield from (replace(specimen, request=less) for less in _simpler_requests(request))


def _simpler_requests(request: Document) -> Iterator[Document]:
    for name in OPTIONAL:
        if name in request:
            yield _without(request, name)
    if "currency" in request:
        yield _without(_without(request, "currency"), "exchange_rate")
    for name in LISTS:
        rows = request.get(name, [])
        for place in range(len(rows) if len(rows) > 1 else 0):
            yield request | {name: rows[:place] + rows[place + 1 :]}
        for place, row in enumerate(rows):
            yield from (
                request | {name: [*rows[:place], less, *rows[place + 1 :]]} for less in _simpler_rows(row, name)
            )


def _simpler_rows(row: Document, kind: str) -> Iterator[Document]:
    for name in ("discounts", "product", "account", "unit", "reference", "method"):
        if name in row:
            yield _without(row, name)
    for name, values in SIMPLER.items():
        if name in row and kind != "due_dates" and row[name] not in values:
            yield from (row | {name: value} for value in values)
    if row.get("tax_code", LATE) not in (LATE, PLAIN["tax_code"]):
        yield row | {"tax_code": LATE}
    for name in ("nature", "kind", "tax_code"):
        if row.get(name, PLAIN[name]) != PLAIN[name]:
            yield row | {name: PLAIN[name]}


def _without(record: Document, name: str) -> Document:
    return {key: value for key, value in record.items() if key != name}
