"""Time-outs on a machine that may be busy: a short patience is tried first, and only the longest can fail a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SECONDS = (0.5, 2.0, 8.0, 40.0)
"""Where the other side falls silent in the middle, the time-out must still leave room for what comes before."""


def patiently(ask: Callable[[float], T], wanted: T) -> T:
    """What `ask` gives with the first of the time-outs it gives `wanted` with, or with the longest."""
    came = ask(SECONDS[0])
    for seconds in SECONDS[1:]:
        if came == wanted:
            break
        came = ask(seconds)
    return came
