"""A payment as it is given (CONTRACT §5), read at the wall, and what of it settles one document.

Payments are data here: they are given whenever they are asked about, and nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from engine.drafting.request import ZERO, NumberText, Part, Positive, Short
from engine.kernel.money import QUANTITY_LIMIT, QUANTITY_SCALE
from engine.kernel.wall import validated
from engine.parametrization.words import Code, Currency, Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation(Part):
    """`document` is the number or the id of a document; `write_off` is let go together with the amount."""

    document: Short
    amount: Positive
    write_off: Positive = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment(Part):
    """Money that came in or went out. Without `allocations` all of it settles the document that is asked about."""

    company: Code
    date: Day
    amount: Positive
    currency: Currency = ""
    exchange_rate: Annotated[Decimal, NumberText(QUANTITY_SCALE, QUANTITY_LIMIT, Decimal("0.00000001"))] | None = None
    method: Code = ""
    settlement_account: Code = ""
    allocations: tuple[Allocation, ...] = ()
    key: Short = ""


@dataclass(frozen=True, slots=True)
class PaidRow:
    """What of a payment settles one document, as formulas see it; `account` is where the money is kept."""

    date: date
    amount: Decimal
    write_off: Decimal
    method: str
    reference: str
    account: str = ""
    settlement_account: str = ""
    currency: str = ""


def read_payments(data: Any) -> list[Payment]:
    """One payment or a list of them. Errors: Faulty."""
    given = data if isinstance(data, list) else [data]
    places = [f"[{place}]" if isinstance(data, list) else "" for place in range(len(given))]
    return [validated(Payment, one, where) for one, where in zip(given, places, strict=True)]


def settling(payments: Iterable[Payment], company: str, called: Sequence[str] = ()) -> list[PaidRow]:
    """What of each payment settles a document of a company, by date.

    Shape: called is its number and its id as text; empty for a document that has neither yet.
    """
    rows = []
    for one in payments:
        if one.company != company:
            continue
        whole = [Allocation(document="", amount=one.amount)] if not one.allocations else []
        for part in whole or one.allocations:
            if not part.document or not called or part.document in called:
                rows.append(
                    PaidRow(
                        one.date,
                        part.amount,
                        part.write_off,
                        one.method,
                        one.key,
                        settlement_account=one.settlement_account,
                        currency=one.currency,
                    )  # fmt: skip
                )
    return sorted(rows, key=lambda row: row.date)
