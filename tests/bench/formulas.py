"""Formulas, warm, against the same in plain Python and in simpleeval; and the worst that are accepted."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rules import BOOLEAN, MONEY, BadFormula, Formula, arithmetic, compile_formula
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


def measure(name: str, one: Compared, values: dict[str, object]) -> None:
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
    print(f"{name}: {raw * 1e9:.0f} ns")
    print(f"  the same function in Python: {python * 1e9:.0f} ns ({raw / python:.2f} × as long; gate 1.5 ×)")
    print(f"  called with its values, result checked: {checked * 1e9:.0f} ns")
    for each in simple:
        print(f"  simpleeval, parsed before: {each * 1e6:.1f} µs ({each / raw:.0f} × as long; gate 10 ×)")
    if not simple:
        print("  simpleeval is absent: `make dev` installs it")


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


def accepted(texts: list[str]) -> dict[str, Formula]:
    found = {}
    for text in texts:
        try:
            found[text] = compile_formula(text, SHORT, ALL_TYPES, "line")
        except BadFormula as bad:
            print(f"  refused: {shown(text)}: {bad.problems[0].code}")
    return found


def shown(text: str) -> str:
    return text if len(text) < 60 else f"{text[:40]}… ({len(text):,} characters)"


def at_the_caps() -> None:
    """Of what is accepted, what takes longest; two lines and a tax, as in a small invoice."""
    values = Case().values()
    measured: list[tuple[str, float, float]] = []
    for text, formula in accepted(worst()).items():
        (compiling,) = best(lambda text=text: compile_formula(text, SHORT, ALL_TYPES, "line"), calls=1)
        (running,) = best(lambda formula=formula: formula(values), calls=20)
        measured.append((text, compiling, running))
    text, compiling, _ = max(measured, key=lambda one: one[1])
    print(f"slowest to compile: {compiling * 1e3:.1f} ms, {shown(text)}")
    text, _, running = max(measured, key=lambda one: one[2])
    print(f"slowest to evaluate: {running * 1e6:.0f} µs, {shown(text)}   (gate 1,000 µs)")


def main() -> None:
    for name, one in compared().items():
        measure(name, one, Case().values())
    at_the_caps()


if __name__ == "__main__":
    main()
