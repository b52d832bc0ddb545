"""For who looks after what goes out: deliveries, what came of them, and what is to be done with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from engine.edge.cli.parametrization import JSON

ID = click.argument("id", type=int)
Told = Mapping[str, Any]


@click.group()
def delivery() -> None:
    """What goes out, and what came of it.

    \b
    One waits (pending, held, retry), is under way (sending), or has ended: sent, rejected, failed, cancelled.
    Sent means that the other side took it; what is told of its arrival afterwards stands with it.
    One that is uncertain may have arrived and may not be sent twice: say what came of it with `resolve`.
    """


@delivery.command("list")
@click.option("--state", default="", metavar="S", help="pending, held, retry, uncertain, failed …")
@click.option("--company", default="", metavar="C")
@click.option("--document", default="", metavar="NUMBER|ID")
@click.option("--limit", default=100, show_default=True, metavar="N", help="The newest so many.")
@JSON
@click.pass_obj
def list_(database: str | None, state: str, company: str, document: str, limit: int, as_json: bool) -> None:
    """Deliveries, the newest first, and how each of them stands."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table

    house, context = open_house(database), system_context()
    found = flow.list_deliveries(house, context, state=state, company=company, document=document, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        [str(one["id"]), one["number"], one["channel"], ", ".join(one["recipients"]), _state(one), one["words"]]
        for one in found
    ]
    table("", ["id", "document", "by", "to", "state", "stands"], rows)


@delivery.command()
@ID
@JSON
@click.pass_obj
def show(database: str | None, id: int, as_json: bool) -> None:
    """One delivery: how it stands, each try, and what was told of it afterwards."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table
    from engine.kernel.clock import moment

    told = flow.delivery(open_house(database), system_context(), id)
    if as_json:
        print_json(told)
        return
    _say(told)
    for line in _more(told):
        click.echo(f"  {line}")
    tries = [
        [str(one["number"]), moment(one["began_at"]), one["state"], one["detail"], "; ".join(one["notes"]),
         one["worker"]]
        for one in told["tries"]
    ]  # fmt: skip
    if tries:
        table("", ["try", "began", "came to", "because", "notes", "worker"], tries)
    events = [
        [moment(one["at"]), one["kind"].replace("_", " "), one["recipient"], f"{one['code']} {one['detail']}".strip()]
        for one in told["events"]
    ]
    if events:
        table("", ["at", "event", "recipient", "says"], events)


@delivery.command()
@ID
@click.option("--message", default="", metavar="WHY", help="Shown with it.")
@JSON
@click.pass_obj
def hold(database: str | None, id: int, message: str, as_json: bool) -> None:
    """Let one wait until it is released."""
    _done(database, "hold_delivery", as_json, id, message)


@delivery.command()
@ID
@JSON
@click.pass_obj
def release(database: str | None, id: int, as_json: bool) -> None:
    """Let one go that is held, or waits for a payment."""
    _done(database, "release_delivery", as_json, id)


@delivery.command()
@ID
@JSON
@click.pass_obj
def retry(database: str | None, id: int, as_json: bool) -> None:
    """Try one now that waits for its next try, or was given up."""
    _done(database, "retry_delivery", as_json, id)


@delivery.command()
@ID
@JSON
@click.pass_obj
def cancel(database: str | None, id: int, as_json: bool) -> None:
    """One that waits goes to nobody. The document stays as it is."""
    _done(database, "cancel_delivery", as_json, id)


@delivery.command()
@ID
@click.option("--yes", is_flag=True, help="Do it; without, only what would happen is said.")
@JSON
@click.pass_obj
def resend(database: str | None, id: int, yes: bool, as_json: bool) -> None:
    """Hand a document over once more: a new delivery that points to this one."""
    _done(database, "resend_delivery", as_json, id, yes)


@delivery.command()
@ID
@click.option("--sent", is_flag=True, help="It arrived.")
@click.option("--failed", is_flag=True, help="It did not arrive, and is not sent again.")
@click.option("--again", is_flag=True, help="It did not arrive: send it.")
@JSON
@click.pass_obj
def resolve(database: str | None, id: int, sent: bool, failed: bool, again: bool, as_json: bool) -> None:
    """Say what came of one that is uncertain: one of --sent, --failed, --again."""
    ways = {"sent": sent, "failed": failed, "again": again}
    said = [name for name, given in ways.items() if given]
    if len(said) != 1:
        raise click.UsageError("say one of --sent, --failed and --again")
    _done(database, "resolve_delivery", as_json, id, said[0])


@delivery.command()
@click.argument("called", metavar="NUMBER|ID")
@click.option("--company", default="", metavar="C", help="When several companies have a document of this number.")
@click.option("--series", default="", metavar="S")
@JSON
@click.pass_obj
def paid(database: str | None, called: str, company: str, series: str, as_json: bool) -> None:
    """A document is paid: let go what waits for that."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    done = flow.paid(open_house(database), system_context(), called, company=company, series=series)
    if as_json:
        print_json(done)
    else:
        for one in done:
            _say(one)


def _done(database: str | None, command: str, as_json: bool, *given: Any) -> None:
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    told = getattr(flow, command)(open_house(database), system_context(), *given)
    if as_json:
        print_json(told)
    else:
        _say(told)


def _say(one: Told) -> None:
    again = f", repeats {one['resent_of']}" if one["resent_of"] else ""
    to = ", ".join(one["recipients"]) or "nobody"
    click.echo(f"Delivery {one['id']} of {one['number']} by {one['channel']} to {to}{again}: {one['words']}")


def _state(one: Told) -> str:
    """One that is held waits for a person, not for a worker."""
    return "held" if one["held"] and one["state"] in ("pending", "retry") else str(one["state"])


def _more(told: Told) -> Iterator[str]:
    """Which rule made it, what goes along, who gets copies."""
    yield f"by rule {told['rule']}, as {' and '.join([told['format'], *told['formats']])}, through {told['connection']}"
    for name, words in (("copies", "copies to"), ("hidden_copies", "hidden copies to")):
        if told[name]:
            yield f"{words} {', '.join(told[name])}"
    if told["reference"]:
        yield f"the other side calls it {told['reference']}"
