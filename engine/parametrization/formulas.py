"""Formulas of packs, compiled once per text and kept. No caller parses while it posts.

A `Book` holds the formulas of one set of named formulas: those that are meant for a company on a date, which may differ
by legislation. `of` finds a company's book; `PLAIN` knows no named formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, NamedFormula
from engine.parametrization.vocabulary import DOCUMENT, NAMED, SIDE
from rules import BOOLEAN, DATE, MONEY, NUMBER, TEXT, Formula, Type, Vocabulary, compile_formula

KEPT = 50_000
BOOKS = 500


class Book:
    """Formulas over the document vocabulary with one set of named formulas, each compiled once.

    Every method takes a text and the row at hand, if any. Errors: BadFormula.
    """

    def __init__(self, named: Mapping[str, str]) -> None:
        self.vocabulary: Vocabulary = DOCUMENT.with_formulas(dict(named)) if named else DOCUMENT
        self._kept: dict[tuple[str, Type, str | None], Formula] = {}

    def _compiled(self, text: str, expects: Type, row: str | None) -> Formula:
        asked = (text, expects, row)
        found = self._kept.get(asked)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = self._kept[asked] = compile_formula(text, self.vocabulary, expects=expects, row=row)
        return found

    def condition(self, text: str, row: str | None = None) -> Formula:
        """A condition about a document, and about one row of it."""
        return self._compiled(text, BOOLEAN, row)

    def amount(self, text: str, row: str | None = None) -> Formula:
        return self._compiled(text, MONEY, row)

    def words(self, text: str, row: str | None = None) -> Formula:
        return self._compiled(text, TEXT, row)

    def day(self, text: str, row: str | None = None) -> Formula:
        return self._compiled(text, DATE, row)

    def side(self, text: str, row: str | None = None) -> Formula:
        return self._compiled(text, SIDE, row)

    def quantity(self, text: str, row: str | None = None) -> Formula:
        return self._compiled(text, NUMBER, row)

    def named(self, code: str, text: str) -> Formula:
        """A formula the engine asks by its code. Errors: KeyError for a code nobody asks."""
        vocabulary, expects, row = NAMED[code]
        if vocabulary is DOCUMENT:
            return self._compiled(text, expects, row)
        return named(code, text)


PLAIN = Book({})


@lru_cache(maxsize=BOOKS)
def _book(named: frozenset[tuple[str, str]]) -> Book:
    return Book(dict(named)) if named else PLAIN


def of(catalog: Catalog, company: Company, on: date) -> Book:
    """The formulas as a company writes them on a date."""
    return catalog.once(("formulas", company.code, on), lambda: _book(frozenset(_meant(catalog, company, on).items())))


def of_legislation(catalog: Catalog, legislation: str) -> Book:
    """The formulas of a legislation that no company follows yet."""
    found: dict[str, str] = {}
    for (code,), scope in catalog.scopes(NamedFormula).items():
        record = scope.get(legislation) or scope.get("")
        if record and _callable(code):
            found[code] = record.text
    return _book(frozenset(found.items()))


def _callable(code: str) -> bool:
    """Those about a line before anything is computed are the engine's alone."""
    return code not in NAMED or NAMED[code][0] is DOCUMENT


def _meant(catalog: Catalog, company: Company, on: date) -> dict[str, str]:
    return {one.code: one.text for one in catalog.all_meant(NamedFormula, company, on) if _callable(one.code)}


@lru_cache(maxsize=KEPT)
def named(code: str, text: str) -> Formula:
    """A formula over a vocabulary of its own that the engine asks by its code. Errors: BadFormula; KeyError."""
    vocabulary, expects, row = NAMED[code]
    return compile_formula(text, vocabulary, expects=expects, row=row)
