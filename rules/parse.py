"""Text → nodes, or a BadFormula that says what is wrong with the syntax.

In: the text a person wrote. Out: nodes without types (next: check.py). The caps are applied here: brackets are counted
before parsing, nodes and nesting after it, both without recursion, so no text can exhaust the stack. Lark is imported
and the parser built on the first formula, not on import.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from rules.errors import BadFormula, Problem
from rules.nodes import (
    MAX_HEIGHT,
    MAX_NESTING,
    MAX_NODES,
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
    Span,
    Template,
    Word,
    levels,
    walk,
)
from rules.syntax_hints import explain_syntax
from rules.types import BOOLEAN, DATE, NUMBER, PERCENT, TEXT, ZERO

if TYPE_CHECKING:
    from lark import Lark, Token

    Part = Node | Token

MAX_LENGTH = 4096
MAX_WHOLE_DIGITS = 20
MAX_DECIMALS = 10


def parse(text: str) -> Node:
    """Read one formula. Errors: BadFormula, with one problem."""
    if len(text) > MAX_LENGTH:
        words = f"the formula has {len(text):,} characters; {MAX_LENGTH:,} are allowed"
        hint = "move parts of it into named formulas"
        raise BadFormula(text[:MAX_LENGTH], (Problem("formula_too_long", (0, MAX_LENGTH), words, hint),))
    try:
        node = _parse_part(text)
        _cap_tree(node, len(text))
    except _Stopped as stopped:
        raise BadFormula(text, (stopped.problem,)) from None
    return node


class _Stopped(Exception):
    def __init__(self, code: str, span: Span, words: str, hint: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(code, span, words, hint)


@cache
def _parser() -> "Lark":
    from lark import Lark

    # A plain object serves as transformer: its methods are called as each rule is reduced, without recursion.
    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", lexer="basic", transformer=_Builder())


def _parse_part(text: str) -> Node:
    """Parse a whole formula, or one hole of a template behind as many blanks as keep its offsets."""
    from lark.exceptions import UnexpectedInput

    _cap_brackets(text)
    try:
        node: Node = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _Stopped("formula_syntax", *explain_syntax(error, text)) from None
    return node


def _too_deep(span: Span) -> _Stopped:
    return _Stopped("formula_too_deep", span, f"nested more than {MAX_NESTING} deep", "split it into named formulas")


def _cap_brackets(text: str) -> None:
    """Refuse deep nesting, unclosed quotes and unpaired brackets before the parser sees them."""
    opened: list[int] = []
    quoted_from: int | None = None
    blanks = len(text) - len(text.lstrip(" "))  # in front of a hole there are as many as its offset
    for at, character in enumerate(text[blanks:], blanks):
        if quoted_from is not None:
            quoted_from = None if character == text[quoted_from] else quoted_from
        elif character in "\"'":
            quoted_from = at
        elif character == "(":
            opened.append(at)
            if len(opened) > MAX_NESTING:
                raise _too_deep((at, at + 1))
        elif character == ")":
            if not opened:
                raise _Stopped("formula_syntax", (at, at + 1), "this bracket closes nothing")
            opened.pop()
    if quoted_from is not None:
        hint = "a text ends with the quote it began with; to write one quote inside a text, begin it with the other"
        raise _Stopped("formula_syntax", (quoted_from, quoted_from + 1), "this quote is not closed", hint)
    if opened:
        raise _Stopped("formula_syntax", (opened[-1], opened[-1] + 1), "this bracket is not closed")


def _cap_tree(root: Node, length: int) -> None:
    if sum(1 for _ in walk(root)) > MAX_NODES:
        hint = "split it into named formulas"
        raise _Stopped("formula_too_many_nodes", (0, length), f"more than {MAX_NODES} parts", hint)
    for level in levels(root):
        span = level.node.span
        if level.nesting > MAX_NESTING:
            raise _too_deep(span)
        if level.height > MAX_HEIGHT:
            raise _Stopped("formula_too_deep", span, "too many operators in one chain", "use sum, in, or brackets")


def _span(first: "Part", last: "Part") -> Span:
    start = first.span[0] if isinstance(first, Node) else first.start_pos
    end = last.span[1] if isinstance(last, Node) else last.end_pos
    return (start or 0, end or 0)


def _decimal(token: "Token", digits: str) -> Decimal:
    whole, _, decimals = digits.partition(".")
    if len(whole) > MAX_WHOLE_DIGITS or len(decimals) > MAX_DECIMALS:
        words = f"a number has at most {MAX_WHOLE_DIGITS} digits and {MAX_DECIMALS} decimals"
        raise _Stopped("formula_number_out_of_range", _span(token, token), words)
    return Decimal(digits)


class _Builder:
    """One method per rule of grammar.lark, given the rule's tokens and nodes."""

    def start(self, parts: list[Node]) -> Node:
        return parts[0]

    def bracketed(self, parts: list["Part"]) -> Node:
        _, inner, _ = parts
        assert isinstance(inner, Node)  # noqa: S101 - the grammar says so
        return replace(inner, span=_span(parts[0], parts[2]))

    def conditional(self, parts: list[Node]) -> Node:
        _, condition, _, then, _, otherwise = parts
        return Conditional(condition, then, otherwise, span=_span(parts[0], otherwise))

    def logic(self, parts: list[Node]) -> Node:
        left, operator, right = parts
        return Logic(str(operator), left, right, span=_span(left, right))

    def not_(self, parts: list[Node]) -> Node:
        return Not(parts[1], span=_span(parts[0], parts[1]))

    def negative(self, parts: list[Node]) -> Node:
        return Negative(parts[1], span=_span(parts[0], parts[1]))

    def comparison(self, parts: list[Node]) -> Node:
        left, operator, right = parts
        return Comparison(str(operator), left, right, span=_span(left, right))

    def binary(self, parts: list[Node]) -> Node:
        left, operator, right = parts
        return Binary(str(operator), left, right, span=_span(left, right))

    def member(self, parts: list["Part"]) -> Node:
        value, *choices = (part for part in parts if isinstance(part, Node))
        return Membership(value, tuple(choices), parts[1] == "not", span=_span(parts[0], parts[-1]))

    def number(self, parts: list["Token"]) -> Node:
        value = _decimal(parts[0], str(parts[0]))
        return Literal(value, span=_span(parts[0], parts[0]), type=NUMBER if value else ZERO)

    def percent(self, parts: list["Token"]) -> Node:
        value = _decimal(parts[0], parts[0].rstrip("% \t"))
        return Literal(value, span=_span(parts[0], parts[0]), type=PERCENT)

    def date(self, parts: list["Token"]) -> Node:
        span = _span(parts[0], parts[0])
        try:
            return Literal(date.fromisoformat(parts[0]), span=span, type=DATE)
        except ValueError:
            raise _Stopped("formula_bad_date", span, f"{parts[0]} is not a day of the calendar") from None

    def boolean(self, parts: list["Token"]) -> Node:
        return Literal(parts[0] == "true", span=_span(parts[0], parts[0]), type=BOOLEAN)

    def word(self, parts: list["Token"]) -> Node:
        return Word(str(parts[0]), span=_span(parts[0], parts[0]))

    def name(self, parts: list["Token"]) -> Node:
        return Name(tuple(str(part) for part in parts), span=_span(parts[0], parts[-1]))

    def call(self, parts: list["Part"]) -> Node:
        arguments = tuple(part for part in parts if isinstance(part, Node))
        return Call(str(parts[0]), arguments, _span(parts[0], parts[0]), span=_span(parts[0], parts[-1]))

    def summed(self, parts: list["Part"]) -> Node:
        name, term, row = parts[0], parts[2], parts[4]
        condition = parts[6] if len(parts) > 6 else None
        return self._aggregate(parts, name, row, term, condition)

    def tested(self, parts: list["Part"]) -> Node:
        return self._aggregate(parts, parts[0], parts[2], None, parts[4])

    def _aggregate(
        self,
        parts: list["Part"],
        name: "Part",
        row: "Part",
        term: "Part | None",
        condition: "Part | None",
    ) -> Node:
        return Aggregate(
            str(name),
            str(row),
            term if isinstance(term, Node) else None,
            condition if isinstance(condition, Node) else None,
            _span(name, name),
            _span(row, row),
            span=_span(parts[0], parts[-1]),
        )

    def string(self, parts: list["Token"]) -> Node:
        span = _span(parts[0], parts[0])
        pieces = _template_pieces(str(parts[0])[1:-1], span[0] + 1)
        if not pieces:
            return Literal("", span=span, type=TEXT)
        if len(pieces) == 1 and isinstance(pieces[0], Literal) and pieces[0].type == TEXT:
            return replace(pieces[0], span=span)
        return Template(pieces, span=span)


def _template_pieces(content: str, offset: int) -> tuple[Node, ...]:
    """Split what stands between two quotes into plain texts and the expressions in braces.

    Shape: ("No {document.number}", 1) -> (Literal("No "), Name(document.number)); {{ and }} are plain braces.
    """
    pieces: list[Node] = []
    plain = ""
    at = plain_from = 0
    while at < len(content):
        character = content[at]
        if content[at : at + 2] in ("{{", "}}"):
            plain, at = plain + character, at + 2
        elif character == "}":
            span = (offset + at, offset + at + 1)
            raise _Stopped("formula_syntax", span, "this brace closes nothing", "write }} for a plain brace")
        elif character == "{":
            if plain:
                pieces.append(Literal(plain, span=(offset + plain_from, offset + at), type=TEXT))
            end = _closing_brace(content, at, offset)
            pieces.append(_parse_part(" " * (offset + at + 1) + content[at + 1 : end]))
            plain, at = "", end + 1
            plain_from = at
        else:
            plain, at = plain + character, at + 1
    if plain:
        pieces.append(Literal(plain, span=(offset + plain_from, offset + at), type=TEXT))
    return tuple(pieces)


def _closing_brace(content: str, opening: int, offset: int) -> int:
    quote = ""
    for at in range(opening + 1, len(content)):
        character = content[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "}":
            return at
    span = (offset + opening, offset + opening + 1)
    raise _Stopped("formula_syntax", span, "this brace is not closed", "write {{ for a plain brace")
