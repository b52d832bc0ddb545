"""For accounting staff: which periods are open, and opening, closing, locking them."""

from __future__ import annotations

from typing import Any

import click

from engine.edge.cli.parametrization import JSON

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


def _setting(name: str, state: Any, words: str) -> click.Command:
    @period.command(name, help=words)
    @click.argument("called", metavar="YEAR[/PERIOD]")
    @COMPANY
    @JOURNAL
    @WHY
    @click.pass_obj
    def command(database: str | None, called: str, company: str, journal: str, message: str) -> None:
        from engine import flow
        from engine.app import open_house, system_context

        house, context = open_house(database), system_context()
        revision = flow.set_periods(house, context, company, called, state, journal=journal, message=message)
        click.echo(f"{called} of {company} is {state}; revision {revision}.")

    return command


_setting("open", "open", "Open a period again, or every period of a year that is not locked.")
_setting("close", "closed", "Close a period, or every period of a year: it takes no entry until it is opened.")
_setting("lock", "locked", "Lock a period, or every period of a year, for ever.")
