"""Is a posted number the one its counter gives? Recomputed from the value, the date and the revision the document pins.

What cannot be recomputed is said by a reason, never passed over: a number typed by hand, a counter whose parts are
not in the posted rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from engine.kernel.faults import Fault
from engine.numbering import mask
from engine.numbering.counters import Series
from engine.numbering.mask import CounterExhausted
from engine.parametrization.definitions import Counter
from engine.posting.findings import DATE_FELL, NUMBER_DIFFERS, PERIOD_DIFFERS, SERIES_START, VALUE_MISSING
from engine.posting.ports import Row

CounterOf = Callable[[int, str], Counter | None]
"""The counter of a key, as a revision has it."""

TYPED = "typed by hand"
BY_FORMULA = "made by a formula"


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The number as the counter gives it; or, without one, why it cannot be told."""

    number: str
    why: str = ""


def recomputed(series: Row, counter: Counter, document: Row) -> Recomputed:
    """What number a document's value has. This is the one place that asks `numbering` again."""
    if _typed(document["request"]):
        return Recomputed("", TYPED)
    if any(part.kind == "formula" for part in counter.component):
        return Recomputed("", BY_FORMULA)
    if lacking := mask.not_yet(counter):
        return Recomputed("", f"made by {lacking}, which this version does not know")
    try:
        return Recomputed(Series(counter, series["company"], series["period"]).number(document["date"], document["value"]))
    except CounterExhausted:
        return Recomputed("none, for it is exhausted")


def _typed(request: str) -> bool:
    """Whether a number was asked for; the text is parsed only where it may be so."""
    return '"number":' in request and bool(json.loads(request).get("number"))


def wrong_number(series: Row, counter: Counter, document: Row, found: Recomputed) -> Iterator[Fault]:
    """A text or a period that are not the counter's."""
    number, on, value = document["number"], document["date"], document["value"]
    if not found.why and found.number != number:
        told = {"counter": counter.key, "expected": found.number, "value": value, "date": on}
        yield NUMBER_DIFFERS.at("document.number", number=number, **told)
    if counter.reset in mask.BUILT["reset"] and (period := mask.period(counter, on)) != series["period"]:
        yield PERIOD_DIFFERS.at("document.date", date=on, expected=period or "-", period=series["period"] or "-")


def wrong_place(
    series: Row, counter: Counter, document: Row, before: int | None, last: date | None, counters: CounterOf
) -> Iterator[Fault]:
    """A value that is missing before this one, a date that falls. `before` and `last` are None at the beginning."""
    value, on = document["value"], document["date"]
    if before is None:
        if not _began(series, counter, document, counters):
            yield SERIES_START.at("document.value", value=value, start=counter.start)
    elif value != before + 1 and counter.mode == "gapless":
        yield VALUE_MISSING.at("document.value", value=value, before=before, missing=before + 1)
    if counter.chronological and last and on < last:
        yield DATE_FELL.at("document.date", date=on, last=last)


def _began(series: Row, counter: Counter, document: Row, counters: CounterOf) -> bool:
    """Whether the counter begins with this value; its row may have been made under an earlier revision."""
    value = document["value"]
    if value == counter.start or counter.mode == "fast":
        return True
    earlier = (counters(revision, series["counter"]) for revision in range(document["revision"] - 1, 0, -1))
    return any(one is not None and one.start == value for one in earlier)
