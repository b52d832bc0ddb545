"""For implementers: what a pack may hold, and the language of its formulas."""

from __future__ import annotations

import click

from engine.edge.cli.parametrization import JSON

DOCUMENT = "document"


@click.command()
@click.argument("table", required=False)
@JSON
def tables(table: str | None, as_json: bool) -> None:
    """The tables of packs; with TABLE, its fields: what each holds, must hold, and names.

    `factotum tables document` tells the same of the JSON documents that `post` takes.
    """
    from dataclasses import asdict

    from engine.drafting.request import Request
    from engine.edge.cli.output import print_json
    from engine.edge.cli.output import table as print_table
    from engine.kernel.faults import nearest
    from engine.parametrization import describe
    from engine.parametrization.definitions import SINGLE_TABLES, TABLES

    if table is None:
        rows = [[f"[{name}]" if name in SINGLE_TABLES else f"[[{name}]]", words] for name, words in describe.tables()]
        if as_json:
            print_json([{"table": name, "description": words} for name, words in describe.tables()])
        else:
            print_table("", ["table", "what it is"], rows)
        return
    if table not in (*TABLES, DOCUMENT):
        raise click.BadParameter(nearest(table, TABLES, "`factotum tables` lists them"), param_hint="TABLE")
    kind: type = Request if table == DOCUMENT else TABLES[table]
    found = list(describe.shape(kind) if table == DOCUMENT else describe.table(table))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    click.echo(describe.described(kind) + "\n")
    told = [[one.field, "yes" if one.needed else "", one.holds, one.names] for one in found]
    print_table("", ["field", "needed", "holds", "names a"], told)


@click.command()
def language() -> None:
    """The language of formulas, on one page: types, operators, functions, and every name that packs may use."""
    from engine.parametrization.vocabulary import DOCUMENT
    from rules.reference import reference

    click.echo(reference(DOCUMENT))
