"""Normal forms of nodes: one text for what is the same, wherever it stands; and what a node says without a case."""

from decimal import Decimal
from fractions import Fraction

from rules.linear import MANY_ROWS, WIDTHS, width
from rules.nodes import (
    Aggregate,
    Binary,
    Call,
    Comparison,
    Conditional,
    Literal,
    Logic,
    Name,
    Negative,
    Node,
    Rounded,
    children,
    walk,
)
from rules.types import MONEY, PERCENT, is_text


def label(node: Node) -> str:
    """What tells an operation from others on the same operands."""
    named = (getattr(node, name, None) for name in ("function", "operator", "lookup"))
    return next((name for name in named if isinstance(name, str)), type(node).__name__.lower())


def written(node: Node) -> str:
    """A node as one text, close to how a person writes it."""
    match node:
        case Name():
            return node.dotted
        case Literal(value=value):
            if is_text(node.type):
                return repr(value)
            return {MONEY: f"money({value})", PERCENT: f"{value}%"}.get(node.type, str(value))
        case Aggregate(function=function, row=row, term=term, condition=condition):
            what = f"{written(term)} for {row}" if term else row
            return f"{function}({what}{f' where {written(condition)}' if condition else ''})"
        case Binary(operator=operator, left=left, right=right) | Comparison(operator=operator, left=left, right=right):
            return f"({written(left)} {operator} {written(right)})"
        case Logic(operator=operator, left=left, right=right):
            return f"({written(left)} {operator} {written(right)})"
    body = getattr(node, "body", None)  # a named formula is what it stands for
    if isinstance(body, Node):
        return written(body)
    more = [getattr(node, name, None) for name in ("digits", "mode", "negated")]
    said = [str(one) for one in more if one is not None and one is not False]
    return f"{label(node)}({', '.join([*map(written, children(node)), *said])})"


def free_rows(node: Node, rows: frozenset[str]) -> set[str]:
    """The kinds of rows whose fields a node uses without an aggregate of its own around them."""
    if isinstance(node, Name):
        return {node.parts[0]} & rows
    found = {row for child in children(node) for row in free_rows(child, rows)}
    return found - {node.row} if isinstance(node, Aggregate) else found


def names_in(node: Node) -> set[str]:
    return {part.dotted for part in walk(node) if isinstance(part, Name)}


def money_summed(term: Node) -> tuple[int, int, bool]:
    """Of a sum of money: digits before the point, after it, and whether it is surely at the currency's exponent."""
    whole, scale = WIDTHS[MONEY]
    for part in walk(term):
        if isinstance(part, Literal) and isinstance(part.value, Decimal):
            before, after = width(Fraction(part.value))
            whole, scale = max(whole, before), max(scale, after)
    return whole + MANY_ROWS, scale, _at_exponent(term)


def _at_exponent(money: Node) -> bool:
    """Constants may have cents that a currency has not; fields and roundings never have."""
    match money:
        case Name():
            return True
        case Literal(value=Decimal() as value):
            return value == value.to_integral_value()
        case Rounded(digits=digits):
            return digits is None
        case Conditional(then=then, otherwise=otherwise):
            return _at_exponent(then) and _at_exponent(otherwise)
        case Aggregate(term=Node() as term):
            return _at_exponent(term)
        case Negative() | Binary() | Call(function="min" | "max" | "abs" | "coalesce"):
            return all(map(_at_exponent, children(money)))
    return False
