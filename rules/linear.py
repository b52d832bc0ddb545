"""Linear forms over exact fractions, and equations between them: the arithmetic of the balance proof.

A form is c1·v1 + c2·v2 + … + c. A variable is whatever is not looked into: a field, a rounding, a product, a sum over
rows. Its text is its normal form: equal texts are equal values, in one document and for one row.

Decimals have 38 digits, so a form stands for what a formula computes only while the result surely fits into them
(`Form.fits`); `reading` makes a variable of every operation whose result may have been cut.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from rules.types import AMOUNT, DATE, MONEY, NUMBER, PERCENT, ZERO, Type

DIGITS = 38  # of the decimal context, rules.arithmetic
CUT = 99  # the scale of a variable that may have been cut to those digits
MANY_ROWS = 6  # digits of the largest number of rows

WIDTHS: Mapping[Type, tuple[int, int]] = {
    MONEY: (14, 4), AMOUNT: (14, 8), NUMBER: (10, 8), PERCENT: (3, 8), DATE: (7, 0), ZERO: (1, 0),
}  # fmt: skip
"""Digits before and after the point that values given to formulas have at most; the caller's promise."""


class Variable(NamedTuple):
    """`row` is the kind of row it belongs to, "" for the document; `money` is at the currency's exponent."""

    text: str
    row: str
    whole: int
    scale: int
    money: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Form:
    """Parts are sorted by variable, without zeros, so that equal forms are equal objects with equal texts."""

    parts: tuple[tuple[Variable, Fraction], ...]
    constant: Fraction

    def __hash__(self) -> int:
        return hash((len(self.parts), *(variable.text for variable, _ in self.parts[:2])))

    def __str__(self) -> str:
        said = [str(variable) if factor == 1 else f"{factor}*{variable}" for variable, factor in self.parts]
        return " + ".join([*said, str(self.constant)] if self.constant or not said else said)

    @property
    def row(self) -> str:
        """The kind of row it is about, "" where it is about the document."""
        return next((variable.row for variable, _ in self.parts if variable.row), "")

    @property
    def value(self) -> Fraction | None:
        return None if self.parts else self.constant

    def plus(self, other: "Form", times: int = 1) -> "Form":
        parts = dict(self.parts)
        for variable, factor in other.parts:
            parts[variable] = parts.get(variable, Fraction(0)) + times * factor
        return form(parts, self.constant + times * other.constant)

    def scaled(self, factor: Fraction) -> "Form":
        return form({variable: factor * one for variable, one in self.parts}, factor * self.constant)

    def times(self, other: "Form") -> "Form":
        """The product, multiplied out; a product of variables is a variable."""
        result = self.scaled(other.constant).plus(other.scaled(self.constant))
        parts = dict(result.parts)
        for left, one in self.parts:
            for right, two in other.parts:
                product = _product(*sorted((left, right)))
                parts[product] = parts.get(product, Fraction(0)) + one * two
        return form(parts, self.constant * other.constant)

    def fits(self, more: int = 0) -> bool:
        """Is a decimal of this value exact, with `more` digits to spare before the point?"""
        whole, scale = width(self.constant)
        for variable, factor in self.parts:
            before, after = width(factor)
            whole, scale = max(whole, before + variable.whole), max(scale, after + variable.scale)
        return whole + len(str(len(self.parts))) + scale + more <= DIGITS

    def direction(self) -> tuple["Form", Fraction]:
        """(d, k): the form is k·d and a constant, d the same for all forms that differ in k and constant only."""
        factor = self.parts[0][1]
        return form({variable: one / factor for variable, one in self.parts}), factor

    def is_money(self) -> bool:
        """Is it a sum of money, so that rounding it to the currency changes nothing?"""
        whole = self.constant.denominator == 1 and all(factor.denominator == 1 for _, factor in self.parts)
        return whole and all(variable.money for variable, _ in self.parts)


def form(parts: Mapping[Variable, Fraction], constant: Fraction = Fraction(0)) -> Form:
    return Form(tuple(sorted((variable, factor) for variable, factor in parts.items() if factor)), constant)


def constant(value: Fraction | int) -> Form:
    return Form((), Fraction(value))


def single(variable: Variable) -> Form:
    return Form(((variable, Fraction(1)),), Fraction(0))


def _product(left: Variable, right: Variable) -> Variable:
    scale = CUT if CUT in (left.scale, right.scale) else left.scale + right.scale
    return Variable(f"({left} * {right})", left.row or right.row, left.whole + right.whole, scale)


@lru_cache(maxsize=10_000)
def width(number: Fraction) -> tuple[int, int]:
    """Digits before and after the point; (0, CUT) for one that has no end, such as 1/3."""
    if number.denominator == 1:
        return len(str(abs(number.numerator))), 0
    for scale in range(1, DIGITS):
        if (number * 10**scale).denominator == 1:
            return len(str(int(abs(number)))), scale
    return 0, CUT


Key = TypeVar("Key")
Unknown = TypeVar("Unknown", bound=Hashable)
Sum = Mapping[Unknown | None, Fraction]
"""A form over unknowns of any kind; its constant stands under None."""


class Equations(Generic[Unknown]):
    """Equations, solved as they come: each one that is new gives one unknown by the others."""

    def __init__(self) -> None:
        self.contradictory = False
        self._solved: dict[Unknown, dict[Unknown | None, Fraction]] = {}

    def add(self, zero: Sum[Unknown], first: Iterable[Unknown] = ()) -> None:
        """`zero` is 0; what is in `first` is solved for before the rest."""
        left = self.reduced(zero)
        unknowns = [one for one in left if one is not None]
        if not unknowns:
            self.contradictory |= bool(left)
            return
        pivot = next((one for one in first if one in left), unknowns[0])
        factor = left.pop(pivot)
        solution = {unknown: -one / factor for unknown, one in left.items()}
        for known in self._solved.values():
            times = known.pop(pivot, None)
            if times is not None:
                add(known, solution, times)
        self._solved[pivot] = solution

    def reduced(self, total: Sum[Unknown]) -> dict[Unknown | None, Fraction]:
        """What is left of a sum when everything that is solved is replaced; empty where it is 0."""
        left: dict[Unknown | None, Fraction] = {}
        for unknown, factor in total.items():
            known = self._solved.get(unknown) if unknown is not None else None
            add(left, {unknown: Fraction(1)} if known is None else known, factor)
        return left


def add(total: dict[Key, Fraction], more: Mapping[Key, Fraction], times: Fraction | int) -> None:
    """Add so many times a sum to a total."""
    for unknown, factor in more.items():
        value = total.get(unknown, Fraction(0)) + times * factor
        if value:
            total[unknown] = value
        else:
            total.pop(unknown, None)
