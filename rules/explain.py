"""Where the result of a formula comes from: the value of every part that was looked at, as data.

Each part is compiled and run by itself, so an explanation cannot differ from the result it explains. Only the branch
taken is shown, and of `and` and `or` only the sides that were looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from rules.arithmetic import arithmetic
from rules.compile import compile_node
from rules.errors import FormulaFailed
from rules.nodes import Aggregate, Conditional, Literal, Logic, LookupCall, Name, Named, Node, Word, children
from rules.vocabulary import Vocabulary

MAX_ROWS = 20  # rows of a collection that are shown one by one

Values = Mapping[str, object]
Failure = Callable[[Exception, Values], FormulaFailed]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A part of a formula with its value in JSON's terms: a text for quantities and dates, null where it has none.

    `failure` is the code of the reason where the part has no value.
    """

    text: str
    value: str | bool | int | None
    children: tuple["Explanation", ...] = ()
    failure: str | None = None

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def explain(node: Node, text: str, vocabulary: Vocabulary, values: Values, failure: Failure) -> Explanation:
    with arithmetic():
        return _Explainer(text, vocabulary, failure).part(node, values)


def _plain(value: object) -> str | bool | int | None:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 100 else str(value)
    return value.isoformat() if isinstance(value, date) else type(value).__name__


@dataclass(frozen=True, slots=True)
class _Explainer:
    text: str
    vocabulary: Vocabulary
    failure: Failure

    def part(self, node: Node, values: Values) -> Explanation:
        value, failed = self._value(node, values)
        inside = tuple(self._inside(node, values))
        return Explanation(self.text[slice(*node.span)], _plain(value), inside, failed)

    def _value(self, node: Node, values: Values) -> tuple[object, str | None]:
        if isinstance(node, Named):
            return self._value(node.body, values)
        if isinstance(node, Name):  # missing is no failure until something needs it
            return _attribute(values.get(node.parts[0]), node.parts[1]), None
        compiled = compile_node(node, self.vocabulary, may_be_missing=isinstance(node, LookupCall))
        try:
            return compiled.function(*(values[root] for root in compiled.roots)), None
        except Exception as error:  # as in Formula: whatever values raise
            return None, self.failure(error, values).code

    def _inside(self, node: Node, values: Values) -> Iterator[Explanation]:
        if isinstance(node, Named):  # its parts are written in its own text
            yield replace(self, text=node.text).part(node.body, values)
            return
        if isinstance(node, Aggregate):
            yield from self._rows(node, values)
            return
        for child in self._looked_at(node, values):
            if not isinstance(child, Literal | Word):
                yield self.part(child, values)

    def _looked_at(self, node: Node, values: Values) -> Sequence[Node]:
        if isinstance(node, Conditional):
            decided, _ = self._value(node.condition, values)
            taken = () if decided is None else (node.then,) if decided else (node.otherwise,)
            return (node.condition, *taken)
        if isinstance(node, Logic):
            decided, _ = self._value(node.left, values)
            ends = decided is None or bool(decided) == (node.operator == "or")
            return (node.left,) if ends else (node.left, node.right)
        return children(node)

    def _rows(self, node: Aggregate, values: Values) -> Iterator[Explanation]:
        rows = values.get(self.vocabulary.collections[node.row].key)
        if not isinstance(rows, Sequence):
            return
        shown = 0
        for row in rows:
            at_row = {**values, node.row: row}
            left_out = node.condition is not None and self._value(node.condition, at_row)[0] is False
            if left_out and node.function in ("sum", "count"):
                continue
            looked_at = node.term or node.condition
            if looked_at is None or shown == MAX_ROWS:
                return
            shown += 1
            yield self.part(looked_at, at_row)


def operands(node: Node, text: str, vocabulary: Vocabulary, values: Values) -> tuple[tuple[str, object], ...]:
    """Every name looked at with its value, once each, in the order of the text; never raises.

    Shape: ("document.net", Decimal); a field of a collection's rows under its key as ("lines.net", (Decimal, …)), or
           their number where there are more than 20 of them; rows that are only counted as ("lines", number); a lookup
           as it is written, ("tax_rate('FR20', document.date)", Decimal), unless it is asked for each row.
    """
    looking = _Operands(vocabulary, values)
    looking.at(node, text, frozenset())
    return tuple(looking.seen.items())


class _Operands:
    def __init__(self, vocabulary: Vocabulary, values: Values) -> None:
        self.vocabulary, self.values = vocabulary, values
        self.seen: dict[str, object] = {}

    def at(self, node: Node, text: str, in_rows: frozenset[str]) -> None:
        match node:
            case Name(parts=(owner, field)) if owner in in_rows:
                key = self.vocabulary.collections[owner].key
                self.seen[f"{key}.{field}"] = _column(self.values.get(key), field)
            case Name(parts=(owner, field)):
                self.seen[node.dotted] = _attribute(self.values.get(owner), field)
            case LookupCall() if not in_rows:
                self.seen[" ".join(text[slice(*node.span)].split())] = _answer(node, self.vocabulary, self.values)
            case Named():
                text = node.text
            case Aggregate():
                in_rows |= {node.row}
                if not children(node):
                    key = self.vocabulary.collections[node.row].key
                    rows = self.values.get(key)
                    self.seen[key] = len(rows) if isinstance(rows, Sequence) else None
        for child in children(node):
            self.at(child, text, in_rows)


def _answer(node: LookupCall, vocabulary: Vocabulary, values: Values) -> object:
    compiled = compile_node(node, vocabulary, may_be_missing=True)
    try:
        with arithmetic():
            return compiled.function(*(values[root] for root in compiled.roots))
    except Exception:  # whatever values raise: an explanation never fails
        return None


def _column(rows: object, field: str) -> object:
    if not isinstance(rows, Sequence):
        return None
    return len(rows) if len(rows) > MAX_ROWS else tuple(_attribute(row, field) for row in rows)


def _attribute(holder: object, field: str) -> object:
    try:
        return getattr(holder, field, None)
    except Exception:  # a property of another's making: an explanation never fails
        return None
