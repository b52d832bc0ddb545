"""Legal facts about numbers, read from `legal.toml`: data with its source and the day it starts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRule:
    """What the text of a number must match, for some documents of a legislation, from a day on."""

    legislation: str
    module: str
    categories: tuple[str, ...]
    pattern: str
    says: str
    valid_from: date
    source: str

    def covers(self, legislation: str, module: str, category: str) -> bool:
        return (legislation, module) == (self.legislation, self.module) and category in self.categories


@cache
def number_rules() -> tuple[NumberRule, ...]:
    rows = tomllib.loads(files("engine.lint").joinpath("legal.toml").read_text(encoding="utf-8"))["number"]
    return tuple(NumberRule(**{**row, "categories": tuple(row["categories"])}) for row in rows)
