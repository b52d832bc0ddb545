"""For auditors and who runs it: is everything what it was, the anchors that prove it, what happened and by whom."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.edge.cli.parametrization import JSON, Day

if TYPE_CHECKING:
    from engine.flow import Verified
    from engine.posting.anchors import Anchor
    from engine.posting.findings import Finding

COLLECTED = 50_000
"""Python looks for cycles each time so many objects are held; rows have none, and are many."""
COMPANY = click.option("--company", default="", metavar="C", help="Only this company.")
LINES = click.option("--json", "as_json", is_flag=True, help="A line of JSON for each, as they come.")
SINCE = click.option("--since", type=Day(), metavar="D", help="Only from this day on (ISO date).")


@click.command()
@COMPANY
@click.option(
    "--anchor", "files", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="Prove as well that everything `factotum anchor` wrote down is still there; repeatable.",
)  # fmt: skip
@click.option(
    "--since-anchor", is_flag=True, help="Walk each series from its latest anchor on, not from its beginning."
)
@click.option("--all", "every", is_flag=True, help="Name every broken document, not only the first of each series.")
@JSON
@click.pass_obj
def verify(
    database: str | None, company: str, files: tuple[Path, ...], since_anchor: bool, every: bool, as_json: bool
) -> None:  # fmt: skip
    """Recompute every posted document from its rows alone. Names what is broken, and ends with 1.

    Numbers without gap and as their counter gives them, dates in order, the chain of hashes and its heads, lines, taxes
    and totals, balances of entries, frozen texts, files that were handed over, the parametrization each document pins.

    Who owns the database can cut or rebuild a series so that all of this holds again: an --anchor shows it.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, progress

    if since_anchor and not files:
        raise click.UsageError("--since-anchor needs an --anchor")
    gc.set_threshold(COLLECTED)
    house, context = open_house(database), system_context()
    anchors = [_anchor(file) for file in files]
    listed: list[Finding] = []
    total = house.documents.count(company) + house.documents.survey(company).count_files()
    with progress("verifying", total) as bar:

        def tell(finding: Finding) -> None:
            if as_json:
                listed.append(finding)
            else:
                bar.console.print(finding.words, markup=False, highlight=False, soft_wrap=True)

        found = flow.verify(
            house, context, lambda done: bar.update(bar.task_ids[0], completed=done), company=company, anchors=anchors,
            since_anchors=since_anchor, every=every, tell=tell,
        )  # fmt: skip
    if as_json:
        print_json(_as_json(found, listed, anchors))
    else:
        _print_verdict(found, anchors)
    if found.broken:
        sys.exit(1)


def _as_json(found: Verified, listed: Sequence[Finding], anchors: Sequence[Anchor]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "documents": found.documents, "series": found.series, "broken": [one.words for one in listed]
    }  # fmt: skip
    if listed:
        told |= {"findings": [one.as_json() for one in listed], "unlisted": found.unlisted}
    if found.not_recomputed:
        told["not_recomputed"] = dict(found.not_recomputed)
    return told | ({"anchored": found.anchored} if anchors else {})


def _print_verdict(found: Verified, anchors: Sequence[Anchor]) -> None:
    from engine.edge.cli.output import counted

    verdict = counted(found.problems, "problem") if found.problems else "all as posted"
    click.echo(f"{counted(found.documents, 'document')} in {found.series} series: {verdict}.")
    if found.unlisted:
        click.echo(f"Also broken: {found.unlisted}; --all names them.")
    for why, count in found.not_recomputed:
        click.echo(f"{counted(count, 'number')} {why}: cannot be recomputed.")
    if anchors:
        heads = sum(len(one.heads) for one in anchors)
        click.echo(f"Anchored series that are where they were: {found.anchored} of {heads}.")


def _anchor(file: Path) -> Anchor:
    from engine.posting.anchors import read_anchor

    return read_anchor(file.read_bytes(), file.name)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Else to stdout.")
@click.pass_obj
def anchor(database: str | None, out: Path | None) -> None:
    """Write down where every series stands: last value, number, hash. To be mailed, or kept where others cannot write.

    One small JSON document, a line for each series, with a hash over it. `factotum verify --anchor FILE` proves later
    that nothing of it, and nothing before it, was cut or rebuilt. Make one every day, and keep them all.
    """
    from engine import flow
    from engine.app import open_house, system_context

    made = flow.anchor(open_house(database), system_context())
    if out is None:
        click.echo(made.text(), nl=False)
        return
    try:
        out.write_text(made.text(), encoding="utf-8")
    except OSError as cause:
        raise click.BadParameter(f"{out}: {cause.strerror}", param_hint="--out") from None
    click.echo(f"{out}: {len(made.heads)} series, content hash {made.content_hash}", err=True)


@click.command()
@COMPANY
@click.option("--series", default="", metavar="S", help="Only series whose counter begins like this, such as FV/FRA.")
@SINCE
@LINES
@click.pass_obj
def register(database: str | None, company: str, series: str, since: date | None, as_json: bool) -> None:
    """The register of numbers: each in order, its document, when and by whom; unused and missing ones in their places.

    --since is the date of the document, or the day a number was taken.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_line

    house, context = open_house(database), system_context()
    last = ""
    for one in flow.register(house, context, company=company, series=series, since=since):
        if as_json:
            print_line(one)
            continue
        if one["series"] != last:
            last = one["series"]
            click.echo(last)
        click.echo(f"  {_registered(one)}")


def _registered(one: Mapping[str, Any]) -> str:
    from engine.kernel.clock import moment

    if one["state"] == "issued":
        told = f"{one['number']}  {one['date']}  {one['invoice_type']}  id {one['document']}"
        return f"{one['value']:>8}  {told}  by {one['actor']} at {moment(one['posted_at'])}"
    if one["state"] == "unused":
        cause = one["cause"] or "cause unknown"
        return f"{one['value']:>8}  UNUSED: {cause}; taken for {one['key']} by {one['actor']} at {moment(one['at'])}"
    upto = f" to {one['last']}" if "last" in one else ""
    return f"{one['value']:>8}{upto}  MISSING"


@click.command()
@click.option("--table", default="", metavar="T", help="Only records of this table, such as tax.")
@click.option("--key", default="", metavar="K", help="Only the record of this key, such as FR20/FRA.")
@click.option("--actor", default="", metavar="A", help="Only what they did.")
@SINCE
@click.option("--company", default="", metavar="C", help="Only what is its own: postings, periods, seals, its record.")
@LINES
@click.pass_obj
def audit(
    database: str | None, table: str, key: str, actor: str, since: date | None, company: str, as_json: bool
) -> None:  # fmt: skip
    """Who changed what, when and why: parametrization field by field, periods, connections, seals, postings.

    In order of time, which is UTC. Settings that may be secret are never shown.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_line

    house, context = open_house(database), system_context()
    found = flow.audit(house, context, since=since, actor=actor, company=company, table=table, key=key)
    for one in found:
        if as_json:
            print_line(one)
        else:
            for line in _audited(one):
                click.echo(line)


def _audited(one: Mapping[str, Any]) -> Iterator[str]:
    """A line for what was done, then one for each field that changed."""
    from engine.kernel.clock import moment
    from engine.parametrization.merge import leaf_changes

    what = f"{one['table']} {one['key']}" if "table" in one else one["subject"]
    number = f" {one['number']}" if one.get("number") else ""
    why = f" (revision {one['revision']}: {one['message'] or 'no reason given'})" if "revision" in one else ""
    yield f"{moment(one['at'])}  {one['actor']}  {one['action']} {what}{number}{why}"
    if one["action"] in ("add", "remove"):
        return
    for name, change in one.get("fields", {}).items():
        for path, before, after in leaf_changes(change["before"], change["after"], name):
            yield f"    {path}: {_value(before)} → {_value(after)}"


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
