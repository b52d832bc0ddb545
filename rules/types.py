"""The types of values in a formula, and which of them go together.

Money is a static type: at run time it is a bare Decimal in the document's currency. `amount` is what × and ÷ make of
money: exact, not yet rounded, so it never stands where money is expected. A percent of 22 means 22 %.

Two types never leave this package: ZERO, the literal 0, which stands for any quantity; and UNKNOWN, of a node not yet
checked or already reported, which goes with everything so that one mistake is told once.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Type:
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class CodeSet(Type):
    """A closed set of text codes, e.g. CodeSet("side", ("debit", "credit"))."""

    codes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} code"


MONEY = Type("money")
AMOUNT = Type("amount")
NUMBER = Type("number")
PERCENT = Type("percent")
TEXT = Type("text")
DATE = Type("date")
BOOLEAN = Type("boolean")
ZERO = Type("zero")
UNKNOWN = Type("unknown")

QUANTITIES = (MONEY, AMOUNT, NUMBER, PERCENT)
ANY_TYPE = (NUMBER, MONEY, AMOUNT, PERCENT, TEXT, DATE, BOOLEAN)  # codes are texts

_ADD = {
    (MONEY, MONEY): MONEY,
    (MONEY, AMOUNT): AMOUNT,
    (AMOUNT, MONEY): AMOUNT,
    (AMOUNT, AMOUNT): AMOUNT,
    (NUMBER, NUMBER): NUMBER,
    (PERCENT, PERCENT): PERCENT,
}

ARITHMETIC: dict[str, dict[tuple[Type, Type], Type]] = {
    "+": {**_ADD, (DATE, NUMBER): DATE},
    "-": {**_ADD, (DATE, NUMBER): DATE, (DATE, DATE): NUMBER},
    "*": {
        (MONEY, NUMBER): AMOUNT,
        (NUMBER, MONEY): AMOUNT,
        (MONEY, PERCENT): AMOUNT,
        (PERCENT, MONEY): AMOUNT,
        (AMOUNT, NUMBER): AMOUNT,
        (NUMBER, AMOUNT): AMOUNT,
        (AMOUNT, PERCENT): AMOUNT,
        (PERCENT, AMOUNT): AMOUNT,
        (NUMBER, NUMBER): NUMBER,
        (NUMBER, PERCENT): NUMBER,
        (PERCENT, NUMBER): PERCENT,
        (PERCENT, PERCENT): PERCENT,
    },
    "/": {
        (MONEY, NUMBER): AMOUNT,
        (MONEY, PERCENT): AMOUNT,
        (AMOUNT, NUMBER): AMOUNT,
        (AMOUNT, PERCENT): AMOUNT,
        (MONEY, MONEY): NUMBER,
        (MONEY, AMOUNT): NUMBER,
        (AMOUNT, MONEY): NUMBER,
        (AMOUNT, AMOUNT): NUMBER,
        (NUMBER, NUMBER): NUMBER,
        (NUMBER, PERCENT): NUMBER,
        (PERCENT, NUMBER): PERCENT,
        (PERCENT, PERCENT): NUMBER,
    },
}


def is_text(kind: Type) -> bool:
    """Text or a code: both are text at run time."""
    return kind == TEXT or isinstance(kind, CodeSet)


def combined(operator: str, left: Type, right: Type) -> Type | None:
    """The type of `left operator right`, or None where that has no meaning."""
    if UNKNOWN in (left, right):
        return UNKNOWN
    if operator in "+-" and DATE not in (left, right):
        left, right = (right if left == ZERO else left), (left if right == ZERO else right)
    left, right = (NUMBER if kind == ZERO else kind for kind in (left, right))
    return ARITHMETIC[operator].get((left, right))


def joined(left: Type, right: Type) -> Type | None:
    """The one type of two values either of which may be taken, as in the branches of a conditional."""
    if left == right or right == UNKNOWN:
        return left
    if left == UNKNOWN:
        return right
    if fits(left, right):
        return right
    if fits(right, left):
        return left
    return TEXT if is_text(left) and is_text(right) else None


def fits(kind: Type, expected: Type) -> bool:
    """May a value of this type stand where `expected` is wanted?"""
    return (
        kind == expected
        or UNKNOWN in (kind, expected)
        or (kind == ZERO and expected in QUANTITIES)
        or (kind == MONEY and expected == AMOUNT)
        or (expected == TEXT and is_text(kind))
    )


def comparable(left: Type, right: Type) -> bool:
    """May the two be equal? Codes of two different sets may not."""
    if isinstance(left, CodeSet) and isinstance(right, CodeSet):
        return left == right
    return joined(left, right) is not None


def ordered(kind: Type) -> bool:
    """Do < and > mean something for values of this type?"""
    return kind in (*QUANTITIES, DATE, ZERO, UNKNOWN)
