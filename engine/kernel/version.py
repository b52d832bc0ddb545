"""This engine's version, and what a pack may ask of it. pyproject.toml says the same; a test compares them."""

from __future__ import annotations

import re

VERSION = "0.1.0"
_TERM = re.compile(r"\s*(>=|<=|==|<|>)\s*(\d+(?:\.\d+){0,3})\s*")


def fits(wanted: str, version: str = VERSION) -> bool | None:
    """Whether a version meets terms such as `>=0.1,<2`; None when they are not terms."""
    here = _parts(version)
    verdicts = []
    for term in wanted.split(","):
        found = _TERM.fullmatch(term)
        if not found:
            return None
        sign, asked = found[1], _parts(found[2])
        order = (here > asked) - (here < asked)
        verdicts.append({">=": order >= 0, "<=": order <= 0, "==": order == 0, "<": order < 0, ">": order > 0}[sign])
    return all(verdicts)


def _parts(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))
