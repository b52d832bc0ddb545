"""For accounting staff: post, show, export; and sample documents to try with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import click

from engine.edge.cli.parametrization import JSON


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--key", metavar="K", help="Idempotency key of a single document: the same key posts once.")
@click.option("--dry-run", is_flag=True, help="Show what posting now would give; write nothing, use no number.")
@click.option("--explain", is_flag=True, help="Tell where type, number and each entry line come from.")
@click.option("--batch", is_flag=True, help="Write many documents in one transaction: much faster, same answers.")
@click.option("--chunk", type=click.IntRange(min=1, max=10_000), metavar="N", help="How many, with --batch: 500.")
@JSON
@click.pass_obj
def post(
    database: str | None,
    file: IO[bytes],
    key: str | None,
    dry_run: bool,
    explain: bool,
    batch: bool,
    chunk: int | None,
    as_json: bool,
) -> None:
    """Post documents from FILE, or from - (stdin).

    FILE holds one JSON document, a JSON list, or JSON lines. Each document is a transaction of its own: the good ones
    post, the bad ones are listed. JSON lines are answered line by line, each as soon as its document is committed.
    With --batch a transaction holds 500 of them; the bad ones are left out of it.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_line
    from engine.edge.cli.reading import Unreadable, read_documents

    if chunk and not batch:
        raise click.UsageError("--chunk is for --batch")
    if batch:
        if key or dry_run:
            raise click.UsageError("--batch writes many documents, each with a key of its own: no --key, no --dry-run")
        from engine.edge.cli.batch import post_in_batches

        sys.exit(post_in_batches(database, file, chunk or flow.CHUNK, explain=explain, as_json=as_json))
    house, context = open_house(database), system_context()
    bad = 0
    first = 0 if as_json else sys.maxsize if dry_run else house.posting.next_id("document")  # a trial makes no id

    def posted(index: int, data: Any) -> dict[str, Any]:
        nonlocal bad
        if isinstance(data, Unreadable):
            answer = {"index": index, "key": None, "faults": data.faults}
        else:
            if key and isinstance(data, dict):
                data = data | {"key": key}
            answer = flow.post_one_of_many(house, context, index, data, dry_run=dry_run, explain=explain)
        bad += "faults" in answer
        return answer

    many, documents = read_documents(file)
    if key and many == "list":
        raise click.UsageError("--key is for a single document; in a list each document carries its own")
    if many == "lines":
        for index, data in enumerate(documents):
            if key and index:
                raise click.UsageError("--key is for a single document; the first one was posted with it")
            print_line(posted(index, data))
    else:
        _post_all(posted, list(documents), many, as_json, first)
    if bad:
        sys.exit(1)


def _post_all(
    posted: Callable[[int, Any], dict[str, Any]], documents: list[Any], many: str, as_json: bool, first: int
) -> None:
    from engine.edge.cli.output import print_json, progress

    answers = []
    with progress("posting", len(documents)) as bar:
        for index, data in enumerate(documents):
            answers.append(posted(index, data))
            bar.advance(bar.task_ids[0])
    if as_json:
        print_json(answers if many == "list" else answers[0])
        return
    from engine.edge.cli.paper import print_posted

    print_posted(answers, first)


@click.command()
@click.argument("called", metavar="NUMBER|ID")
@click.option("--company", default="", help="When several companies have a document of this number.")
@click.option("--series", default="", help="When several counters of a company have.")
@click.option("--explain", is_flag=True, help="Tell where type, number and each entry line come from.")
@JSON
@click.pass_obj
def show(database: str | None, called: str, company: str, series: str, explain: bool, as_json: bool) -> None:
    """Show a posted document: totals, taxes, entries, deliveries."""
    from engine import flow
    from engine.app import open_house, system_context

    answer = flow.show(open_house(database), system_context(), called, company=company, series=series, explain=explain)
    if as_json:
        from engine.edge.cli.output import print_json

        print_json(answer)
    else:
        from engine.edge.cli.paper import print_document

        print_document(answer)


@click.command()
@click.argument("called", metavar="NUMBER|ID")
@click.option(
    "--format", "name", required=True, metavar="NAME", help="Such as facturx; `factotum plugin list` tells all."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--company", default="", help="When several companies have a document of this number.")
@click.option("--series", default="", help="When several counters of a company have.")
@click.pass_obj
def export(database: str | None, called: str, name: str, out: Path, company: str, series: str) -> None:
    """Write a posted document to FILE in one format."""
    from engine import flow
    from engine.app import open_house, system_context

    file = flow.export(open_house(database), system_context(), called, name, company=company, series=series)
    try:
        out.write_bytes(file.content)
    except OSError as cause:
        raise click.BadParameter(f"{out}: {cause.strerror}", param_hint="--out") from None
    click.echo(f"{out}: {file.media_type}, {len(file.content):,} bytes. {file.verdict}".rstrip(), err=True)


@click.command()
@click.argument("count", type=click.IntRange(min=1, max=10_000_000), metavar="N")
@click.option("--seed", default=1, show_default=True, metavar="S", help="The same seed gives the same documents.")
@click.option("--company", default="", metavar="C", help="Only this company.")
@click.pass_obj
def sample(database: str | None, count: int, seed: int, company: str) -> None:
    """Print N realistic documents of the demo companies as JSON lines, ready for `factotum post -`."""
    from engine.app import open_house
    from engine.edge.cli.output import print_line
    from engine.edge.demo.sample import samples
    from engine.selection import company_of

    catalog = open_house(database).catalog()
    if company:
        company_of(catalog, company)
    none = True
    for document in samples(catalog, count, seed, company):
        none = False
        print_line(document)
    if none:
        click.echo("sample makes documents of the demo companies: apply the pack DEMO first", err=True)
