"""Formulas, warm, against the same in plain Python and in simpleeval; and the worst that are accepted."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rules import BOOLEAN, MONEY, BadFormula, Formula, arithmetic, compile_formula
from tests.bench.figures import Figure, Line, lines
from tests.rules.samples import ALL_TYPES, VOCABULARY, Case

CALLS = 20_000
ROUNDS = 9
ZERO = Decimal(0)
PRODUCT = "round(line.net * line.quantity)"
CONDITION = "line.net > 0 and line.nature = 'goods' and document.is_credit = false"


def product(line: Any, quantum: Decimal) -> object:
    return (line.net * line.quantity).quantize(quantum, ROUND_HALF_UP) + ZERO


def condition(line: Any, document: Any) -> object:
    return line.net > ZERO and line.nature == "goods" and document.is_credit is False


@dataclass(frozen=True, slots=True)
class Compared:
    """One formula, the same as a Python function and as simpleeval's text, over the same values."""

    formula: Formula
    python: Callable[..., object]
    roots: tuple[str, ...]  # what the Python function takes
    other: str


def compared() -> dict[str, Compared]:
    return {
        "a rounded product": Compared(
            compile_formula(PRODUCT, VOCABULARY, MONEY, "line"),
            product,
            ("line", "quantum"),
            "rounded(line.net * line.quantity)",
        ),
        "a condition of three": Compared(
            compile_formula(CONDITION, VOCABULARY, BOOLEAN, "line"),
            condition,
            ("line", "document"),
            "line.net > 0 and line.nature == 'goods' and document.is_credit == False",
        ),
    }


def best(*works: Callable[[], object], calls: int = CALLS) -> list[float]:
    """CPU seconds a call of each: the best of several rounds, taken in turns so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            start = time.process_time()
            for _ in range(calls):
                work()
            times[place].append((time.process_time() - start) / calls)
    return [min(one) for one in times]


def bound(function: Callable[..., object], values: list[object]) -> Callable[[], object]:
    first, second, *more = values
    if more:
        (third,) = more
        return lambda: function(first, second, third)
    return lambda: function(first, second)


def by_simpleeval(text: str, values: dict[str, object]) -> Callable[[], object] | None:
    """Parsed once, evaluated often; None where simpleeval is not installed."""
    if importlib.util.find_spec("simpleeval") is None:
        return None
    from simpleeval import SimpleEval

    quantum: Any = values["quantum"]
    evaluator = SimpleEval(
        names={"line": values["line"], "document": values["document"]},
        functions={"rounded": lambda value: value.quantize(quantum, ROUND_HALF_UP) + ZERO},
    )
    parsed = evaluator.parse(text)
    return lambda: evaluator.eval(text, previously_parsed=parsed)


def measure(name: str, one: Compared, values: dict[str, object]) -> Iterator[Line]:
    formula = one.formula
    works = [
        bound(formula.function, [values[root] for root in formula.roots]),
        bound(one.python, [values[root] for root in one.roots]),
        lambda: formula(values),
    ]
    other = by_simpleeval(one.other, values)
    if other is not None:
        works.append(other)
    with arithmetic():
        if len({repr(work()) for work in works}) != 1:
            raise SystemExit(f"{name}: they do not agree")
        raw, python, checked, *simple = best(*works)
    yield Figure(name, raw * 1e9, "ns", note=f"the same function in Python: {python * 1e9:.0f} ns")
    yield Figure(f"{name}, as long as Python", raw / python, "×", gate=1.5, goal=1.2)
    yield Figure(f"{name}, called with its values, result checked", checked * 1e9, "ns")
    for each in simple:
        words = f"simpleeval, parsed before: {each * 1e6:.1f} µs"
        yield Figure(f"{name}, faster than simpleeval", each / raw, "×", gate=10, floor=True, note=words)
    if not simple:
        yield "  simpleeval is absent: `make dev` installs it"


SHORT = VOCABULARY.with_formulas(
    {
        "a": "sum(sum(line.net for line) for line)",
        "b": "sum(line.net * line.rate for line where line.nature = 'goods')",
        "c": "add_months(document.date, 1)",
        "d": "tax_rate('FR20', document.date)",
        "f": f"'{'x' * 1_000}'",
        "e": "left(upper(document.number & document.number), line.quantity)",
    }
)
"""So that many of them fit into the length of one text."""


def worst() -> list[str]:
    """Texts at the caps: nodes, height, nesting, rows of rows."""
    return [
        "+".join(["line.net"] * 128),
        " and ".join(["line.net > 0"] * 120),
        "1 in (" + ", ".join(["line.net/line.net"] * 160) + ")",
        "'" + "{line.net}" * 360 + "'",
        "max(" + ", ".join(["line.net"] * 400) + ")",
        "max(" + ", ".join(["line.quantity / 3"] * 160) + ")",
        "max(" + ", ".join(["round(line.net * 1.5)"] * 120) + ")",
        "round(" * 29 + "line.net * 1" + ", 2)" * 29,
        "sum(sum(" + " + ".join(["line.net * tax.rate"] * 110) + " for tax) for line)",
        "sum(sum(" + " + ".join(["line.net"] * 125) + " for line) for line)",
        "max(" + ", ".join(["formula.a"] * 124) + ")",
        "max(" + ", ".join(["formula.b"] * 62) + ")",
        "max(" + ", ".join(["formula.c"] * 124) + ")",
        "max(" + ", ".join(["formula.d"] * 124) + ")",
        "'" + "{formula.e}" * 70 + "'",
        "upper(" * 25 + " & ".join(["formula.f"] * 9) + ")" * 25,
        " or ".join(["contains(formula.f & formula.f, 'xxxy')"] * 7),
    ]


def accepted(texts: list[str]) -> tuple[dict[str, Formula], list[str]]:
    """(those that compile, words on those that are refused)."""
    found, refused = {}, []
    for text in texts:
        try:
            found[text] = compile_formula(text, SHORT, ALL_TYPES, "line")
        except BadFormula as bad:
            refused.append(f"  refused: {shown(text)}: {bad.problems[0].code}")
    return found, refused


def shown(text: str) -> str:
    return text if len(text) < 60 else f"{text[:40]}… ({len(text):,} characters)"


def at_the_caps() -> Iterator[Line]:
    """Of what is accepted, what takes longest; two lines and a tax, as in a small invoice."""
    values = Case().values()
    measured: list[tuple[str, float, float]] = []
    formulas, refused = accepted(worst())
    yield from refused
    for text, formula in formulas.items():
        (compiling,) = best(lambda text=text: compile_formula(text, SHORT, ALL_TYPES, "line"), calls=1)
        (running,) = best(lambda formula=formula: formula(values), calls=20)
        measured.append((text, compiling, running))
    text, compiling, _ = max(measured, key=lambda one: one[1])
    yield Figure("slowest to compile", compiling * 1e3, "ms", note=shown(text))
    text, _, running = max(measured, key=lambda one: one[2])
    yield Figure("slowest to evaluate", running * 1e6, "µs", gate=1000, note=shown(text))


def figures() -> Iterator[Line]:
    for name, one in compared().items():
        yield from measure(name, one, Case().values())
    yield from at_the_caps()


if __name__ == "__main__":
    print("\n".join(lines("formulas, warm", list(figures()))))
