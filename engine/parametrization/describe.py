"""The tables of packs, described from their definitions: what implementers ask before they write."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from engine.parametrization.coherence import REFERENCES
from engine.parametrization.definitions import TABLES
from engine.parametrization.words import Between, CalendarDay, YesOrNo


@dataclass(frozen=True, slots=True)
class Described:
    """One field: what it holds, whether it must be there, and what it names."""

    field: str
    holds: str
    needed: bool
    names: str


def tables() -> Iterator[tuple[str, str]]:
    """(table, first sentence of what it is)"""
    for name, kind in TABLES.items():
        yield name, described(kind).split("\n\n")[0].replace("\n", " ")


def described(kind: type) -> str:
    """What a definition says of itself."""
    words = inspect.cleandoc(kind.__doc__ or "")
    return "" if words.startswith(kind.__name__ + "(") else words


def table(name: str) -> Iterator[Described]:
    """The fields of a table; parts of a list under `line[].amount`."""
    references = {one.field: one.to.TABLE for one in REFERENCES if one.table is TABLES[name]}
    yield from _described(TABLES[name], "", references, TABLES[name].WRITTEN)


def shape(kind: type) -> Iterator[Described]:
    """The fields of any definition, such as a document."""
    yield from _described(kind, "", {}, {})


def _described(
    kind: Any, prefix: str, references: Mapping[str, str], written: Mapping[str, str]
) -> Iterator[Described]:
    hints = get_type_hints(kind, include_extras=True)
    own = [one for one in fields(kind) if one.name != "source"]
    for one in [*own, *(one for one in fields(kind) if one.name == "source")]:
        needed = one.default is MISSING and one.default_factory is MISSING
        path, part = f"{prefix}{written.get(one.name, one.name)}", _part(hints[one.name])
        if part is not None:
            listed = "[]" if get_origin(hints[one.name]) is tuple else ""
            yield Described(f"{path}{listed}", "a list of parts" if listed else "parts", needed, "")
            yield from _described(part, f"{path}{listed}.", {}, {})
        else:
            said = one.default not in (MISSING, "", None, False, 0, ())
            default = f"; else {_shown(one.default)}" if said else ""
            yield Described(path, _holds(hints[one.name]) + default, needed, references.get(one.name, ""))


def _part(kind: Any) -> Any:
    """The dataclass inside a list of parts, or an optional part."""
    inner = [each for each in get_args(kind) if is_dataclass(each)] if get_origin(kind) is not Annotated else []
    return inner[0] if inner else kind if is_dataclass(kind) else None


def _holds(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _says(inner[0], inner[1])
    if origin is Literal:
        return " | ".join(str(word) for word in inner if word)
    if origin in (Union, UnionType):
        return " | ".join(words for words in map(_holds, (each for each in inner if each is not type(None))) if words)
    if origin is tuple:
        return f"a list of: {_holds(inner[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"{{{_holds(inner[0])} = {_holds(inner[1])}}}"
    plain = {Decimal: "a number", date: "a date", bool: "true or false", int: "a whole number", Any: "a value"}
    return plain.get(kind, "a text")


def _says(kind: Any, word: Any) -> str:
    if isinstance(word, Between):
        return f"{'a whole number' if kind is int else 'a number'} from {word.least} to {word.most}"
    if isinstance(word, CalendarDay):
        return "a date"
    if isinstance(word, YesOrNo):
        return "true or false"
    said: str = getattr(word, "SAYS", "") or getattr(word, "says", "a text")
    return said


def _shown(value: Any) -> str:
    return "true" if value is True else str(value)
