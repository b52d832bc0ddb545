"""What a checked formula is in a case: a linear form, true or false, or a text.

In: nodes, a case, definitions of names by other nodes. A question that the case leaves open is Undecided. What is not
linear (a rounding, a product, a function) becomes a variable named by its normal form, with conditions inside it
already decided. Everything read here is exactly what the bytecode computes, wherever that computes anything at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from rules.cells import Case, Flag, Question, Range, Subject, Words, is_among, is_so, is_true, question
from rules.decimals import operation, rounding
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
from rules.types import BOOLEAN, DATE, MONEY, CodeSet, is_text


@dataclass(frozen=True, slots=True)
class Theory:
    """The names at hand: `rows` are the kinds of rows; a name in `definitions` is read as the node it stands for."""

    rows: frozenset[str]
    definitions: Mapping[str, Node]


class Met(NamedTuple):
    """An aggregate over all rows of a kind, and the fixed numbers it was met with."""

    node: Aggregate
    numbers: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Memory:
    """What is the same in every case, read once; by the identity of nodes, which are kept alive beside it."""

    theory: Theory
    aggregates: dict[Variable | Flag, Met] = field(default_factory=dict)
    forms: dict[int, tuple[Node, Form]] = field(default_factory=dict)
    questions: dict[int, tuple[Node, Question | bool]] = field(default_factory=dict)
    normals: dict[int, tuple[Node, tuple[str, str]]] = field(default_factory=dict)
    consulted: set[Subject] = field(default_factory=set)  # of the document, since somebody cleared it


@dataclass(slots=True)
class Reading:
    """Reads nodes in one case. `numbers` are names whose value is fixed.

    `asked` counts what was asked of the case: what was read without asking is remembered.
    """

    memory: Memory
    case: Case
    numbers: Mapping[str, Fraction]
    asked: int = 0

    @property
    def theory(self) -> Theory:
        return self.memory.theory

    def _ask(self, subject: Subject) -> None:
        self.asked += 1
        if not subject.row:
            self.memory.consulted.add(subject)

    def _is_so(self, asked: Question | bool) -> bool:
        if isinstance(asked, bool):
            return asked
        self._ask(asked.direction)
        return is_so(self.case, asked)

    def _is_true(self, text: str, row: str) -> bool:
        flag = Flag(text, row)
        self._ask(flag)
        return is_true(self.case, flag)

    def _is_among(self, words: Words, texts: frozenset[str]) -> bool:
        self._ask(words)
        return is_among(self.case, words, texts)

    # Quantities and dates

    def quantity(self, node: Node) -> Form:
        kept = self.memory.forms.get(id(node))
        if kept and not self.numbers:
            return kept[1]
        before = self.asked
        found = self._quantity(node)
        if before == self.asked and not self.numbers:
            self.memory.forms[id(node)] = node, found
        return found

    def _quantity(self, node: Node) -> Form:
        match node:
            case Literal(value=Decimal() as value):
                return constant(Fraction(value))
            case Literal(value=date() as day):
                return constant(day.toordinal())
            case Name():
                return self._name(node)
            case Negative(operand=operand):
                return self.quantity(operand).scaled(Fraction(-1))
            case Binary(left=left, right=right):
                return operation(node, self.quantity(left), self.quantity(right))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.quantity(then if self.holds(condition) else otherwise)
            case Rounded(operand=operand):
                return rounding(node, self._at_point(self.quantity(operand)))
            case Aggregate():
                return single(self._total(node))
            case Call(function="min" | "max" as function, arguments=arguments):
                return self._extreme(function, arguments)
            case Call(function="abs", arguments=(operand,)):
                signed = self.quantity(operand)
                return signed.scaled(Fraction(-1)) if self._is_so(question(signed, "<")) else signed
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
        """A quantity that is not looked into; a missing one fails wherever it is used.

        What comes from outside has its promised width; what a function computes may have been cut.
        """
        whole, scale = (DIGITS, CUT) if isinstance(node, Call) and node.type != DATE else WIDTHS[node.type]
        return Variable(*self._normal(node), whole, scale, node.type == MONEY and isinstance(node, Name))

    def _at_point(self, form: Form) -> Form:
        """The value of a form where the case leaves but one."""
        if not form.parts:
            return form
        direction, factor = form.direction()
        self._ask(direction)
        answer = self.case.get(direction)
        point = answer.point if isinstance(answer, Range) else None
        return form if point is None else constant(factor * point + form.constant)

    def _extreme(self, function: str, arguments: tuple[Node, ...]) -> Form:
        best, *others = (self.quantity(argument) for argument in arguments)
        for other in others:
            if self._is_so(question(other.plus(best, -1), "<" if function == "min" else ">")):
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
            self.memory.aggregates[subject] = Met(node, self.numbers)

    # Conditions

    def holds(self, node: Node) -> bool:
        match node:
            case Literal(value=bool() as value):
                return value
            case Name():
                stands_for = self.theory.definitions.get(node.dotted)
                return self.holds(stands_for) if stands_for else self._is_true(*self._normal(node))
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
                return self._is_true(flag.text, flag.row)
            case Call(function="coalesce", arguments=arguments):
                return self.holds(self._first_given(arguments))
        body = getattr(node, "body", None)
        return self.holds(body) if isinstance(body, Node) else self._is_true(*self._normal(node))

    def _comparison(self, node: Comparison) -> bool:
        left, right = node.left, node.right
        if is_text(left.type):
            return self._same_text(self.words(left), self.words(right)) == (node.operator == "=")
        if left.type == BOOLEAN:
            return (self.holds(left) == self.holds(right)) == (node.operator == "=")
        kept = self.memory.questions.get(id(node))
        if kept and not self.numbers:
            return self._is_so(kept[1])
        before = self.asked
        found = question(self.quantity(left).plus(self.quantity(right), -1), node.operator)
        if before == self.asked and not self.numbers:
            self.memory.questions[id(node)] = node, found
        return self._is_so(found)

    def _membership(self, node: Membership) -> bool:
        if not is_text(node.value.type):
            return self._is_equal_to_one(node) != node.negated
        value, choices = self.words(node.value), [self.words(choice) for choice in node.choices]
        known = frozenset(choice for choice in choices if isinstance(choice, str))
        found = value in known if isinstance(value, str) else bool(known) and self._is_among(value, known)
        unknown = (choice for choice in choices if isinstance(choice, Words))
        return (found or any(self._same_text(value, choice) for choice in unknown)) != node.negated

    def _is_equal_to_one(self, node: Membership) -> bool:
        if node.value.type == BOOLEAN:
            value = self.holds(node.value)
            return any(self.holds(choice) == value for choice in node.choices)
        quantity = self.quantity(node.value)
        return any(self._is_so(question(quantity.plus(self.quantity(one), -1), "=")) for one in node.choices)

    def _same_text(self, left: str | Words, right: str | Words) -> bool:
        """A missing text is equal to no literal."""
        if isinstance(left, str) and isinstance(right, str):
            return left == right
        if isinstance(left, Words) and isinstance(right, Words):
            text = " = ".join(sorted((str(left.text), str(right.text))))
            return left.text == right.text or self._is_true(f"({text})", left.row or right.row)
        unknown, literal = (left, right) if isinstance(left, Words) else (right, left)
        assert isinstance(unknown, Words) and isinstance(literal, str)  # noqa: S101 - the other ways are above
        return self._is_among(unknown, frozenset((literal,)))

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
        given = (one for one in fields if self._is_true(*self._given(one)))
        return next(given, last)

    def _given(self, node: Node) -> tuple[str, str]:
        text, row = self._normal(node)
        return f"given({text})", row

    # Normal forms

    def _normal(self, node: Node) -> tuple[str, str]:
        """(text, row) of what is not looked into: its name, or its operation on what its operands are here."""
        kept = self.memory.normals.get(id(node))
        if kept and not self.numbers:
            return kept[1]
        before = self.asked
        found = self._in_full(node)
        if before == self.asked and not self.numbers:
            self.memory.normals[id(node)] = node, found
        return found

    def _in_full(self, node: Node) -> tuple[str, str]:
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
