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

    @property
    def id(self) -> str:
        return self.definition.id


class Evaluated(NamedTuple):
    """What the fields of a line say of one row. `row` is from 0, -1 for the document; `values` are what they saw."""

    line: CompiledLine
    row: int
    repetition: int | None
    element: Any
    said: Mapping[str, Any]
    values: Values


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
    return CompiledLine(line, row, conditions, fields, late)


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
    """What every line says of every row, in the order of lines, rows, indexes; and what could not be computed."""
    found: list[tuple[int, int, int, Evaluated]] = []
    faults: list[Fault] = []
    for block in journal.blocks:
        for index in block.indexes:
            seen = values if index is None else {**values, "repeat": Repeat(index)}
            try:
                said = block.run(seen)
            except Exception:  # whatever values raise: the formulas one by one say what it was
                one_by_one, wrong = _one_by_one(journal, block, seen, index)
                found += one_by_one
                faults += wrong
                continue
            found += _told(journal, block, seen, index, said)
    found.sort(key=lambda one: one[:3])
    return [one for *_, one in found], faults


def _told(
    journal: CompiledJournal, block: _Block, values: Values, index: int | None, said: Any
) -> Iterator[tuple[int, int, int, Evaluated]]:
    """The results of a fused function, each with its place."""
    rows: Sequence[Any] = (None,) if block.row is None else values[block.key]
    per_row = (said,) if block.row is None else said
    for number, (row, results) in enumerate(zip(rows, per_row, strict=True)):
        at = -1 if block.row is None else number
        seen = values if block.row is None else {**values, block.row: row}
        for place, result in zip(block.places, results, strict=True):
            if result is not None and result[0]:
                line = journal.lines[place]
                fields = dict(zip(line.fields, result, strict=True))
                yield place, at, index or 0, Evaluated(line, at, index, row, fields, seen)


def _one_by_one(
    journal: CompiledJournal, block: _Block, values: Values, index: int | None
) -> tuple[list[tuple[int, int, int, Evaluated]], list[Fault]]:
    found, faults = [], []
    rows: Sequence[Any] = (None,) if block.row is None else values[block.key]
    for place in block.places:
        line = journal.lines[place]
        for number, row in enumerate(rows):
            at = -1 if block.row is None else number
            seen = values if block.row is None else {**values, block.row: row}
            try:
                fields = line_says(line, seen)
            except FormulaFailed as failed:
                path = "invoice_type" if block.row is None else f"{block.key}[{number}]"
                faults.append(formula_fault(f"{journal.definition.key} line {line.id}", failed, path))
                continue
            if fields:
                found.append((place, at, index or 0, Evaluated(line, at, index, row, fields, seen)))
    return found, faults


def line_says(line: CompiledLine, values: Values) -> dict[str, Any] | None:
    """The fields of a line for one row; None where a condition does not hold or the amount is 0.

    Errors: FormulaFailed.
    """
    if not all(condition(values) for condition in line.conditions):
        return None
    amount = line.fields["amount"](values)
    if not amount:
        return None
    return {name: amount if name == "amount" else formula(values) for name, formula in line.fields.items()}
