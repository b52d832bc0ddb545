"""Reading very much without holding it: what is read together, and what a value that cannot be read raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""A stored value that is not what its column holds, on reading it; DatabaseDamaged is a ValueError too."""


def batches(things: Iterable[T], size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """In their order, as many together as have at most `most` in sum; at least one."""
    some: list[T] = []
    held = 0
    for one in things:
        if some and held + size(one) > most:
            yield some
            some, held = [], 0
        some.append(one)
        held += size(one)
    if some:
        yield some
