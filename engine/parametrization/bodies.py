"""Records as canonical text and back. Equal records have equal bodies, so a hash of the body is a name for the content.

A body leaves out what equals its default: a field added later does not change what was stored before.
Written for start-up time: reading needs no pydantic.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from engine.kernel.money import plain
from engine.parametrization.definitions import TABLES, Record


def to_body(record: Any) -> dict[str, Any]:
    """Shape: InvoiceType(code="FAF", module="sales", …) -> {"category": "invoice", "code": "FAF", "module": "sales"}"""
    body = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if value != _default(one):
            body[one.name] = _plain(value)
    return body


def to_text(record: Record) -> str:
    return json.dumps(to_body(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_hash(table: str, key: str, text: str) -> str:
    return hashlib.sha256(f"{table}\n{key}\n{text}".encode()).hexdigest()


def from_text(table: str, text: str) -> Record:
    kind: Any = TABLES[table]
    record: Record = _reader(kind)(json.loads(text))
    return record


def _default(one: Any) -> Any:
    if one.default is not MISSING:
        return one.default
    return one.default_factory() if one.default_factory is not MISSING else MISSING


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return to_body(value) if is_dataclass(value) else value


def _as_is(value: Any) -> Any:
    return value


@cache
def _reader(kind: Hashable) -> Callable[[Any], Any]:
    """A function from a body to a value of this type."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Decimal:
        return Decimal
    if kind is date:
        return date.fromisoformat
    if origin in (Union, UnionType):
        kinds = [each for each in inner if each is not type(None) and get_origin(each) is not Literal]
        return _reader(kinds[0]) if kinds else _as_is
    if origin is tuple:
        element = _reader(inner[0])
        return lambda values: tuple(element(value) for value in values)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = [(one.name, _reader(hints[one.name])) for one in fields(kind)]
        make = cast("Callable[..., Any]", kind)
        return lambda body: make(**{name: read(body[name]) for name, read in readers if name in body})
    return _as_is
