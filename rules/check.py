"""Nodes → typed nodes: every name looked up, every operation given its type, all problems collected.

In: the nodes of `parse` and a vocabulary. Out: the same nodes with types, or a BadFormula with all that is wrong. A
wrong node gets the type UNKNOWN, which goes with everything, so that one mistake is one problem.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rules import calls
from rules.errors import BadFormula, Problem
from rules.hints import hint_for_operation, hint_for_result, nearest
from rules.named import Uses, uses_of
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
    Named,
    Negative,
    Node,
    Not,
    Span,
    Template,
    Word,
)
from rules.types import (
    BOOLEAN,
    QUANTITIES,
    TEXT,
    UNKNOWN,
    ZERO,
    CodeSet,
    Type,
    combined,
    comparable,
    fits,
    joined,
    ordered,
)
from rules.vocabulary import FORMULA, Vocabulary


def check(node: Node, text: str, vocabulary: Vocabulary, expects: tuple[Type, ...], row: str | None) -> Node:
    """Give every node its type. Errors: BadFormula, with all problems in the order of the text."""
    uses = uses_of(node, text, vocabulary.formulas)
    checker = Checker(vocabulary, row, uses)
    wanted = next((kind for kind in expects if isinstance(kind, CodeSet)), None) if TEXT not in expects else None
    checked = checker.visit(node, wanted)
    if not any(fits(checked.type, kind) for kind in expects):
        wants = " or ".join(str(kind) for kind in expects)
        checker.report("formula_type", node.span, f"{wants} is wanted here, this is {checked.type}")
        checker.hint(hint_for_result(checked.type, expects))
    if checker.problems:
        raise BadFormula(text, tuple(sorted(checker.problems, key=lambda problem: problem.span)))
    return checked


class Checker:
    """Walks the nodes once. `wanted` is the code set that texts on the way are codes of, if any."""

    def __init__(self, vocabulary: Vocabulary, row: str | None, uses: Uses) -> None:
        self.vocabulary = vocabulary
        self.bodies = uses.bodies
        self.problems = list(uses.problems)
        self.bound = {row} if row else set[str]()
        self.aggregates_open = 0
        self.inside: list[Name] = []  # the named formulas whose bodies are being checked, outermost first

    def report(self, code: str, span: Span, words: str, hint: str = "") -> None:
        """Inside a named formula a problem is placed where the text at hand uses it."""
        if self.inside:
            span = self.inside[0].span
            words = f"in {' → '.join(name.dotted for name in self.inside)}: {words}"
        self.problems.append(Problem(code, span, words, hint))

    def hint(self, hint: str) -> None:
        """Give the problem reported last a way out."""
        self.problems[-1] = replace(self.problems[-1], hint=hint)

    @contextmanager
    def row(self, name: str) -> Iterator[None]:
        before, self.bound = self.bound, {*self.bound, name}
        self.aggregates_open += 1
        yield
        self.bound = before
        self.aggregates_open -= 1

    def visit(self, node: Node, wanted: CodeSet | None = None) -> Node:
        match node:
            case Literal():
                return self._literal(node, wanted)
            case Name(parts=(owner, _)) if owner == FORMULA:
                return self._named(node, wanted)
            case Name():
                return replace(node, type=self._type_of_name(node))
            case Word():
                return self._stray_word(node)
            case Negative():
                return self._negative(node)
            case Not():
                return replace(node, operand=self.boolean(node.operand), type=BOOLEAN)
            case Logic():
                return replace(node, left=self.boolean(node.left), right=self.boolean(node.right), type=BOOLEAN)
            case Binary():
                return self._binary(node)
            case Comparison():
                return self._comparison(node)
            case Membership():
                return self._membership(node)
            case Conditional():
                return self._conditional(node, wanted)
            case Template():
                return replace(node, parts=tuple(self.visit(part) for part in node.parts), type=TEXT)
            case Call() | Aggregate():
                return calls.check_call(self, node, wanted)
        raise AssertionError(f"no rule for {type(node).__name__}")

    def boolean(self, node: Node) -> Node:
        """Check a node that must be true or false."""
        return self.typed(node, BOOLEAN, "a condition is wanted here")

    def typed(self, node: Node, expected: Type, words: str) -> Node:
        checked = self.visit(node, expected if isinstance(expected, CodeSet) else None)
        if not fits(checked.type, expected):
            self.report("formula_type", node.span, f"{words}, this is {checked.type}")
        return checked

    def common(self, nodes: tuple[Node, ...], wanted: CodeSet | None, words: str) -> tuple[tuple[Node, ...], Type]:
        """Check nodes any of which may be the value, and find their one type."""
        checked = _codes_among(tuple(self.visit(node, wanted) for node in nodes))
        kind = checked[0].type
        for node in checked[1:]:
            one = joined(kind, node.type)
            if one is None:
                self.report("formula_type", node.span, f"{words} must be of one type: {kind} and {node.type} are not")
                self.hint(hint_for_operation("", kind, node.type))
                return checked, UNKNOWN
            kind = one
        return checked, kind

    def _literal(self, node: Literal, wanted: CodeSet | None) -> Node:
        if wanted is None or not isinstance(node.value, str):
            return node
        if node.value in wanted.codes:
            return replace(node, type=wanted)
        hint = nearest(node.value, wanted.codes) or f"the codes are {', '.join(wanted.codes)}"
        self.report("formula_unknown_code", node.span, f"{node.value!r} is no {wanted}", hint)
        return replace(node, type=UNKNOWN)

    def _named(self, node: Name, wanted: CodeSet | None) -> Node:
        """A named formula's body, checked with the rows that are bound here."""
        code = node.parts[1]
        body = self.bodies.get(code)
        if body is None:  # where there is one, it is told already why it cannot stand here
            return node if code in self.vocabulary.formulas else replace(node, type=self._type_of_name(node))
        self.inside.append(node)
        for problem in body.problems:
            self.report(problem.code, problem.span, problem.words, problem.hint)
        checked = self.visit(body.node, wanted) if body.node is not None else node
        self.inside.pop()
        return Named(code, checked, body.text, span=node.span, type=checked.type)

    def _type_of_name(self, node: Name) -> Type:
        owner, *rest = node.parts
        record = self.vocabulary.record(owner)
        kind = record.fields.get(rest[0]) if record is not None and len(rest) == 1 else None
        if kind is not None:
            if owner in self.vocabulary.collections and owner not in self.bound:
                hint = f"write sum({node.dotted} for {owner}), or any({owner} where …)"
                self.report("formula_row_not_bound", node.span, f"no {owner} is at hand here", hint)
                return UNKNOWN
            return kind
        names = [name for name, *_ in self.vocabulary.dotted_names()]
        names += (f"{FORMULA}.{code}" for code in self.vocabulary.formulas)
        if record is not None:
            names = [name for name in names if name.startswith(f"{owner}.")] or names
        self.report("formula_unknown_name", node.span, f"unknown name {node.dotted!r}", nearest(node.dotted, names))
        return UNKNOWN

    def _stray_word(self, node: Word) -> Node:
        if self.vocabulary.record(node.text) is not None:
            hint = f"name one of its fields: {node.text}.…"
        elif node.text == FORMULA:
            hint = "name one of them: formula.…"
        else:
            fields = [name for name, *_ in self.vocabulary.dotted_names() if name.endswith(f".{node.text}")]
            hint = f"did you mean {fields[0]!r}?" if fields else f'a text is written in quotes: "{node.text}"'
        self.report("formula_unknown_name", node.span, f"unknown name {node.text!r}", hint)
        return node

    def _negative(self, node: Negative) -> Node:
        operand = self.visit(node.operand)
        if operand.type not in (*QUANTITIES, ZERO, UNKNOWN):
            self.report("formula_type", node.span, f"{operand.type} has no sign")
            return replace(node, operand=operand, type=UNKNOWN)
        return replace(node, operand=operand, type=operand.type)

    def _binary(self, node: Binary) -> Node:
        left, right = self.visit(node.left), self.visit(node.right)
        operator, kind = node.operator, UNKNOWN
        if operator == "&":
            for side in (left, right):
                if not fits(side.type, TEXT):
                    words = f"& joins texts, this is {side.type}"
                    self.report("formula_type", side.span, words, 'write text(x), or use a template: "… {x}"')
            kind = TEXT
        elif operator == "/" and right.type == ZERO:
            self.report("formula_division_by_zero", node.span, "a division by zero")
        else:
            found = combined(operator, left.type, right.type)
            if found is None:
                self.report("formula_type", node.span, f"{left.type} {operator} {right.type} has no meaning")
                self.hint(hint_for_operation(operator, left.type, right.type))
            kind = found or UNKNOWN
        return replace(node, left=left, right=right, type=kind)

    def _comparison(self, node: Comparison) -> Node:
        left, right = self._against(node.left, node.right)
        if not comparable(left.type, right.type):
            self.report("formula_type", node.span, f"{left.type} and {right.type} cannot be compared")
            self.hint(hint_for_operation(node.operator, left.type, right.type))
        elif node.operator not in ("=", "!=") and not (ordered(left.type) and ordered(right.type)):
            self.report("formula_type", node.span, f"{left.type} has no order", "only = and != compare it")
        return replace(node, left=left, right=right, type=BOOLEAN)

    def _against(self, left: Node, right: Node) -> tuple[Node, Node]:
        """Check two nodes that are compared: where one is a code, texts in the other are its codes."""
        if isinstance(left, Literal) and not isinstance(right, Literal):
            checked_right, checked_left = reversed(self._against(right, left))
            return checked_right, checked_left
        checked = self.visit(left)
        wanted = checked.type if isinstance(checked.type, CodeSet) else None
        return checked, self.visit(right, wanted)

    def _membership(self, node: Membership) -> Node:
        value = self.visit(node.value)
        wanted = value.type if isinstance(value.type, CodeSet) else None
        choices = tuple(self.visit(choice, wanted) for choice in node.choices)
        for choice in choices:
            if not comparable(value.type, choice.type):
                self.report("formula_type", choice.span, f"{value.type} and {choice.type} cannot be compared")
        return replace(node, value=value, choices=choices, type=BOOLEAN)

    def _conditional(self, node: Conditional, wanted: CodeSet | None) -> Node:
        condition = self.boolean(node.condition)
        (then, otherwise), kind = self.common((node.then, node.otherwise), wanted, "both branches")
        return replace(node, condition=condition, then=then, otherwise=otherwise, type=kind)


def _codes_among(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Where one of the values is a code, text literals beside it that are in its set are codes too."""
    codes = next((node.type for node in nodes if isinstance(node.type, CodeSet)), None)
    if codes is None:
        return nodes
    return tuple(
        replace(node, type=codes) if isinstance(node, Literal) and node.value in codes.codes else node for node in nodes
    )
