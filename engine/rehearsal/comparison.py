"""What was expected against what came out: only what the expectation names, each difference with its place.

A mapping compares the keys it names; a list is a multiset, whose elements are paired with the likest; amounts compare
as decimals (`100` is `100.00`), everything else as it reads (a date of TOML is its ISO text).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from engine.drafting.totals import Totals
from engine.kernel.faults import Fault, clipped
from engine.kernel.money import parse_number, plain

AMOUNTS = frozenset({*Totals.__dataclass_fields__, "rate", "base", "amount", "debit", "credit", "amount_currency"})
NAMES = ("ledger", "account", "tax_code", "code")
"""What an element of a list is called in a path, as long as no other has the same name."""
MOST_COMPARED = 40_000
"""Pairs of elements that are weighed against each other; beyond, what is left is paired in order."""


@dataclass(frozen=True, slots=True)
class Difference:
    """None stands for nothing: expected and missing, or found and not expected.

    Shape: Difference("entries[PCG].lines[707000].credit", "100.00", "90.00")
    """

    path: str
    expected: Any
    found: Any
    hint: str = ""

    @property
    def words(self) -> str:
        if self.expected is None:
            words = f"{self.path}: not expected: {shown(self.found)}"
        elif self.found is None:
            words = f"{self.path}: missing: {shown(self.expected)}"
        else:
            words = f"{self.path}: expected {shown(self.expected)}, found {shown(self.found)}"
        return f"{words}; {self.hint}" if self.hint else words

    @property
    def change(self) -> str:
        """The difference as something that changes."""
        before, after = ("nothing" if each is None else shown(each) for each in (self.expected, self.found))
        return f"{self.path}: {before} → {after}"

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "expected": as_data(self.expected), "found": as_data(self.found)}


class Pair(NamedTuple):
    """Places in two lists; None where an element has no partner."""

    expected: int | None
    found: int | None


def differences(expected: Any, found: Any, path: str) -> Iterator[Difference]:
    """Every difference below `path`."""
    name = path.rpartition(".")[2]
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key, each in expected.items():
            yield from differences(each, found.get(key), f"{path}.{key}" if path else key)
    elif _is_list(expected) and _is_list(found):
        mine, theirs = _places(expected, path), _places(found, path)
        for pair in pairs(expected, found, name):
            if pair.expected is None and pair.found is not None:
                yield Difference(theirs[pair.found], None, found[pair.found])
            elif pair.found is None and pair.expected is not None:
                yield Difference(mine[pair.expected], expected[pair.expected], None)
            elif pair.found is not None and pair.expected is not None:
                yield from differences(expected[pair.expected], found[pair.found], mine[pair.expected])
    elif not same(expected, found, name):
        yield Difference(path, expected, found)


def same(expected: Any, found: Any, name: str = "") -> bool:
    """Whether what was found is what the expectation names. `name` is the field it stands in."""
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and same(each, found[key], key) for key, each in expected.items()
        )
    if _is_list(expected):
        if not _is_list(found) or len(found) != len(expected):
            return False
        return len(_matched(expected, found, name)) == len(expected)
    return bool(_reads(expected, name) == _reads(found, name))


def as_written(expected: Any, found: Any, name: str = "") -> Any:
    """What was found, in the shape of the expectation; what agrees stays as it is written there."""
    if same(expected, found, name):
        return as_data(expected)
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return {key: as_written(each, found[key], key) for key, each in expected.items() if key in found}
    if _is_list(expected) and _is_list(found):
        named = {key: each for row in expected if isinstance(row, Mapping) for key, each in row.items()}
        return [
            as_written(named if pair.expected is None and named else _at(expected, pair.expected), found[pair.found])
            for pair in pairs(expected, found, name)
            if pair.found is not None
        ]
    return found


def pairs(expected: Sequence[Any], found: Sequence[Any], name: str = "") -> list[Pair]:
    """Every element once, in the order of the expectation: with its equal, else its like, else alone."""
    partner = _matched(expected, found, name)
    taken = set(partner.values())
    lonely = [place for place in range(len(expected)) if place not in partner]
    free = [place for place in range(len(found)) if place not in taken]
    partner |= _likest(expected, found, lonely, free)
    taken = set(partner.values())
    result = [Pair(place, partner.get(place)) for place in range(len(expected))]
    return result + [Pair(None, place) for place in free if place not in taken]


def shown(value: Any) -> str:
    """A value in a line of text."""
    if isinstance(value, Fault):
        return f"{value.code}{f' at {value.path}' if value.path else ''}: {value.message}; {value.remedy}"
    if isinstance(value, Mapping):
        return clipped(", ".join(f"{key} {shown(each)}" for key, each in value.items()) or "nothing")
    if _is_list(value):
        return clipped("; ".join(shown(each) for each in value) or "none")
    return _text(value)


def as_data(value: Any) -> Any:
    """A value as JSON holds it: decimals and dates are text."""
    if isinstance(value, Fault):
        return value.as_json()
    if isinstance(value, Mapping):
        return {key: as_data(each) for key, each in value.items()}
    if _is_list(value):
        return [as_data(each) for each in value]
    return value if value is None or isinstance(value, bool | int | str) else _text(value)


# --- lists ----------------------------------------------------------------------------------------------------------


def _matched(expected: Sequence[Any], found: Sequence[Any], name: str) -> dict[int, int]:
    """As many equal pairs as there can be: an expectation that names little leaves the exact element to its neighbour.

    Augmenting paths: one that finds its elements taken makes a neighbour move on.
    """
    fits = _fitting(expected, found, name)
    holds: dict[int, int] = {}
    held_by: dict[int, int] = {}
    for start in range(len(expected)):
        wanted_by: dict[int, int] = {}
        waiting = [start]
        free: int | None = None
        for row in waiting:  # grows while it is read
            for place in fits[row]:
                if place not in wanted_by:
                    wanted_by[place] = row
                    if place not in held_by:
                        free = place
                        break
                    waiting.append(held_by[place])
            if free is not None:
                break
        while free is not None:
            row = wanted_by[free]
            before = holds.get(row)
            holds[row], held_by[free] = free, row
            free = before
    return holds


def _fitting(expected: Sequence[Any], found: Sequence[Any], name: str) -> list[list[int]]:
    """For each element expected the places of its equals; only those that share its rarest fact are compared."""
    index: dict[tuple[str, Any], list[int]] = defaultdict(list)
    for place, row in enumerate(found):
        for fact in _facts(row, name):
            index[fact].append(place)
    everywhere = range(len(found))
    result = []
    for row in expected:
        shared = (index.get(fact, ()) for fact in _facts(row, name))
        candidates: Sequence[int] = min(shared, key=len, default=everywhere)
        result.append([place for place in candidates if same(row, found[place], name)])
    return result


def _likest(
    expected: Sequence[Any], found: Sequence[Any], lonely: Sequence[int], free: Sequence[int]
) -> dict[int, int]:
    """Mappings that agree in half of what is expected or more; or the only one left on either side."""
    if not all(isinstance(one, Mapping) for one in (*expected, *found)):
        return {}
    if len(lonely) == len(free) == 1:
        return {lonely[0]: free[0]}
    if len(lonely) * len(free) > MOST_COMPARED:
        return dict(zip(lonely, free, strict=False))
    facts = {place: _facts(found[place], "") for place in free}
    partner: dict[int, int] = {}
    for place in lonely:
        mine = _facts(expected[place], "")
        best = max(facts, key=lambda other: len(mine & facts[other]), default=None)
        if best is not None and 2 * len(mine & facts[best]) >= len(mine):
            partner[place] = best
            del facts[best]
    return partner


def _facts(row: Any, name: str) -> frozenset[tuple[str, Any]]:
    """The plain values of an element, each with its field."""
    if isinstance(row, Mapping):
        return frozenset(
            (key, _reads(each, key))
            for key, each in row.items()
            if each is not None and not isinstance(each, Mapping) and not _is_list(each)
        )
    return frozenset() if _is_list(row) else frozenset({(name, _reads(row, name))})


def _places(rows: Sequence[Any], path: str) -> list[str]:
    """A path for each element: by its own name, else by its place."""
    names = [
        next((str(row[key]) for key in NAMES if key in row), "") if isinstance(row, Mapping) else "" for row in rows
    ]
    return [f"{path}[{name if name and names.count(name) == 1 else place}]" for place, name in enumerate(names)]


# --- values ---------------------------------------------------------------------------------------------------------


def _reads(value: Any, name: str) -> Any:
    """What a plain value is compared by."""
    if value is None or isinstance(value, Mapping | list | tuple):
        return value
    text = _text(value)
    return _amount(text) if name in AMOUNTS else text


@lru_cache(10_000)
def _amount(text: str) -> str:
    """One text for equal amounts; what is no amount stays as it is."""
    number = parse_number(text)
    return text if number is None else plain(number)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _at(rows: Sequence[Any], place: int | None) -> Any:
    return None if place is None else rows[place]
