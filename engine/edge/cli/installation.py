"""For who runs it: init, demo, relay, plugins and their connections."""

from __future__ import annotations

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
