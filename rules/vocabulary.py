"""The names a formula may use, with their types: given by the caller, and the whitelist of every attribute load.

A record is one object at hand (`document.net`). A collection is a list of rows: the formula names the row
(`sum(line.net for line)`), the values carry the list under the collection's key (`lines`). A lookup is a table that is
asked (`tax_rate("FR20", document.date)`): the values carry a callable under its name. A named formula is text that
stands for itself wherever `formula.<code>` is written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from rules.functions import FUNCTIONS
from rules.types import Type

KEYWORDS = frozenset(("if", "then", "else", "and", "or", "not", "in", "for", "where", "true", "false"))
QUANTUM = "quantum"  # the value key of the currency's smallest unit, e.g. Decimal("0.01")

FORMULA = "formula"  # the owner of named formulas: formula.base

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _require_names(names: Iterator[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or name in KEYWORDS:
            raise ValueError(f"{name!r} cannot be a name in a formula: lower-case letters, digits and _, no keyword")


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one kind of object; `words` says in a few words what a field is."""

    fields: Mapping[str, Type]
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_names(iter(self.fields))


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows of one kind; `key` is where the values carry them."""

    key: str
    record: Record


@dataclass(frozen=True, slots=True)
class Lookup:
    """A table that formulas may ask; at run time a callable, whose None is a missing value.

    Shape: example is a call as it is written, e.g. 'tax_rate("FR20", document.date)'.
    """

    parameters: tuple[Type, ...]
    result: Type
    words: str = ""
    example: str = ""

    def signature(self, name: str) -> str:
        return f"{name}({', '.join(str(kind) for kind in self.parameters)})"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Shape: records by name, collections by the name of one row, lookups by name, texts of named formulas by code."""

    records: Mapping[str, Record]
    collections: Mapping[str, Collection] = field(default_factory=dict)
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    formulas: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [*self.records, *self.collections, *(collection.key for collection in self.collections.values())]
        keys += [*self.lookups, QUANTUM, FORMULA]
        _require_names(iter(keys))
        twice = sorted({key for key in keys if keys.count(key) > 1} | self.lookups.keys() & FUNCTIONS.keys())
        if twice:
            raise ValueError(f"one word for two things in a vocabulary: {', '.join(twice)}")

    def with_formulas(self, formulas: Mapping[str, str]) -> "Vocabulary":
        """The same names with other named formulas, such as those of one company's legislation."""
        return replace(self, formulas=formulas)

    def record(self, name: str) -> Record | None:
        """The record of that name, or that of a collection's row."""
        if name in self.collections:
            return self.collections[name].record
        return self.records.get(name)

    def dotted_names(self) -> Iterator[tuple[str, Type, str]]:
        """Every name a formula can write, its type, and its words."""
        rows = {row: collection.record for row, collection in self.collections.items()}
        for name, record in {**self.records, **rows}.items():
            for field_name, kind in record.fields.items():
                yield f"{name}.{field_name}", kind, record.words.get(field_name, "")
