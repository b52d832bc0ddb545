"""Series that fill up: what is left of them, and the day they are full if documents go on as they have come.

The only look at state: the values of series, which no pack holds. A full series numbers nothing any more, so it is told
before it happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from engine.lint.findings import Finding, FindingKind
from engine.numbering import mask
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Counter

FULL = FindingKind(
    "lint_series_full", "error", "series {series} is full at {value}: nothing more can be numbered", "{remedy}"
)
FILLING = FindingKind(
    "lint_series_filling",
    "warning",
    "series {series} is at {value} of {most}; as documents have come it is full on {day}",
    "{remedy}",
)
LONGER = "make the sequence of the counter longer; numbers already given stay"
SHARE = 0.8
"""Nobody is told before so much is used, unless the day comes within its period."""
YEAR = timedelta(days=366)


def look(catalog: Catalog, series: Iterable[Mapping[str, Any]], on: date) -> Iterator[Finding]:
    """`series` are rows as they stand: counter, period, value, last_date."""
    counters = catalog.table(Counter)
    for row in series:
        counter = counters.get(_record(row["counter"]))
        most = mask.capacity(counter) if counter else None
        if counter is None or most is None or row["closed"]:
            continue
        name = "/".join(part for part in (row["company"], row["counter"], row["period"]) if part)
        told = {"series": name, "value": f"{row['value']:,}", "most": f"{most:,}", "remedy": LONGER}
        if row["value"] >= most:
            yield FULL.at(counter, **told)
            continue
        day = _full_on(counter, row, most, on)
        if day and (day <= _end(counter, row["period"], on) or row["value"] >= most * SHARE):
            yield FILLING.at(counter, day=day.isoformat(), **told)


def _record(key: str) -> str:
    """The counter of a series key: what separates series stands behind it."""
    for mark in "@#!":
        key = key.partition(mark)[0]
    return key


def _full_on(counter: Counter, row: Mapping[str, Any], most: int, on: date) -> date | None:
    """When the last value is given, at the pace since the period began."""
    begun = _begin(row["period"])
    used = row["value"] - counter.start + 1
    if begun is None or used <= 0:
        return None
    pace = used / max((on - begun).days, 1)
    days = (most - row["value"]) / pace
    return on + timedelta(days=int(days)) if days < YEAR.days * 10 else None


def _begin(period: str) -> date | None:
    """The first day of a calendar period; None of one that only a company's calendar knows."""
    year, _, month = period.partition("-")
    if not (year.isdigit() and len(year) == 4 and (not month or month.isdigit())):
        return None
    return date(int(year), int(month or 1), 1)


def _end(counter: Counter, period: str, on: date) -> date:
    """The last day of the period, or a year from now where it never ends."""
    begun = _begin(period)
    if begun is None or counter.reset not in ("annual", "monthly"):
        return on + YEAR
    later = begun + (YEAR if counter.reset == "annual" else timedelta(days=31))
    return later.replace(day=1) - timedelta(days=1)
