"""What the equations of a proof are about: variables of the document, and sums of variables over the rows of a cell."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from rules.cells import Case, Range
from rules.linear import Form, Variable, constant


class CellSum(NamedTuple):
    """The sum of a variable over the rows in a cell; without a variable, how many rows are in it."""

    row: str
    cell: int
    variable: Variable | None


Unknown = Variable | CellSum
Sum = dict[Unknown | None, Fraction]


def points(case: Case, row: str) -> Iterator[Form]:
    """The forms about a row, or the document, that a case makes 0."""
    for subject, answer in case.items():
        if isinstance(subject, Form) and subject.row == row and isinstance(answer, Range) and answer.point is not None:
            yield subject.plus(constant(answer.point), -1)


def flat(form: Form, row: str = "", cell: int = 0) -> Sum:
    """A form as unknowns: of the document, or summed over the rows of a cell."""
    if not row:
        return {**dict(form.parts), None: form.constant}
    parts: Sum = {CellSum(row, cell, variable): factor for variable, factor in form.parts}
    return {**parts, CellSum(row, cell, None): form.constant}
