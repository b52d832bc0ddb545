"""How the numbers of a counter can read: as slots of characters, to see whether two counters can print one text; and
as the shortest and the longest text, to measure it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
MOST = 60
"""Digits looked at of a sequence; a text longer than this is too long for everybody."""
SPELLED = (1, 3)
"""Lengths of a month or a day that is not two digits: a letter or three, a weekday, the day of the year."""
GROWN = 7
"""Digits that a sequence without length is thought to reach."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One character of `chars` (none: any); with `many`, one or more of them."""

    chars: frozenset[str] = frozenset()
    many: bool = False

    def meets(self, other: Slot) -> bool:
        return not self.chars or not other.chars or bool(self.chars & other.chars)


ANYTHING = (Slot(many=True),)


def ordered(counter: d.Counter) -> list[d.CounterComponent]:
    return sorted(counter.component, key=lambda part: part.position)


def slots(counter: d.Counter, company: d.Company) -> list[Slot]:
    """What stands where in the numbers of one company."""
    return [slot for part in ordered(counter) for slot in _slots(part, company)]


def _slots(part: d.CounterComponent, company: d.Company) -> tuple[Slot, ...]:
    length = max(0, min(part.length, MOST))
    match part.kind:
        case "constant":
            return _literal(part.value)
        case "company":
            return _literal(company.code)
        case "year":
            return (Slot(DIGITS),) * min(length or 4, 4)
        case "month" | "day" | "week":
            return (Slot(DIGITS | LETTERS, many=True),) if length in SPELLED else (Slot(DIGITS),) * 2
        case "sequence":
            return (Slot(DIGITS),) * length if length else (Slot(DIGITS, many=True),)
        case _:
            return ANYTHING


def _literal(text: str) -> tuple[Slot, ...]:
    return tuple(Slot(frozenset(character)) for character in text)


def can_be_equal(one: list[Slot], other: list[Slot]) -> bool:
    """Whether some text reads both ways."""
    ahead, seen = [(0, 0)], {(0, 0)}
    while ahead:
        left, right = ahead.pop()
        if left == len(one) and right == len(other):
            return True
        if left == len(one) or right == len(other) or not one[left].meets(other[right]):
            continue
        for step in (
            (after_left, after_right)
            for after_left in ((left, left + 1) if one[left].many else (left + 1,))
            for after_right in ((right, right + 1) if other[right].many else (right + 1,))
        ):
            if step not in seen:
                seen.add(step)
                ahead.append(step)
    return False


def shortest_and_longest(counter: d.Counter, company: d.Company, catalog: Catalog) -> tuple[str, str] | None:
    """Two texts the counter prints for a company; None where a part can be anything."""
    shortest, longest = "", ""
    for part in ordered(counter):
        texts = _texts(part, max(1, counter.start), company, catalog)
        if not texts:
            return None
        shortest += min(texts, key=len)
        longest += max(texts, key=len)
    return shortest, longest


def _texts(part: d.CounterComponent, start: int, company: d.Company, catalog: Catalog) -> list[str]:
    """Samples of one part, among them a shortest and a longest; none where it can be anything."""
    length = max(0, min(part.length, MOST))
    years = [year for year in catalog.table(d.FiscalYear).values() if year.company == company.code]
    match part.kind:
        case "constant":
            return [part.value]
        case "company":
            return [company.code]
        case "site":
            return [site.code for site in catalog.table(d.Site).values() if site.company == company.code]
        case "year":
            return ["2026"[-(length or 4) :]]
        case "month" | "day" | "week":
            return ["1" * length if length in SPELLED else "12"]
        case "sequence":
            return [str(start).zfill(length), "9" * max(length or GROWN, len(str(start)))]
        case "fiscal_year":
            return [year.code for year in years] or ["2026"]
        case "period":
            return [period.code for year in years for period in year.period] or ["2026-12"]
        case _:
            return []
