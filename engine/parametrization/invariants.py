"""What always holds of a drafted document, in the language of formulas: the ground the balance proof stands on.

One line per statement. `DEFINITIONS` say what a name is in terms of others; `FACTS` are conditions that hold of every
document, or of every row of a kind, and are looked at only where a journal uses the name they are `about`. Each is
property-tested against the real drafting: a proof is only as true as they are. What is missing here costs a proof; what
is wrong here would make one false.

Not true, and therefore not here: that a charge is positive and an allowance negative (a percent of lines that come to
less than nothing turns them), so `document.charges` is no sum by `charge.kind`; that the lines of an invoice are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from engine.kernel.codes import CREDITS, TAX_CATEGORIES, ZERO_RATED
from engine.parametrization.vocabulary import DOCUMENT
from rules import BOOLEAN, compile_formula
from rules.reading import Theory
from rules.terms import Fact


class Stated(NamedTuple):
    """A condition that always holds, of the document or of every row of a kind."""

    about: str
    text: str
    row: str = ""
    costly: bool = False  # looked at only where something of `about` is left without it


def _codes(codes: frozenset[str] | tuple[str, ...]) -> str:
    return "(" + ", ".join(f'"{code}"' for code in sorted(codes)) + ")"


TAXED = frozenset(TAX_CATEGORIES) - ZERO_RATED

DEFINITIONS = {
    "type.module": "document.module",
    "type.category": "document.category",
    "document.is_credit": f"document.category in {_codes(CREDITS)}",
    "document.lines": "sum(line.net for line)",
    "document.charges": "sum(charge.amount for charge where charge.amount > 0)",
    "document.allowances": "-sum(charge.amount for charge where charge.amount < 0)",
    "document.net": "sum(line.net for line) + sum(charge.amount for charge)",
    "document.tax": "sum(tax.amount for tax)",
    "document.gross": "document.net + document.tax",
    "document.withheld": "sum(withholding.amount for withholding)",
    "document.prepaid": "sum(prepaid.amount for prepaid)",
    "document.rounding": "money(0)",  # until cash is rounded
    "document.payable": "document.gross - document.withheld - document.prepaid + document.rounding"
    ' - sum(tax.amount for tax where tax.category = "B")',
    "prepaid.net": "prepaid.amount - prepaid.tax",
}
"""Name and what it is; of a row's name, in terms of the same row."""

FACTS = (
    Stated("document.gross", "document.gross >= 0"),
    Stated("document.payable", "document.payable >= 0"),
    Stated("due_date.amount", "sum(due_date.amount for due_date) = document.payable"),
    Stated("due_date.amount", "due_date.amount > 0", "due_date"),
    Stated("line.quantity", "not document.is_credit or line.quantity > 0", "line"),
    Stated("line.net", "not document.is_credit or line.net >= 0", "line"),
    Stated("line.tax_rate", f"line.tax_category in {_codes(TAXED)} or line.tax_rate = 0%", "line"),
    Stated("charge.tax_rate", f"charge.tax_category in {_codes(TAXED)} or charge.tax_rate = 0%", "charge"),
    Stated("tax.rate", f"tax.category in {_codes(TAXED)} or tax.rate = 0%", "tax"),
    Stated("line.tax_rate", "line.tax_rate >= 0%", "line"),
    Stated("charge.tax_rate", "charge.tax_rate >= 0%", "charge"),
    Stated("tax.rate", "tax.rate >= 0%", "tax"),
    Stated("withholding.rate", "withholding.rate >= 0%", "withholding"),
    Stated("tax.rate", "tax.rate != 0% or tax.amount = 0", "tax"),
    Stated("tax.amount", f"tax.category in {_codes(TAXED)} or tax.amount = 0", "tax"),
    Stated("tax.self_assessed", 'tax.category in ("AE", "K") or tax.self_assessed = 0', "tax"),
    Stated("tax.self_assessed", 'document.module = "purchase" or tax.self_assessed = 0', "tax"),
    Stated("prepaid.amount", "prepaid.amount >= 0", "prepaid"),
    Stated("prepaid.tax", "prepaid.tax >= 0 and prepaid.tax <= prepaid.amount", "prepaid"),
)


def _bases() -> Iterator[Stated]:
    """Tax rows gather lines and charges by tax, so their bases agree for each category and moment the tax is due."""
    for category in TAX_CATEGORIES:
        for due in ("invoice", "payment"):
            tax = f'tax.category = "{category}" and tax.due = "{due}"'
            line, charge = (
                f'{row}.tax_category = "{category}" and {row}.tax_due = "{due}"' for row in ("line", "charge")
            )
            text = (
                f"sum(tax.base for tax where {tax})"
                f" = sum(line.net for line where {line}) + sum(charge.amount for charge where {charge})"
            )
            yield Stated("tax.base", text, costly=True)


BASES = tuple(_bases())


@cache
def theory() -> Theory:
    """The definitions, compiled. Shape: as rules.proof takes them."""
    kinds = {name: kind for name, kind, _ in DOCUMENT.dotted_names()}
    rows = frozenset(DOCUMENT.collections)
    definitions = {
        name: compile_formula(text, DOCUMENT, kinds[name], row=owner if (owner := name.split(".")[0]) in rows else None)
        for name, text in DEFINITIONS.items()
    }
    return Theory(rows, {name: formula.node for name, formula in definitions.items()})


@cache
def facts() -> tuple[Fact, ...]:
    """The facts, compiled."""
    return tuple(
        Fact(one.about, one.row, compile_formula(one.text, DOCUMENT, BOOLEAN, row=one.row or None).node, one.costly)
        for one in (*FACTS, *BASES)
    )
