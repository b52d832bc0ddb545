"""A journal tried on the facts of one document: what its lines post, and whether that balances. Nothing is kept.

Shape: Trial(journal, formulas).posted(values) -> (Posted("customer", -1, None, "debit", 120.00, ()), …)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from engine.journal.expand import CREDIT, DEBIT, INDEX, SIGNS, Formulas, conditions_of, indexes_of, row_of
from engine.kernel.money import ZERO
from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalLine
from engine.parametrization.vocabulary import DOCUMENT
from rules import Formula, FormulaFailed, arithmetic

Values = Mapping[str, Any]
REPEAT = INDEX.partition(".")[0]


class Posted(NamedTuple):
    """What a line says of a row (-1 for the document), for a number if it is repeated.

    An amount below 0 stands on its other side in the end.
    """

    line: str
    row: int
    number: int | None
    side: str
    amount: Decimal
    ledgers: tuple[str, ...]

    @property
    def balance(self) -> Decimal:
        """Debit positive."""
        return SIGNS[self.side] * self.amount


class _Line(NamedTuple):
    id: str
    row: str | None
    key: str
    indexes: tuple[int | None, ...]
    conditions: tuple[Formula, ...]
    side: str | Formula
    amount: Formula
    ledgers: tuple[str, ...]


class Trial:
    """Compiled once, run on many documents. Errors: BadFormula."""

    def __init__(self, journal: AutomaticJournal, formulas: Formulas) -> None:
        self.when = formulas.condition(journal.when) if journal.when else None
        self.reverse = formulas.condition(journal.reverse) if journal.reverse else None
        self.lines = [_line(line, formulas) for line in journal.line]

    def posted(self, values: Values) -> tuple[Posted, ...] | None:
        """Every line that is made, before reversal; None where nothing is: for another document, or a formula fails."""
        with arithmetic():
            try:
                if self.when and not self.when(values):
                    return None
                return tuple(found for line in self.lines for found in _run(line, values))
            except FormulaFailed:
                return None

    def turned(self, values: Values) -> bool:
        """Are all sides turned for this document?"""
        return bool(self.reverse and self.reverse(values))


def difference(posted: Sequence[Posted], ledger: str) -> Decimal:
    """Debit less credit in a ledger; reversal would only turn its sign."""
    return sum((one.balance for one in posted if not one.ledgers or ledger in one.ledgers), ZERO)


def as_entry(posted: Sequence[Posted], ledger: str, turned: bool) -> list[dict[str, str]]:
    """The lines as an entry would have them before they are merged, as data."""
    lines = []
    for one in posted:
        if (one.ledgers and ledger not in one.ledgers) or not one.amount:
            continue
        side = one.side
        if turned != (one.amount < 0):
            side = CREDIT if side == DEBIT else DEBIT
        place = {} if one.row < 0 else {"row": str(one.row)}
        place |= {} if one.number is None else {"repeat": str(one.number)}
        lines.append({"line": one.line, **place, "side": side, "amount": str(abs(one.amount))})
    return lines


def _line(line: AutomaticJournalLine, formulas: Formulas) -> _Line:
    row = row_of(line)
    return _Line(
        id=line.id,
        row=row,
        key=DOCUMENT.collections[row].key if row else "",
        indexes=indexes_of(line),
        conditions=tuple(formulas.condition(text, row) for text in conditions_of(line)),
        side=line.side if line.side in SIGNS else formulas.side(line.side, row),
        amount=formulas.amount(line.amount, row),
        ledgers=line.ledgers,
    )


def _run(line: _Line, values: Values) -> list[Posted]:
    found = []
    rows: Sequence[Any] = values[line.key] if line.row else (None,)
    for place, row in enumerate(rows):
        for index in line.indexes:
            seen = {**values, line.row: row} if line.row else values
            if index is not None:
                seen = {**seen, REPEAT: SimpleNamespace(index=Decimal(index))}
            if all(condition(seen) for condition in line.conditions):
                amount = cast("Callable[[Values], Decimal]", line.amount)(seen)
                side = line.side if isinstance(line.side, str) else str(line.side(seen))
                found.append(Posted(line.id, place if line.row else -1, index, side, amount, line.ledgers))
    return found
