"""`factotum demo`: the whole flow in a few seconds, on real documents, with a mail that really travels.

A guest sees: who may use which type and why not, documents posted, one entry explained to the last digit, a Factur-X
file, the mail in its mailbox, a document refused with the way out, and everything verified.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import flow
from engine.app import make_house, system_context
from engine.edge.cli.mailbox import Mailbox
from engine.edge.cli.output import print_faults, table
from engine.edge.cli.paper import print_document, print_posted
from engine.edge.cli.parametrization import print_choice
from engine.spi.net import ALLOWED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.app import BuiltHouse
    from engine.flow import Context

DATABASE = "factotum.db"
COMPANIES = ("PARIS", "MILANO", "LILLE")
"""The last one is shown in full."""
DAY = date(2026, 4, 10)
"""The demo's documents end before it."""
REFUSED = {"company": "LILLE", "invoice_type": "FAF", "date": DAY.isoformat(), "lines": [
    {"description": "Planches de sapin", "quantity": "10", "unit_price": "12.50", "tax_code": "FR20"}
]}  # fmt: skip


def run(output: Path, database: str | None) -> None:
    """Show everything; files go to `output`."""
    output.mkdir(parents=True, exist_ok=True)
    if database is None:
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (output / name).unlink(missing_ok=True)
        database = f"sqlite:///{output / DATABASE}"
    house, context = make_house(database), system_context()
    _packs(house, context)
    _types(house, context)
    with _mailbox(house, context, output / "mail") as mailbox:
        documents = json.loads((files(__package__) / "documents.json").read_text(encoding="utf-8"))
        answers = _documents(house, context, documents)
        _files(house, context, answers, output)
        _mail(house, context, mailbox)
    _refusal(house, context, documents)
    found = flow.verify(house, context)
    _title("Is everything still what it was?")
    verdict = "numbers, chain, totals and balances hold" if not found.broken else "\n".join(found.broken)
    click.echo(f"{found.documents} documents in {found.series} series: {verdict}.")
    here, first = f"factotum --database {house.database.shown}", answers[0]
    click.echo(f"\nLook around: {here} show {first['number']} --company {first['company']} --explain")


def _packs(house: BuiltHouse, context: Context) -> None:
    _title("What the companies have described")
    plan = flow.plan_packs(house, context, ["DEMO"])
    revision = flow.apply_packs(house, context, plan, "demo")
    words = f"{len(plan.changes)} records" if plan.changes else "nothing new"
    click.echo(f"Packs {', '.join(plan.packs)}: {words}; revision {revision}.")


def _types(house: BuiltHouse, context: Context) -> None:
    _title("Which sales types may each company use, and why not the others?")
    for company in COMPANIES:
        choice = flow.offered(house, context, company, module="sales", on=DAY)
        if company != COMPANIES[-1]:
            codes = ", ".join(one.code for one in choice.offered)
            click.echo(f"{company} ({choice.company.legislation}) may use on {DAY} {codes}")
    catalog = house.catalog()
    print_choice(choice, catalog, catalog.language, explain=True)


def _documents(house: BuiltHouse, context: Context, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    _title("Documents: typed, numbered, posted")
    answers = list(flow.post_many(house, context, documents))
    print_posted(answers)
    good = [answer for answer in answers if "faults" not in answer]
    _title("One of them, explained to the last digit")
    chosen = next(answer for answer in good if answer["company"] == "MILANO")
    print_document(flow.show(house, context, str(chosen["id"]), explain=True))
    return good


def _files(house: BuiltHouse, context: Context, answers: list[dict[str, Any]], output: Path) -> None:
    _title("Files")
    verdicts = set()
    for answer in answers:
        if answer["deliveries"]:
            file = flow.export(house, context, str(answer["id"]), "facturx")
            path = output / f"{answer['company']}-{file.name}"
            path.write_bytes(file.content)
            click.echo(f"{path}  {len(file.content):,} bytes")
            verdicts.add(file.verdict)
    for verdict in sorted(verdicts):
        click.echo(f"  {verdict}")


@contextmanager
def _mailbox(house: BuiltHouse, context: Context, folder: Path) -> Iterator[Mailbox]:
    """A mail server of our own; the rules of pack DEMO send through the connection DEMO-MAIL."""
    for old in folder.glob("*.eml"):
        old.unlink()
    with Mailbox(folder) as mailbox, _may_reach(mailbox.host):
        sender = "invoices@factotum.example"
        settings = {"host": mailbox.host, "port": mailbox.port, "sender_address": sender, "starttls": "none"}
        flow.configure(house, context, "DEMO-MAIL", "email", settings)
        flow.test_connection(house, context, "DEMO-MAIL")
        flow.activate(house, context, "DEMO-MAIL")
        yield mailbox


@contextmanager
def _may_reach(host: str) -> Iterator[None]:
    """Our own mail server is in no public network; for as long as it is there, this process may go to it."""
    before = os.environ.get(ALLOWED)
    os.environ[ALLOWED] = ",".join(one for one in (before, host) if one)
    try:
        yield
    finally:
        if before is None:
            del os.environ[ALLOWED]
        else:
            os.environ[ALLOWED] = before


def _mail(house: BuiltHouse, context: Context, mailbox: Mailbox) -> None:
    _title("Mail")
    done = flow.relay(house, context)
    click.echo(
        "The relay: " + (", ".join(f"{number} {state}" for state, number in sorted(done.items())) or "nothing due")
    )
    rows = []
    for message in mailbox.messages:
        names = [part.get_filename() or "" for part in message.iter_attachments()]
        rows.append([str(message["To"]), str(message["Subject"]), ", ".join(names)])
    table(f"Arrived in {mailbox.folder}", ["to", "subject", "attached"], rows)


def _refusal(house: BuiltHouse, context: Context, documents: list[dict[str, Any]]) -> None:
    _title("And when something is wrong, nothing is written")
    customer = next(one["customer"] for one in documents if one["company"] == "LILLE")
    answer = flow.post_one_of_many(house, context, 0, REFUSED | {"customer": customer})
    print_faults(answer["faults"], err=False, writes=True)


def _title(words: str) -> None:
    click.echo()
    click.echo(click.style(f"── {words}", bold=True))
