"""The documents of ours that a request refers to: by id, or by the number that we gave.

A number with a date is printed as it was typed: such a document is of another system. Without a date it is looked up
among our sales; numbers in the references of a purchase are the supplier's, so they are never looked up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Day
from typing import Any

from engine.drafting.draft import named_references
from engine.drafting.request import Reference, Request
from engine.kernel.faults import Fault, FaultKind, Faulty, clipped

UNKNOWN_ORIGIN = FaultKind(
    "unknown_origin", "{company} has no document with id {id}", "give the id of a posted document, or number and date"
)
UNKNOWN_NUMBER = FaultKind(
    "unknown_number",
    "{company} has no sales document with number {number!r}",
    "mend the number, or give its id; add its `date` if it is of another system",
)
AMBIGUOUS_NUMBER = FaultKind(
    "ambiguous_number", "{number!r} is the number of several documents of {company}: ids {ids}", "give the id of one"
)
LOOKED_UP = frozenset({"corrects", "invoice", "advance"})
"""Kinds of reference that name a document of ours, where its number stands alone."""
NUMBERED_BY_US = "sales"
"""The module whose numbers our partners know."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A document of ours that is referred to."""

    number: str
    date: Day
    tax_point: Day
    id: int | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Origin:
        """From its row."""
        tax_point = Day.fromisoformat(json.loads(row["content"])["tax_point"])
        return cls(row["number"], row["date"], tax_point, row["id"])


Named = Mapping[int | str, Origin]
"""What a request refers to, by the id or the number that it says."""


@dataclass(frozen=True, slots=True)
class Found:
    """Documents of a company by id, and those of its sales by number, the second number included."""

    by_id: Mapping[int, Origin] = field(default_factory=dict)
    by_number: Mapping[str, Sequence[Origin]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Found:
        """From the rows of some documents of one company."""
        by_id: dict[int, Origin] = {}
        by_number: dict[str, list[Origin]] = {}
        for row in rows:
            by_id[row["id"]] = one = Origin.of(row)
            if row["module"] == NUMBERED_BY_US:
                for number in {row["number"], row["creation_number"]} - {None}:
                    by_number.setdefault(number, []).append(one)
        return cls(by_id, by_number)


Look = Callable[[str, Sequence[int], Sequence[str]], Found]
"""(company, ids, numbers) -> those of its documents."""


def wanted(request: Request) -> Iterator[tuple[str, int | str]]:
    """(path, id or number) of every document of ours that a request and its lines name."""
    for path, one in named_references(request):
        name = _name(request, one)
        if name is not None:
            yield f"{path}.{'id' if isinstance(name, int) else 'number'}", name


def origins_of(request: Request, look: Look, *, posted: bool = False) -> Named:
    """The documents of ours that a request names; nothing is looked for where it names none.

    `posted` requests were posted: a number that is not ours was taken as it stood, so it is none of the faults.
    Errors: Faulty(unknown_origin, unknown_number, ambiguous_number).
    """
    names = dict(wanted(request))
    if not names:
        return {}
    company = request.company
    ids = list(dict.fromkeys(name for name in names.values() if isinstance(name, int)))
    numbers = list(dict.fromkeys(name for name in names.values() if isinstance(name, str)))
    found = look(company, ids, numbers)
    known: dict[int | str, Origin] = {id: found.by_id[id] for id in ids if id in found.by_id}
    known |= {name: of[0] for name in numbers if len(of := found.by_number.get(name, ())) == 1}
    missing = [
        _missing(company, path, name, found)
        for path, name in names.items()
        if name not in known and not (posted and isinstance(name, str))
    ]
    if missing:
        raise Faulty(missing)
    return known


def named(request: Request, known: Named) -> Request:
    """The request whose references all say id, number and date of what they name."""
    lines = tuple(
        replace(line, references=_filled(request, line.references, known)) if line.references else line
        for line in request.lines
    )
    return replace(request, references=_filled(request, request.references, known), lines=lines)


def _filled(request: Request, references: Iterable[Reference], known: Named) -> tuple[Reference, ...]:
    return tuple(
        replace(one, id=origin.id if one.id is None else one.id, number=origin.number, date=origin.date)
        if (name := _name(request, one)) is not None and (origin := known.get(name))
        else one
        for one in references
    )


def _name(request: Request, one: Reference) -> int | str | None:
    """What a document of ours is looked up by."""
    if one.id is not None:
        return one.id
    alone = one.kind in LOOKED_UP and one.number and one.date is None
    return one.number if alone and request.side == NUMBERED_BY_US else None


def _missing(company: str, path: str, name: int | str, found: Found) -> Fault:
    if isinstance(name, int):
        return UNKNOWN_ORIGIN.at(path, company=company, id=name)
    several = found.by_number.get(name, ())
    if several:
        ids = ", ".join(sorted(str(one.id) for one in several))
        return AMBIGUOUS_NUMBER.at(path, number=clipped(name, 60), company=company, ids=ids)
    return UNKNOWN_NUMBER.at(path, company=company, number=clipped(name, 60))
