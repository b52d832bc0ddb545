"""Typed values out of CII XML: text, numbers, dates, by path; what is wrong and what nobody asked for is remembered.

Paths are as in mapping: a name without prefix is `ram:`, `@x` at the end is an attribute. Every element whose value
is read is marked; what is left in the end is what a document of ours has no place for, and is told.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.spi import FieldIssue
from plugins.facturx.cii import NAMESPACES

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_ISSUES = 100
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1990, 2100


class Reader:
    """Reads below one root and keeps what it finds wrong."""

    def __init__(self, root: _Element) -> None:
        self.root = root
        self.issues: list[FieldIssue] = []
        self.warnings: list[str] = []
        self._read: set[_Element] = set()

    def each(self, at: _Element | None, path: str) -> list[_Element]:
        """Every element of a path."""
        found = [] if at is None else [at]
        for step in path.split("/"):
            prefix, _, local = step.rpartition(":")
            tag = f"{{{NAMESPACES[prefix or 'ram']}}}{local}"
            found = [child for one in found for child in one.iterchildren(tag)]
        return found

    def one(self, at: _Element | None, path: str) -> _Element | None:
        """The element of a path; two of them are an issue, for people and machines might read another one."""
        found = self.each(at, path)
        if len(found) > 1:
            self.wrong("", "twice", f"{self.place(found[0])} is there {len(found)} times", found[1])
        return found[0] if found else None

    def text(self, at: _Element | None, path: str, most: int = 2000) -> str:
        """Text, "" when there is none; spaces around it go."""
        return self.value(self.one(at, path), most)

    def value(self, element: _Element | None, most: int = 2000) -> str:
        """The text of an element of ours, clipped."""
        if element is None:
            return ""
        self._read.add(element)
        if len(element):
            self.wrong("", "children", f"{self.place(element)} holds elements where text belongs", element)
            return ""
        text = (element.text or "").strip()
        if len(text) > most:
            self.warnings.append(f"{self.place(element)} has {len(text)} characters; the first {most} are taken")
        return text[:most]

    def word(self, at: _Element | None, path: str, most: int = 200) -> str:
        """Text on one line."""
        return " ".join(self.text(at, path, most).split())

    def number(self, at: _Element | None, path: str, field: str) -> Decimal | None:
        """A decimal, exactly as written. No exponent, no NaN, at most 20 digits on each side of the point."""
        return self.decimal(self.one(at, path), field)

    def decimal(self, element: _Element | None, field: str) -> Decimal | None:
        text = self.value(element)
        if element is None or not text:
            return None
        if not _NUMBER.fullmatch(text):
            self.wrong(field, "number", f"{self.place(element)} is {text[:40]!r}, which is no number", element)
            return None
        return Decimal(text)

    def day(self, at: _Element | None, path: str, field: str) -> date | None:
        """A date of format 102 in `…/udt:DateTimeString`."""
        element = self.one(at, path)
        text = self.value(element)
        if element is None or not text:
            return None
        found = _DAY.fullmatch(text) if element.get("format") in ("102", None) else None
        try:
            told = date(*map(int, found.groups())) if found else None
        except ValueError:
            told = None
        if told is None or not FIRST_YEAR <= told.year <= LAST_YEAR:
            self.wrong(field, "date", f"{self.place(element)} is {text[:40]!r}, which is no date we know", element)
            return None
        return told

    def yes(self, at: _Element | None, path: str) -> bool:
        return self.text(at, path) in ("true", "1")

    def mark(self, at: _Element | None, *paths: str) -> None:
        """Known and not needed: what is told elsewhere in the document, or follows from it."""
        for path in paths:
            for element in self.each(at, path):
                self._read.update(one for one in element.iter())

    def wrong(self, field: str, code: str, words: str, element: _Element | None = None) -> None:
        if len(self.issues) < MOST_ISSUES:
            self.issues.append(FieldIssue(field, code, words, self.path(element) if element is not None else ""))

    def place(self, element: _Element) -> str:
        return str(element.tag).rpartition("}")[2]

    def path(self, element: _Element) -> str:
        names = [self.place(one) for one in reversed([element, *element.iterancestors()])]
        return "/".join(names)[-300:]

    def left(self) -> list[str]:
        """What the file says and nobody read, by name and how often."""
        counted: Counter[str] = Counter()
        for element in self.root.iter():
            if element not in self._read and not len(element) and (element.text or "").strip():
                parent = element.getparent()
                counted[f"{self.place(parent)}/{self.place(element)}" if parent is not None else ""] += 1
        return [f"not taken over: {name}{f', {n} times' if n > 1 else ''}" for name, n in sorted(counted.items())]
