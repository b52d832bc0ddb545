"""When entries may be dated: periods of a company that are open, closed or locked, for all journals or for one.

A day without a fiscal year is open as long as the company has none. Closed and locked periods take no entry; a closed
one can be opened again, a locked one never.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from engine.kernel.faults import FaultKind

State = Literal["open", "closed", "locked"]

PERIOD_CLOSED = FaultKind(
    "period_closed",
    "{date} is in period {period} of {company}, which is {state} for journal {journal}",
    "date it {first} or later with `accounting_date`, or open the period",
)
NO_PERIOD = FaultKind(
    "period_missing", "{company} has no fiscal year that holds {date}", "add a [[fiscal_year]], or mend the date"
)


@dataclass(frozen=True, slots=True)
class PeriodState:
    """A period with its state; a blank journal means every journal that has no state of its own."""

    fiscal_year: str
    period: str
    first: date
    last: date
    state: State = "open"
    journal: str = ""

    @property
    def called(self) -> str:
        return f"{self.fiscal_year}/{self.period}"


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of one company."""

    states: tuple[PeriodState, ...] = ()

    def at(self, day: date, journal: str) -> PeriodState | None:
        """The period a day is in, as it stands for a journal."""
        return _nearest((one for one in self.states if one.first <= day <= one.last), journal)

    def first_open(self, day: date, journal: str) -> date | None:
        """The day itself where it is open, else the first day of the next open period; None when there is none."""
        if not self.states:
            return day
        found = self.at(day, journal)
        while found is not None and found.state != "open":
            day = found.last + timedelta(days=1)
            found = self.at(day, journal)
        return day if found else None


ALL_OPEN = Periods()


def _nearest(states: Iterable[PeriodState], journal: str) -> PeriodState | None:
    """What is said of a journal goes before what is said of all."""
    found = None
    for one in states:
        if one.journal == journal:
            return one
        if not one.journal:
            found = one
    return found
