"""What can be wrong with a formula, in words: before it runs (`Problem`, in a `BadFormula`) and while it runs
(`FormulaFailed`).

Codes are stable and never reused; every one has a sample in tests/rules/test_errors.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "formula_syntax": "the text is not a formula",
        "formula_recursion": "a named formula that uses itself, directly or through others",
        "formula_unknown_name": "a name that the vocabulary does not have",
        "formula_row_not_bound": "a row's field used where no row is at hand",
        "formula_unknown_function": "a function that does not exist",
        "formula_arguments": "a function called with the wrong arguments",
        "formula_type": "values of types that do not go together",
        "formula_unknown_code": "a text that is not in the code set it is compared with or returned as",
        "formula_division_by_zero": "a division by zero",
        "formula_bad_date": "a date that is not in the calendar",
        "formula_number_out_of_range": "a number with more than 20 digits, or more than 10 decimals",
        "formula_too_long": "a text longer than 4,096 characters, or 16,384 with the named formulas it uses",
        "formula_too_many_nodes": "more than 500 names, values and operations",
        "formula_too_deep": "brackets, conditions or calls nested more than 32 deep, or too long a chain of operators",
    }
)

FAILURES: Mapping[str, str] = MappingProxyType(
    {
        "formula_division_by_zero": "a division by zero",
        "formula_overflow": "a result too large to be exact",
        "formula_missing_value": "a value is needed and missing; coalesce(x, y) gives another, given(x) asks",
        "formula_wrong_value": "a value is not of the type that the vocabulary promises",
        "formula_lookup_failed": "a lookup broke off without an answer",
        "formula_not_whole": "a whole number is needed",
        "formula_out_of_range": "a number outside what the function can use",
        "formula_date_out_of_range": "a date outside the years 1 to 9999",
        "formula_text_too_long": "a text longer than 10,000 characters",
    }
)

CODES: frozenset[str] = frozenset((*PROBLEMS, *FAILURES))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the text of a formula.

    Shape: span holds offsets into the text, the end exclusive; hint is the way out, or empty.
    """

    code: str
    span: tuple[int, int]
    words: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.words}" + (f"; {self.hint}" if self.hint else "")

    def show(self, text: str) -> str:
        """The problem, the line of the formula it is in, and carets under the place."""
        start = min(self.span[0], len(text))
        line_start = text.rfind("\n", 0, start) + 1
        line = text[line_start:].split("\n", 1)[0].replace("\t", " ").rstrip("\r")
        column = start - line_start
        width = max(1, min(self.span[1] - start, len(line) - column))
        return f"{self}\n  {line}\n  {' ' * column}{'^' * width}"


class BadFormula(Exception):
    """The text is no formula over this vocabulary; `problems` holds everything found."""

    def __init__(self, text: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(text, problems)
        self.text = text
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(problem.show(self.text) for problem in self.problems)


class FormulaFailed(Exception):
    """A formula met values it has no result for; `operands` are the (name, value) pairs it was looking at."""

    def __init__(self, code: str, text: str, operands: tuple[tuple[str, object], ...]) -> None:
        super().__init__(code, text, operands)
        self.code = code
        self.text = text
        self.operands = operands

    def __str__(self) -> str:
        seen = ", ".join(f"{name} = {'missing' if value is None else value}" for name, value in self.operands)
        return f"{self.code} {FAILURES[self.code]}\n  {self.text}" + (f"\n  with {seen}" if seen else "")
