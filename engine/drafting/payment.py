"""When a document is to be paid, and how. Due dates always add up to what is payable."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from engine.drafting.desk import Desk
from engine.drafting.drafted import DueRow
from engine.drafting.request import Request
from engine.drafting.totals import parts
from engine.kernel.faults import FaultKind
from engine.kernel.money import HUNDRED, ZERO
from engine.parametrization.definitions import Company, PaymentMethod, PaymentTerms

DUE_SHAPE = FaultKind(
    "due_dates_shape",
    "give one of due_date, due_dates, payment_terms; each part of due_dates an amount, or each a percent",
    "keep one",
)
DUE_SUM = FaultKind("due_dates_sum", "the due dates add up to {found}, not to {wanted}", "make them equal")


def said_by(request: Request, company: Company, module: str) -> tuple[str, str]:
    """Where due dates come from, and the code of the terms where it is terms.

    Shape: ("due_date", ""), ("due_dates", ""), ("payment_terms", "30FM"), ("company", "30FM"), ("date", "")
    """
    for name in ("due_dates", "due_date"):
        if getattr(request, name):
            return name, ""
    if request.payment_terms:
        return "payment_terms", request.payment_terms
    usual = company.payment_terms if module == "sales" else ""
    return ("company", usual) if usual else ("date", "")


def due_dates(desk: Desk, payable: Decimal) -> tuple[list[DueRow], str]:
    """Due dates, and the terms in words: as given, else by the terms named, else by the company's (on sales)."""
    request = desk.request
    given = [name for name in ("due_date", "due_dates", "payment_terms") if getattr(request, name)]
    if len(given) > 1:
        desk.faults.append(DUE_SHAPE.at(given[-1]))
        return [], ""
    if request.due_dates:
        for index, part in enumerate(request.due_dates):
            if part.method:
                desk.record(PaymentMethod, part.method, f"due_dates[{index}].method", request.date)
        return _as_given(desk, payable), ""
    _, code = said_by(request, desk.company, desk.type.module)
    if not code:
        return _rows([(request.due_date or request.date, payable, request.payment_method)]), ""
    terms = desk.record(PaymentTerms, code, "payment_terms", request.date)
    if terms is None:
        return [], ""
    amounts = parts(payable, [part.percent for part in terms.part], desk.currency)
    days = [_day(request.date, part.days, part.end_of_month) for part in terms.part]
    rows = [(day, amount, request.payment_method) for day, amount in zip(days, amounts, strict=True)]
    return _rows(rows), desk.catalog.text(terms.text, desk.language)


def _as_given(desk: Desk, payable: Decimal) -> list[DueRow]:
    """All by amount, or all by percent."""
    asked = desk.request.due_dates
    percents = [part.percent for part in asked if part.percent is not None]
    amounts = [part.amount for part in asked if part.amount is not None]
    if (len(percents), len(amounts)) not in ((len(asked), 0), (0, len(asked))):
        desk.faults.append(DUE_SHAPE.at("due_dates"))
        return []
    found, wanted = (sum(percents, ZERO), HUNDRED) if percents else (sum(amounts, ZERO), payable)
    if found != wanted:
        desk.faults.append(DUE_SUM.at("due_dates", found=found, wanted=wanted))
    amounts = amounts or parts(payable, percents, desk.currency)
    return _rows((part.date, amount, part.method) for part, amount in zip(asked, amounts, strict=True))


def _rows(rows: Iterable[tuple[date, Decimal, str]]) -> list[DueRow]:
    """What is nothing is not due."""
    return [DueRow(day, amount, method) for day, amount, method in rows if amount]


def _day(start: date, days: int, end_of_month: bool) -> date:
    """`days` later, but never past the last day of the calendar."""
    day = start + min(timedelta(days=days), date.max - start)
    return day.replace(day=calendar.monthrange(day.year, day.month)[1]) if end_of_month else day


def method(desk: Desk) -> PaymentMethod | None:
    """The payment method named, if there is one."""
    code = desk.request.payment_method
    return desk.record(PaymentMethod, code, "payment_method", desk.request.date) if code else None
