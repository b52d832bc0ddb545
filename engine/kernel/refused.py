"""What pydantic says of a setting, in words of people; never the value, which may be a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.kernel.faults import nearest

WANTED = {
    "missing": "it is needed",
    "int": "a whole number is wanted, such as 25",
    "float": "a number is wanted, such as 2.5",
    "decimal": "a number is wanted, such as 2.5",
    "bool": "write yes or no",
    "string_type": "a text is wanted",
    "list": "a list is wanted",
    "tuple": "a list is wanted",
    "dict": "names with values are wanted",
    "model": "names with values are wanted",
    "date": "a date is wanted, such as 2026-03-31",
    "path": "the path of a file or folder is wanted",
    "url": "an address is wanted, such as https://erp.example.com",
    "too_short": "it is too short, or empty",
    "string_too_short": "it is too short, or empty",
}
"""By the beginning of pydantic's own name of the error."""
BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
    "string_too_long": ("max_length", "at most so many signs:"),
}


def in_plain_words(error: Mapping[str, Any], known: Iterable[str] = ()) -> str:
    """One of `ValidationError.errors()`; `known` are the settings there are.

    Shape: {"type": "extra_forbidden", …}, ["host"] -> there is no such setting; did you mean 'host'?
    """
    what, context, place = str(error["type"]), error.get("ctx", {}), error["loc"]
    if what == "extra_forbidden":
        near = nearest(str(place[-1]), known) if len(place) == 1 else ""
        return f"there is no such setting{'; ' if near else ''}{near}"
    if what in ("literal_error", "enum"):
        return f"write one of {str(context.get('expected', '')).replace(' or ', ', ')}"
    if what in BOUNDS:
        name, words = BOUNDS[what]
        return f"{words} {context.get(name)}"
    found = [start for start in WANTED if what.startswith(start)]
    return WANTED[max(found, key=len)] if found else str(error["msg"]).removeprefix("Value error, ")
