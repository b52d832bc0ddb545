"""The language as a page of Markdown, from the same tables that check and compile it.

`SAMPLE` is a small vocabulary that every example of the function table is written over.
"""

from collections.abc import Iterator

from rules.errors import BadFormula
from rules.formula import compile_wherever
from rules.functions import GROUPS, ROUNDING_MODES
from rules.types import AMOUNT, ARITHMETIC, BOOLEAN, DATE, MONEY, NUMBER, PERCENT, TEXT, CodeSet, Type
from rules.vocabulary import FORMULA, Collection, Lookup, Record, Vocabulary

SAMPLE = Vocabulary(
    records={"document": Record({"number": TEXT, "date": DATE, "note": TEXT}, words={"note": "may be missing"})},
    collections={
        "line": Collection("lines", Record({"net": MONEY, "nature": CodeSet("nature", ("goods", "service"))})),
    },
    lookups={"tax_rate": Lookup((TEXT, DATE), PERCENT, "a tax's rate on a day", 'tax_rate("FR20", document.date)')},
    formulas={"goods": 'sum(line.net for line where line.nature = "goods")'},
)

_TYPES: dict[Type, tuple[str, str]] = {
    MONEY: ("at the currency's decimals", "money(77.47)"),
    AMOUNT: ("money × or ÷ something, exact; `round(x)` makes it money", "line.net * 22%"),
    NUMBER: ("a number, with a decimal point", "1250.75"),
    PERCENT: ("a share in hundred; 22% of x is x * 22%", "22%"),
    TEXT: ("in double or single quotes; braces hold any expression, {{ and }} are braces", '"No {document.number}"'),
    DATE: ("a day", "2026-01-31"),
    BOOLEAN: ("true or false", "line.net > 0"),
}

_SYNTAX = """\
A formula is one expression. Loosest binding first:

| Written | Means |
|---|---|
| `if a then b else c` | b or c; put it in brackets inside other operators |
| `a or b`, `a and b`, `not a` | conditions; the right side is not looked at when the left one decides |
| `=` `!=` `<` `<=` `>` `>=` | comparison; not chained |
| `x in ("a", "b")`, `x not in (…)` | one of several |
| `a & b` | texts joined |
| `+` `-` | sum and difference; days added to a date |
| `*` `/` | product and quotient |
| `-x` | the other sign |

The literal `0` stands for any quantity; other money constants are written `money(77.47)`. A missing text or code is
equal to no literal; any other missing value stops the formula, unless `coalesce` or `given` asks for it.

A part that is needed in several places is a formula of its own, with a code: `formula.goods` stands for the formula
`goods` as if its text were there in brackets. It has the type its text has, and may name the rows that are at hand
where it is used. A formula may use others, but never itself; the limits on size hold for the whole.
"""


def reference(vocabulary: Vocabulary) -> str:
    """The page: types, operators, functions with an example each; a vocabulary's lookups, names and formulas."""
    parts = ["# Formulas", _SYNTAX, *_types(), *_operators(), *_functions(), *_modes()]
    parts += [*_lookups(vocabulary), *_names(vocabulary), *_named(vocabulary)]
    return "\n".join(parts) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _table(*head: str) -> Iterator[str]:
    yield _row(*head)
    yield "|" + "---|" * len(head)


def _types() -> Iterator[str]:
    yield "## Types\n"
    yield from _table("Type", "Is", "Written")
    for kind, (words, example) in _TYPES.items():
        yield _row(kind.name, words, f"`{example}`")
    yield _row("code", "one of a closed set of texts, compared with texts in quotes", '`line.nature = "goods"`')


def _operators() -> Iterator[str]:
    yield "\n## Arithmetic\n"
    yield from _table("Left", "Operator", "Right", "Gives")
    for operator, results in ARITHMETIC.items():
        for (left, right), result in results.items():
            yield _row(left.name, f"`{operator}`", right.name, result.name)


def _functions() -> Iterator[str]:
    yield "\n## Functions"
    for group, functions in GROUPS.items():
        yield f"\n### {group}\n"
        yield from _table("Write", "Gives", "Example", "Is")
        for function in functions:
            yield _row(f"`{function.signature}`", function.words, f"`{function.example}`", f"`{function.gives}`")


def _modes() -> Iterator[str]:
    yield "\n### Rounding modes\n"
    yield from _table("Mode", "Rounds")
    for mode in ROUNDING_MODES.values():
        yield _row(f"`{mode.name}`", mode.words)


def _names(vocabulary: Vocabulary) -> Iterator[str]:
    yield "\n## Names\n"
    yield from _table("Name", "Type", "Is")
    for name, kind, words in vocabulary.dotted_names():
        codes = f"one of {', '.join(f'`{code}`' for code in kind.codes)}" if isinstance(kind, CodeSet) else ""
        yield _row(f"`{name}`", str(kind), "; ".join(part for part in (words, codes) if part))


def _lookups(vocabulary: Vocabulary) -> Iterator[str]:
    if not vocabulary.lookups:
        return
    yield "\n## Lookups\n"
    yield "Tables that may be asked; where they have no answer, the value is missing.\n"
    yield from _table("Write", "Gives", "Is", "Example")
    for name, lookup in vocabulary.lookups.items():
        example = f"`{lookup.example}`" if lookup.example else ""
        yield _row(f"`{lookup.signature(name)}`", str(lookup.result), lookup.words, example)


def _named(vocabulary: Vocabulary) -> Iterator[str]:
    if not vocabulary.formulas:
        return
    yield "\n## Named formulas\n"
    yield from _table("Name", "Type", "Is")
    for code, text in vocabulary.formulas.items():
        name = f"{FORMULA}.{code}"
        yield _row(f"`{name}`", _type_of(name, vocabulary), f"`{' '.join(text.split())}`")


def _type_of(name: str, vocabulary: Vocabulary) -> str:
    """Of a named formula, with the row it needs; or why it cannot be used."""
    try:
        formula, row = compile_wherever(name, vocabulary)
    except BadFormula as bad:
        return bad.problems[0].words
    return f"{formula.type}, of a {row}" if row else str(formula.type)
