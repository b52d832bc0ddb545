"""Where every line of an entry comes from, as data: rendered by command line, page and API alike.

Each line of an automatic journal is told with its conditions and their values, the formula of its amount part by part,
and the source of every digit of its account; each row for which it made nothing with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.drafting import facts
from engine.drafting.drafted import Draft
from engine.drafting.facts import Repeat
from engine.journal.accounts import HOLE, AccountFound
from engine.journal.compiled import CompiledJournal, CompiledLine
from engine.journal.entries import Generated, Made, Ran
from engine.journal.generate import compiled
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AutomaticJournal
from engine.parametrization.vocabulary import DOCUMENT
from rules import Formula, FormulaFailed, arithmetic

LEFT_OVER = "left over"
"""The source of a digit that no source gave: a hole becomes 0."""

Data = dict[str, Any]


def explanation(
    draft: Draft,
    members: Sequence[AutomaticJournal],
    generated: Generated,
    catalog: Catalog,
    values: Mapping[str, Any] | None = None,
) -> Data:
    """Shape: {"journals": [{journal, ran, reversed, conditions}], "lines": […], "skipped": […]}"""
    seen = facts.of(draft, catalog) if values is None else values
    ran = {one.journal: one for one in generated.ran}
    journals, lines, skipped = [], [], []
    with arithmetic():
        for member in members:
            recipe = compiled(member, draft, catalog)
            did = ran.get(member.key)
            journals.append(_journal(recipe, did, seen))
            if did:
                lines += [_line(member.key, one) for one in did.made]
                skipped += list(_skipped(recipe, did, seen))
    return {"journals": journals, "lines": lines, "skipped": skipped}


def _journal(recipe: CompiledJournal, did: Ran | None, values: Mapping[str, Any]) -> Data:
    header = [(name, recipe.header[name]) for name in ("when", "reverse") if name in recipe.header]
    return {
        "journal": recipe.definition.key,
        "ran": did is not None,
        "reversed": bool(did and did.turned),
        "conditions": [{"field": name, **_asked(formula, values)} for name, formula in header],
    }


def _line(journal: str, one: Made) -> Data:
    formula = one.line.fields["amount"]
    said = {name: _asked(each, one.values) for name, each in one.line.fields.items() if name != "amount"}
    return {
        "journal": journal, "line": one.line.id, "row": one.row, "index": one.repetition, "side": one.side,
        "amount": str(one.amount), "formula": formula.text, "operands": _operands(formula, one.values),
        "parts": formula.explain(one.values).as_data(),
        "conditions": [_asked(condition, one.values) for condition in one.line.conditions],
        "fields": said, "account": one.account.account, "sources": sources(one.account),
    }  # fmt: skip


def sources(found: AccountFound) -> list[Data]:
    """Every source of an account with the positions it filled, from 1; what is left over comes last."""
    told, before = [], ""
    for step in found.steps:
        told.append(
            {
                "source": step.source, "record": step.record, "mask": step.mask, "result": step.result,
                "positions": _filled(before, step.result),
            }
        )  # fmt: skip
        before = step.result
    if found.holes:
        left = [place for place, digit in enumerate(found.mask, 1) if digit == HOLE]
        told.append({"source": LEFT_OVER, "record": "", "mask": "0", "result": found.account, "positions": left})
    return told


def _filled(before: str, after: str) -> list[int]:
    """The positions that a source gave, from 1."""
    return [
        place
        for place, digit in enumerate(after, 1)
        if digit != HOLE and (not before or place > len(before) or before[place - 1] == HOLE)
    ]


def _skipped(recipe: CompiledJournal, did: Ran, values: Mapping[str, Any]) -> Iterator[Data]:
    """Every row for which a line made nothing, and the first thing that kept it from it."""
    made = {(one.line.id, one.row, one.repetition) for one in did.made}
    for line in recipe.lines:
        for row, index, seen in rows_of(line, values):
            if (line.id, row, index) not in made:
                yield {
                    "journal": recipe.definition.key,
                    "line": line.id,
                    "row": row,
                    "index": index,
                    **_why(line, seen),
                }


def rows_of(line: CompiledLine, values: Mapping[str, Any]) -> Iterator[tuple[int, int | None, Mapping[str, Any]]]:
    """(row from 0 or -1, index of a repeated line, what the line's formulas see)"""
    repeat = line.definition.repeat
    indexes: Iterable[int | None] = range(repeat.first, repeat.last + 1) if repeat else (None,)
    elements = (None,) if line.row is None else values[DOCUMENT.collections[line.row].key]
    for row, element in enumerate(elements):
        bound = values if line.row is None else {**values, line.row: element}
        for index in indexes:
            seen = bound if index is None else {**bound, "repeat": Repeat(index)}
            yield (-1 if line.row is None else row), index, seen


def _why(line: CompiledLine, values: Mapping[str, Any]) -> Data:
    for condition in line.conditions:
        if not condition(values):
            return {"why": f"{condition.text} is false", "operands": _operands(condition, values)}
    amount = line.fields["amount"]
    return {"why": f"{amount.text} is {_plain(amount(values))}", "operands": _operands(amount, values)}


def _asked(formula: Formula, values: Mapping[str, Any]) -> Data:
    """A formula with its value and what it looked at."""
    try:
        value = _plain(formula(values))
    except FormulaFailed as failed:
        value = failed.code
    return {"formula": formula.text, "value": value, "operands": _operands(formula, values)}


def _operands(formula: Formula, values: Mapping[str, Any]) -> list[list[Any]]:
    return [[name, _plain(value)] for name, value in formula.operands(values)]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value is not None else None
