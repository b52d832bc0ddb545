"""A vocabulary as a caller would write it, and values for it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rules import (
    AMOUNT,
    BOOLEAN,
    DATE,
    MONEY,
    NUMBER,
    PERCENT,
    TEXT,
    BadFormula,
    CodeSet,
    Collection,
    Formula,
    FormulaFailed,
    Lookup,
    Record,
    Type,
    Vocabulary,
    compile_formula,
)

CATEGORY = CodeSet("category", ("invoice", "credit_note"))
NATURE = CodeSet("nature", ("goods", "services"))
SIDE = CodeSet("side", ("debit", "credit"))
ALL_TYPES = (MONEY, AMOUNT, NUMBER, PERCENT, TEXT, DATE, BOOLEAN)

VOCABULARY = Vocabulary(
    records={
        "document": Record(
            {
                "net": MONEY,
                "price": AMOUNT,
                "copies": NUMBER,
                "discount": PERCENT,
                "number": TEXT,
                "note": TEXT,
                "date": DATE,
                "due": DATE,
                "is_credit": BOOLEAN,
                "category": CATEGORY,
            },
            words={"net": "the sum of the lines"},
        ),
    },
    collections={
        "line": Collection("lines", Record({"net": MONEY, "quantity": NUMBER, "rate": PERCENT, "nature": NATURE})),
        "tax": Collection("taxes", Record({"base": MONEY, "rate": PERCENT})),
    },
    lookups={
        "tax_rate": Lookup((TEXT, DATE), PERCENT, "the rate on a day", 'tax_rate("FR20", document.date)'),
        "account_of": Lookup((NATURE,), TEXT, "the account for goods or services", "account_of(line.nature)"),
    },
    formulas={
        "base": "line.net * line.quantity",
        "total": "round(sum(formula.base for line))",
        "remark": "document.note",
        "side": 'if document.is_credit then "credit" else "debit"',
        "label": '"{document.number}: {formula.total}"',
        "reduced": "4%",
        "round_a": "1 + formula.round_b",
        "round_b": "formula.round_a * 2",
        "broken": "1 +",
        "nett": "document.nett",
    },
)


def tax_rate(code: str, on: date) -> Decimal | None:
    return {"FR20": Decimal(20), "": Decimal("5.5")}.get(code) if on.year > 2020 else None


def account_of(nature: str) -> str | None:
    return {"goods": "607"}.get(nature)


@dataclass(slots=True)
class Line:
    net: object = Decimal("100.00")
    quantity: object = Decimal(2)
    rate: object = Decimal(22)
    nature: object = "goods"


@dataclass(slots=True)
class Tax:
    base: object = Decimal("100.00")
    rate: object = Decimal(22)


@dataclass(slots=True)
class Document:
    net: object = Decimal("1234.50")
    price: object = Decimal("1.23456")
    copies: object = Decimal(3)
    discount: object = Decimal("2.5")
    number: object = "FV-7"
    note: object = None
    date: object = date(2026, 1, 31)
    due: object = None
    is_credit: object = False
    category: object = "invoice"


@dataclass(slots=True)
class Case:
    """The values of one evaluation."""

    document: object = field(default_factory=Document)
    lines: object = field(default_factory=lambda: [Line(), Line(net=Decimal("12.35"), nature="services")])
    taxes: object = field(default_factory=lambda: [Tax()])
    quantum: object = Decimal("0.01")
    tax_rate: object = tax_rate

    def values(self) -> dict[str, object]:
        row = self.lines[0] if isinstance(self.lines, list) and self.lines else Line()
        return {
            "document": self.document,
            "lines": self.lines,
            "taxes": self.taxes,
            "line": row,
            "quantum": self.quantum,
            "tax_rate": self.tax_rate,
            "account_of": account_of,
        }


def compiled(text: str, expects: Type | tuple[Type, ...] = ALL_TYPES, row: str | None = "line") -> Formula:
    return compile_formula(text, VOCABULARY, expects, row)


def result(text: str, case: Case | None = None, expects: Type | tuple[Type, ...] = ALL_TYPES) -> object:
    return compiled(text, expects)((case or Case()).values())


def problems(text: str, expects: Type | tuple[Type, ...] = ALL_TYPES, row: str | None = "line") -> list[str]:
    """The codes of what is wrong with a formula; empty where it is well."""
    try:
        compile_formula(text, VOCABULARY, expects, row)
    except BadFormula as bad:
        return [problem.code for problem in bad.problems]
    return []


def failure(text: str, case: Case | None = None, expects: Type | tuple[Type, ...] = ALL_TYPES) -> str:
    """The code a formula fails with on these values; empty where it has a result."""
    try:
        result(text, case, expects)
    except FormulaFailed as failed:
        return failed.code
    return ""
