"""For who runs it: init, demo, relay, verify, plugins and their connections."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from engine.edge.cli.parametrization import JSON


@click.command()
@click.pass_obj
def init(database: str | None) -> None:
    """Make the database, or bring it up to date."""
    from engine.app import make_house

    click.echo(f"{make_house(database).database.shown} is ready.")


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where files, mail and database go.",
)
@click.pass_obj
def demo(database: str | None, output: Path) -> None:
    """See what Factotum is for, in a few seconds: types, numbers, entries, a Factur-X PDF, a mail that arrives.

    Uses a fresh SQLite database in the output folder; with --database, that one.
    """
    from engine.edge.demo.show import run

    run(output, database)


@click.command()
@click.option("--follow", is_flag=True, help="Go on, looking every few seconds, until stopped.")
@click.option("--every", default=5, show_default=True, metavar="SECONDS", help="With --follow: how often to look.")
@JSON
@click.pass_obj
def relay(database: str | None, follow: bool, every: int, as_json: bool) -> None:
    """Hand over every document that is due. What fails for now is tried again later, ever more slowly."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_line, progress

    house, context = open_house(database), system_context()
    while True:
        with progress("handing over") as bar:
            done = flow.relay(house, context, lambda: bar.advance(bar.task_ids[0]))
        if as_json:
            print_line(dict(done))
        elif done or not follow:
            click.echo(f"now: {_words(done)}; all in all: {_words(house.deliveries.counted())}")
        if not follow:
            break
        time.sleep(every)


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(counted.items())) or "nothing"


@click.command()
@JSON
@click.pass_obj
def verify(database: str | None, as_json: bool) -> None:
    """Recompute every posted document: numbers, chain, totals, balances. Names what is broken."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, progress

    house = open_house(database)
    with progress("verifying", house.documents.count()) as bar:
        found = flow.verify(house, system_context(), lambda done: bar.update(bar.task_ids[0], completed=done))
    if as_json:
        print_json({"documents": found.documents, "series": found.series, "broken": found.broken})
    else:
        for words in found.broken:
            click.echo(words, err=True)
        verdict = "all as posted" if not found.broken else f"{len(found.broken)} problems"
        click.echo(f"{found.documents} documents in {found.series} series: {verdict}.")
    if found.broken:
        sys.exit(1)


@click.group()
def plugin() -> None:
    """What plugins offer, and the connections they work through."""


@plugin.command("list")
@JSON
def list_plugins(as_json: bool) -> None:
    """Formats, channels and seals that are installed."""
    from engine.edge.cli.output import print_json, table
    from engine.spi.host import load_plugins

    found = load_plugins()
    rows = [("format", name, type(one).__module__) for name, one in found.formats.items()]
    rows += [("channel", name, type(one).__module__) for name, one in found.channels.items()]
    rows += [("seal", name, type(one).__module__) for name, one in found.seals.items()]
    if as_json:
        print_json([{"kind": kind, "name": name, "module": module} for kind, name, module in rows])
    else:
        table("", ["kind", "name", "from"], [list(row) for row in rows])


@plugin.command()
@click.argument("connection")
@click.option("--channel", required=True, metavar="NAME", help="Such as email.")
@click.argument("settings", nargs=-1, metavar="NAME=VALUE…")
@click.pass_obj
def configure(database: str | None, connection: str, channel: str, settings: tuple[str, ...]) -> None:
    """Make or change a CONNECTION, such as DEMO-MAIL --channel email host=smtp.example.com port=25."""
    from engine import flow
    from engine.app import open_house, system_context

    wrong = [one for one in settings if "=" not in one]
    if wrong:
        raise click.UsageError(f"write NAME=VALUE, not {wrong[0]!r}")
    given = dict(one.split("=", 1) for one in settings)
    flow.configure(open_house(database), system_context(), connection, channel, given)
    click.echo(f"Connection {connection} is configured.")
