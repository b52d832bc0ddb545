"""For accounting staff: which periods are open, and opening, closing, locking them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.edge.cli.parametrization import JSON

if TYPE_CHECKING:
    from engine.journal.periods import State

CALLED = click.argument("called", metavar="YEAR[/PERIOD]")
COMPANY = click.option("--company", required=True, metavar="C")
JOURNAL = click.option("--journal", default="", metavar="J", help="For this journal only; it goes before all others.")
WHY = click.option("--message", default="", metavar="M", help="Why; kept with who and when.")


@click.group()
def period() -> None:
    """Periods: open, closed, or locked for ever; for all journals of a company or for one.

    A document dated in a closed period is refused, or dated on the first open day, as its automatic journal says.
    """


@period.command("list")
@COMPANY
@JSON
@click.pass_obj
def list_(database: str | None, company: str, as_json: bool) -> None:
    """The periods of a company, as they stand."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table

    found = flow.periods(open_house(database), system_context(), company)
    if as_json:
        print_json(found)
    elif found:
        names = ("period", "from", "to", "journal", "state")
        table("", list(names), [[one[name] for name in names] for one in found])
    else:
        click.echo(f"{company} has no [[fiscal_year]]: every day is open.")


@period.command("open")
@CALLED
@COMPANY
@JOURNAL
@WHY
@click.pass_obj
def open_(database: str | None, called: str, company: str, journal: str, message: str) -> None:
    """Open a period again, or every period of a year that is not locked."""
    _set(database, called, company, "open", journal, message)


@period.command()
@CALLED
@COMPANY
@JOURNAL
@WHY
@click.pass_obj
def close(database: str | None, called: str, company: str, journal: str, message: str) -> None:
    """Close a period, or every period of a year: it takes no entry until it is opened."""
    _set(database, called, company, "closed", journal, message)


@period.command()
@CALLED
@COMPANY
@JOURNAL
@WHY
@click.option("--yes", is_flag=True, help="Do it; without, only what would happen is said.")
@click.pass_obj
def lock(database: str | None, called: str, company: str, journal: str, message: str, yes: bool) -> None:
    """Lock a period, or every period of a year, for ever: nobody can open it again."""
    _set(database, called, company, "locked", journal, message, yes)


def _set(
    database: str | None, called: str, company: str, state: State, journal: str, message: str, agreed: bool = True
) -> None:
    from engine import flow
    from engine.app import open_house, system_context

    house, context = open_house(database), system_context()
    revision = flow.set_periods(
        house, context, company, called, state, journal=journal, message=message, agreed=agreed
    )  # fmt: skip
    click.echo(f"{called} of {company} is {state}; revision {revision}.")
