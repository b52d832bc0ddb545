"""The types of calls: plain functions by their table entry, the others by a rule of their own.

Part of check.py, which hands each call over. Out: a typed node; `round`, `money`, `count(row)` and lookups become
Rounded, Literal, Aggregate and LookupCall.
"""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from rules.functions import AGGREGATES, FUNCTIONS, ROUNDING_MODES, PlainFunction
from rules.hints import hint_for_result, nearest
from rules.nodes import Aggregate, Call, Literal, LookupCall, Name, Named, Negative, Node, Rounded, Word
from rules.types import (
    AMOUNT,
    BOOLEAN,
    MONEY,
    NUMBER,
    PERCENT,
    QUANTITIES,
    TEXT,
    UNKNOWN,
    ZERO,
    CodeSet,
    Type,
    combined,
    ordered,
)
from rules.vocabulary import Lookup

if TYPE_CHECKING:
    from rules.check import Checker

MAX_ROUNDING_DIGITS = 10
MAX_AGGREGATES = 2  # rows of rows: enough to compare two collections, and bounded work


def check_call(checker: "Checker", node: Call | Aggregate, wanted: CodeSet | None) -> Node:
    lookup = checker.vocabulary.lookups.get(node.function)
    if lookup is not None:
        return _lookup(checker, node, lookup)
    function = FUNCTIONS.get(node.function)
    if function is None:
        hint = nearest(node.function, (*FUNCTIONS, *checker.vocabulary.lookups))
        checker.report("formula_unknown_function", node.name_span, f"unknown function {node.function!r}", hint)
        return _wrong(checker, node)
    if isinstance(node, Aggregate):
        return _aggregate(checker, node)
    if isinstance(function, PlainFunction):
        return _plain(checker, node, function)
    if node.function in AGGREGATES:
        return _bare_aggregate(checker, node)
    if node.function == "coalesce":
        return _coalesce(checker, node, wanted)
    rules = {
        "round": _round,
        "money": _money,
        "min": _extreme,
        "max": _extreme,
        "abs": _abs,
        "given": _given,
        "share": _share,
    }
    return rules.get(node.function, _text)(checker, node)


def _wrong(checker: "Checker", node: Call | Aggregate) -> Node:
    """Check what is inside a call that is wrong itself, to tell those problems too."""
    if isinstance(node, Call):
        for argument in node.arguments:
            if not isinstance(argument, Word):
                checker.visit(argument)
    elif node.row in checker.vocabulary.collections:
        with checker.row(node.row):
            for part in (node.term, node.condition):
                if part is not None:
                    checker.visit(part)
    return replace(node, type=UNKNOWN)


def _refuse(checker: "Checker", node: Call | Aggregate, hint: str = "") -> Node:
    checker.report("formula_arguments", node.span, f"write {FUNCTIONS[node.function].signature}", hint)
    return _wrong(checker, node)


def _lookup(checker: "Checker", node: Call | Aggregate, lookup: Lookup) -> Node:
    signature = lookup.signature(node.function)
    if isinstance(node, Aggregate) or len(node.arguments) != len(lookup.parameters):
        hint = f"for example {lookup.example}" if lookup.example else ""
        checker.report("formula_arguments", node.span, f"write {signature}", hint)
        return _wrong(checker, node)
    arguments = tuple(
        checker.typed(argument, kind, f"{signature} takes {kind} here")
        for argument, kind in zip(node.arguments, lookup.parameters, strict=True)
    )
    return LookupCall(node.function, arguments, span=node.span, type=lookup.result)


def _plain(checker: "Checker", node: Call, function: PlainFunction) -> Node:
    if len(node.arguments) != len(function.parameters):
        return _refuse(checker, node)
    arguments = tuple(
        checker.typed(argument, kind, f"{function.signature} takes {kind} here")
        for argument, kind in zip(node.arguments, function.parameters, strict=True)
    )
    return replace(node, arguments=arguments, type=function.result)


def _round(checker: "Checker", node: Call) -> Node:
    if not node.arguments:
        return _refuse(checker, node)
    operand_node, *rest = node.arguments
    mode = ROUNDING_MODES["half_up"]
    if rest and isinstance(rest[-1], Word):
        word = rest.pop()
        assert isinstance(word, Word)  # noqa: S101 - just seen
        if word.text not in ROUNDING_MODES:
            words = f"unknown rounding mode {word.text!r}"
            checker.report("formula_arguments", word.span, words, f"the modes are {', '.join(ROUNDING_MODES)}")
        mode = ROUNDING_MODES.get(word.text, mode)
    digits = _digits(rest[0]) if len(rest) == 1 else None
    if len(rest) > 1 or (rest and digits is None):
        return _refuse(checker, node, f"digits are a whole number as written, 0 to {MAX_ROUNDING_DIGITS}")
    operand = checker.visit(operand_node)
    kind = _rounded_type(checker, node, operand, digits)
    return Rounded(operand, digits, mode.decimal_mode, span=node.span, type=kind)


def _rounded_type(checker: "Checker", node: Call, operand: Node, digits: int | None) -> Type:
    kind = operand.type
    if kind not in (*QUANTITIES, ZERO, UNKNOWN):
        checker.report("formula_type", operand.span, f"{kind} cannot be rounded")
        return UNKNOWN
    if digits is None and kind in (MONEY, AMOUNT, ZERO):
        return MONEY
    if digits is None and kind != UNKNOWN:
        words = f"say to how many digits a {kind} is rounded"
        checker.report("formula_arguments", node.span, words, "round(x, 2)")
        return UNKNOWN
    return {MONEY: AMOUNT, ZERO: NUMBER}.get(kind, kind)


def _digits(node: Node) -> int | None:
    if not isinstance(node, Literal) or not isinstance(node.value, Decimal) or node.type not in (NUMBER, ZERO):
        return None
    whole = node.value == node.value.to_integral_value() and node.value <= MAX_ROUNDING_DIGITS
    return int(node.value) if whole else None


def _money(checker: "Checker", node: Call) -> Node:
    inner = node.arguments[0] if len(node.arguments) == 1 else None
    number = inner.operand if isinstance(inner, Negative) else inner
    if not isinstance(number, Literal) or number.type not in (NUMBER, ZERO) or not isinstance(number.value, Decimal):
        return _refuse(checker, node, "money(…) takes a number as written; round(x) makes money of an amount")
    value = -number.value if isinstance(inner, Negative) else number.value
    return Literal(value, span=node.span, type=MONEY)


def _extreme(checker: "Checker", node: Call) -> Node:
    if len(node.arguments) < 2:
        return _refuse(checker, node)
    arguments, kind = checker.common(node.arguments, None, "the values compared")
    if not ordered(kind):
        checker.report("formula_type", node.span, f"{kind} has no order")
        kind = UNKNOWN
    return replace(node, arguments=arguments, type=kind)


def _share(checker: "Checker", node: Call) -> Node:
    if len(node.arguments) != 3:
        return _refuse(checker, node)
    x, part, whole = (checker.visit(argument) for argument in node.arguments)
    kind = {MONEY: AMOUNT, ZERO: NUMBER}.get(x.type, x.type)
    if kind not in (*QUANTITIES, UNKNOWN):
        checker.report("formula_type", x.span, f"{kind} has no share")
        kind = UNKNOWN
    of_one_type = combined("/", part.type, whole.type) in (NUMBER, UNKNOWN)
    if not of_one_type or (part.type == PERCENT) != (whole.type == PERCENT):
        words = f"part and whole must be of one type: {part.type} and {whole.type} are not"
        checker.report("formula_type", part.span, words)
    return replace(node, arguments=(x, part, whole), type=kind)


def _abs(checker: "Checker", node: Call) -> Node:
    if len(node.arguments) != 1:
        return _refuse(checker, node)
    operand = checker.visit(node.arguments[0])
    kind = operand.type
    if kind not in (*QUANTITIES, ZERO, UNKNOWN):
        checker.report("formula_type", operand.span, f"{kind} has no sign")
        kind = UNKNOWN
    return replace(node, arguments=(operand,), type=kind)


def _may_be_missing(node: Node) -> bool:
    """Is it a field or a lookup, written out or by a named formula's name? What is wrong already may pass."""
    while isinstance(node, Named):
        node = node.body
    return isinstance(node, Name | LookupCall) or node.type == UNKNOWN


def _coalesce(checker: "Checker", node: Call, wanted: CodeSet | None) -> Node:
    if len(node.arguments) < 2:
        return _refuse(checker, node)
    arguments, kind = checker.common(node.arguments, wanted, "the values")
    for argument in arguments[:-1]:
        if not _may_be_missing(argument):
            words = "only a field or a lookup can be missing, so all but the last are one"
            checker.report("formula_arguments", argument.span, words, "write coalesce(line.x, 0) * 2")
    return replace(node, arguments=arguments, type=kind)


def _given(checker: "Checker", node: Call) -> Node:
    if len(node.arguments) != 1:
        return _refuse(checker, node)
    argument = checker.visit(node.arguments[0])
    if not _may_be_missing(argument):
        words, hint = f"write {FUNCTIONS['given'].signature}", "only a field or a lookup can be missing"
        checker.report("formula_arguments", node.span, words, hint)
    return replace(node, arguments=(argument,), type=BOOLEAN)


def _text(checker: "Checker", node: Call) -> Node:
    if len(node.arguments) != 1:
        return _refuse(checker, node)
    return replace(node, arguments=(checker.visit(node.arguments[0]),), type=TEXT)


def _bare_aggregate(checker: "Checker", node: Call) -> Node:
    argument = node.arguments[0] if len(node.arguments) == 1 else None
    if isinstance(argument, Word) and node.function in ("count", "any"):
        rows = Aggregate(node.function, argument.text, None, None, node.name_span, argument.span, span=node.span)
        return _aggregate(checker, rows)
    row = argument.parts[0] if isinstance(argument, Name) else ""
    summed = isinstance(argument, Name) and node.function == "sum" and row in checker.vocabulary.collections
    hint = f"write sum({argument.dotted} for {row})" if isinstance(argument, Name) and summed else ""
    checker.report("formula_arguments", node.span, f"write {FUNCTIONS[node.function].signature}", hint)
    return replace(node, type=UNKNOWN)


def _aggregate(checker: "Checker", node: Aggregate) -> Node:
    if node.function not in AGGREGATES or (node.term is not None) != (node.function == "sum"):
        return _refuse(checker, node)
    if node.row not in checker.vocabulary.collections:
        rows = checker.vocabulary.collections
        hint = nearest(node.row, rows) or (f"there are {', '.join(rows)}" if rows else "")
        checker.report("formula_unknown_name", node.row_span, f"{node.row!r} is no row of a collection", hint)
        return replace(node, type=UNKNOWN)
    with checker.row(node.row):
        if checker.aggregates_open > MAX_AGGREGATES:
            words = f"more than {MAX_AGGREGATES} collections inside each other"
            checker.report("formula_too_deep", node.span, words)
        term = checker.visit(node.term) if node.term is not None else None
        condition = checker.boolean(node.condition) if node.condition is not None else None
    kind = {"sum": term.type if term else UNKNOWN, "count": NUMBER}.get(node.function, BOOLEAN)
    if term is not None and kind not in (*QUANTITIES, ZERO, UNKNOWN):
        checker.report("formula_type", term.span, f"{kind} cannot be added up", hint_for_result(kind, (AMOUNT,)))
        kind = UNKNOWN
    return replace(node, term=term, condition=condition, type=NUMBER if kind == ZERO else kind)
