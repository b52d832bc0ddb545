"""A formula as data: `parse` makes the nodes, `check` gives them their types, `compile` and `explain` read them.

Every node knows its place in the text (`span`). Its type is UNKNOWN until checked. Percents are held in points: the
literal 22% has the value 22. After the check, a call of `round` is a `Rounded`, one of `money` a `Literal`, one of
`count(line)` an `Aggregate`, one of a lookup a `LookupCall`, and the name of a named formula a `Named` that holds its
body, so that who reads meaning from nodes (the balance proof) meets few shapes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rules.types import UNKNOWN, Type

Span = tuple[int, int]

MAX_NODES = 500
MAX_NESTING = 32  # brackets, conditions, calls: what a reader must hold in mind
MAX_HEIGHT = 128  # of the tree: a chain such as a + b + c … is flat to read, but tall


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(kw_only=True)
    type: Type = field(kw_only=True, default=UNKNOWN)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: Decimal | str | date | bool


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A bare word: a rounding mode, or the row of `count(line)`."""

    text: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field of a record or of a row, e.g. ("document", "net"); until checked also a named formula's name."""

    parts: tuple[str, ...]

    @property
    def dotted(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Negative(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """+ - * / on quantities and dates, & on texts."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """= != < <= > >=, never chained."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and`, `or`; the right side is not looked at when the left one decides."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`value in (choices)`, or `not in`."""

    value: Node
    choices: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Template(Node):
    """A text with holes; the parts in order, plain ones as text literals."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]
    name_span: Span


@dataclass(frozen=True, slots=True)
class LookupCall(Node):
    """A call of what the vocabulary offers as a lookup: its answer may be missing, as a field may."""

    lookup: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Named(Node):
    """A named formula where it is used; the spans inside `body` are of `text`, the formula's own."""

    code: str
    body: Node
    text: str


@dataclass(frozen=True, slots=True)
class Rounded(Node):
    """To `digits` decimals, or to the currency's exponent when digits is None; `mode` is a decimal rounding mode."""

    operand: Node
    digits: int | None
    mode: str


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """sum, count, any, all over the rows of a collection; inside, the row's name is bound."""

    function: str
    row: str
    term: Node | None  # what is summed
    condition: Node | None
    name_span: Span
    row_span: Span


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside, in the order they are written."""
    match node:
        case Negative(operand=operand) | Not(operand=operand) | Rounded(operand=operand):
            return (operand,)
        case Binary(left=left, right=right) | Comparison(left=left, right=right) | Logic(left=left, right=right):
            return (left, right)
        case Membership(value=value, choices=choices):
            return (value, *choices)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Template(parts=parts):
            return parts
        case Call(arguments=arguments) | LookupCall(arguments=arguments):
            return arguments
        case Named(body=body):
            return (body,)
        case Aggregate(term=term, condition=condition):
            return tuple(part for part in (term, condition) if part is not None)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything inside it, without recursion."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


@dataclass(frozen=True, slots=True)
class Level:
    """How deep a node lies, from 1: `height` counts every step, `nesting` leaves out those along a chain such as
    a + b + c, which is flat to read."""

    node: Node
    nesting: int
    height: int


def levels(root: Node) -> Iterator[Level]:
    """The node and everything inside it, each with its depth, without recursion."""
    waiting = [Level(root, 1, 1)]
    while waiting:
        level = waiting.pop()
        yield level
        for position, child in enumerate(children(level.node)):
            chained = position == 0 and isinstance(level.node, Binary | Logic)
            waiting.append(Level(child, level.nesting + (not chained), level.height + 1))
