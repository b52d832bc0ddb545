"""An automatic journal as the balance proof reads it: for each ledger, signed terms with their conditions.

A side formula becomes two copies, one guarded by each side; a repeated line one copy for each number. Reversal, netting
and negative amounts that change sides leave debit − credit alone, so they are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Protocol

from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalLine
from engine.parametrization.vocabulary import SIDE
from rules import BOOLEAN, Formula
from rules.nodes import Comparison, Literal, Node
from rules.terms import Term

DEBIT, CREDIT = "debit", "credit"
SIGNS = {DEBIT: 1, CREDIT: -1}
DOCUMENT = "document"
INDEX = "repeat.index"


class Formulas(Protocol):
    """Where compiled formulas come from: `parametrization.formulas`, with the named formulas of one legislation."""

    def condition(self, text: str, row: str | None = None, /) -> Formula: ...
    def amount(self, text: str, row: str | None, /) -> Formula: ...
    def side(self, text: str, row: str | None, /) -> Formula: ...


def row_of(line: AutomaticJournalLine) -> str | None:
    return None if line.each == DOCUMENT else line.each


def conditions_of(line: AutomaticJournalLine) -> tuple[str, ...]:
    """The texts that must all hold, those that limit it to legislations first."""
    whens: Any = getattr(line, "all_conditions", line.when)
    texts = (whens,) if isinstance(whens, str) else tuple(whens)
    legislations = getattr(line, "legislations", ())
    listed = ", ".join(f'"{code}"' for code in legislations)
    only = f"company.legislation in ({listed})" if legislations else ""
    return tuple(text for text in (only, *texts) if text)


def indexes_of(line: AutomaticJournalLine) -> tuple[int | None, ...]:
    """The numbers of a repeated line; one None for a line that is not."""
    repeat = getattr(line, "repeat", None)
    if repeat is None:
        return (None,)
    first = repeat.first if hasattr(repeat, "first") else repeat.from_
    last = repeat.last if hasattr(repeat, "last") else repeat.to
    return tuple(range(first, last + 1))


def ledger_sets(journal: AutomaticJournal, ledgers: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """The different sets of lines (by id) that ledgers get, each with the first ledger that gets it."""
    named = sorted({code for line in journal.line for code in line.ledgers})
    found: dict[tuple[str, ...], str] = {}
    for ledger in ledgers or tuple(named) or ("",):
        ids = tuple(line.id for line in journal.line if feeds(line, ledger))
        found.setdefault(ids, ledger)
    return found


def feeds(line: AutomaticJournalLine, ledger: str) -> bool:
    """A line that names no ledger goes to all."""
    return not line.ledgers or ledger in line.ledgers


def terms(journal: AutomaticJournal, ledger: str, formulas: Formulas) -> Iterator[Term]:
    """What the lines of one ledger add to debit − credit. Errors: BadFormula."""
    within = (formulas.condition(journal.when).node,) if journal.when else ()
    for line in journal.line:
        if not feeds(line, ledger):
            continue
        row = row_of(line)
        amount = formulas.amount(line.amount, row).node
        when = tuple(formulas.condition(text, row).node for text in conditions_of(line))
        for sign, side in _sides(line, row, formulas):
            for index in indexes_of(line):
                numbers: Mapping[str, Fraction] = {} if index is None else {INDEX: Fraction(index)}
                yield Term(line.id, row or "", sign, (*within, *side), when, amount, numbers)


def _sides(line: AutomaticJournalLine, row: str | None, formulas: Formulas) -> Iterator[tuple[int, tuple[Node, ...]]]:
    if line.side in SIGNS:
        yield SIGNS[line.side], ()
        return
    chosen = formulas.side(line.side, row).node
    for code, sign in SIGNS.items():
        literal = Literal(code, span=chosen.span, type=SIDE)
        yield sign, (Comparison("=", chosen, literal, span=chosen.span, type=BOOLEAN),)
