"""Formulas: a small typed expression language, read by people and compiled to bytecode. This is the door.

    text → parse (nodes) → check (names, types; all problems at once) → compile (bytecode) → Formula

Knows nothing of invoices: the caller hands in a typed `Vocabulary` and, at run time, the values its names stand for.

    vocabulary.py  names a formula may use        functions.py  what may be called, with an example each
    types.py       which types go together        nodes.py      a formula as data
    parse.py       text → nodes, caps             check.py      names and types; calls.py for calls
    named.py       named formulas that are used   compile.py    nodes → bytecode
    runtime.py     what the bytecode calls        formula.py    the compiled formula
    fuse.py        many formulas, one function    explain.py    where a result comes from
    arithmetic.py  the decimal context            errors.py     every code, in words
    reference.py   the language as a page

Is a sum of amounts always 0? The balance proof reads checked nodes, and hands no formula to anybody.

    proof.py       terms and facts → proved, or     terms.py      what it takes and gives
                   what is left in which cases      reading.py    nodes in a case → forms, truths, texts
    cells.py       cases, and how they split        decimals.py   operations that decimals do exactly
    linear.py      forms over fractions, equations  normal.py     one text for what is the same
    unknowns.py    what the equations are about
"""

from rules.arithmetic import arithmetic
from rules.errors import BadFormula, FormulaFailed, Problem
from rules.explain import Explanation
from rules.formula import Formula, compile_formula, compile_wherever
from rules.fuse import Fused, FusedLine, fuse
from rules.types import AMOUNT, ANY_TYPE, BOOLEAN, DATE, MONEY, NUMBER, PERCENT, TEXT, CodeSet, Type
from rules.vocabulary import Collection, Lookup, Record, Vocabulary

__all__ = [
    "AMOUNT",
    "ANY_TYPE",
    "BOOLEAN",
    "DATE",
    "MONEY",
    "NUMBER",
    "PERCENT",
    "TEXT",
    "BadFormula",
    "CodeSet",
    "Collection",
    "Explanation",
    "Formula",
    "FormulaFailed",
    "Fused",
    "FusedLine",
    "Lookup",
    "Problem",
    "Record",
    "Type",
    "Vocabulary",
    "arithmetic",
    "compile_formula",
    "compile_wherever",
    "fuse",
]
