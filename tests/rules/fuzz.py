"""Sources by the number: each seed is one text, and whatever it is, only typed errors come of it.

`make fuzz` tries a million: `python -m tests.rules.fuzz --count N --start SEED` goes on where another run ended.
Progress goes to stderr; the first seed that breaks a promise ends the run, with its text.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rules import BOOLEAN, BadFormula, Formula, FormulaFailed, FusedLine, Type, Vocabulary, compile_formula, fuse
from rules.errors import FAILURES, PROBLEMS
from tests.rules.formulas import TYPES, chosen
from tests.rules.samples import ALL_TYPES, SIDE, VOCABULARY, Case, Document, Line

WORDS = """
    if then else and or not in for where true false ( ) , + - * / & = != < <= > >= . 0 1 2.5 22% 2026-01-31 2026-02-30
    'a' "b {1}" '{' line document tax line.net line.rate line.nature document.date document.number document.note
    'goods' round sum count any all min coalesce given money half_up text left add_months year foo { } " ' % é ( ) ,
    formula.base formula.side formula.round_a formula.broken formula.x formula tax_rate account_of
""".split()
EXPECTED: Sequence[Type | tuple[Type, ...]] = (*[ALL_TYPES] * 8, BOOLEAN, SIDE, (SIDE, BOOLEAN))
CASES = (
    Case(),
    Case(document=Document(net=None, note="x", is_credit=True, number=""), lines=[Line(net=None, nature=None)]),
    Case(document=Document(net=1.5, date=None), lines=[Line(net="x", quantity=7)] * 3, tax_rate=None),
)


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    vocabulary: Vocabulary = VOCABULARY


def source(seed: int) -> Source:
    dice = random.Random(seed)  # noqa: S311 - sources that can be made again
    return dice.choices(MAKERS, WEIGHTS)[0](dice)


def _characters(dice: random.Random) -> Source:
    alphabet = (
        "()+-*/&=<>!.,'\"{}% 019aeif_\n\t\x00é٣\ud800" if dice.random() < 0.8 else "".join(map(chr, range(1, 600)))
    )
    return Source("".join(dice.choices(alphabet, k=dice.randrange(60))))


def _words(dice: random.Random) -> Source:
    return Source(" ".join(dice.choices(WORDS, k=dice.randrange(25))))


def _well_typed(dice: random.Random) -> Source:
    return Source(chosen(dice.choice(TYPES), dice.randrange(4), dice))


def _with_slips(dice: random.Random) -> Source:
    text = _well_typed(dice).text
    for _ in range(dice.randint(1, 3)):
        text = _other_word(text, dice) if dice.random() < 0.5 else _slip(text, dice)
    return Source(text)


def _other_word(text: str, dice: random.Random) -> str:
    """One name, number or operator in the place of another of its kind."""
    kind = dice.choice([r"\b(?:line|document)\.\w+", r"\b\d+\b", r"[-+*/]", r"[<>=]", r"\b\w+\(", r"\b(?:and|or)\b"])
    places = [found.span() for found in re.finditer(kind, text)]
    if len(places) < 2:
        return text
    (start, end), (other, last) = dice.choice(places), dice.choice(places)
    return text[:start] + text[other:last] + text[end:]


def _slip(text: str, dice: random.Random) -> str:
    start = dice.randint(0, len(text))
    put = dice.choice(WORDS) if dice.random() < 0.7 else "".join(dice.choices("()'\"{},. =0a", k=dice.randrange(3)))
    return text[:start] + put + text[start + dice.randrange(7) :]


def _deep(dice: random.Random) -> Source:
    """Brackets, chains, conditions and calls around the caps, and far beyond them."""
    many = dice.choice([dice.randint(1, 40), dice.randint(100, 135), dice.randint(400, 520), 2_000])
    inside = chosen(dice.choice(TYPES), 1, dice)
    before, after = dice.choice(
        [
            ("(", ")"), ("-", ""), ("not ", ""), ("abs(", ")"), ("if true then ", " else 1"), ("1 + ", ""),
            ("", " + 1"), ("", " and true"), ("'{", "}'"), ("(1 + ", ")"), ("max(1, ", ")"), ("sum(", " for line)"),
            ("", " & 'a'"),
        ]
    )  # fmt: skip
    return Source(before * many + inside + after * many)


def _named(dice: random.Random) -> Source:
    """Formulas that use each other, in circles too."""
    kind, operator = dice.choice([("number", "+"), ("money", "-"), ("text", "&"), ("boolean", "or"), ("percent", "*")])
    codes = [f"f{place}" for place in range(dice.randint(1, 8))]

    def uses(most: int, known: Sequence[str]) -> str:
        return "".join(f" {operator} formula.{dice.choice(known)}" for _ in range(dice.randint(0, most)) if known)

    bodies = {}
    for place, code in enumerate(codes):
        body = _with_slips(dice).text if dice.random() < 0.05 else chosen(kind, dice.randrange(3), dice)
        bodies[code] = body + uses(2, codes if dice.random() < 0.1 else codes[:place])
    text = f"formula.{codes[-1]}{uses(2, codes)}"
    return Source(text, VOCABULARY.with_formulas({**VOCABULARY.formulas, **bodies}))


MAKERS: Sequence[Callable[[random.Random], Source]] = (_characters, _words, _well_typed, _with_slips, _deep, _named)
WEIGHTS = (10, 20, 25, 30, 5, 10)


def attempt(made: Source, expects: Type | tuple[Type, ...] = ALL_TYPES) -> Formula | None:
    """Compile; what is wrong must be told with known codes, in its place."""
    text = made.text
    try:
        return compile_formula(text, made.vocabulary, expects, row="line")
    except BadFormula as bad:
        assert bad.problems
        for problem in bad.problems:
            assert problem.code in PROBLEMS
            assert 0 <= problem.span[0] < problem.span[1] <= len(text) + 1
            assert problem.words and problem.show(text)
        return None


def run(formula: Formula | None, case: Case) -> None:
    """Evaluate; a failure must have a known code."""
    if formula is None:
        return
    try:
        formula(case.values())
    except FormulaFailed as failed:
        assert failed.code in FAILURES
        assert str(failed)


def explain(formula: Formula | None, case: Case) -> None:
    if formula is not None:
        assert formula.explain(case.values()).text


def fused(formula: Formula | None, case: Case) -> None:
    """As part of a fused line a formula gives what it gives by itself."""
    if formula is None:
        return
    lines = [FusedLine((formula,) if formula.type == BOOLEAN else (), (formula, formula))]
    values = case.values()
    try:
        rows = [case.lines] if not isinstance(case.lines, list) else case.lines
        expected: object = [_line(formula, values | {"line": row}) for row in rows]
    except FormulaFailed:
        expected = None
    try:
        found = fuse(lines, formula.vocabulary, "line")(values)
    except Exception:  # whatever values raise, raw
        found = None
    assert repr(found) == repr(expected)


def _line(formula: Formula, values: dict[str, object]) -> object:
    value = formula(values)
    return ((value, value) if formula.type != BOOLEAN or value else None,)


def try_seed(seed: int) -> bool:
    """Everything a text can come to; whether it is a formula."""
    made = source(seed)
    formula = attempt(made, EXPECTED[seed % len(EXPECTED)])
    run(formula, CASES[seed % len(CASES)])
    if seed % 20 == 0:
        explain(formula, CASES[seed % len(CASES)])
    if seed % 20 == 10:
        fused(formula, CASES[seed % len(CASES)])
    return formula is not None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="how many sources")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    asked = parser.parse_args(arguments)
    accepted = 0
    for done, seed in enumerate(range(asked.start, asked.start + asked.count), 1):
        try:
            accepted += try_seed(seed)
        except Exception as error:
            print(f"\nseed {seed}: {type(error).__name__}: {error}\n{source(seed)!r}", file=sys.stderr)
            raise
        if done % 1_000 == 0 or done == asked.count:
            words = f"\r{done:,} of {asked.count:,}, next --start {seed + 1}, {accepted / done:.0%} are formulas "
            print(words, end="", file=sys.stderr, flush=True)
    print(f"\n{asked.count:,} sources, {accepted:,} of them formulas: only typed errors", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
