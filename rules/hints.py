"""The way out of a mistake in names or types, in words."""

from collections.abc import Iterable
from difflib import get_close_matches

from rules.types import AMOUNT, DATE, MONEY, NUMBER, PERCENT, QUANTITIES, TEXT, CodeSet, Type, is_text

_MONEYS = (MONEY, AMOUNT)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint naming the known word that is most like it, or nothing."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else ""


def hint_for_operation(operator: str, left: Type, right: Type) -> str:
    """What may have been meant by an operation on two types that do not go together."""
    pair = (left, right)
    if operator == "+" and any(is_text(kind) for kind in pair):
        return 'texts are joined with &, or in a template: "… {x}"'
    if operator in ("*", "/") and any(kind in _MONEYS for kind in pair):
        return "money goes with a number or a percent" if operator == "*" else "divide money by a number or by money"
    if PERCENT in pair and any(kind in (*_MONEYS, NUMBER) for kind in pair):
        return "a percent is taken of something: x * 10%, or x * (100% + 10%)"
    if NUMBER in pair and any(kind in _MONEYS for kind in pair):
        return "a money constant is written money(10.50)"
    if DATE in pair and NUMBER not in pair:
        return "a date is written 2026-01-31; days are added to it as a number"
    if any(kind in QUANTITIES for kind in pair) and any(is_text(kind) for kind in pair):
        return "text(x) makes a text of a number"
    if all(isinstance(kind, CodeSet) for kind in pair):
        return "codes of two different sets are never equal"
    return ""


def hint_for_result(kind: Type, expects: tuple[Type, ...]) -> str:
    """What may have been meant by a formula whose result is of another type than is wanted."""
    if kind == AMOUNT and MONEY in expects:
        return "round(x) makes money of an amount"
    if kind == NUMBER and (MONEY in expects or AMOUNT in expects):
        return "a money constant is written money(10.50)"
    if kind == NUMBER and PERCENT in expects:
        return "a percent is written 10%"
    if TEXT in expects:
        return 'text(x) makes a text of it, as does a template: "{x}"'
    sets = [expected for expected in expects if isinstance(expected, CodeSet)]
    if sets:
        return f"write one of the codes in quotes: {', '.join(sets[0].codes)}"
    return ""
