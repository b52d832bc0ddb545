"""What a checked formula is in a case: a linear form, true or false, or a text.

In: nodes, a case, definitions of names by other nodes. A question that the case leaves open is Undecided. What is not
linear (a rounding, a product, a function) becomes a variable named by its normal form, with conditions inside it
already decided. Everything read here is exactly what the bytecode computes, wherever that computes anything at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import NamedTuple

from rules.cells import Case, Flag, Words, is_among, is_so, is_true
from rules.linear import CUT, DIGITS, MANY_ROWS, WIDTHS, Form, Variable, constant, single
from rules.nodes import (
    Aggregate,
    Binary,
    Call,
    Comparison,
    Conditional,
    Literal,
    Logic,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Rounded,
    children,
)
from rules.normal import free_rows, label, money_summed, names_in, written
from rules.types import BOOLEAN, MONEY, PERCENT, CodeSet, is_text

_HUNDREDTH = Fraction(1, 100)
_MANY_PARTS = 64  # of a product multiplied out


@dataclass(frozen=True, slots=True)
class Theory:
    """The names at hand: `rows` are the kinds of rows; a name in `definitions` is read as the node it stands for."""

    rows: frozenset[str]
    definitions: Mapping[str, Node]


class Met(NamedTuple):
    """An aggregate over all rows of a kind, and the fixed numbers it was met with."""

    node: Aggregate
    numbers: Mapping[str, Fraction]


@dataclass(slots=True)
class Reading:
    """Reads nodes in one case. `numbers` are names whose value is fixed; `aggregates` collects what was met."""

    theory: Theory
    case: Case
    numbers: Mapping[str, Fraction]
    aggregates: "dict[Variable | Flag, Met]" = field(default_factory=dict)

    # Quantities and dates

    def quantity(self, node: Node) -> Form:
        match node:
            case Literal(value=Decimal() as value):
                return constant(Fraction(value))
            case Literal(value=date() as day):
                return constant(day.toordinal())
            case Name():
                return self._name(node)
            case Negative(operand=operand):
                return self.quantity(operand).scaled(Fraction(-1))
            case Binary():
                return self._binary(node)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.quantity(then if self.holds(condition) else otherwise)
            case Rounded():
                return self._rounded(node)
            case Aggregate():
                return single(self._total(node))
            case Call(function="min" | "max" as function, arguments=arguments):
                return self._extreme(function, arguments)
            case Call(function="abs", arguments=(operand,)):
                signed = self.quantity(operand)
                return signed.scaled(Fraction(-1)) if is_so(self.case, signed, "<") else signed
            case Call(function="coalesce", arguments=arguments):
                return self.quantity(self._first_given(arguments))
        body = getattr(node, "body", None)  # a named formula is what it stands for
        return self.quantity(body) if isinstance(body, Node) else single(self._variable(node))

    def _name(self, node: Name) -> Form:
        if node.dotted in self.numbers:
            return constant(self.numbers[node.dotted])
        stands_for = self.theory.definitions.get(node.dotted)
        return self.quantity(stands_for) if stands_for else single(self._variable(node))

    def _variable(self, node: Node) -> Variable:
        """A quantity that is not looked into; a missing one fails wherever it is used."""
        whole, scale = WIDTHS[node.type]
        return Variable(*self._normal(node), whole, scale, node.type == MONEY and isinstance(node, Name))

    def _binary(self, node: Binary) -> Form:
        left, right = self.quantity(node.left), self.quantity(node.right)
        if node.operator in "+-":
            operands = sorted((left, right), key=str) if node.operator == "+" else (left, right)
            return self._exact(left.plus(right, 1 if node.operator == "+" else -1), node.operator, *operands)
        kinds = (node.left.type, node.right.type)
        one_of_two = kinds.count(PERCENT) == 1
        if PERCENT in kinds and not (one_of_two and node.type == PERCENT) and (node.operator == "*" or one_of_two):
            # points become a share, as in compile._of_percent
            if kinds[1] == PERCENT:
                right = self._exact(right.scaled(_HUNDREDTH), "%", right)
            else:
                left = self._exact(left.scaled(_HUNDREDTH), "%", left)
        if node.operator == "/":
            divisor = right.value
            whole = left.scaled(1 / divisor) if divisor else None
            return self._exact(whole, "/", left, right)
        if len(left.parts) * len(right.parts) > _MANY_PARTS:
            return self._exact(None, "*", left, right)
        return self._exact(left.times(right), "*", *sorted((left, right), key=str))

    def _exact(self, result: Form | None, operator: str, *operands: Form) -> Form:
        """The result, or a variable named by the operation where decimals may have cut it."""
        if result is not None and result.fits():
            return result
        row = next((one.row for one in operands if one.row), "")
        text = f"({f' {operator} '.join(f'({one})' for one in operands)}{operator if len(operands) == 1 else ''})"
        return single(Variable(text, row, DIGITS, CUT))

    def _rounded(self, node: Rounded) -> Form:
        value = self.quantity(node.operand)
        if node.digits is None and value.is_money():
            return value
        sign = 1
        if node.mode not in (ROUND_CEILING, ROUND_FLOOR) and value.parts and value.parts[0][1] < 0:
            value, sign = value.scaled(Fraction(-1)), -1  # all other modes treat both signs alike
        text = f"round({value}, {node.mode}{'' if node.digits is None else f', {node.digits}'})"
        whole, scale = WIDTHS[node.type]
        kept = scale if node.digits is None else max(scale, node.digits)
        return single(Variable(text, value.row, max(whole, 18), kept, node.digits is None)).scaled(Fraction(sign))

    def _extreme(self, function: str, arguments: tuple[Node, ...]) -> Form:
        best, *others = (self.quantity(argument) for argument in arguments)
        for other in others:
            if is_so(self.case, other.plus(best, -1), "<" if function == "min" else ">"):
                best = other
        return best

    def _total(self, node: Aggregate) -> Variable:
        """A sum or a count over rows; a sum of what is not money may have been cut."""
        whole, scale, money = MANY_ROWS, 0, False
        if node.term is not None:
            whole, scale, money = money_summed(node.term) if node.type == MONEY else (DIGITS, CUT, False)
        total = Variable(*self._normal(node), whole, scale, money)
        self._meet(total, node)
        return total

    def _meet(self, subject: Variable | Flag, node: Aggregate) -> None:
        if not subject.row:
            self.aggregates[subject] = Met(node, self.numbers)

    # Conditions

    def holds(self, node: Node) -> bool:
        match node:
            case Literal(value=bool() as value):
                return value
            case Name():
                stands_for = self.theory.definitions.get(node.dotted)
                return self.holds(stands_for) if stands_for else is_true(self.case, Flag(*self._normal(node)))
            case Not(operand=operand):
                return not self.holds(operand)
            case Logic(operator=operator, left=left, right=right):
                return self.holds(right) if self.holds(left) == (operator == "and") else operator == "or"
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.holds(then if self.holds(condition) else otherwise)
            case Aggregate():
                flag = Flag(*self._normal(node))
                self._meet(flag, node)
                return is_true(self.case, flag)
            case Call(function="coalesce", arguments=arguments):
                return self.holds(self._first_given(arguments))
        body = getattr(node, "body", None)
        return self.holds(body) if isinstance(body, Node) else is_true(self.case, Flag(*self._normal(node)))

    def _comparison(self, node: Comparison) -> bool:
        left, right = node.left, node.right
        if is_text(left.type):
            return self._same_text(self.words(left), self.words(right)) == (node.operator == "=")
        if left.type == BOOLEAN:
            return (self.holds(left) == self.holds(right)) == (node.operator == "=")
        return is_so(self.case, self.quantity(left).plus(self.quantity(right), -1), node.operator)

    def _membership(self, node: Membership) -> bool:
        if not is_text(node.value.type):
            return self._is_equal_to_one(node) != node.negated
        value, choices = self.words(node.value), [self.words(choice) for choice in node.choices]
        known = frozenset(choice for choice in choices if isinstance(choice, str))
        found = value in known if isinstance(value, str) else bool(known) and is_among(self.case, value, known)
        unknown = (choice for choice in choices if isinstance(choice, Words))
        return (found or any(self._same_text(value, choice) for choice in unknown)) != node.negated

    def _is_equal_to_one(self, node: Membership) -> bool:
        if node.value.type == BOOLEAN:
            value = self.holds(node.value)
            return any(self.holds(choice) == value for choice in node.choices)
        quantity = self.quantity(node.value)
        return any(is_so(self.case, quantity.plus(self.quantity(choice), -1), "=") for choice in node.choices)

    def _same_text(self, left: str | Words, right: str | Words) -> bool:
        """A missing text is equal to no literal."""
        if isinstance(left, str) and isinstance(right, str):
            return left == right
        if isinstance(left, Words) and isinstance(right, Words):
            text = " = ".join(sorted((str(left.text), str(right.text))))
            return left.text == right.text or is_true(self.case, Flag(f"({text})", left.row or right.row))
        unknown, literal = (left, right) if isinstance(left, Words) else (right, left)
        assert isinstance(unknown, Words) and isinstance(literal, str)  # noqa: S101 - the other ways are above
        return is_among(self.case, unknown, frozenset((literal,)))

    # Texts

    def words(self, node: Node) -> str | Words:
        match node:
            case Literal(value=str() as text):
                return text
            case Name():
                stands_for = self.theory.definitions.get(node.dotted)
                codes = node.type.codes if isinstance(node.type, CodeSet) else None
                return self.words(stands_for) if stands_for else Words(*self._normal(node), codes)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.words(then if self.holds(condition) else otherwise)
            case Call(function="coalesce", arguments=arguments):
                return self.words(self._first_given(arguments))
        body = getattr(node, "body", None)
        return self.words(body) if isinstance(body, Node) else Words(*self._normal(node))

    def _first_given(self, arguments: tuple[Node, ...]) -> Node:
        *fields, last = arguments
        given = (one for one in fields if is_true(self.case, Flag(*self._given(one))))
        return next(given, last)

    def _given(self, node: Node) -> tuple[str, str]:
        text, row = self._normal(node)
        return f"given({text})", row

    # Normal forms

    def _normal(self, node: Node) -> tuple[str, str]:
        """(text, row) of what is not looked into: its name, or its operation on what its operands are here."""
        body = getattr(node, "body", None)
        if isinstance(body, Node):
            return self._normal(body)
        if isinstance(node, Name):
            return node.dotted, node.parts[0] if node.parts[0] in self.theory.rows else ""
        if isinstance(node, Aggregate):
            fixed = "".join(f" {name}={value}" for name, value in self.numbers.items() if name in names_in(node))
            return written(node) + fixed, next(iter(sorted(free_rows(node, self.theory.rows))), "")
        if isinstance(node, Call) and node.function == "given":
            return self._given(node.arguments[0])
        operands = [self._operand(child) for child in children(node)]
        row = next((row for _, row in operands if row), "")
        return f"{label(node)}({', '.join(text for text, _ in operands)})", row

    def _operand(self, node: Node) -> tuple[str, str]:
        if is_text(node.type):
            text = self.words(node)
            return (repr(text), "") if isinstance(text, str) else (text.text, text.row)
        if node.type == BOOLEAN:
            return str(self.holds(node)), ""
        value = self.quantity(node)
        return f"{node.type} {value}", value.row
