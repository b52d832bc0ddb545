"""For implementers: the revisions of the parametrization, and the way back to packs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.edge.cli.parametrization import JSON, change_as_json, print_applied, print_changes


@click.command()
@JSON
@click.pass_obj
def revisions(database: str | None, as_json: bool) -> None:
    """Every revision: when, by whom, why, how much it changed."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table

    found = flow.revisions(open_house(database), system_context())
    if as_json:
        print_json([dict(one) | {"made_at": one["made_at"].isoformat()} for one in found])
        return
    rows = []
    for one in found:
        made = f"{one['made_at']:%Y-%m-%d %H:%M}"
        rows.append([str(one["id"]), made, one["actor"], str(one["changes"]), one["content_hash"][:12], one["message"]])
    table("", ["revision", "made (UTC)", "by", "changes", "content", "why"], rows, right=[0, 3])


@click.command()
@click.argument("old", type=int, metavar="A")
@click.argument("new", type=int, metavar="B")
@JSON
@click.pass_obj
def diff(database: str | None, old: int, new: int, as_json: bool) -> None:
    """What changed from revision A to revision B, field by field. Revision 0 is the empty one."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json

    found = flow.diff(open_house(database), system_context(), old, new)
    if as_json:
        print_json([change_as_json(change) for change in found])
    elif found:
        print_changes(f"From revision {old} to {new} changed", found)
    else:
        click.echo(f"Revisions {old} and {new} hold the same.")


@click.command()
@click.argument("revision", type=int)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@click.option("--message", default="", help="Why; kept with the revision.")
@JSON
@click.pass_obj
def rollback(database: str | None, revision: int, dry_run: bool, message: str, as_json: bool) -> None:
    """Make a new revision with the content of an older REVISION. Posted documents keep the revision they pinned."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.parametrization import print_plan

    house, context = open_house(database), system_context()
    found = flow.plan_rollback(house, context, revision)
    if dry_run:
        print_plan(found, flow.Affected((), ()), as_json)
        sys.exit(1 if found.faults else 0)
    made = flow.apply_packs(house, context, found, message or f"back to revision {revision}")
    print_applied(found, made, as_json)


@click.command("export-parametrization")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--revision", type=int, metavar="R", help="As it was at this revision; else what is in force.")
@click.pass_obj
def export_parametrization(database: str | None, folder: Path, revision: int | None) -> None:
    """Write what is in force back to packs, one folder each: applied to an empty database they give the same."""
    from engine import flow
    from engine.app import open_house, system_context

    try:
        written = flow.export_parametrization(open_house(database), system_context(), folder, revision)
    except OSError as cause:
        raise click.BadParameter(f"{folder}: {cause.strerror}", param_hint="DIR") from None
    for path in written:
        click.echo(path)
