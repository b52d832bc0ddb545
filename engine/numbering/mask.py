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


BUILT = {
    "level": {"company"},
    "reset": {"never", "annual", "monthly"},
    "mode": {"gapless"},
    "kind": {"alphanumeric"},
}
PARTS = {"constant", "year", "month", "week", "day", "company", "sequence"}


def not_yet(counter: Counter) -> str:
    """What a counter asks for that is stored and shown, but not numbered by: `level site`; "" when there is none."""
    asked = [f"{name} {getattr(counter, name)}" for name, known in BUILT.items() if getattr(counter, name) not in known]
    asked += [f"component {part.kind}" for part in counter.component if part.kind not in PARTS]
    return ", ".join(asked)


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
            case "week":
                shown.append(f"{on.isocalendar().week:02d}")
            case "day":
                shown.append(f"{on.timetuple().tm_yday:03d}" if part.length == 3 else f"{on.day:02d}")
            case "company":
                shown.append(company)
            case "sequence":
                digits = str(value).zfill(part.length or 1)
                if part.length and len(digits) > part.length:
                    raise CounterExhausted(counter=counter.key, value=value, length=part.length)
                shown.append(digits)
    return "".join(shown)
