"""Random records of every table, made from the field types of `definitions`."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from engine.kernel.codes import legislation
from engine.parametrization.definitions import Record
from engine.parametrization.words import Between, LegislationWord, OneOf, Word, Zone

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30)
JSON = st.recursive(
    TEXTS | st.booleans() | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abcd", min_size=1), inner, max_size=2),
    max_leaves=5,
)
"""What stands in an override or an example: numbers with a point are text there."""


@cache
def records(kind: type[Record]) -> st.SearchStrategy[Any]:
    """Records that a pack could hold: every word matches its pattern; optional fields come and go."""
    return built(kind)


def built(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    needed: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for one in fields(kind):
        required = one.default is MISSING and one.default_factory is MISSING
        (needed if required else optional)[one.name] = values(hints[one.name], blank=not required)
    return st.fixed_dictionaries(needed, optional=optional).map(lambda given: kind(**given))


def values(kind: Any, blank: bool = True) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return words(inner[0], inner[1], blank)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if one is type(None) else values(one, blank) for one in inner))
    if origin is tuple:
        return st.lists(values(inner[0], blank=False), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values(inner[0], blank=False), values(inner[1]), max_size=3)
    if kind is Decimal:
        return st.decimals(min_value=0, max_value=1000, places=4)
    if kind is date:
        return st.dates()
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(-(2**31), 2**31)
    if kind is str:
        return st.text("abcd_", min_size=1, max_size=5)
    if kind is Any:
        return JSON
    assert is_dataclass(kind), kind
    return built(kind)


def words(kind: Any, word: Any, blank: bool) -> st.SearchStrategy[Any]:
    if isinstance(word, Between):
        if kind is int:
            return st.integers(word.least, word.most)
        return st.decimals(min_value=word.least, max_value=word.most, places=min(word.places, 4))
    if isinstance(word, Zone):
        return st.sampled_from(["UTC", "Europe/Paris", "Europe/Rome"])
    if not isinstance(word, Word):
        return values(kind, blank)  # a day, a flag
    if isinstance(word, OneOf):
        return st.sampled_from(sorted(word.known))
    if ".{0," in word.pattern or "]{0,2000}" in word.pattern:
        return TEXTS
    made = from_pattern(word.pattern)
    if isinstance(word, LegislationWord):
        made = made.map(legislation)
    return made | st.just("") if blank else made


@cache
def from_pattern(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)
