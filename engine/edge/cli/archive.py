"""Files that are kept for years."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.edge.cli.parametrization import JSON

LINES = click.option("--json", "as_json", is_flag=True, help="A line of JSON for each, as they come.")
LIST = "{:<64}  {:<20}  {:<10}  {}"


@click.group()
def archive() -> None:
    """Files issued and received, kept by hash for as long as the law wants: run, list, verify, get."""


@archive.command()
@JSON
@click.pass_obj
def run(database: str | None, as_json: bool) -> None:
    """Move files from the database to the archive, as `relay` does after its work."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted, print_json

    moved = flow.archive_files(open_house(database), system_context())
    if as_json:
        print_json({"moved": moved.moved, "failed": [{"hash": one, "words": words} for one, words in moved.failed]})
    else:
        click.echo(f"{counted(moved.moved, 'file')} moved")
        for digest, words in moved.failed:
            click.echo(f"{digest[:12]}: {words}", err=True)
    sys.exit(1 if moved.failed else 0)


@archive.command("list")
@LINES
@click.pass_obj
def list_files(database: str | None, as_json: bool) -> None:
    """Every file: where it lies, and until when it is kept."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_line
    from engine.kernel.faults import clipped

    begun = False
    for row in flow.archive_list(open_house(database), system_context()):
        if as_json:
            print_line(row)
            continue
        if not begun:
            click.echo(LIST.format("hash", "lies in", "kept until", "name"))
        begun = True
        where = (row["archive"] or "folder") if row["archived_at"] else "database"
        click.echo(LIST.format(row["hash"], where, row["keep_until"] or "", clipped(row["name"], 60)))


@archive.command()
@JSON
@click.pass_obj
def verify(database: str | None, as_json: bool) -> None:
    """Read every archived file, and compare it with its hash."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted, print_json

    archived, staged, found = flow.archive_verify(open_house(database), system_context())
    if as_json:
        print_json({"archived": archived, "staged": staged, "broken": [one.as_json() for one in found]})
    else:
        click.echo(f"{archived} archived, {staged} still in the database, {counted(len(found), 'finding')}")
        for one in found:
            click.echo(f"  {one.words}")
    sys.exit(1 if found else 0)


@archive.command()
@click.argument("digest", metavar="HASH")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="F")
@click.pass_obj
def get(database: str | None, digest: str, out: Path) -> None:
    """Write the file of HASH, as it was, to --out. As much of the hash will do as only one file has."""
    from engine import flow
    from engine.app import open_house, system_context

    found = flow.archive_get(open_house(database), system_context(), digest)
    try:
        out.write_bytes(found.content)
    except OSError as cause:
        raise click.BadParameter(f"{out}: {cause.strerror}", param_hint="--out") from None
    click.echo(f"{out}: {found.name}, {len(found.content):,} bytes", err=True)
