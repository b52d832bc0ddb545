"""For accounting staff: the words that go with a document, whom they go to, and what came back undelivered."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from engine.edge.cli.parametrization import JSON


@click.group()
def message() -> None:
    """The words that go with a document, and mail that came back.

    \b
    Words:      names, preview NUMBER, show DELIVERY, edit DELIVERY
    Came back:  bounces, correct DELIVERY OLD NEW          (`factotum run-bounces` reads what came back)
    """


@message.command()
@JSON
def names(as_json: bool) -> None:
    """The shortcodes that templates may use, such as {{ customer.name }}."""
    from engine.edge.cli.output import print_json, table
    from engine.flow.messages import names as all_names

    found = all_names()
    if as_json:
        print_json(found)
        return
    rows = [[f"{{{{ {one['name']} }}}}", _within(one["within"]), one["is"]] for one in found]
    table("", ["shortcode", "within", "what it is"], rows)


def _within(block: str) -> str:
    return f"{{{{# {block} }}}} … {{{{/ {block} }}}}" if block else ""


@message.command()
@click.argument("called", metavar="NUMBER|ID")
@click.option("--template", required=True, metavar="T", help="Its code, such as new_document.")
@click.option("--language", default="", metavar="L", help="Instead of the document's.")
@click.option("--kind", type=click.Choice(["email", "sms"]), default="email", show_default=True)
@click.option("--company", default="", help="When several companies have a document of this number.")
@click.option("--series", default="", help="When several counters of a company have.")
@JSON
@click.pass_obj
def preview(
    database: str | None,
    called: str,
    template: str,
    language: str,
    kind: str,
    company: str,
    series: str,
    as_json: bool,
) -> None:
    """What a template would say of a posted document, and why this one was chosen."""
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json
    from engine.flow.messages import preview as previewed

    told = previewed(
        open_house(database), system_context(), called, template, kind=kind, language=language, company=company,
        series=series,
    )  # fmt: skip
    if as_json:
        print_json(told)
        return
    for step in told["steps"]:
        found = f"→ {step['template']}" if "template" in step else step["reason"]
        click.echo(f"{step['language']} ({step['of']}), {step['scope']}: {found}", err=True)
    _print(told)


@message.command()
@click.argument("delivery", type=int)
@JSON
@click.pass_obj
def show(database: str | None, delivery: int, as_json: bool) -> None:
    """A DELIVERY as it goes out, or went: to whom, in which words, what was reported since."""
    from engine.app import open_house, system_context
    from engine.flow.messages import message as found

    _print_delivery(found(open_house(database), system_context(), delivery), as_json)


@message.command()
@click.argument("delivery", type=int)
@click.option("--subject", metavar="TEXT")
@click.option("--text", metavar="TEXT", help="May hold shortcodes: they are filled now, once.")
@click.option("--html", metavar="HTML", help="Without it a new text goes out as text only.")
@click.option("--to", "recipients", multiple=True, metavar="ADDRESS", help="Instead of those it had; may come again.")
@click.option("--cc", "copies", multiple=True, metavar="ADDRESS", help="Seen by all.")
@click.option("--bcc", "hidden_copies", multiple=True, metavar="ADDRESS", help="Seen by nobody.")
@JSON
@click.pass_obj
def edit(database: str | None, /, delivery: int, as_json: bool, **given: Any) -> None:
    """Word a DELIVERY that is not sent yet, or change whom it goes to. Who did is in `factotum audit`."""
    from engine.app import open_house, system_context
    from engine.flow.messages import LISTS, edit_message

    texts = {name: given[name] for name in ("subject", "text", "html") if given[name] is not None}
    lists = {name: given[name] for name in LISTS if given[name]}
    if not texts and not lists:
        raise click.UsageError("say what to change: --subject --text --html --to --cc --bcc")
    _print_delivery(edit_message(open_house(database), system_context(), delivery, texts, lists), as_json)


@message.command()
@click.option("--company", default="", metavar="C", help="Only this company.")
@click.option("--all", "every", is_flag=True, help="Also those that are settled.")
@JSON
@click.pass_obj
def bounces(database: str | None, company: str, every: bool, as_json: bool) -> None:
    """What came back undelivered and waits for a better address, the most pressing first."""
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table
    from engine.flow.bounces import bounces as listed

    found = listed(open_house(database), system_context(), company, every)
    if as_json:
        print_json(found)
        return
    rows = [
        [str(one["delivery"]), one["number"], one["partner"], one["recipient"], one["detail"],
         one["state"] + (f" by {one['next']}" if one["next"] else ""), one["deadline"][:10]]
        for one in found
    ]  # fmt: skip
    table("", ["delivery", "number", "partner", "recipient", "said", "state", "until"], rows)
    if any(one["state"] == "open" for one in found):
        click.echo("Mend an address with `factotum message correct DELIVERY OLD NEW`.", err=True)


@message.command()
@click.argument("delivery", type=int)
@click.argument("old")
@click.argument("new")
@click.pass_obj
def correct(database: str | None, delivery: int, old: str, new: str) -> None:
    """Send what did not reach OLD to NEW."""
    from engine.app import open_house, system_context
    from engine.flow.bounces import correct as corrected

    made = corrected(open_house(database), system_context(), delivery, old, new)
    click.echo(f"Delivery {made} goes to {new}.")


@click.command("run-bounces")
@JSON
@click.pass_obj
def run_bounces(database: str | None, as_json: bool) -> None:
    """Ask what became of what was sent, such as mail that came back; letters for what nobody corrected in time.

    Let it run every few minutes: no worker does it.
    """
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json
    from engine.flow.bounces import run_bounces as run

    done, troubles = run(open_house(database), system_context())
    if as_json:
        print_json({**done, "troubles": troubles})
    else:
        click.echo(
            ", ".join(f"{number} {what if number != 1 else what.removesuffix('s')}" for what, number in done.items())
            or "Nothing came back."
        )
    for one in troubles:
        click.echo(one, err=True)
    if troubles:
        sys.exit(1)


def _print_delivery(told: Mapping[str, Any], as_json: bool) -> None:
    from engine.edge.cli.output import print_json

    if as_json:
        print_json(told)
        return
    click.echo(f"Delivery {told['id']} of {told['number']} by {told['channel']}: {told['state']}  {told['detail']}")
    for name, label in (("recipients", "To"), ("copies", "Cc"), ("hidden_copies", "Bcc"), ("formats", "Files")):
        if told[name]:
            click.echo(f"{label}: {', '.join(told[name])}")
    if told["edited_by"]:
        click.echo(f"Worded by {told['edited_by']}")
    if told["message"]:
        _print(told["message"])
    for one in told["events"]:
        who = f" {one['recipient']}" if one["recipient"] else ""
        click.echo(f"{one['at']}{who}: {one['kind']} {one['code']} {one['detail']}".rstrip())


def _print(said: Mapping[str, Any]) -> None:
    for name, label in (("sender_name", "From"), ("sender_address", "From"), ("reply_to", "Reply-To")):
        if said.get(name):
            click.echo(f"{label}: {said[name]}")
    if said.get("subject"):
        click.echo(f"Subject: {said['subject']}")
    click.echo(f"\n{said['text']}")
