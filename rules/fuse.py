"""Many formulas as one function: the lines of a journal, for instance, for all rows of a collection in one call.

In: lines of checked formulas. Out: a Fused, which gives what the formulas give one by one and fails where one of them
would, with the raw exception: who wants to know which, asks them one by one. A part that looks at no row and is written
more than once, or stands in a loop over rows, is worked out when it is first needed and then held.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from rules.arithmetic import arithmetic, in_arithmetic
from rules.compile import Writer, function_of
from rules.formula import Formula, picker, settler
from rules.nodes import Aggregate, Comparison, Literal, Logic, Membership, Name, Named, Negative, Node, Not, children
from rules.types import BOOLEAN, DATE, QUANTITIES, TEXT, ZERO
from rules.vocabulary import Vocabulary

_LEAVES = (Literal, Name)
_CHEAP = (Comparison, Membership, Logic, Not, Negative)  # of leaves: as quick to do again as to look up
_SPANS = ("span", "name_span", "row_span")
_MADE, _ROW = "made", "at_row"


@dataclass(frozen=True, slots=True)
class FusedLine:
    """Conditions, looked at in order until one does not hold, and the fields that are wanted where all hold."""

    when: tuple[Formula, ...]
    fields: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """Call it with values as a Formula; bind `function` for many calls inside `arithmetic()`.

    Shape: one element per line, None where a condition does not hold, else the values of its fields: a tuple of them
           for the document, a list of one such tuple per row for a collection.
    Errors: whatever the values raise, as it is.
    """

    function: Callable[..., Any]
    roots: tuple[str, ...]  # the value keys it needs, in the order of function's parameters
    _pick: Callable[[Mapping[str, object]], tuple[object, ...]] = field(repr=False)

    def __call__(self, values: Mapping[str, object]) -> Any:
        if in_arithmetic():
            return self.function(*self._pick(values))
        with arithmetic():
            return self.function(*self._pick(values))


def fuse(lines: Sequence[FusedLine], vocabulary: Vocabulary, row: str | None) -> Fused:
    """One function of all lines; their formulas are checked over this vocabulary, with this row at hand.

    Errors: ValueError, for a formula about another row.
    """
    writer = _Writer(vocabulary, lines, row)
    made = ast.Tuple([writer.line(line) for line in lines], ast.Load())
    body = writer.statements(made)
    strange = sorted(writer.roots.keys() & vocabulary.collections.keys())
    if strange:
        raise ValueError(f"formulas about a row that is not at hand: {', '.join(strange)}")
    return Fused(function_of(body, writer.roots, writer.namespace), tuple(writer.roots), picker(tuple(writer.roots)))


class _Writer(Writer):
    """Writes the lines; holds what is worth holding in variables that are None until it is needed."""

    def __init__(self, vocabulary: Vocabulary, lines: Sequence[FusedLine], row: str | None) -> None:
        super().__init__(vocabulary)
        self.row = row
        if row is not None:
            self.rows[row] = _ROW
        self.at_hand = dict(self.rows)
        self.shapes = _Shapes(vocabulary)
        for line in lines:
            for formula in (*line.when, *line.fields):
                self.shapes.count(formula.node)
        self.held: dict[int, str] = {}  # shape → variable
        self.holding = False

    def statements(self, made: ast.expr) -> list[ast.stmt]:
        """The function's body: nothing held yet, then the lines once, or once for each row."""
        held: list[ast.expr] = [ast.Name(name, ast.Store()) for name in self.held.values()]
        start: list[ast.stmt] = [ast.Assign(held, ast.Constant(None))] if held else []
        if self.row is None:
            return [*start, ast.Return(made)]
        rows = self.root(self.vocabulary.collections[self.row].key)
        append = ast.Attribute(ast.Name(_MADE, ast.Load()), "append", ast.Load())
        return [
            *start,
            ast.Assign([ast.Name(_MADE, ast.Store())], ast.List([], ast.Load())),
            ast.For(ast.Name(_ROW, ast.Store()), rows, [ast.Expr(ast.Call(append, [made], []))], []),
            ast.Return(ast.Name(_MADE, ast.Load())),
        ]

    def line(self, line: FusedLine) -> ast.expr:
        conditions = [self.settled(formula) for formula in line.when]
        values = ast.Tuple([self.settled(formula) for formula in line.fields], ast.Load())
        if not conditions:
            return values
        test = ast.BoolOp(ast.And(), conditions) if len(conditions) > 1 else conditions[0]
        return ast.IfExp(test, values, ast.Constant(None))

    def settled(self, formula: Formula) -> ast.expr:
        """A formula's result, refused where Formula would refuse it: an inline look first, a call where that fails."""
        node, value = formula.node, self.result(formula.node)
        if isinstance(node, Literal) or node.type == TEXT:  # a text has passed its limit, which refuses all else
            return value
        name = self.variable()
        kept, again = ast.NamedExpr(ast.Name(name, ast.Store()), value), ast.Name(name, ast.Load())
        settled = self.call(f"settled_{_python_type(node).__name__}", settler(node.type), again)
        if node.type == BOOLEAN:
            is_true = ast.Compare(kept, [ast.Is()], [ast.Constant(True)])
            is_other = ast.Compare(again, [ast.IsNot()], [ast.Constant(False)])
            return ast.BoolOp(ast.Or(), [is_true, ast.BoolOp(ast.And(), [is_other, settled])])
        look: ast.expr = ast.Compare(self.call("type", type, kept), [ast.Is()], [self.constant(_python_type(node))])
        if _python_type(node) is Decimal:
            finite = ast.Call(ast.Attribute(again, "is_finite", ast.Load()), [], [])
            look = ast.BoolOp(ast.And(), [look, finite])
        return ast.IfExp(look, again, settled)

    def plain(self, node: Node) -> ast.expr:
        shape = self._held_shape(node)
        if shape is None:
            return super().plain(node)
        name = self.held.setdefault(shape, f"h{len(self.held)}")
        self.holding = True
        kept = ast.NamedExpr(ast.Name(name, ast.Store()), super().plain(node))
        self.holding = False
        test = ast.Compare(ast.Name(name, ast.Load()), [ast.IsNot()], [ast.Constant(None)])
        return ast.IfExp(test, ast.Name(name, ast.Load()), kept)

    def _held_shape(self, node: Node) -> int | None:
        if self.holding or self.rows != self.at_hand or isinstance(node, (*_LEAVES, Named)):
            return None
        if isinstance(node, _CHEAP) and all(isinstance(child, _LEAVES) for child in children(node)):
            return None
        shape = self.shapes.of(node)
        often = self.row is not None or self.shapes.times[shape] > 1
        return shape if often and not self.shapes.rows[shape] and self._constant_value(node) is None else None


def _python_type(node: Node) -> type:
    if node.type in (*QUANTITIES, ZERO):
        return Decimal
    return bool if node.type == BOOLEAN else date if node.type == DATE else str


class _Shapes:
    """Numbers nodes so that those that say the same, wherever they are written, have one number: their shape."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.numbers: dict[tuple[object, ...], int] = {}
        self.known: dict[int, int] = {}  # by the identity of the node
        self.rows: dict[int, frozenset[str]] = {}  # rows a shape looks at and does not bind itself
        self.times: dict[int, int] = {}

    def count(self, root: Node) -> None:
        """Note a formula's nodes as written once more; the name of a formula is no part beside its body."""
        while isinstance(root, Named):
            root = root.body
        self.times[self.of(root)] = self.times.get(self.of(root), 0) + 1
        for child in children(root):
            self.count(child)

    def of(self, node: Node) -> int:
        shape = self.known.get(id(node))
        if shape is None:
            shape = self.known[id(node)] = self._number(node)
        return shape

    def _number(self, node: Node) -> int:
        if isinstance(node, Named):
            return self.of(node.body)
        inside = tuple(self.of(child) for child in children(node))
        key = (type(node), *(_plain(getattr(node, one.name)) for one in fields(node) if one.name not in _SPANS), inside)
        shape = self.numbers.setdefault(key, len(self.numbers))
        rows = frozenset[str]().union(*(self.rows[child] for child in inside))
        if isinstance(node, Aggregate):
            rows -= {node.row}
        if isinstance(node, Name) and node.parts[0] in self.vocabulary.collections:
            rows |= {node.parts[0]}
        self.rows[shape] = rows
        return shape


def _plain(value: object) -> object:
    """A field of a node as part of a key: what is inside has a number of its own, and 1 is not 1.0."""
    if isinstance(value, Node) or (isinstance(value, tuple) and any(isinstance(one, Node) for one in value)):
        return None
    return str(value) if isinstance(value, Decimal) else value
