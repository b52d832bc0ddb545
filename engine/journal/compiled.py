"""An automatic journal as one function per kind of row: its formulas fused, once per revision.

`evaluate` runs the functions and gives, in the order of the journal's lines, what each line says of each row for which
its conditions hold. When a function fails, the formulas are asked one by one, to tell which of them failed and where;
they decide, so that a fused journal can do nothing that its formulas do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.drafting.desk import formula_fault
from engine.drafting.facts import Repeat
from engine.kernel.faults import Fault
from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalLine
from engine.parametrization.formulas import Book
from engine.parametrization.vocabulary import DOCUMENT
from rules import Formula, FormulaFailed, FusedLine, fuse

FIXED_SIDES = ("debit", "credit")
NUMBER = "document.number"
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledLine:
    """A journal line with its formulas; `fields` by name, the amount first. `late` is a description that prints the
    number."""

    definition: AutomaticJournalLine
    row: str | None
    conditions: tuple[Formula, ...]
    fields: Mapping[str, Formula]
    late: Formula | None
    only_amount: bool  # whether nothing but the amount's formula and the row itself says anything

    @property
    def id(self) -> str:
        return self.definition.id

    def sees(self, values: Values, element: Any, repetition: int | None) -> Values:
        """The values that the formulas of the line see."""
        seen = values if self.row is None else {**values, self.row: element}
        return seen if repetition is None else {**seen, "repeat": Repeat(repetition)}


class Evaluated(NamedTuple):
    """What the fields of a line say of one row, in their order. `row` is from 0, -1 for the document."""

    line: CompiledLine
    row: int
    repetition: int | None
    element: Any
    said: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The lines of one kind of row (and one range of repetition) that one function evaluates."""

    row: str | None
    key: str
    indexes: tuple[int | None, ...]
    places: tuple[int, ...]
    run: Any  # rules.Fused


@dataclass(frozen=True, slots=True, eq=False)
class CompiledJournal:
    """`header` holds the formulas of the journal itself: when, reverse, date, description."""

    definition: AutomaticJournal
    header: Mapping[str, Formula]
    lines: tuple[CompiledLine, ...]
    blocks: tuple[_Block, ...]


def compile_journal(journal: AutomaticJournal, legislation: str, book: Book) -> CompiledJournal:
    """Compile every formula of a journal, and fuse those of its lines that a legislation makes. Errors: BadFormula."""
    header = {
        name: compiled(text)
        for name, text, compiled in (
            ("when", journal.when, book.condition),
            ("reverse", journal.reverse, book.condition),
            ("date", journal.date, book.day),
            ("description", journal.description, book.words),
        )
        if text
    }
    lines = tuple(
        _line(line, book)
        for line in journal.line
        if not line.legislations or not legislation or legislation in line.legislations
    )
    return CompiledJournal(journal, header, lines, tuple(_blocks(lines, book)))


def _line(line: AutomaticJournalLine, book: Book) -> CompiledLine:
    row = None if line.each == "document" else line.each
    fields = {name: compiled(text, row) for name, text, compiled in line_formulas(line, book)}
    conditions = tuple(book.condition(text, row) for text in line.all_conditions)
    late = fields["description"] if "description" in fields and NUMBER in fields["description"].names else None
    if late:
        del fields["description"]
    only_amount = len(fields) == 1 and late is None and row != "due_date"
    return CompiledLine(line, row, conditions, fields, late, only_amount)


def line_formulas(line: AutomaticJournalLine, book: Book) -> Iterator[tuple[str, str, Any]]:
    """(field, text, how it is compiled) for every formula of a line but its conditions; the amount first."""
    yield "amount", line.amount, book.amount
    if line.side not in FIXED_SIDES:
        yield "side", line.side, book.side
    for name, text, compiled in (
        ("account_formula", line.account_formula, book.words),
        ("partner", line.partner, book.words),
        ("tax_code", line.tax_code, book.words),
        ("due_date", line.due_date, book.day),
        ("quantity", line.quantity, book.quantity),
        ("reference", line.reference, book.words),
        ("description", line.description, book.words),
    ):
        if text:
            yield name, text, compiled
    for dimension, text in sorted(line.analytic.items()):
        yield f"analytic.{dimension}", text, book.words


def _blocks(lines: Sequence[CompiledLine], book: Book) -> Iterator[_Block]:
    kinds: dict[tuple[str | None, tuple[int | None, ...]], list[int]] = {}
    for place, line in enumerate(lines):
        repeat = line.definition.repeat
        indexes: tuple[int | None, ...] = tuple(range(repeat.first, repeat.last + 1)) if repeat else (None,)
        kinds.setdefault((line.row, indexes), []).append(place)
    for (row, indexes), places in kinds.items():
        parts = [FusedLine(lines[place].conditions, tuple(lines[place].fields.values())) for place in places]
        key = DOCUMENT.collections[row].key if row else ""
        yield _Block(row, key, indexes, tuple(places), fuse(parts, book.vocabulary, row))


def evaluate(journal: CompiledJournal, values: Values) -> tuple[list[Evaluated], list[Fault]]:
    """What every line says of every row, in the order of lines, rows, repetitions; and what could not be computed."""
    found: list[list[Evaluated]] = [[] for _ in journal.lines]
    faults: list[Fault] = []
    for block in journal.blocks:
        for index in block.indexes:
            seen = values if index is None else {**values, "repeat": Repeat(index)}
            rows: Sequence[Any] = ALONE if block.row is None else values[block.key]
            try:
                said = block.run(seen)
            except Exception:  # whatever values raise: the formulas one by one say what it was
                faults += _one_by_one(journal, block, rows, values, index, found)
                continue
            _told(journal, block, rows, (said,) if block.row is None else said, index, found)
        if len(block.indexes) > 1:
            for place in block.places:
                found[place].sort(key=lambda one: one.row)
    return [one for line in found for one in line], faults


ALONE = (None,)
"""The one row of a line about the document."""


def _told(
    journal: CompiledJournal,
    block: _Block,
    rows: Sequence[Any],
    said: Sequence[Any],
    index: int | None,
    found: list[list[Evaluated]],
) -> None:
    """Put the results of a fused function where they belong."""
    first = -1 if block.row is None else 0
    for row, (element, results) in enumerate(zip(rows, said, strict=True), first):
        for place, result in zip(block.places, results, strict=True):
            if result is not None and result[0]:
                found[place].append(Evaluated(journal.lines[place], row, index, element, result))


def _one_by_one(
    journal: CompiledJournal,
    block: _Block,
    rows: Sequence[Any],
    values: Values,
    index: int | None,
    found: list[list[Evaluated]],
) -> list[Fault]:
    faults = []
    for place in block.places:
        line = journal.lines[place]
        for row, element in enumerate(rows, -1 if block.row is None else 0):
            try:
                said = line_says(line, line.sees(values, element, index))
            except FormulaFailed as failed:
                path = "invoice_type" if block.row is None else f"{block.key}[{row}]"
                faults.append(formula_fault(f"{journal.definition.key} line {line.id}", failed, path))
                continue
            if said:
                found[place].append(Evaluated(line, row, index, element, said))
    return faults


def line_says(line: CompiledLine, values: Values) -> tuple[Any, ...] | None:
    """The fields of a line for one row; None where a condition does not hold or the amount is 0.

    Errors: FormulaFailed.
    """
    if not all(condition(values) for condition in line.conditions):
        return None
    amount, *rest = line.fields.values()
    said = amount(values)
    return (said, *(formula(values) for formula in rest)) if said else None
