"""For those who answer to a tax office: legal seals, which companies use them, and records that are cancelled."""

from __future__ import annotations

from typing import IO, Any

import click

from engine.edge.cli.parametrization import JSON


@click.group()
def seal() -> None:
    """Legal signatures of documents, as Portugal and Spain want them; `factotum plugin list` tells which there are."""


@seal.command("list")
@JSON
@click.pass_obj
def list_(database: str | None, as_json: bool) -> None:
    """Which company seals its documents with what."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    found = flow.seals(open_house(database), system_context())
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{one['company']}: {one['seal']}")
    if not found:
        click.echo("No company seals its documents.")


@seal.command()
@click.argument("name", metavar="SEAL")
@click.option("--company", required=True, metavar="C")
@click.option("--settings", type=click.File("rb"), metavar="FILE", help="Its settings, as JSON; keys by reference.")
@click.option("--off", is_flag=True, help="Seal no more. What is sealed stays so.")
@click.option("--message", default="", metavar="M", help="Why; kept with who and when.")
@click.pass_obj
def configure(
    database: str | None, name: str, company: str, settings: IO[bytes] | None, off: bool, message: str
) -> None:
    """Seal the documents of a company from now on. Keys are read, and proved to fit, before anything is changed."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.drafting.request import read_json

    if (settings is None) != off:
        raise click.UsageError("give --settings FILE, or --off")
    house, context = open_house(database), system_context()
    given: Any = None if settings is None else read_json(settings.read())
    revision = flow.configure_seal(house, context, name, company, given, message)
    click.echo(f"{company} seals with {name} no more; revision {revision}." if off else
               f"{company} seals with {name}; revision {revision}.")  # fmt: skip


@seal.command()
@click.argument("called", metavar="NUMBER|ID")
@click.argument("name", metavar="SEAL")
@click.option("--company", default="", help="When several companies have a document of this number.")
@JSON
@click.pass_obj
def cancel(database: str | None, called: str, name: str, company: str, as_json: bool) -> None:
    """Cancel the record of a posted document: a record of its own on the same chain. The document stays as it is."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    told = flow.cancel_seal(open_house(database), system_context(), called, name, company=company)
    if as_json:
        print_json(told)
    else:
        click.echo(f"The record of {told['number']} is cancelled with {told['seal']}: {told['fingerprint']}")
