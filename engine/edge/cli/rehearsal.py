"""For implementers: check, test, replay: all that can be known before a document comes."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import click

from engine.edge.cli.parametrization import JSON, PACKS, Day

if TYPE_CHECKING:
    from engine.lint import Coverage


@click.command()
@click.option("--date", "on", type=Day(), metavar="D", help="As of this day; else today.")
@click.option("--coverage", "matrix", is_flag=True, help="Also who may make which documents, with the holes.")
@JSON
@click.pass_obj
def check(database: str | None, on: date | None, matrix: bool, as_json: bool) -> None:
    """What deserves a look in the parametrization in force. Exit 1 when there are errors."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted, print_json

    context = system_context()
    found, coverage = flow.check(open_house(database), context, on or context.clock.now().date())
    if as_json:
        print_json({"findings": [one.as_json() for one in found]} | (coverage.as_json() if matrix else {}))
    else:
        colours = {"error": "red", "warning": "yellow", "info": "blue"}
        for one in found:
            click.echo(
                f"{click.style(one.severity, fg=colours[one.severity], bold=True)} {one.code}  {one.table} {one.key}"
            )
            click.echo(f"  {one.message}")
            click.echo(f"  → {one.remedy}")
        if matrix:
            _print_coverage(coverage)
        kinds = Counter(one.severity for one in found)
        click.echo(f"{counted(kinds['error'], 'error')}, {counted(kinds['warning'], 'warning')}, {kinds['info']} info.")
    if any(one.severity == "error" for one in found):
        sys.exit(1)


def _print_coverage(coverage: Coverage) -> None:
    from engine.edge.cli.output import table

    rows = [
        [one.company, one.module, one.category, ", ".join(one.offered) or ("HOLE" if one.hole else "-")]
        for one in coverage.fields
        if one.offered or one.hole
    ]
    table(f"Types offered on {coverage.on}", ["company", "module", "category", "types"], rows)


@click.command("test")
@PACKS
@click.option("--update", is_flag=True, help="Write what comes out into the files as what is expected.")
@JSON
@click.pass_obj
def test_command(database: str | None, packs: tuple[str, ...], update: bool, as_json: bool) -> None:
    """Run the [[example]] documents of packs on top of what is in force. Writes nothing to the database."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted, print_json

    tested = flow.test_packs(open_house(database), system_context(), packs, update=update)
    if as_json:
        print_json([one.as_json() | {"written": one.id in tested.written} for one in tested.results])
    else:
        for one in tested.results:
            verdict = "written" if one.id in tested.written else "ok" if one.passed else "FAIL"
            click.echo(f"{verdict:7} {one.id}  {one.place}")
            for difference in one.differences if verdict == "FAIL" else ():
                click.echo(f"        {difference.words}")
        good = len(tested.results) - len(tested.failed)
        written = f", {len(tested.written)} of them written anew" if tested.written else ""
        click.echo(f"{good} of {counted(len(tested.results), 'example')} came out as expected{written}.")
    if tested.failed:
        sys.exit(1)


@click.command()
@PACKS
@click.option("--since", type=Day(), metavar="D", help="Only documents dated since this day.")
@click.option("--company", default="", metavar="C", help="Only this company's.")
@JSON
@click.pass_obj
def replay(database: str | None, packs: tuple[str, ...], since: date | None, company: str, as_json: bool) -> None:
    """What if: posted documents, posted again under candidate packs, in memory; tells which would differ, and how.

    Exit 1 when any would differ or be refused.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted, print_line, progress

    house = open_house(database)
    aspects: Counter[str] = Counter()
    done = changed = 0
    with progress("replaying", house.documents.count()) as bar:
        for one in flow.replay(house, system_context(), packs, since=since, company=company):
            done += 1
            bar.update(bar.task_ids[0], completed=done)
            if one.same:
                continue
            changed += 1
            aspects.update(one.aspects)
            if as_json:
                print_line(one.as_json())
            else:
                bar.console.file.flush()
                click.echo(f"{one.number}  {one.company} {one.invoice_type} {one.date}")
                for difference in one.differences:
                    click.echo(f"  {difference.change}")
                for fault in one.faults:
                    click.echo(f"  refused: {fault.code} {fault.path}: {fault.message}")
    where = ", ".join(f"{number} in {aspect}" for aspect, number in sorted(aspects.items()))
    told = f"{changed} of {counted(done, 'document')} would differ"
    click.echo(told + (f": {where}." if where else "."), err=as_json)
    if changed:
        sys.exit(1)
