"""Typed nodes → bytecode, by way of Python's own syntax tree; no text a person wrote is ever given to Python.

In: checked nodes. Out: a function whose parameters are the values the formula needs (its roots). It sees its constants
and the functions of runtime.py, no builtins, and loads only attributes that the vocabulary names.

Three forms of what may be missing, a field or a lookup's answer: *bare*, as it is, for who asks whether it is missing
and for texts compared (a missing text or code is equal to no literal); *plain*, where Python itself refuses None
(arithmetic, order); *guarded*, where it would let None pass (a condition, an equality, the result), so that a missing
value never decides anything in silence. A lookup is bare or guarded.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from types import CodeType, FunctionType

from rules import runtime
from rules.arithmetic import arithmetic
from rules.functions import FUNCTIONS, PlainFunction
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
    children,
)
from rules.types import AMOUNT, BOOLEAN, DATE, MONEY, PERCENT, QUANTITIES, TEXT, ZERO, is_text
from rules.vocabulary import QUANTUM, Vocabulary

_HUNDREDTH = Decimal("0.01")
_NUMERIC = (*QUANTITIES, ZERO)

_OPERATORS: dict[str, ast.operator] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "&": ast.Add(),
}
_COMPARISONS: dict[str, ast.cmpop] = {
    "=": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A function, and the value keys its parameters stand for, in their order."""

    function: Callable[..., object]
    roots: tuple[str, ...]


def compile_node(node: Node, vocabulary: Vocabulary, may_be_missing: bool = False) -> Compiled:
    """Compile checked nodes. A row that no aggregate binds is a parameter."""
    writer = Writer(vocabulary)
    body = writer.bare(node) if may_be_missing else writer.result(node)
    return Compiled(function_of([ast.Return(body)], writer.roots, writer.namespace), tuple(writer.roots))


def function_of(body: list[ast.stmt], roots: dict[str, str], namespace: dict[str, object]) -> Callable[..., object]:
    """A function of these statements, its parameters the values of the roots; it sees the namespace, no builtins."""
    parameters = ast.arguments([], [ast.arg(name) for name in roots.values()], None, [], [], None, [])
    tree = ast.Module([ast.FunctionDef("formula", parameters, body, [])], [])
    outer = compile(ast.fix_missing_locations(tree), "<formula>", "exec", dont_inherit=True)
    code = next(constant for constant in outer.co_consts if isinstance(constant, CodeType))
    return FunctionType(code, {"__builtins__": {}, **namespace}, "formula")


class Writer:
    """Writes one formula; collects its parameters and the objects its code refers to."""

    def __init__(self, vocabulary: Vocabulary, constants: dict[int, Decimal | None] | None = None) -> None:
        self.vocabulary = vocabulary
        self.constants = {} if constants is None else constants  # by the identity of the node
        self.roots: dict[str, str] = {}  # value key → parameter
        self.namespace: dict[str, object] = {}
        self.shared: dict[tuple[type, str], str] = {}  # constants by what they are; 1 and 1.0 are two
        self.rows: dict[str, str] = {}  # row bound by an aggregate → variable
        self.variables = 0

    def result(self, node: Node) -> ast.expr:
        """The guarded form of a whole formula; a text stays within its limit."""
        body = self.write(node)
        within = node.type != TEXT or isinstance(node, Literal | Template) or _is_join(node)
        return body if within else self.call("capped", runtime.capped, body)

    def write(self, node: Node) -> ast.expr:
        """The guarded form: never None."""
        if isinstance(node, Named):
            return self.write(node.body)
        return self._guarded(node) if isinstance(node, Name) else self.plain(node)

    def _guarded(self, node: Name | LookupCall) -> ast.expr:
        return self._first_given([self.bare(node)], self.call("missing", runtime.missing))

    def bare(self, node: Node) -> ast.expr:
        """The form that lets None pass."""
        match node:
            case Name():
                return self._field(node)
            case LookupCall(lookup=lookup, arguments=arguments):
                asked = [self.root(lookup), *(self.write(argument) for argument in arguments)]
                return self.call("looked_up", runtime.looked_up, *asked)
            case Named(body=body):
                return self.bare(body)
        return self.plain(node)

    def plain(self, node: Node) -> ast.expr:
        """The form for places where Python refuses None itself."""
        value = self._constant_value(node)
        if value is not None:
            return self.constant(value)
        match node:
            case Literal():
                return self.constant(node.value)
            case Name():
                return self._field(node)
            case Named(body=body):
                return self.plain(body)
            case LookupCall():
                return self._guarded(node)
            case Negative(operand=operand):
                return ast.UnaryOp(ast.USub(), self.plain(operand))
            case Not(operand=operand):
                return ast.UnaryOp(ast.Not(), self.write(operand))
            case Logic(operator=operator, left=left, right=right):
                return ast.BoolOp(ast.And() if operator == "and" else ast.Or(), [self.write(left), self.write(right)])
            case Binary():
                return self._binary(node)
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return ast.IfExp(self.write(condition), self.write(then), self.write(otherwise))
            case Template(parts=parts):
                return self._join([self._as_text(part) for part in parts])
            case Rounded():
                return self._rounded(node)
            case Aggregate():
                return self._aggregate(node)
            case Call():
                return self._call(node)
        raise AssertionError(f"no bytecode for {type(node).__name__}")

    # What code refers to

    def call(self, name: str, body: object, *arguments: ast.expr) -> ast.expr:
        self.namespace[name] = body
        return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])

    def constant(self, value: object) -> ast.expr:
        if isinstance(value, str | bool):
            return ast.Constant(value)
        name = self.shared.setdefault((type(value), str(value)), f"k{len(self.namespace)}")
        self.namespace[name] = value
        return ast.Name(name, ast.Load())

    def root(self, key: str) -> ast.expr:
        return ast.Name(self.roots.setdefault(key, f"r_{key}"), ast.Load())

    def variable(self) -> str:
        self.variables += 1
        return f"v{self.variables}"

    def _field(self, name: Name) -> ast.expr:
        owner, field = name.parts
        row = self.rows.get(owner)
        return ast.Attribute(ast.Name(row, ast.Load()) if row else self.root(owner), field, ast.Load())

    def _first_given(self, values: list[ast.expr], otherwise: ast.expr) -> ast.expr:
        """The first of the values that is not None, looked at in order and once each."""
        result = otherwise
        for value in reversed(values):
            held = self.variable()
            kept = ast.NamedExpr(ast.Name(held, ast.Store()), value)
            test = ast.Compare(kept, [ast.IsNot()], [ast.Constant(None)])
            result = ast.IfExp(test, ast.Name(held, ast.Load()), result)
        return result

    def _constant_value(self, node: Node) -> Decimal | None:
        """The value of an expression made of numbers only; None if it has none or needs values."""
        if isinstance(node, Named):
            return self._constant_value(node.body)
        if isinstance(node, Literal):
            return node.value if isinstance(node.value, Decimal) else None
        if not isinstance(node, Binary | Negative) or node.type not in _NUMERIC:
            return None
        if id(node) not in self.constants:
            folds = all(self._constant_value(child) is not None for child in children(node))
            self.constants[id(node)] = self._fold(node) if folds else None
        return self.constants[id(node)]

    def _fold(self, node: Binary | Negative) -> Decimal | None:
        """Work out one operation on constants, by the bytecode it would have."""
        writer = Writer(self.vocabulary, self.constants)
        body = writer._binary(node) if isinstance(node, Binary) else ast.UnaryOp(ast.USub(), writer.plain(node.operand))
        try:
            with arithmetic():
                value = function_of([ast.Return(body)], {}, writer.namespace)()
        except DecimalException:
            return None  # it fails when it is run, as a formula should
        return value if isinstance(value, Decimal) else None

    # Operations

    def _binary(self, node: Binary) -> ast.expr:
        left, right = node.left, node.right
        if node.operator == "&":
            return self._join([self.plain(part) for part in _joined(node)])
        if DATE in (left.type, right.type):
            return self._dates(node)
        operator = _OPERATORS[node.operator]
        if node.operator in "*/" and PERCENT in (left.type, right.type):
            return self._of_percent(node)
        if node.operator == "/" and left.type not in (MONEY, AMOUNT):
            return ast.BinOp(self.call("decimal", Decimal, self.plain(left)), operator, self.plain(right))
        return ast.BinOp(self.plain(left), operator, self.plain(right))

    def _of_percent(self, node: Binary) -> ast.expr:
        """× and ÷ with a percent: points become a share, unless the result is itself in points."""
        left, right = node.left, node.right
        operator = _OPERATORS[node.operator]
        one_of_two = (left.type == PERCENT) != (right.type == PERCENT)
        if (one_of_two and node.type == PERCENT) or (node.operator == "/" and not one_of_two):
            return ast.BinOp(self.plain(left), operator, self.plain(right))
        if right.type == PERCENT:
            return ast.BinOp(self.plain(left), operator, self._share(right))
        return ast.BinOp(self._share(left), operator, self.plain(right))

    def _share(self, percent: Node) -> ast.expr:
        value = self._constant_value(percent)
        if value is not None:
            return self.constant(value.scaleb(-2))
        return ast.BinOp(self.plain(percent), ast.Mult(), self.constant(_HUNDREDTH))

    def _dates(self, node: Binary) -> ast.expr:
        left, right = self.plain(node.left), self.plain(node.right)
        if node.type != DATE:
            return self.call("days_between", runtime.days_between, left, right)
        if node.operator == "+":
            return self.call("add_days", runtime.add_days, left, right)
        return self.call("subtract_days", runtime.subtract_days, left, right)

    def _comparison(self, node: Comparison) -> ast.expr:
        form = self.plain
        if node.operator in ("=", "!="):
            form = self.bare if is_text(node.left.type) else self.write
        return ast.Compare(form(node.left), [_COMPARISONS[node.operator]], [form(node.right)])

    def _membership(self, node: Membership) -> ast.expr:
        form = self.bare if is_text(node.value.type) else self.write
        choices = ast.Tuple([form(choice) for choice in node.choices], ast.Load())
        return ast.Compare(form(node.value), [ast.NotIn() if node.negated else ast.In()], [choices])

    def _rounded(self, node: Rounded) -> ast.expr:
        operand = self.plain(node.operand)
        mode = ast.Constant(node.mode)
        if node.digits is None:
            quantized = ast.Call(ast.Attribute(operand, "quantize", ast.Load()), [self.root(QUANTUM), mode], [])
            return ast.BinOp(quantized, ast.Add(), self.constant(runtime.ZERO))  # + 0 so that there is no -0.00
        exponent = self.constant(Decimal(1).scaleb(-node.digits))
        return self.call("round_number", runtime.round_number, operand, exponent, mode)

    # Texts

    def _join(self, parts: list[ast.expr]) -> ast.expr:
        """One text of many, within its limit at once: a long one must not grow from join to join."""
        join = ast.Attribute(ast.Constant(""), "join", ast.Load())
        return self.call("capped", runtime.capped, ast.Call(join, [ast.Tuple(parts, ast.Load())], []))

    def _as_text(self, node: Node) -> ast.expr:
        value = self.write(node)
        if is_text(node.type):
            return value
        if node.type == MONEY:
            return self.call("money_text", runtime.money_text, value, self.root(QUANTUM))
        if node.type == DATE:
            return self.call("date_text", runtime.date_text, value)
        if node.type == BOOLEAN:
            return self.call("boolean_text", runtime.boolean_text, value)
        return self.call("number_text", runtime.number_text, value)

    # Calls

    def _call(self, node: Call) -> ast.expr:
        function, arguments = FUNCTIONS[node.function], node.arguments
        if isinstance(function, PlainFunction):
            return self.call(function.name, function.body, *(self.write(argument) for argument in arguments))
        if node.function == "coalesce":
            *fields, last = arguments
            return self._first_given([self.bare(field) for field in fields], self.write(last))
        if node.function == "given":
            return ast.Compare(self.bare(arguments[0]), [ast.IsNot()], [ast.Constant(None)])
        if node.function == "text":
            return self._as_text(arguments[0])
        builtin = {"min": min, "max": max, "abs": abs, "share": runtime.share}[node.function]
        return self.call(node.function, builtin, *(self.write(argument) for argument in arguments))

    def _aggregate(self, node: Aggregate) -> ast.expr:
        rows = self.root(self.vocabulary.collections[node.row].key)
        outer, variable = dict(self.rows), self.variable()
        self.rows[node.row] = variable
        term = self.plain(node.term) if node.term is not None else None
        condition = self.write(node.condition) if node.condition is not None else None
        self.rows = outer
        each = ast.comprehension(ast.Name(variable, ast.Store()), rows, [], 0)
        if node.function in ("any", "all"):
            found = ast.GeneratorExp(condition or ast.Constant(True), [each])
            return self.call(node.function, {"any": any, "all": all}[node.function], found)
        if condition is not None:
            each.ifs.append(condition)
        if term is not None:
            return self.call("sum", sum, ast.ListComp(term, [each]), self.constant(runtime.ZERO))
        counted = ast.ListComp(ast.Name(variable, ast.Load()), [each]) if condition is not None else rows
        return self.call("count_rows", runtime.count_rows, counted)


def _is_join(node: Node) -> bool:
    return isinstance(node, Binary) and node.operator == "&"


def _joined(node: Node) -> list[Node]:
    """The parts of a & b & c, which are joined at once."""
    parts: list[Node] = []
    while isinstance(node, Binary) and _is_join(node):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]
