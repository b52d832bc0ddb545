"""What comes in: fetched from sources, dragged in by hand, looked at, completed, put aside."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from engine.edge.cli.parametrization import JSON

POST = click.option("--post", is_flag=True, help="Post at once what is complete; else as the company's settings say.")
Told = dict[str, Any]


@click.group()
def inbox() -> None:
    """Invoices that came in: fetch, list, show, take, dismiss."""


@inbox.command()
@click.argument("connection", required=False, default="")
@POST
@JSON
@click.pass_obj
def fetch(database: str | None, connection: str, post: bool, as_json: bool) -> None:
    """Take in what lies at every source in use, or at CONNECTION. A source that fails stops no other."""
    from engine import flow
    from engine.app import open_house, system_context

    house, context = open_house(database), system_context()
    sys.exit(_told(flow.fetch(house, context, connection, post), as_json, "nothing new"))


@inbox.command("list")
@click.option("--state", "states", multiple=True, metavar="S", help="new, imported, duplicate, refused, dismissed.")
@click.option("--company", default="", metavar="C")
@JSON
@click.pass_obj
def list_received(database: str | None, states: tuple[str, ...], company: str, as_json: bool) -> None:
    """What is still open: new, duplicates, refused; or what is in the states named."""
    from engine import flow
    from engine.app import open_house, system_context

    _told(flow.received(open_house(database), system_context(), states, company), as_json, "nothing is open")


@inbox.command()
@click.argument("id", type=int)
@JSON
@click.pass_obj
def show(database: str | None, id: int, as_json: bool) -> None:
    """One that came in: what was read of it, what is missing, where to pay."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    told = flow.show_received(open_house(database), system_context(), id)
    if as_json:
        print_json(told)
        return
    _one(told)
    found = told["found"] or {}
    for name in ("buyer", "totals"):
        for key, value in found.get(name, {}).items():
            click.echo(f"  {name}.{key}: {value}")
    for iban, bic in found.get("accounts", ()):
        click.echo(f"  pay to: {iban} {bic}".rstrip())
    for warning in told["warnings"]:
        click.echo(f"  {warning}")


@inbox.command()
@click.argument("id", type=int)
@click.option("--type", "type_code", default="", metavar="T", help="The invoice type to post it with.")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE", help="lines.0.tax_code=FR20, company=PARIS …")
@click.option("--accept-totals", is_flag=True, help="Although its figures differ from our arithmetic.")
@JSON
@click.pass_obj
def take(
    database: str | None, id: int, type_code: str, sets: tuple[str, ...], accept_totals: bool, as_json: bool
) -> None:
    """Complete what came in, and post it as a purchase: new, or a duplicate all the same."""
    from engine import flow
    from engine.app import open_house, system_context

    wrong = [one for one in sets if "=" not in one]
    if wrong:
        raise click.UsageError(f"write FIELD=VALUE, not {wrong[0]!r}")
    given = dict(one.split("=", 1) for one in sets)
    house, context = open_house(database), system_context()
    told = flow.take(house, context, id, type=type_code, sets=given, accept_totals=accept_totals)
    _told([told], as_json, "")


@inbox.command()
@click.argument("id", type=int)
@click.option("--why", default="", metavar="WORDS")
@JSON
@click.pass_obj
def dismiss(database: str | None, id: int, why: str, as_json: bool) -> None:
    """Put one aside; its file is kept as long as the law wants."""
    from engine import flow
    from engine.app import open_house, system_context

    _told([flow.dismiss(open_house(database), system_context(), id, why)], as_json, "")


@click.command("import")
@click.argument("files", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1, required=True)
@POST
@JSON
@click.pass_obj
def import_command(database: str | None, files: tuple[Path, ...], post: bool, as_json: bool) -> None:
    """Take in FILES, such as Factur-X PDF or CII XML: kept first, then read, then posted or left for you."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.inbox.reading import MOST_BYTES
    from engine.spi.contracts import File

    house, context = open_house(database), system_context()
    told = []
    for path in files:
        with path.open("rb") as opened:  # what is too large is told by its size, and not read to its end
            content = opened.read(MOST_BYTES + 1)
        told += flow.receive(house, context, [File(path.name, "", content)], post=post)
    _told(told, as_json, "")
    sys.exit(1 if any(row["state"] in ("refused", "duplicate") for row in told) else 0)


def _told(rows: Iterable[Told], as_json: bool, nothing: str) -> int:
    """Each row as it comes; 1 when a source could not be read."""
    from engine.edge.cli.output import print_line

    failed, count = 0, 0
    for row in rows:
        count += 1
        failed += "connection" in row
        if as_json:
            print_line(row)
        else:
            _one(row)
    if not count and nothing and not as_json:
        click.echo(nothing)
    return 1 if failed else 0


def _one(row: Told) -> None:
    from engine.kernel.faults import clipped

    if "connection" in row:
        click.echo(f"{row['connection']}: {row['faults'][0]['message']}", err=True)
        return
    told = [row["state"], row["company"] or "", row["supplier"] or row["name"], row["supplier_number"] or "",
            row["date"] or "", row["gross"] or ""]  # fmt: skip
    click.echo(f"{row['id']}  " + "  ".join(clipped(str(one), 60) for one in told if one))
    if row["words"]:
        click.echo(f"  {clipped(row['words'])}")
    for fault in row["faults"]:
        click.echo(f"  {fault['code']}: {fault['message']}\n    → {fault['remedy']}")
