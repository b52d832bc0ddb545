"""Formulas of packs, compiled once per text and kept. No caller parses while it posts."""

from __future__ import annotations

from functools import lru_cache

from engine.parametrization.vocabulary import DOCUMENT, NAMED, SIDE
from rules import BOOLEAN, DATE, MONEY, TEXT, Formula, compile_formula

KEPT = 50_000


@lru_cache(maxsize=KEPT)
def condition(text: str, row: str | None = None) -> Formula:
    """A condition about a document, and about one row of it. Errors: BadFormula."""
    return compile_formula(text, DOCUMENT, expects=BOOLEAN, row=row)


@lru_cache(maxsize=KEPT)
def amount(text: str, row: str | None) -> Formula:
    return compile_formula(text, DOCUMENT, expects=MONEY, row=row)


@lru_cache(maxsize=KEPT)
def words(text: str, row: str | None) -> Formula:
    return compile_formula(text, DOCUMENT, expects=TEXT, row=row)


@lru_cache(maxsize=KEPT)
def day(text: str, row: str | None) -> Formula:
    return compile_formula(text, DOCUMENT, expects=DATE, row=row)


@lru_cache(maxsize=KEPT)
def side(text: str, row: str | None) -> Formula:
    return compile_formula(text, DOCUMENT, expects=SIDE, row=row)


@lru_cache(maxsize=KEPT)
def named(code: str, text: str) -> Formula:
    """A formula the engine asks by its code. Errors: BadFormula; KeyError for a code nobody asks."""
    vocabulary, expects, row = NAMED[code]
    return compile_formula(text, vocabulary, expects=expects, row=row)
