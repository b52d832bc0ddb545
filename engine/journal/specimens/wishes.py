"""What a document should be like to try a journal: read from the cases of the proof, and from the journal's formulas.

A wish says of a name which texts, truth or range it should have. Wishes are hopes: what no document can have, none has.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from rules import PERCENT
from rules.cells import Among, Answer, Case, Flag, Range, Words
from rules.linear import Form
from rules.nodes import Aggregate, Comparison, Literal, Membership, Name, Node, children, walk

Wishes = Mapping[str, Answer]
Choice = TypeVar("Choice")
MOST_MARKS = 40
LINES, TAXES = "sum(line.net for line)", "sum(tax.amount for tax)"
NET, GROSS = "total before tax", "total with tax"
"""Wishes for what all lines come to, where there is nothing else on a document."""
CENT = Decimal("0.01")


def wishes_of(case: Case) -> Wishes:
    """What a case says of single names; what it says of totals under NET and GROSS."""
    found: dict[str, Answer] = {}
    for subject, answer in case.items():
        if isinstance(subject, Flag | Words):
            found[subject.text] = answer
        elif len(subject.parts) == 1:
            found[subject.parts[0][0].text] = answer
        if isinstance(subject, Form) and isinstance(answer, Range):
            factors = {variable.text: factor for variable, factor in subject.parts}
            if factors.get(LINES) == 1:
                name = GROSS if factors.get(TAXES) == 1 else NET
                found[name] = both(found.get(name), answer)
    return found


def both(one: Answer | None, other: Answer | None) -> Range:
    """What lies in both ranges; an empty one where nothing does."""
    found, more = (answer if isinstance(answer, Range) else Range() for answer in (one, other))
    if more.least is not None:
        found = found.at("=>" if more.with_least else ">", more.least)
    return found if more.most is None else found.at("<=" if more.with_most else "<", more.most)


def is_empty(one: Range) -> bool:
    if one.least is None or one.most is None:
        return False
    return one.least > one.most or (one.least == one.most and not (one.with_least and one.with_most))


@dataclass(frozen=True, slots=True)
class Hints:
    """What a journal knows: texts by the name they are compared with, amounts, percents, dates, kinds of rows."""

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: tuple[Decimal, ...] = ()
    percents: tuple[Decimal, ...] = ()
    days: tuple[date, ...] = ()
    rows: frozenset[str] = frozenset()


def hints_of(nodes: Iterable[Node], cases: Iterable[Case]) -> Hints:
    """Everything that a document might have to hit exactly."""
    texts: dict[str, set[str]] = {}
    numbers: dict[str, set[Decimal]] = {"amount": set(), "percent": set()}
    days: set[date] = set()
    rows: set[str] = set()
    for node in (part for whole in nodes for part in walk(whole)):
        if isinstance(node, Literal) and isinstance(node.value, date):
            days.add(node.value)
        elif isinstance(node, Literal) and isinstance(node.value, Decimal):
            numbers["percent" if node.type == PERCENT else "amount"].add(abs(node.value))
        elif isinstance(node, Comparison | Membership):
            for name, text in _compared(children(node)):
                texts.setdefault(name, set()).add(text)
        elif isinstance(node, Name | Aggregate):
            rows.add(node.parts[0] if isinstance(node, Name) else node.row)
    for mark in (end for case in cases for end in _ends(case)):
        numbers["amount"].add(abs(round(Decimal(mark.numerator) / mark.denominator, 2)))
    return Hints(
        {name: tuple(sorted(found)) for name, found in sorted(texts.items())},
        tuple(sorted(numbers["amount"]))[:MOST_MARKS],
        tuple(sorted(numbers["percent"]))[:MOST_MARKS],
        tuple(sorted(days))[:MOST_MARKS],
        frozenset(rows),
    )


def _compared(parts: Sequence[Node]) -> Iterable[tuple[str, str]]:
    names = [part.dotted for part in parts if isinstance(part, Name)]
    texts = [part.value for part in parts if isinstance(part, Literal) and isinstance(part.value, str)]
    return ((name, text) for name in names for text in texts)


def _ends(case: Case) -> Iterable[Fraction]:
    ranges = (answer for subject, answer in case.items() if isinstance(answer, Range) and isinstance(subject, Form))
    return (end for one in ranges for end in (one.least, one.most) if end is not None)


class Dice:
    """Chance with wishes: every choice goes through it, so that one seed gives one row of documents."""

    def __init__(self, seed: int, hints: Hints) -> None:
        self.random = random.Random(seed)  # noqa: S311 - for trials, no secret
        self.hints = hints

    def one(self, choices: Sequence[Choice]) -> Choice:
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def text(self, name: str, wishes: Wishes, usual: Sequence[str]) -> str:
        """A text for a name: as wished, else sometimes one the journal knows, else a usual one."""
        wish = wishes.get(name)
        if isinstance(wish, Among) and wish.texts is not None:
            return self.one(sorted(wish.texts))
        refused = wish.but if isinstance(wish, Among) else frozenset()
        known = [text for text in self.hints.texts.get(name, ()) if text not in refused]
        if known and self.chance(0.5):
            return self.one(known)
        return self.one([text for text in usual if text not in refused] or ["X1"])

    def truth(self, name: str, wishes: Wishes, probability: float) -> bool:
        wish = wishes.get(name)
        return wish if isinstance(wish, bool) else self.chance(probability)

    def day(self, name: str, wishes: Wishes, usual: date) -> date:
        """A day: as wished, or beside one the journal knows."""
        wish = wishes.get(name)
        if isinstance(wish, Range):
            return date.fromordinal(int(_inside(wish, Fraction(1), self)))
        if self.hints.days and self.chance(0.5):
            return date.fromordinal(self.one(self.hints.days).toordinal() + self.one((-1, 0, 1)))
        return usual

    def amount(self, name: str, wishes: Wishes) -> Decimal:
        """An amount of money; below 0 only when it is wished."""
        wish = wishes.get(name)
        if isinstance(wish, Range):
            found = _inside(wish, Fraction(1, 100), self)
            return round(Decimal(found.numerator) / found.denominator, 2)
        if self.hints.amounts and self.chance(0.4):
            mark = self.one(self.hints.amounts)
            return max(Decimal(0), self.one((mark, mark + CENT, mark - CENT, 2 * mark, mark / 2))).quantize(CENT)
        cents = self.one((10_000, 100, 1, 3_333, 99_999, self.random.randrange(1, 1_000_000)))
        return Decimal(cents).scaleb(-2)


def _inside(wish: Range, step: Fraction, dice: Dice) -> Fraction:
    """A value in a range: an end, beside it, or further in."""
    least = wish.least if wish.least is not None else (wish.most or Fraction(0)) - 1000 * step
    most = wish.most if wish.most is not None else least + 100_000 * step
    first = least if wish.with_least or wish.least is None else least + step
    last = most if wish.with_most or wish.most is None else most - step
    if first >= last:
        return first if wish.with_least else (least + most) / 2 if least < most else least
    steps = int((last - first) / step)
    return first + step * dice.one((0, steps, dice.random.randint(0, steps), min(steps, 10_000)))
