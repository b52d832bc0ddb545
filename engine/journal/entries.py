"""What an automatic journal makes: entries with their lines, and what each line was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from engine.journal.accounts import AccountFound
from engine.journal.compiled import CompiledLine
from rules import Formula

DEBIT, CREDIT = "debit", "credit"
Dimensions = tuple[tuple[str, str], ...]
"""(dimension, value) in order of dimension."""


@dataclass(frozen=True, slots=True)
class LateText:
    """A text that prints the number: computed after it, inside the transaction."""

    formula: Formula
    values: Mapping[str, Any] = field(repr=False, compare=False)

    def given(self, number: str) -> str:
        document = replace(self.values["document"], number=number)
        return str(self.formula({**self.values, "document": document}))


class Made(NamedTuple):
    """What one journal line made of one row, before merging."""

    line: CompiledLine
    row: int  # from 0; -1 for the document
    repetition: int | None  # the number of a repeated line
    element: Any
    known: Mapping[str, Any]  # what every formula of the journal sees
    side: str
    amount: Decimal  # below 0 only in a journal that keeps negative amounts
    account: AccountFound
    partner: str
    tax_code: str = ""
    due_date: date | None = None
    quantity: Decimal | None = None
    reference: str = ""
    dimensions: Dimensions = ()
    description: str | LateText = ""

    @property
    def values(self) -> Mapping[str, Any]:
        """What the formulas of the line saw."""
        return self.line.sees(self.known, self.element, self.repetition)


class EntryLine(NamedTuple):
    """`amount_currency` is signed, debit positive, in the document's currency. `made_by` are journal line ids.

    `analytic` are parts of the line by dimensions, signed like `amount_currency`; lines of one document and one letter
    in `matching` settle each other: a capital when they come to nothing, a small letter when a rest is left.
    """

    account: str
    debit: Decimal
    credit: Decimal
    description: str | LateText
    partner: str
    tax_code: str
    due_date: date | None
    amount_currency: Decimal
    made_by: tuple[str, ...]
    quantity: Decimal | None = None
    reference: str = ""
    analytic: tuple[tuple[Dimensions, Decimal], ...] = ()
    open_item: bool = False
    matching: str = ""

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Entry:
    ledger: str
    journal: str
    entry_type: str
    automatic_journal: str
    date: date
    currency: str
    document_currency: str
    description: str | LateText
    category: str
    status: str
    lines: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """One automatic journal that ran: what its lines made, whether its sides were turned."""

    journal: str
    turned: bool
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """`left_out` are members of a group whose condition did not hold."""

    entries: tuple[Entry, ...] = ()
    ran: tuple[Ran, ...] = ()
    left_out: tuple[str, ...] = ()
