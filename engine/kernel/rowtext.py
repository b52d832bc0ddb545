"""A text of a row made by one function, for what is told of every row of every document: its hash, its JSON.

Asking each value what it is and how it is told costs ten times as much as telling it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Says:
    """An expression about `row` whose result stands in the text."""

    expression: str


def function_of(parts: Iterable[str | Says], known: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str]:
    """The function that puts the parts together; expressions see `row`, and `known` by name.

    Shape: (["no. ", Says('row["number"]')], {}) -> lambda row: f"no. {row['number']}"
    The expressions are the engine's own: nothing that a person wrote comes here.
    """
    whole: list[ast.expr] = []
    for part in parts:
        if isinstance(part, str):
            whole.append(ast.Constant(part))
        else:
            whole.append(ast.FormattedValue(ast.parse(part.expression, mode="eval").body, ord("s")))
    row = ast.arguments([], [ast.arg("row")], None, [], [], None, [])
    code = compile(ast.fix_missing_locations(ast.Expression(ast.Lambda(row, ast.JoinedStr(whole)))), "<row>", "eval")
    made: Callable[[Mapping[str, Any]], str] = eval(code, dict(known))  # noqa: S307 - see above
    return made
