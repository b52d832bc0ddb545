"""The closed lists of lists.toml, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read(name: str) -> dict[str, Any]:
    """One toml file of this folder."""
    return tomllib.loads((files(__package__) / name).read_text("utf-8"))


def lists(section: str) -> dict[str, Any]:
    """A section of lists.toml; empty when there is none, as for a country without closed lists."""
    found: dict[str, Any] = read("lists.toml").get(section, {})
    return found


def exponent(currency: str) -> int:
    """How many decimals an amount in this currency has (ISO 4217)."""
    known = lists("currencies")
    return 0 if currency in known["none"] else 3 if currency in known["three"] else 2
