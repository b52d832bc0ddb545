"""A second opinion: walks the checked nodes and works each out as the words of the language say, slowly.

Written apart from rules/compile.py and rules/runtime.py, which it checks. A result of None means that it fails.
"""

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from rules import BOOLEAN, DATE, MONEY, PERCENT, TEXT, CodeSet, Vocabulary
from rules.nodes import (
    Aggregate,
    Binary,
    Call,
    Comparison,
    Conditional,
    Literal,
    Logic,
    LookupCall,
    Membership,
    Name,
    Named,
    Negative,
    Node,
    Not,
    Rounded,
    Template,
)

COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


class Fails(Exception):
    """The formula has no result."""


def interpret(node: Node, values: dict[str, Any], vocabulary: Vocabulary) -> Any:
    return Interpreter(vocabulary, values).needed(node)


class Interpreter:
    def __init__(self, vocabulary: Vocabulary, values: dict[str, Any]) -> None:
        self.vocabulary = vocabulary
        self.values = values

    def needed(self, node: Node) -> Any:
        value = self.value(node)
        if value is None:
            raise Fails
        return value

    def value(self, node: Node) -> Any:
        match node:
            case Literal():
                return node.value
            case Name(parts=(owner, field)):
                return getattr(self.values[owner], field)
            case Negative():
                return -self.needed(node.operand)
            case Not():
                return not self.needed(node.operand)
            case Logic(operator="and"):
                return self.needed(node.right) if self.needed(node.left) else False
            case Logic():
                return True if self.needed(node.left) else self.needed(node.right)
            case Comparison():
                return self.compare(node)
            case Membership():
                return self.member(node)
            case Conditional():
                return self.needed(node.then if self.needed(node.condition) else node.otherwise)
            case Binary():
                return self.binary(node)
            case Rounded():
                exponent = self.values["quantum"] if node.digits is None else Decimal(10) ** -node.digits
                return self.needed(node.operand).quantize(exponent, node.mode)
            case Template():
                return "".join(self.text(part) for part in node.parts)
            case Aggregate():
                return self.aggregate(node)
            case LookupCall():
                return self.values[node.lookup](*(self.needed(argument) for argument in node.arguments))
            case Named():
                return self.value(node.body)
            case Call():
                return self.call(node)
        raise AssertionError(node)

    def compare(self, node: Comparison) -> bool:
        look = self.value if is_text(node.left) else self.needed
        return COMPARE[node.operator](look(node.left), look(node.right))

    def member(self, node: Membership) -> bool:
        look = self.value if is_text(node.value) else self.needed
        value = look(node.value)
        choices = [look(choice) for choice in node.choices]
        return (value in choices) != node.negated

    def binary(self, node: Binary) -> Any:
        left, right = self.needed(node.left), self.needed(node.right)
        if node.operator == "&":
            return left + right
        if node.left.type == DATE:
            return self.shift(node, left, right)
        if node.operator == "+":
            return left + right
        if node.operator == "-":
            return left - right
        # A percent is a share, so points / 100; a result in percent is a share × 100.
        left = left / 100 if node.left.type == PERCENT else left
        right = right / 100 if node.right.type == PERCENT else right
        if node.operator == "/" and right == 0:
            raise Fails
        result = left * right if node.operator == "*" else left / right
        return result * 100 if node.type == PERCENT else result

    def shift(self, node: Binary, left: date, right: Any) -> Any:
        if node.right.type == DATE:
            return Decimal((left - right).days)
        return left + timedelta(whole(right if node.operator == "+" else -right))

    def aggregate(self, node: Aggregate) -> Any:
        chosen: list[tuple[bool, Any]] = []
        outer = self.values
        for row in outer[self.vocabulary.collections[node.row].key]:
            self.values = {**outer, node.row: row}
            holds = node.condition is None or self.needed(node.condition)
            chosen.append((holds, self.needed(node.term) if holds and node.term is not None else None))
            if (node.function == "any" and holds) or (node.function == "all" and not holds):
                break
        self.values = outer
        match node.function:
            case "sum":
                return sum((term for holds, term in chosen if holds), Decimal(0))
            case "count":
                return Decimal(sum(holds for holds, _ in chosen))
            case "any":
                return any(holds for holds, _ in chosen)
        return all(holds for holds, _ in chosen)

    def call(self, node: Call) -> Any:
        if node.function == "coalesce":
            return next((v for v in (self.value(argument) for argument in node.arguments) if v is not None), None)
        if node.function == "given":
            return self.value(node.arguments[0]) is not None
        if node.function == "text":
            return self.text(node.arguments[0])
        return CALLS[node.function](*(self.needed(argument) for argument in node.arguments))

    def text(self, node: Node) -> str:
        value = self.needed(node)
        if is_text(node):
            return str(value)
        if node.type == BOOLEAN:
            return "true" if value else "false"
        if node.type == DATE:
            return f"{value:%Y-%m-%d}"
        value = value if value else abs(value)
        if node.type == MONEY:
            shown = value.quantize(self.values["quantum"], ROUND_HALF_UP)
            return f"{shown if shown else abs(shown):f}"
        plain = f"{value:f}"
        while "." in plain and plain[-1] in "0.":
            plain, last = plain[:-1], plain[-1]
            if last == ".":
                break
        return plain


def is_text(node: Node) -> bool:
    return node.type == TEXT or isinstance(node.type, CodeSet)


def whole(number: Decimal) -> int:
    if number != int(number):
        raise Fails
    return int(number)


def position(number: Decimal) -> int:
    if number < 0:
        raise Fails
    return whole(number)


def last_day(day: date) -> date:
    return date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])


def months_later(day: date, months: Decimal) -> date:
    step = 1 if months > 0 else -1
    year, month = day.year, day.month
    for _ in range(abs(whole(months))):
        month += step
        if month in (0, 13):
            year, month = year + step, 12 if month == 0 else 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


CALLS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "share": lambda x, part, whole: x * part / whole,
    "year": lambda day: Decimal(day.year),
    "month": lambda day: Decimal(day.month),
    "day": lambda day: Decimal(day.day),
    "end_of_month": last_day,
    "add_months": months_later,
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "left": lambda text, count: text[: position(count)],
    "right": lambda text, count: text[max(0, len(text) - position(count)) :],
    "length": lambda text: Decimal(len(text)),
    "contains": lambda text, part: part in text,
    "starts_with": str.startswith,
}
