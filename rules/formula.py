"""The compiled formula, and the way from its text to it.

In: a text, a vocabulary, the type that is wanted. Out: a Formula, to be called with values as often as need be. It
holds no state, so threads may share it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from operator import itemgetter

from rules.arithmetic import arithmetic, in_arithmetic
from rules.check import check
from rules.compile import compile_node
from rules.errors import BadFormula, FormulaFailed
from rules.explain import Explanation, explain, operands
from rules.nodes import Name, Named, Node, walk
from rules.runtime import Stop
from rules.types import ANY_TYPE, BOOLEAN, DATE, QUANTITIES, ZERO, Type
from rules.vocabulary import Vocabulary

Values = Mapping[str, object]


def compile_formula(
    text: str, vocabulary: Vocabulary, expects: Type | tuple[Type, ...], row: str | None = None
) -> "Formula":
    """Read, check and compile a formula whose result is of (one of) the types expected.

    Units:  row names the collection whose row is at hand, so that `line.net` may stand outside sum, any, …
    Errors: BadFormula, with every problem of the text.
    """
    from rules.parse import parse

    if row is not None and row not in vocabulary.collections:
        raise ValueError(f"no collection has rows named {row!r}")
    wanted = expects if isinstance(expects, tuple) else (expects,)
    node = check(parse(text), text, vocabulary, wanted, row)
    compiled = compile_node(node, vocabulary)
    return Formula(
        text=text,
        type=_stated_type(node.type, wanted),
        names=frozenset(part.dotted for part in walk(node) if isinstance(part, Name)),
        formulas=frozenset(part.code for part in walk(node) if isinstance(part, Named)),
        roots=compiled.roots,
        function=compiled.function,
        node=node,
        vocabulary=vocabulary,
        _pick=picker(compiled.roots),
        _settle=settler(node.type),
    )


def compile_wherever(text: str, vocabulary: Vocabulary) -> "tuple[Formula, str | None]":
    """A formula of any type about any row, and the row: None where it needs none, else the first that will do.

    Errors: BadFormula, with the problems over the row that leaves the fewest.
    """
    refusals = []
    for row in (None, *vocabulary.collections):
        try:
            return compile_formula(text, vocabulary, ANY_TYPE, row), row
        except BadFormula as bad:
            refusals.append(bad)
    raise min(refusals, key=lambda bad: len(bad.problems))


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """Call it with values: `formula({"document": …, "quantum": Decimal("0.01")})`.

    Values: an object per record or row at hand, a sequence of them per collection key, the currency's smallest unit
    under "quantum". Quantities are Decimals (whole numbers may be ints), a percent of 22 means 22 %, None is missing.
    Errors: FormulaFailed, and nothing else.

    The fast way, for one formula over many values: bind `function` once and call it with the values of `roots` in that
    order, inside `arithmetic()`; hand what it raises to `failure`. Unlike the call above it does not check its result.
    """

    text: str
    type: Type
    names: frozenset[str]  # every field it looks at, also by way of named formulas
    formulas: frozenset[str]  # the codes of the named formulas it uses, also by way of others
    roots: tuple[str, ...]  # the value keys it needs, in the order of function's parameters
    function: Callable[..., object]
    node: Node  # checked, for who reads meaning from it
    vocabulary: Vocabulary
    _pick: Callable[[Values], tuple[object, ...]] = field(repr=False)
    _settle: Callable[[object], object] = field(repr=False)

    def __call__(self, values: Values) -> object:
        try:
            if in_arithmetic():
                return self._settle(self.function(*self._pick(values)))
            with arithmetic():
                return self._settle(self.function(*self._pick(values)))
        except Exception as error:  # values are of others' making: whatever they raise leaves here typed
            raise self.failure(error, values) from error

    def operands(self, values: Values) -> tuple[tuple[str, object], ...]:
        """Every name it looks at, with its value; for explanations."""
        return operands(self.node, self.text, self.vocabulary, values)

    def explain(self, values: Values) -> Explanation:
        """Where the result comes from, part by part."""
        return explain(self.node, self.text, self.vocabulary, values, self.failure)

    def failure(self, error: Exception, values: Values) -> FormulaFailed:
        """What an exception of `function` means."""
        seen = self.operands(values)
        return FormulaFailed(_failure_code(error, seen), self.text, seen)


def _failure_code(error: Exception, seen: tuple[tuple[str, object], ...]) -> str:
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, DivisionByZero) or "DivisionUndefined" in str(error):
        return "formula_division_by_zero"
    if isinstance(error, Overflow):
        return "formula_overflow"
    if isinstance(error, InvalidOperation):
        finite = all(value.is_finite() for _, value in seen if isinstance(value, Decimal))
        return "formula_overflow" if finite else "formula_wrong_value"
    if isinstance(error, TypeError | AttributeError) and any(_has_gap(value) for _, value in seen):
        return "formula_missing_value"
    return "formula_wrong_value"


def _has_gap(value: object) -> bool:
    return value is None or (isinstance(value, tuple) and None in value)


def picker(roots: tuple[str, ...]) -> Callable[[Values], tuple[object, ...]]:
    """What gives the values of the roots, in their order."""
    match roots:
        case ():
            return lambda values: ()
        case (only,):
            return lambda values: (values[only],)
    return itemgetter(*roots)


def _stated_type(kind: Type, wanted: tuple[Type, ...]) -> Type:
    """A literal 0 takes the type that is wanted of it."""
    return next((want for want in wanted if want in QUANTITIES), kind) if kind == ZERO else kind


def settler(kind: Type) -> Callable[[object], object]:
    """What gives a result back if it is of the type that the formula promises, and else raises TypeError."""
    if kind in (*QUANTITIES, ZERO):
        return _settled_quantity
    promised: type = bool if kind == BOOLEAN else date if kind == DATE else str

    def settled(result: object) -> object:
        if isinstance(result, promised):
            return result
        raise TypeError(f"a result is no {kind}")

    return settled


def _settled_quantity(result: object) -> object:
    if type(result) is Decimal and result.is_finite():
        return result
    if type(result) is int:
        return Decimal(result)
    raise TypeError("a result is no quantity")
