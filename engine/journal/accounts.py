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


@dataclass(frozen=True, slots=True)
class SourceStep:
    """What one source gave, and the account as it stood afterwards."""

    source: str
    record: str
    mask: str
    result: str


@dataclass(frozen=True, slots=True)
class AccountFound:
    account: str
    steps: tuple[SourceStep, ...]


def account(sources: tuple[str, ...], row: Any, catalog: Catalog, company: Company, on: date) -> AccountFound:
    """Follow the sources; an empty account means that none of them gave anything.

    `row` is the element of the journal line's collection, whose accounting code chooses among records of a kind.
    """
    result, steps = "", []
    for source in sources:
        record, mask = _mask(source, row, catalog, company, on)
        result = filled(result, mask)
        steps.append(SourceStep(source, record, mask, result))
    return AccountFound(result.replace(HOLE, "0"), tuple(steps))


def filled(account: str, mask: str) -> str:
    """`account` with its holes filled from `mask`, position by position."""
    if not account or not mask:
        return account or mask
    return "".join(mask[place] if digit == HOLE and place < len(mask) else digit for place, digit in enumerate(account))


def _mask(source: str, row: Any, catalog: Catalog, company: Company, on: date) -> tuple[str, str]:
    """(record, mask) of one source."""
    kind, dot, position = source.partition(".")
    if not dot:
        return "", source
    if source == TYPED:
        return "", getattr(row, "account", "")
    code = (getattr(row, "accounting_code", "") if kind == "tax" else "") or STANDARD
    record = catalog.one(AccountingCode, (kind, code), company, on)
    return (record.key, record.accounts.get(position, "")) if record else ("", "")
