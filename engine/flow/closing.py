"""Periods are opened, closed and locked: each change is a revision, so that postings under way see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty, nearest
from engine.parametrization.definitions import Journal
from engine.selection import company_of

if TYPE_CHECKING:
    from engine.journal.periods import PeriodState, State

UNKNOWN_PERIOD = FaultKind("unknown_period", "{company} has no period {called!r}", "{remedy}")
LOCKED = FaultKind(
    "period_locked", "period {called} of {company} is locked, and stays so", "date documents in a later period"
)
LOCK_NOT_AGREED = FaultKind(
    "lock_not_agreed",
    "period {called} of {company} would be locked for ever: nobody could open it again",
    "to do so: `factotum period lock {called} --company {company}{journal} --yes`",
)
UNKNOWN_BOOK = FaultKind("unknown_journal", "there is no journal {code!r}", "{remedy}")


def periods(house: House, context: Context, company: str) -> list[dict[str, Any]]:
    """The periods of a company as they stand; those with a state of their own for a journal behind it."""
    from engine.journal.periods import of

    catalog = house.catalog()
    whose = company_of(catalog, company)
    allowed(context, "read", whose.code)
    last = {(one.called, one.journal): one for one in of(catalog, whose).states}
    return [
        {
            "period": one.called, "from": one.first.isoformat(), "to": one.last.isoformat(), "journal": one.journal,
            "state": one.state,
        }
        for one in sorted(last.values(), key=lambda one: (one.first, one.journal))
    ]  # fmt: skip


def set_periods(
    house: House,
    context: Context,
    company: str,
    called: str,
    state: State,
    *,
    journal: str = "",
    message: str = "",
    agreed: bool = True,
) -> int:
    """Open, close or lock a period (`2026/03`), or every period of a year (`2026`); the revision in force afterwards.

    Errors: Faulty, with lock_not_agreed when a lock was not `agreed`; StateChanged when the parametrization moved
    meanwhile: nothing is changed then.
    """
    from engine.journal.periods import of

    catalog = house.catalog()
    whose = company_of(catalog, company)
    allowed(context, "close", whose.code)
    known = {one.called: one for one in of(catalog, whose).states}
    meant = [one for name, one in known.items() if called in (name, one.fiscal_year)]
    if not meant:
        remedy = nearest(called, known, "see `factotum period list`, or add a [[fiscal_year]]")
        raise Faulty([UNKNOWN_PERIOD.at("period", company=company, called=called, remedy=remedy)])
    books = {one.code for one in catalog.table(Journal).values()}
    if journal and journal not in books:
        raise Faulty([UNKNOWN_BOOK.at("journal", code=journal, remedy=nearest(journal, books, "add it to a pack"))])
    locked = [one for one in meant if _stands(house, whose.code, one, journal) == "locked" != state]
    if locked:
        raise Faulty([LOCKED.at("period", called=one.called, company=company) for one in locked])
    if state == "locked" and not agreed:
        only = f" --journal {journal}" if journal else ""
        raise Faulty([LOCK_NOT_AGREED.at("period", called=called, company=whose.code, journal=only)])
    moved = [one for one in meant if _stands(house, whose.code, one, journal) != state]
    if not moved:
        return catalog.revision
    named = {"company": whose.code, "journal": journal, "state": state}
    words = f"{called} of {company} {journal} {state}".replace("  ", " ")
    stored = house.parametrization
    return stored.write(
        catalog.revision, (), content_hash=stored.content_hash(catalog.revision), at=context.clock.now(),
        actor=context.actor.name, message=f"period {words}" + (f": {message}" if message else ""),
        also={"period_change": [named | {"fiscal_year": one.fiscal_year, "period": one.period} for one in moved]},
    )  # fmt: skip


def _stands(house: House, company: str, period: PeriodState, journal: str) -> str:
    """What is said of a period for a journal; open when nothing is."""
    for row in house.catalog(fresh=False).period_states:
        if (row["company"], row["fiscal_year"], row["period"], row["journal"]) == (
            company, period.fiscal_year, period.period, journal,
        ):  # fmt: skip
            return str(row["state"])
    return "" if journal else "open"
