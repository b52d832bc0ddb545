"""For implementers: plan, apply, types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.flow import PackPlan
    from engine.selection import Choice

PACKS = click.argument("packs", nargs=-1, required=True, metavar="PATH|CODE…")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.command()
@PACKS
@JSON
@click.pass_obj
def plan(database: str | None, packs: tuple[str, ...], as_json: bool) -> None:
    """What applying packs would change, and every fault. Writes nothing.

    A pack is a folder of TOML files, given by PATH, or by CODE when it is shipped (ALL, FRA, ITA, DEMO) or installed.
    The packs it requires come with it.
    """
    import sys

    from engine import flow
    from engine.app import open_house, system_context

    found = flow.plan_packs(open_house(database), system_context(), packs)
    _print_plan(found, as_json)
    if found.faults:
        sys.exit(1)


@click.command()
@PACKS
@click.option("--message", default="", help="Why; kept with the revision.")
@JSON
@click.pass_obj
def apply(database: str | None, packs: tuple[str, ...], message: str, as_json: bool) -> None:
    """Plan packs, then make one new revision of them in one transaction. The second time it changes nothing."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json
    from engine.kernel.faults import Faulty

    house, context = open_house(database), system_context()
    found = flow.plan_packs(house, context, packs)
    if found.faults:
        raise Faulty(found.faults)
    revision = flow.apply_packs(house, context, found, message)
    if as_json:
        print_json(
            {
                "revision": revision,
                "packs": found.packs,
                "changes": len(found.changes),
                "content_hash": found.candidate.content_hash,
            }
        )
    elif found.changes:
        click.echo(f"Revision {revision}: {len(found.changes)} changes of {', '.join(found.packs)}.")
    else:
        click.echo(f"Nothing to change; revision {revision} stays in force.")


@click.command()
@click.option("--company", required=True, metavar="C")
@click.option("--module", type=click.Choice(["sales", "purchase"]))
@click.option("--date", "on", metavar="D", help="ISO date; today where the company is.")
@click.option("--category", metavar="K", help="Only this category, such as credit_note.")
@click.option("--user", metavar="U", help="Apply this user's legislation filter.")
@click.option("--explain", is_flag=True, help="Tell for each refused record why.")
@JSON
@click.pass_obj
def types(
    database: str | None, company: str, module: str | None, on: str | None, category: str | None, user: str | None,
    explain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Which invoice types a company may use, and why not the others."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.kernel import codes

    if category and category not in codes.CATEGORIES:
        raise click.BadParameter(f"one of {', '.join(codes.CATEGORIES)}", param_hint="--category")
    try:
        day = datetime.strptime(on, "%Y-%m-%d").date() if on else None  # noqa: DTZ007  a calendar day
    except ValueError:
        raise click.BadParameter("an ISO date such as 2026-01-31", param_hint="--date") from None
    house, context = open_house(database), system_context()
    choice = flow.offered(
        house, context, company, module=module or "", on=day, category=category or "", user=user or ""
    )
    language = flow.language_of(house, user or "")
    if as_json:
        from engine.edge.cli.output import print_json

        print_json(choice_as_json(choice, language))
    else:
        print_choice(choice, language, explain)


def choice_as_json(choice: Choice, language: str) -> dict[str, Any]:
    """CONTRACT §2."""
    return {
        "company": choice.company.code,
        "legislation": choice.company.legislation,
        "date": choice.on.isoformat(),
        "offered": [
            {
                "code": one.code, "legislation": one.legislation or None, "company_group": one.company_group or None,
                "module": one.module, "category": one.category, "purchase_kind": one.purchase_kind or None,
                "description": one.description.get(language) or next(iter(one.description.values()), ""),
            }
            for one in choice.offered
        ],
        "refused": [
            {
                "code": one.record.code, "legislation": one.record.legislation or None,
                "company_group": one.record.company_group or None, "module": one.record.module,
                "category": one.record.category, "reason": one.reason, "explanation": one.explanation,
            }
            for one in choice.refused
        ],
    }  # fmt: skip


def print_choice(choice: Choice, language: str, explain: bool = False) -> None:
    """A table of what is offered; with `explain` another of what is not."""
    from engine.edge.cli.output import table

    found = choice_as_json(choice, language)
    title = f"{choice.company.code} ({choice.company.legislation}) may use on {choice.on}"
    table(
        title,
        ["type", "legislation", "group", "module", "category", "description"],
        [
            [
                one["code"],
                one["legislation"] or "all",
                one["company_group"] or "all",
                one["module"],
                one["category"],
                one["description"],
            ]
            for one in found["offered"]
        ],
    )
    if explain:
        table(
            "and may not use",
            ["type", "legislation", "group", "module", "reason", "because"],
            [
                [
                    one["code"],
                    one["legislation"] or "all",
                    one["company_group"] or "all",
                    one["module"],
                    one["reason"],
                    one["explanation"],
                ]
                for one in found["refused"]
            ],
        )
    elif choice.refused:
        click.echo(f"{len(choice.refused)} more are not offered; --explain tells why.", err=True)


def _print_plan(found: PackPlan, as_json: bool) -> None:
    from engine.edge.cli.output import print_faults, print_json, table

    if as_json:
        print_json(
            {
                "revision": found.parent,
                "packs": found.packs,
                "content_hash": found.candidate.content_hash,
                "changes": [
                    {
                        "table": one.table, "key": one.key, "pack": one.pack, "action": one.action,
                        "fields": {name: {"before": was, "after": is_} for name, (was, is_) in one.fields.items()},
                    }
                    for one in found.changes
                ],
                "affected_types": found.types,
                "faults": [fault.as_json() for fault in found.faults],
            }
        )  # fmt: skip
        return
    if found.faults:
        print_faults([fault.as_json() for fault in found.faults])
        return
    signs = {"add": "+", "change": "~", "remove": "-"}
    counted: dict[tuple[str, str], int] = {}
    for one in found.changes:
        counted[one.table, one.action] = counted.get((one.table, one.action), 0) + 1
    rows = [[signs[action], table_name, str(number)] for (table_name, action), number in sorted(counted.items())]
    if rows:
        table(
            f"Applying {', '.join(found.packs)} to revision {found.parent} would change",
            ["", "table", "records"],
            rows,
            right=[2],
        )
    for one in found.changes:
        if one.action == "change":
            for name, (was, is_) in one.fields.items():
                click.echo(f"~ {one.table} {one.key} {name}: {was!r} → {is_!r}")
    if found.types:
        click.echo(f"Affected types: {', '.join(found.types)}")
    if not found.changes:
        click.echo(f"Nothing would change; revision {found.parent} stays in force.")
