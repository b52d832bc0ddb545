"""For who runs it: init, demo, relay, worker."""

from __future__ import annotations

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
@click.option("--every", default=5, show_default=True, metavar="SECONDS", help="With --follow: how often to tell.")
@JSON
@click.pass_obj
def relay(database: str | None, follow: bool, every: int, as_json: bool) -> None:
    """Hand over every document that is due. What fails for now is tried again later, ever more slowly.

    Many, or on many machines: `factotum worker`.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import progress

    house, context = open_house(database), system_context()
    if follow:
        from engine.edge.cli.working import at_work

        at_work(house, context, "embedded", concurrency=1, every=every, as_json=as_json)
        return
    with progress("handing over") as bar:
        done = flow.relay(house, context, lambda: bar.advance(bar.task_ids[0]))
    tell(done, house.deliveries.counted(), as_json)


@click.command()
@click.option(
    "--executor", type=click.Choice(["embedded", "procrastinate"]), envvar="FACTOTUM_EXECUTOR", default="embedded",
    show_default=True, help="procrastinate: a queue in PostgreSQL, for workers on many machines.",
)  # fmt: skip
@click.option("--concurrency", default=4, show_default=True, metavar="N", help="Hand-overs at once to one endpoint.")
@click.option("--once", is_flag=True, help="End when nothing is due.")
@click.option("--every", default=60, show_default=True, metavar="SECONDS", help="How often to tell what was done.")
@JSON
@click.pass_obj
def worker(database: str | None, executor: str, concurrency: int, once: bool, every: int, as_json: bool) -> None:
    """Hand over documents as they fall due, until stopped (SIGTERM, Ctrl-C: what is under way is finished).

    One may be stopped or killed at any moment, and any number may run: nothing is lost, and what a dead one had in
    hand is asked for, sent again or left to a person, as its channel allows. With procrastinate set
    FACTOTUM_EXECUTOR=procrastinate for whoever posts, too, and run `factotum init` once.
    """
    from engine.app import open_house, system_context
    from engine.edge.cli.working import at_work

    if concurrency < 1:
        raise click.UsageError("--concurrency is 1 or more")
    house = open_house(database)
    at_work(house, system_context(), executor, concurrency=concurrency, once=once, every=every, as_json=as_json)


def tell(done: Mapping[str, int], all_in_all: Mapping[str, int], as_json: bool) -> None:
    """What was done now, and what there is."""
    from engine.edge.cli.output import print_line

    if as_json:
        print_line(dict(done))
    else:
        click.echo(f"now: {_words(done)}; all in all: {_words(all_in_all)}")


def _words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(counted.items())) or "nothing"
