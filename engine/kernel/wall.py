"""The wall: what people and programs write becomes our dataclasses, or faults, all at once.

pydantic validates; its errors are told in our words, with a path and a way out. pydantic is imported on first use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from engine.kernel.faults import Fault, FaultKind, Faulty, clipped, nearest

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

UNKNOWN_FIELD = FaultKind("unknown_field", "there is no field {field!r} here", "{remedy}")
MISSING_FIELD = FaultKind("missing_field", "{field!r} is missing", "add it")
UNKNOWN_CODE = FaultKind("unknown_code", "{value!r} is not one of the codes allowed here", "{remedy}")
BAD_VALUE = FaultKind("bad_value", "{words}", "mend the value")
WRONG_TYPE = FaultKind("wrong_type", "{words}", "write a value of the right type")

WANTED = {
    "tuple": 'a list is wanted, such as ["A", "B"]',
    "list": 'a list is wanted, such as ["A", "B"]',
    "dict": 'a table is wanted, such as { en = "Invoice" }',
    "mapping": 'a table is wanted, such as { en = "Invoice" }',
    "dataclass": "a table of fields is wanted",
    "decimal": "a number is wanted, such as 5.5",
    "finite": "a finite number is wanted",
    "string": "a text is wanted, in quotes",
    "int": "a whole number is wanted",
}
"""What was wanted, by the beginning of pydantic's own name of the error."""

Kind = TypeVar("Kind")


def validated(kind: type[Kind], value: Any, place: str = "") -> Kind:
    """`value` (dicts, lists, scalars) as a `kind` of ours.

    Errors: Faulty with every fault found; paths start with `place`.
    """
    from pydantic import ValidationError

    try:
        known: Any = kind  # mypy takes no type[Kind] for hashable
        result: Kind = _adapter(known).validate_python(value)
    except ValidationError as wrong:
        raise Faulty(_told(wrong, kind, value, place)) from None
    return result


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _told(wrong: ValidationError, kind: type, value: Any, place: str) -> Iterator[Fault]:
    """Pydantic's errors in our words, one fault a field."""
    told = set()
    for error in wrong.errors(include_url=False):
        path = _path(error["loc"], value)
        if path in told:
            continue
        told.add(path)
        where, what, field = f"{place} {path}".strip(), error["type"], path.rpartition(".")[2]
        if what in ("missing", "missing_keyword_only_argument"):
            yield MISSING_FIELD.at(where, field=field)
        elif what in ("unexpected_keyword_argument", "extra_forbidden"):
            known = _fields(kind, error["loc"])
            listed = f"known here: {', '.join(known)}" if known else "remove it"
            yield UNKNOWN_FIELD.at(where, field=field, remedy=nearest(field, known, listed))
        elif what == "literal_error":
            expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
            known = [word for word in expected if word]
            remedy = nearest(str(error["input"]), known, "write one of " + ", ".join(known))
            yield UNKNOWN_CODE.at(where, value=error["input"], remedy=remedy)
        elif what == "value_error":
            yield BAD_VALUE.at(where, words=error["msg"].removeprefix("Value error, "))
        else:
            wanted = next((words for start, words in WANTED.items() if what.startswith(start)), error["msg"])
            yield WRONG_TYPE.at(where, words=f"{wanted}, not {clipped(json.dumps(error['input'], default=str), 60)}")


def _path(location: tuple[int | str, ...], value: Any) -> str:
    """`line[revenue].amount`, `lines[2].tax_code`: list elements by their own key where they have one, else from 0."""
    path = ""
    for step in location:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
            name = value.get("id") or value.get("position") if isinstance(value, dict) else None
            path += f"[{name if isinstance(name, str | int) else step}]"
        elif (isinstance(value, dict) and step in value) or step.isidentifier():
            value = value.get(step) if isinstance(value, dict) else None
            path += f".{step}" if path else step
    return clipped(path, 120)


def _fields(kind: Any, location: tuple[int | str, ...]) -> list[str]:
    """The fields known where an unknown one was written."""
    for step in location[:-1]:
        if isinstance(step, str) and hasattr(kind, "__dataclass_fields__"):
            kind = _innermost(get_type_hints(kind).get(step, str))
    return [one.name for one in fields(kind)] if hasattr(kind, "__dataclass_fields__") else []


def _innermost(kind: Any) -> Any:
    """The dataclass inside `tuple[Line, ...]` or `Party | None`, if there is one."""
    if get_origin(kind) is None and not get_args(kind):
        return kind
    inner = [_innermost(each) for each in get_args(kind)]
    return next((each for each in inner if hasattr(each, "__dataclass_fields__")), str)
