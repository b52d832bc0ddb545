"""Operations on forms, as decimals do them: linear where the result is surely exact, else a variable of its own.

`compile` writes the same operations as bytecode; what a percent means there, it means here.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction

from rules.linear import CUT, DIGITS, WIDTHS, Form, Variable, single
from rules.nodes import Binary, Rounded
from rules.types import PERCENT

_HUNDREDTH = Fraction(1, 100)
_MANY_PARTS = 64  # of a product multiplied out
_WHOLE = 18  # digits before the point that a rounding has at most


def operation(node: Binary, left: Form, right: Form) -> Form:
    """+ - * / on two quantities or dates."""
    if node.operator == "+":
        return _exact(left.plus(right), "+", *sorted((left, right), key=str))
    if node.operator == "-":
        return _exact(left.plus(right, -1), "-", left, right)
    kinds = (node.left.type, node.right.type)
    one_of_two = kinds.count(PERCENT) == 1
    if PERCENT in kinds and not (one_of_two and node.type == PERCENT) and (node.operator == "*" or one_of_two):
        if kinds[1] == PERCENT:
            right = _exact(right.scaled(_HUNDREDTH), "%", right)
        else:
            left = _exact(left.scaled(_HUNDREDTH), "%", left)
    if node.operator == "/":
        divisor = right.value
        return _exact(left.scaled(1 / divisor) if divisor else None, "/", left, right)
    short = len(left.parts) * len(right.parts) <= _MANY_PARTS
    return _exact(left.times(right) if short else None, "*", *sorted((left, right), key=str))


def rounding(node: Rounded, value: Form) -> Form:
    """To the currency's exponent, which changes nothing in a sum of money, or to some digits."""
    if node.digits is None and value.is_money():
        return value
    sign = 1
    if node.mode not in (ROUND_CEILING, ROUND_FLOOR) and value.parts and value.parts[0][1] < 0:
        value, sign = value.scaled(Fraction(-1)), -1  # all other modes treat both signs alike
    text = f"round({value}, {node.mode}{'' if node.digits is None else f', {node.digits}'})"
    _, scale = WIDTHS[node.type]
    kept = scale if node.digits is None else max(scale, node.digits)
    return single(Variable(text, value.row, _WHOLE, kept, node.digits is None)).scaled(Fraction(sign))


def _exact(result: Form | None, operator: str, *operands: Form) -> Form:
    """The result, or a variable named by the operation where decimals may have cut it."""
    if result is not None and result.fits():
        return result
    row = next((one.row for one in operands if one.row), "")
    said = f" {operator} ".join(f"({one})" for one in operands)
    return single(Variable(f"({said}{operator if len(operands) == 1 else ''})", row, DIGITS, CUT))
