"""A posting parses and compiles no formula: all of that was done for the first document of its kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from engine.parametrization.vocabulary import DOCUMENT
from rules import NUMBER, parse
from rules.formula import compile_formula
from tests.support.house import House, invoice, line

WATCHED: dict[CodeType, str] = {parse.parse.__code__: "parse", compile_formula.__code__: "compile_formula"}


@contextmanager
def calls() -> Iterator[list[str]]:
    """Which of the watched functions are called meanwhile, in this thread."""
    seen: list[str] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in WATCHED:
            seen.append(WATCHED[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield seen
    finally:
        sys.setprofile(before)


def test_a_posting_parses_nothing_once_its_journal_has_run(house: House) -> None:
    house.post(invoice([line(), line(nature="service", tax_code="FR55")]))
    with calls() as seen:
        for day in ("2026-03-03", "2026-04-01", "2026-12-31"):
            house.post(invoice([line(nature="service"), line(tax_code="FR55")], date=day))
    assert seen == []


def test_what_is_watched_is_what_compiles() -> None:
    with calls() as seen:
        compile_formula("1 + 1", DOCUMENT, NUMBER)
    assert seen == ["compile_formula", "parse"]
