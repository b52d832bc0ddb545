"""When entries may be dated: periods of a company that are open, closed or locked, for all journals or for one.

A day without a fiscal year is open as long as the company has none. Closed and locked periods take no entry; a closed
one can be opened again, a locked one never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from engine.kernel.faults import FaultKind
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, FiscalYear, Period

State = Literal["open", "closed", "locked"]

PERIOD_CLOSED = FaultKind(
    "period_closed",
    "{date} is in period {period} of {company}, which is {state} for journal {journal}",
    "date it {first} or later with `accounting_date`{otherwise}",
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
        return f"{self.fiscal_year}/{self.period}" if self.period else self.fiscal_year


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


def of(catalog: Catalog, company: Company) -> Periods:
    """The periods of a company's fiscal years, as they stand at the catalog's revision."""
    return catalog.once(("periods", company.code), lambda: Periods(tuple(_states(catalog, company))))


def _states(catalog: Catalog, company: Company) -> Iterator[PeriodState]:
    said = [row for row in catalog.period_states if row["company"] == company.code]
    for year in catalog.table(FiscalYear).values():
        if year.company != company.code:
            continue
        whole = (
            [Period(code="", valid_from=year.valid_from, valid_to=year.valid_to)] if not year.period else year.period
        )
        for one in whole:
            about = (year.code, one.code, one.valid_from, one.valid_to)
            yield PeriodState(*about)
            for row in said:
                if (row["fiscal_year"], row["period"]) == (year.code, one.code):
                    yield PeriodState(*about, row["state"], row["journal"])


def _nearest(states: Iterable[PeriodState], journal: str) -> PeriodState | None:
    """What is said of a journal goes before what is said of all."""
    found = None
    for one in states:
        if one.journal == journal:
            return one
        if not one.journal:
            found = one  # the last that is said: a change stands behind the period itself
    return found
