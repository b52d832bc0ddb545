"""The decimal context of every formula: 38 digits, bounded exponents, and an exception rather than NaN or infinity."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)


class FormulaContext(Context):
    """A class of its own, so that a formula sees with one look whether it runs inside `arithmetic()`."""


def _fresh_context() -> FormulaContext:
    return FormulaContext(
        prec=38,
        rounding=ROUND_HALF_EVEN,
        Emin=-30,
        Emax=30,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation],
    )


@contextmanager
def arithmetic() -> Iterator[None]:
    """Calculate in the formulas' context; put once around many evaluations."""
    before = getcontext()
    setcontext(_fresh_context())
    try:
        yield
    finally:
        setcontext(before)


def in_arithmetic() -> bool:
    return type(getcontext()) is FormulaContext
