"""Which account a line goes to: an ordered list of sources, each a mask in which `x` is a hole.

Each next source fills the holes that remain; what is left becomes 0. The trail tells which source gave each digit.
Shape: 411xxx, then xxx02x -> 41102x -> 411020. Source: Sage X3, accounting codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AccountingCode, Company

HOLE = "x"
STANDARD = "STD"
TYPED = "line.account"
"""The source that is what the user typed on the line."""
OF_ROW = frozenset({TYPED, "payment.account"})
"""Sources that a row itself gives: typed on the line, or of the account that a payment went to."""
BY_ROW = frozenset({"tax", "charge"})
"""Kinds of which a row names its accounting code."""
FORMULA = "account_formula"
"""The source that is a formula: it gives the whole account, past all masks."""


@dataclass(frozen=True, slots=True)
class SourceStep:
    """What one source gave, and the account as it stood afterwards."""

    source: str
    record: str
    mask: str
    result: str


@dataclass(frozen=True, slots=True)
class AccountFound:
    """`mask` is what the sources gave; holes that are left in it are written as 0 in `account`."""

    mask: str
    steps: tuple[SourceStep, ...]

    @property
    def account(self) -> str:
        return self.mask.replace(HOLE, "0")

    @property
    def holes(self) -> bool:
        return HOLE in self.mask


def account(sources: tuple[str, ...], row: Any, catalog: Catalog, company: Company, on: date) -> AccountFound:
    """Follow the sources; an empty account means that none of them gave anything.

    `row` is the element of the journal line's collection, whose accounting code chooses among records of a kind.
    """
    code, own = getattr(row, "accounting_code", ""), getattr(row, "account", "")
    asked = ("account", sources, code, own, company.code, on)
    return catalog.once(asked, lambda: _followed(sources, code, own, catalog, company, on))


def by_formula(said: str) -> AccountFound:
    """An account that a formula gave."""
    return AccountFound(said, (SourceStep(FORMULA, "", said, said),))


def _followed(
    sources: tuple[str, ...], code: str, own: str, catalog: Catalog, company: Company, on: date
) -> AccountFound:
    result, steps = "", []
    for source in sources:
        record, mask = _mask(source, code, own, catalog, company, on)
        result = filled(result, mask)
        steps.append(SourceStep(source, record, mask, result))
    return AccountFound(result, tuple(steps))


def filled(account: str, mask: str) -> str:
    """`account` with its holes filled from `mask`, position by position."""
    if not account or not mask:
        return account or mask
    return "".join(mask[place] if digit == HOLE and place < len(mask) else digit for place, digit in enumerate(account))


def _mask(source: str, code: str, own: str, catalog: Catalog, company: Company, on: date) -> tuple[str, str]:
    """(record, mask) of one source."""
    kind, dot, position = source.partition(".")
    if not dot:
        return "", source
    if source in OF_ROW:
        return "", own
    record = catalog.one(AccountingCode, (kind, (code if kind in BY_ROW else "") or STANDARD), company, on)
    return (record.key, record.accounts.get(position, "")) if record else ("", "")
