"""How a number reads: the components of its counter, in order of position."""

from __future__ import annotations

from datetime import date

from engine.kernel.errors import EngineError
from engine.parametrization.definitions import Counter


class CounterExhausted(EngineError):
    """The next number no longer fits its mask."""

    code = "counter_exhausted"
    says = "counter {counter} is at {value}; its sequence holds {length} digits"
    remedy = "make the sequence component longer; numbers already given stay"


def period(counter: Counter, on: date) -> str:
    """The period a series runs for: `2026`, `2026-03`, or "" when it never restarts."""
    if counter.reset == "annual":
        return f"{on.year:04d}"
    return f"{on.year:04d}-{on.month:02d}" if counter.reset == "monthly" else ""


def text(counter: Counter, company: str, on: date, value: int) -> str:
    """The number as people read it.

    Shape: (FV, "ACME", 2026-03-01, 7) -> "FV-2026-00007"
    Errors: CounterExhausted.
    """
    shown = []
    for part in sorted(counter.component, key=lambda part: part.position):
        match part.kind:
            case "constant":
                shown.append(part.value)
            case "year":
                shown.append(f"{on.year:04d}"[-(part.length or 4) :])
            case "month":
                shown.append(f"{on.month:02d}")
            case "company":
                shown.append(company)
            case "sequence":
                digits = str(value).zfill(part.length or 1)
                if part.length and len(digits) > part.length:
                    raise CounterExhausted(counter=counter.key, value=value, length=part.length)
                shown.append(digits)
    return "".join(shown)
