"""For implementers and staff: the entries a journal would make, of a document, of payments, of a deadline."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any

import click

from engine.edge.cli.parametrization import JSON

FILE = click.File("rb")
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("code", metavar="CODE")
@click.option(
    "--document", "file", type=FILE, metavar="FILE|-", required=True, help="A JSON document, as `post` takes it."
)
@click.option("--payments", type=FILE, metavar="FILE", help="JSON payments that settle it: one, or a list.")
@click.option("--until", type=DAY, metavar="DATE", help="With --payments: nothing that happens later.")
@click.option("--explain", is_flag=True, help="Tell where each line comes from, and why others are not made.")
@JSON
@click.pass_obj
def journal(
    database: str | None, code: str, file: IO[bytes], payments: IO[bytes] | None, until: datetime | None, explain: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Try an automatic journal, or a group, over a document: the entries it would make, whatever its type names.

    With --payments the journal settles the document: an entry for each payment, and for the cash VAT that falls due at
    a deadline. A payment is {"company", "date", "amount"} and, if need be, "method", "settlement_account", "key" and
    "allocations": [{"document", "amount", "write_off"}]. Nothing is written.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.reading import one_document

    if until and payments is None:
        raise click.UsageError("--until needs --payments")
    house, context = open_house(database), system_context()
    document = one_document(file)
    paid = None if payments is None else read_payments_file(payments)
    told = flow.try_journal(house, context, code, document, paid, until.date() if until else None)
    if as_json:
        from engine.edge.cli.output import print_json

        print_json(told)
        return
    for step in told.get("steps", [told]):
        _print_step(step, explain)
    if not told.get("steps", [told]):
        click.echo("Nothing is settled: no entry.")


def _print_step(step: dict[str, Any], explain: bool) -> None:
    from engine.edge.cli.paper import print_entries, print_entries_explained

    if "why" in step:
        settled = step["settled"]
        click.echo(
            f"{step['date']}, {step['why']}: settled {settled['after']} of {settled['whole']}, "
            f"{settled['before']} before"
        )
    print_entries(step["entries"])
    if explain:
        print_entries_explained(step["explanation"])


@click.command("run-due")
@click.option("--until", type=DAY, metavar="DATE", help="Deadlines up to this day; today when none is given.")
@click.option("--since", type=DAY, metavar="DATE", help="Only deadlines from this day on.")
@click.option("--payments", type=FILE, metavar="FILE", help="JSON payments received and made: one, or a list.")
@click.option("--company", default="", metavar="C", help="Only this company.")
@JSON
@click.pass_obj
def run_due(
    database: str | None, until: datetime | None, since: datetime | None, payments: IO[bytes] | None, company: str,
    as_json: bool,
) -> None:  # fmt: skip
    """What falls due by itself: cash VAT of posted documents at the deadline of their legislation.

    The payments given are what was paid; the rest of the tax is due. The entries are shown, not written.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json
    from engine.edge.cli.paper import print_entries

    house, context = open_house(database), system_context()
    day = until.date() if until else context.clock.now().date()
    paid = [] if payments is None else read_payments_file(payments)
    found = flow.run_due(house, context, day, payments=paid, company=company, since=since.date() if since else None)
    if as_json:
        print_json(list(found))
        return
    nothing = True
    for one in found:
        nothing = False
        click.echo(f"{one['company']} {one['number']}: due {one['date']}, {one['settled']['before']} were paid")
        print_entries(one["entries"])
    if nothing:
        click.echo(f"Nothing is due until {day}.")


@click.command()
@click.argument("invoice_type", metavar="TYPE")
@click.option("--company", required=True, metavar="C")
@click.option("--date", "on", type=DAY, metavar="DATE", help="Of the documents; today when none is given.")
@click.option("--site", default="", metavar="S", help="Where the documents are made.")
@JSON
@click.pass_obj
def numbers(
    database: str | None, invoice_type: str, company: str, on: datetime | None, site: str, as_json: bool
) -> None:
    """The next three numbers of a type, and where they come from. None is used."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json
    from engine.edge.cli.paper import print_numbering

    house, context = open_house(database), system_context()
    told = flow.next_numbers(house, context, company, invoice_type, on=on.date() if on else None, site=site)
    if as_json:
        print_json(told)
        return
    click.echo(", ".join(told["numbers"]) or "typed by hand: this counter gives no number")
    print_numbering({"series": told["series"], "steps": told["steps"]})


def read_payments_file(file: IO[bytes]) -> Any:
    """Payments as data. Errors: Faulty."""
    from engine.drafting.request import read_json
    from engine.edge.cli.reading import WHOLE_LIMIT

    return read_json(file.read(WHOLE_LIMIT), WHOLE_LIMIT)
