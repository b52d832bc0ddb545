"""For implementers: plan, apply, types."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.flow import Affected, PackPlan
    from engine.lint import Finding
    from engine.parametrization.catalog import Catalog
    from engine.parametrization.revisions import Change
    from engine.selection import Choice

PACKS = click.argument("packs", nargs=-1, required=True, metavar="PATH|CODE…")


class Day(click.ParamType[date]):
    """A calendar day: 2026-01-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail("an ISO date such as 2026-01-31", param, ctx)


JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.command()
@PACKS
@JSON
@click.pass_obj
def plan(database: str | None, packs: tuple[str, ...], as_json: bool) -> None:
    """What applying packs would change, and every fault. Writes nothing.

    A pack is a folder of TOML files, given by PATH, or by CODE when it is shipped (ALL, FRA, ITA, DEMO) or installed.
    The packs it requires come with it. Keep what --json prints, and `factotum apply --plan FILE` applies just that.
    """
    import sys

    from engine import flow
    from engine.app import open_house, system_context

    context = system_context()
    house = open_house(database)
    with planning() as step:
        found = flow.plan_packs(house, context, packs, step)
    day = context.clock.now().date()
    touched = flow.Affected((), ()) if found.faults else flow.affected(house, found, day)
    print_plan(found, touched, as_json, flow.foreseen(found, day))
    if found.faults or found.failing:
        sys.exit(1)


@click.command()
@PACKS
@click.option(
    "--plan", "agreed", type=click.File("r", encoding="utf-8"), metavar="FILE", help="Only if it is still this plan."
)
@click.option("--message", default="", help="Why; kept with the revision.")
@click.option("--despite-examples", is_flag=True, help="Also when examples of the packs fail.")
@JSON
@click.pass_obj
def apply(
    database: str | None,
    packs: tuple[str, ...],
    agreed: IO[str] | None,
    message: str,
    despite_examples: bool,
    as_json: bool,
) -> None:
    """Plan packs, then make one new revision of them in one transaction. The second time it changes nothing."""
    from engine import flow
    from engine.app import open_house, system_context

    house, context = open_house(database), system_context()
    with planning() as step:
        found = flow.plan_packs(house, context, packs, step)
    before = _agreed(agreed) if agreed else None
    revision = flow.apply_packs(house, context, found, message, agreed=before, despite_examples=despite_examples)
    print_applied(found, revision, as_json)


@contextmanager
def planning() -> Iterator[Callable[[str], None]]:
    """A bar on stderr that tells which step a plan is at."""
    from engine.edge.cli.output import progress
    from engine.flow.parametrization import STEPS

    with progress("planning", len(STEPS)) as bar:
        task = bar.task_ids[0]

        def step(words: str) -> None:
            bar.update(task, completed=STEPS.index(words), description=words)

        yield step


def _agreed(file: IO[str]) -> tuple[int, str]:
    """Parent and content hash of a plan that was printed with --json."""
    try:
        read = json.load(file)
        return int(read["revision"]), str(read["content_hash"])
    except (ValueError, KeyError, TypeError):
        raise click.BadParameter("this is not what `factotum plan --json` prints", param_hint="--plan") from None


def print_applied(found: PackPlan, revision: int, as_json: bool) -> None:
    """Which revision is in force now."""
    from engine.edge.cli.output import counted, print_json

    if as_json:
        told = {"revision": revision, "packs": found.packs, "changes": len(found.changes)}
        print_json(told | {"content_hash": found.content_hash})
    elif found.changes:
        click.echo(
            f"Revision {revision}: {counted(len(found.changes), 'change')}"
            + (f" of {', '.join(found.packs)}." if found.packs else ".")
        )
    else:
        click.echo(f"Nothing to change; revision {revision} stays in force.")


@click.command()
@click.option("--company", required=True, metavar="C")
@click.option("--module", type=click.Choice(["sales", "purchase"]))
@click.option("--date", "on", type=Day(), metavar="D", help="ISO date; today where the company is.")
@click.option("--category", metavar="K", help="Only this category, such as credit_note.")
@click.option("--user", metavar="U", help="Apply this user's legislation filter.")
@click.option("--explain", is_flag=True, help="Tell for each refused record why.")
@JSON
@click.pass_obj
def types(
    database: str | None, company: str, module: str | None, on: date | None, category: str | None, user: str | None,
    explain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Which invoice types a company may use, and why not the others."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.kernel import codes

    if category and category not in codes.CATEGORIES:
        raise click.BadParameter(f"one of {', '.join(codes.CATEGORIES)}", param_hint="--category")
    house, context = open_house(database), system_context()
    choice = flow.offered(house, context, company, module=module or "", on=on, category=category or "", user=user or "")
    language = flow.language_of(house, user or "")
    if as_json:
        from engine.edge.cli.output import print_json

        print_json(choice_as_json(choice, house.catalog(), language))
    else:
        print_choice(choice, house.catalog(), language, explain)


def choice_as_json(choice: Choice, catalog: Catalog, language: str) -> dict[str, Any]:
    """CONTRACT §2."""
    return {
        "company": choice.company.code,
        "legislation": choice.company.legislation,
        "date": choice.on.isoformat(),
        "offered": [
            {
                "code": one.code, "legislation": one.legislation or None, "company_group": one.company_group or None,
                "module": one.module, "category": one.category, "purchase_kind": one.purchase_kind or None,
                "description": catalog.text(one.description, language),
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


def print_choice(choice: Choice, catalog: Catalog, language: str, explain: bool = False) -> None:
    """A table of what is offered; with `explain` another of what is not."""
    from engine.edge.cli.output import table

    found = choice_as_json(choice, catalog, language)
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
    if explain and found["refused"]:
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
        click.echo(f"Not offered: {len(choice.refused)} more; --explain tells why.", err=True)


def print_plan(found: PackPlan, touched: Affected, as_json: bool, foreseen: Sequence[Finding] = ()) -> None:
    """What would change; or what is wrong."""
    from engine.edge.cli.output import print_faults, print_json

    if as_json:
        print_json(
            {
                "revision": found.parent,
                "packs": found.packs,
                "content_hash": found.content_hash,
                "changes": [change_as_json(change) for change in found.changes],
                "affected": {"types": touched.types, "companies": touched.companies},
                "foreseen": [one.as_json() for one in foreseen],
                "proofs": [
                    {
                        "journal": one.journal,
                        "legislation": one.legislation or None,
                        "verdict": one.verdict,
                        "samples": one.samples,
                        **one.detail,
                    }
                    for one in found.proofs
                ],
                "failing_examples": [one.as_json() for one in found.failing],
                "faults": [fault.as_json() for fault in found.faults],
            }
        )
    elif found.faults:
        print_faults([fault.as_json() for fault in found.faults])
    elif not found.changes:
        click.echo(f"Nothing would change; revision {found.parent} stays in force.")
    else:
        what = f"Applying {', '.join(found.packs)}" if found.packs else "Going back"
        print_changes(f"{what} on revision {found.parent} would change", found.changes)
        if touched.types:
            click.echo(f"Types affected: {', '.join(touched.types)}")
            click.echo(f"for companies: {', '.join(touched.companies) or 'none'}")
        if found.proofs:
            verdicts = Counter(one.verdict for one in found.proofs)
            told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
            click.echo(f"Automatic journals balance: {told}.")
    if as_json:
        return
    for finding in foreseen:
        click.echo(f"`check` would say: {finding.code}  {finding.table} {finding.key}: {finding.message}")
        click.echo(f"  → {finding.remedy}")
    for one in found.failing:
        click.echo(f"example {one.id} fails: " + "; ".join(difference.words for difference in one.differences))


def change_as_json(change: Change) -> dict[str, Any]:
    fields = {name: {"before": was, "after": becomes} for name, (was, becomes) in change.fields.items()}
    return {"table": change.table, "key": change.key, "pack": change.pack, "action": change.action, "fields": fields}


def print_changes(title: str, changes: Sequence[Change]) -> None:
    """How many of what; then each record that changes or goes, field by field."""
    from engine.edge.cli.output import counted, table
    from engine.parametrization.merge import leaf_changes

    signs = {"add": "+", "change": "~", "remove": "-"}
    kinds = Counter((one.table, one.action) for one in changes)
    rows = [[signs[action], name, str(number)] for (name, action), number in sorted(kinds.items())]
    table(f"{title} {counted(len(changes), 'record')}", ["", "table", "records"], rows, right=[2])
    for one in changes:
        if one.action == "remove":
            click.echo(f"- {one.table} {one.key}")
        elif one.action == "change" or one.table == "override":
            sign = signs[one.action]
            for name, (was, becomes) in one.fields.items():
                for path, before, after in leaf_changes(was, becomes, name):
                    click.echo(f"{sign} {one.table} {one.key} {path}: {_value(before)} → {_value(after)}")


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
