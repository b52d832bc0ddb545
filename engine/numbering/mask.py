"""How a number reads: the components of its counter, in order of position; and which texts it can be.

`said` holds what only a document or a calendar can say, by position: site, complement, fiscal year, period, formulas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from engine.kernel.errors import EngineError
from engine.parametrization.definitions import Counter, CounterComponent

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
NOTHING_SAID: Mapping[int, str] = MappingProxyType({})
BY_DOCUMENT = frozenset({"site", "complement", "fiscal_year", "period", "formula"})
"""Kinds of components that `said` gives."""


class CounterExhausted(EngineError):
    """The next number no longer fits its mask."""

    code = "counter_exhausted"
    says = "counter {counter} is at {value}; its sequence holds {length} digits"
    remedy = "make the sequence component longer; numbers already given stay"


class NumberTooLong(EngineError):
    """What a document says makes its number longer than the counter allows."""

    code = "number_too_long"
    says = "the number {text!r} has {found} characters; counter {counter} allows {length}"
    remedy = "shorten what its components say, or allow more in the counter's `length`"


def ordered(counter: Counter) -> list[CounterComponent]:
    """Components in order of position."""
    return sorted(counter.component, key=lambda part: part.position)


def period(counter: Counter, on: date, fiscal_year: str = "", fiscal_period: str = "") -> str:
    """The period a series runs for: `2026`, `2026-03`, `FY26`, `FY26/03`, or "" when it never restarts."""
    match counter.reset:
        case "annual":
            return f"{on.year:04d}"
        case "monthly":
            return f"{on.year:04d}-{on.month:02d}"
        case "fiscal_year":
            return fiscal_year
        case "period":
            return f"{fiscal_year}/{fiscal_period}"
        case _:
            return ""


def text(counter: Counter, company: str, on: date, value: int, said: Mapping[int, str] = NOTHING_SAID) -> str:
    """The number as people read it.

    Shape: (FV, "ACME", 2026-03-01, 7) -> "FV-2026-00007"
    Errors: CounterExhausted, NumberTooLong.
    """
    shown = []
    for part in ordered(counter):
        if part.kind == "sequence":
            digits = str(value).zfill(part.length or 1)
            if part.length and len(digits) > part.length:
                raise CounterExhausted(counter=counter.key, value=value, length=part.length)
            shown.append(digits)
        else:
            shown.append(_said(part, company, on, said))
    whole = "".join(shown)
    if counter.length and len(whole) > counter.length:
        raise NumberTooLong(text=whole, found=len(whole), counter=counter.key, length=counter.length)
    return whole


def _said(part: CounterComponent, company: str, on: date, said: Mapping[int, str]) -> str:
    """What a component other than the sequence says."""
    match part.kind:
        case "constant":
            return part.value
        case "year":
            return f"{on.year:04d}"[-(part.length or 4) :]
        case "month":
            return MONTHS[on.month - 1] if part.length == 3 else f"{on.month:02d}"
        case "week":
            return f"{on.isocalendar().week:02d}"
        case "day":
            by_length = {1: str(on.isoweekday()), 3: f"{on.timetuple().tm_yday:03d}"}
            return by_length.get(part.length, f"{on.day:02d}")
        case "company":
            return company[-part.length :] if part.length else company
        case _:
            whole = said.get(part.position, "")
            return whole[-part.length :] if part.length else whole


def capacity(counter: Counter) -> int | None:
    """The last value that its sequence can print; None when it has no limit."""
    lengths = [part.length for part in counter.component if part.kind == "sequence" and part.length]
    return 10 ** min(lengths) - 1 if lengths else None


def pattern(counter: Counter, company: str) -> re.Pattern[str]:
    """The texts that a counter can give a company, on any date and whatever its documents say."""
    return re.compile("".join(_pattern(part, company) for part in ordered(counter)))


def _pattern(part: CounterComponent, company: str) -> str:
    match part.kind:
        case "constant":
            return re.escape(part.value)
        case "year":
            return f"[0-9]{{{part.length or 4}}}"
        case "month":
            return f"(?:{'|'.join(MONTHS)})" if part.length == 3 else "(?:0[1-9]|1[0-2])"
        case "week":
            return "(?:0[1-9]|[1-4][0-9]|5[0-3])"
        case "day":
            return {1: "[1-7]", 3: "[0-3][0-9]{2}"}.get(part.length, "(?:0[1-9]|[12][0-9]|3[01])")
        case "company":
            return re.escape(company[-part.length :] if part.length else company)
        case "sequence":
            return f"[0-9]{{{part.length}}}" if part.length else "(?:0|[1-9][0-9]*)"
        case _:
            return f".{{0,{part.length or 60}}}"
