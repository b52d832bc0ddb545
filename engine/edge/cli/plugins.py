"""For who runs it, and for integrators: plugins, the connections they work through, and the keys of their secrets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import click

from engine.edge.cli.parametrization import JSON

COMPANY = click.option("--company", "companies", multiple=True, metavar="C", help="Only for this one; may come again.")


@click.group()
def plugin() -> None:
    """What plugins offer, and the connections they work through.

    \b
    A connection's life: configure, authorize where a person logs in, test, activate; then pause and resume.
    One that needs_reauth: configure or authorize it anew, then test.
    """


@plugin.command("list")
@JSON
def list_plugins(as_json: bool) -> None:
    """Formats, channels, seals … that are installed, and what each cannot do."""
    from engine.edge.cli.output import print_json, table
    from engine.spi.host import FACETS, load_plugins

    found = load_plugins()
    offers = [
        (facet.name, name, found.owners[key, name]) for key, facet in FACETS.items() for name in getattr(found, key)
    ]
    if as_json:
        rows = [{"kind": kind, "name": name, "plugin": owner} for kind, name, owner in offers]
        print_json([row | _described(found.manifests[row["plugin"]]) for row in rows])
        return
    table("", ["kind", "name", "plugin", "is"], [[*one, found.manifests[one[2]].title] for one in offers])
    for owner, manifest in found.manifests.items():
        for name, absent in manifest.cannot.items():
            other = f"; {absent.alternative}" if absent.alternative else ""
            click.echo(f"{owner} cannot {name}: {absent.reason}{other}")


def _described(manifest: Any) -> dict[str, Any]:
    return {
        "version": manifest.version, "title": manifest.title, "capabilities": sorted(manifest.capabilities),
        "cannot": {
            name: {"reason": one.reason, "alternative": one.alternative} for name, one in manifest.cannot.items()
        },
        "data_leaves": list(manifest.data_leaves),
    }  # fmt: skip


@plugin.command()
@click.argument("name")
@JSON
def settings(name: str, as_json: bool) -> None:
    """The settings a connection to NAME takes, with what each means."""
    from engine.edge.cli.output import print_json, table
    from engine.flow.connecting import offered
    from engine.spi.host import load_plugins

    schema = offered(load_plugins(), name).settings_model.model_json_schema()
    if as_json:
        print_json(schema)
        return
    needed = set(schema.get("required", ()))
    rows = [
        [field, "needed" if field in needed else _default(one.get("default")), ", ".join(_choices(one, schema)),
         one.get("description", "")]
        for field, one in schema["properties"].items()
    ]  # fmt: skip
    table("", ["setting", "default", "one of", "means"], rows)


def _default(value: Any) -> str:
    """As one would write it; blank when nothing is set."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value in (None, "", [], {}) else str(value)


def _choices(field: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """What a setting may say, where that is a list; of an alternative, what each of its sides may."""
    if "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    if field.get("type") == "boolean":
        return ["yes", "no"]
    said = field.get("enum", [field["const"]] if "const" in field else [])
    sides = (_choices(one, schema) for key in ("anyOf", "allOf") for one in field.get(key, ()))
    return [str(one) for one in said] + [word for side in sides for word in side]


@plugin.command()
@click.argument("connection")
@click.option("--channel", required=True, metavar="NAME", help="What it is for: email, sftp … (`plugin list`).")
@click.option("--settings", "file", type=click.File("rb"), metavar="FILE", help="Settings as a JSON object.")
@click.option("--secret", "secrets", multiple=True, metavar="NAME", help="Ask for this one; from a pipe: one a line.")
@click.argument("settings", nargs=-1, metavar="NAME=VALUE…")
@click.pass_obj
def configure(
    database: str | None,
    connection: str,
    channel: str,
    file: IO[bytes] | None,
    secrets: tuple[str, ...],
    settings: tuple[str, ...],
) -> None:
    """Make or change a CONNECTION, such as DEMO-MAIL --channel email host=smtp.example.com port=25.

    What is not given again stays; NAME= (empty) forgets it. FILE holds all settings anew, but for secrets, which stay
    too: they are kept encrypted, see `factotum secret`.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.drafting.request import read_json

    wrong = [one for one in settings if "=" not in one]
    if wrong:
        raise click.UsageError(f"write NAME=VALUE, not {wrong[0]!r}")
    given: Any = read_json(file.read()) if file else {}
    if not isinstance(given, dict):
        raise click.UsageError("--settings FILE holds a JSON object")
    given |= dict(one.split("=", 1) for one in settings)
    for name in secrets:
        asked = sys.stdin.isatty()
        given[name] = click.prompt(name, hide_input=True) if asked else sys.stdin.readline().rstrip("\n")
    flow.configure(open_house(database), system_context(), connection, channel, given, keep=file is None)
    click.echo(f"Connection {connection} is configured.")


@plugin.command("connections")
@JSON
@click.pass_obj
def list_connections(database: str | None, as_json: bool) -> None:
    """Every connection: what it is for, its state, and for which companies it is used."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table

    found = flow.connections(open_house(database), system_context())
    if as_json:
        print_json(found)
        return
    rows = [
        [one["code"], one["channel"], one["state"], "passed" if one["tested"] else "no", ", ".join(one["companies"]),
         one["detail"]]
        for one in found
    ]  # fmt: skip
    table("", ["connection", "for", "state", "test", "companies", "because"], rows)


@plugin.command()
@click.argument("connection")
@click.option("--answer", metavar="TEXT", help="What came back: the link you were led to, or its code.")
@click.pass_obj
def authorize(database: str | None, connection: str, answer: str | None) -> None:
    """Log in to a CONNECTION that wants a person: open the address shown, then say --answer (may be empty)."""
    from engine import flow
    from engine.app import open_house, system_context

    request = flow.authorize(open_house(database), system_context(), connection, answer)
    if request is None:
        click.echo(f"Connection {connection} is logged in; test it now: factotum plugin test {connection}")
        return
    click.echo(f"Open {request.url}")
    if request.user_code:
        click.echo(f"and type {request.user_code}")
    click.echo(f"then: factotum plugin authorize {connection} --answer 'what came back'")


@plugin.command()
@click.argument("connection", default="")
@JSON
@click.pass_obj
def test(database: str | None, connection: str, as_json: bool) -> None:
    """Try a CONNECTION, step by step, leaving nothing behind. Only what passed can be activated.

    Without CONNECTION: those in use that were not tested for a day, as a worker does by itself. One that fails three
    days in a row is degraded: still used, and shown by `plugin connections`.
    """
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, table

    house, context = open_house(database), system_context()
    if not connection:
        states = flow.retest(house, context)
        again = [one for one in flow.connections(house, context) if one["code"] in states]
        if as_json:
            print_json(again)
        else:
            told = [[one["code"], one["state"], "passed" if one["report"]["passed"] else "failed"] for one in again]
            table("", ["connection", "state", "test"], told)
        sys.exit(0 if all(one["report"]["passed"] for one in again) else 1)
    report = flow.test_connection(house, context, connection)
    told = next(one for one in flow.connections(house, context) if one["code"] == connection)["report"]
    if as_json:
        print_json(told)
    else:
        for step in told["steps"]:
            click.echo(f"{step['state']:<8}{step['name']}: {step['words']}")
            if step["hint"]:
                click.echo(f"        → {step['hint']}")
        click.echo(f"Connection {connection} {'passed' if report.passed else 'did not pass'}.")
    sys.exit(0 if report.passed else 1)


@plugin.command()
@click.argument("connection")
@COMPANY
@click.pass_obj
def activate(database: str | None, connection: str, companies: tuple[str, ...]) -> None:
    """Use a CONNECTION that passed its test, for all companies or for those named."""
    from engine import flow
    from engine.app import open_house, system_context

    used = flow.activate(open_house(database), system_context(), connection, companies)
    click.echo(f"Connection {connection} is active for {'all companies' if '' in used else ', '.join(used)}.")


@plugin.command()
@click.argument("connection")
@COMPANY
@click.pass_obj
def deactivate(database: str | None, connection: str, companies: tuple[str, ...]) -> None:
    """Use a CONNECTION no more; what is to go through it waits."""
    from engine import flow
    from engine.app import open_house, system_context

    flow.deactivate(open_house(database), system_context(), connection, companies)
    click.echo(f"Connection {connection} is not used for {', '.join(companies) or 'anybody'}.")


@plugin.command()
@click.argument("connection")
@click.option("--message", default="", metavar="WHY", help="Shown wherever something waits for it.")
@click.pass_obj
def pause(database: str | None, connection: str, message: str) -> None:
    """Let what is to go through a CONNECTION wait for a while."""
    from engine import flow
    from engine.app import open_house, system_context

    flow.pause(open_house(database), system_context(), connection, message)
    click.echo(f"Connection {connection} is paused.")


@plugin.command()
@click.argument("connection")
@click.pass_obj
def resume(database: str | None, connection: str) -> None:
    """Go on with a CONNECTION that was paused."""
    from engine import flow
    from engine.app import open_house, system_context

    flow.resume(open_house(database), system_context(), connection)
    click.echo(f"Connection {connection} goes on.")


@plugin.command()
@click.argument("module")
@click.option("--samples", default="", metavar="MODULE", help="Where its SAMPLES are; default: MODULE_samples.")
@JSON
def check(module: str, samples: str, as_json: bool) -> None:
    """Prove a plugin, offline: MODULE is what its entry point names, such as acme_factotum.

    Exits with 1 when something that must hold does not.
    """
    from engine.conformance import check_plugin
    from engine.edge.cli.output import print_json

    sys.path.insert(0, str(Path.cwd()))
    found = []
    for result in check_plugin(module, samples):
        found.append(result)
        if not as_json:
            mark = {"passed": "ok", "skipped": "–"}.get(result.state, "FAILS" if result.check.must else "should")
            click.echo(f"{mark:<7}{result.name} {result.check.id}: {result.check.says}")
            if result.words:
                click.echo(f"       {result.words}")
    unfit = sum(result.unfit for result in found)
    if as_json:
        print_json([
            {"name": one.name, "check": one.check.id, "group": one.check.group, "must": one.check.must,
             "says": one.check.says, "state": one.state, "words": one.words}
            for one in found
        ])  # fmt: skip
    else:
        click.echo(f"{len(found)} checks, {unfit} of them fail." if unfit else f"{len(found)} checks: it is fit.")
    sys.exit(1 if unfit else 0)


@plugin.command()
@click.argument("name")
@click.option("--in", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to.")
def new(name: str, folder: Path) -> None:
    """Write a working plugin NAME with its tests: a channel over HTTP, a stand-in, samples.

    Then: cd NAME, factotum plugin check NAME_factotum, and make it yours.
    """
    from engine.conformance.scaffold import write_plugin

    for path in write_plugin(name, folder):
        click.echo(path)
    click.echo(f"cd {folder / name} && factotum plugin check {name}_factotum")


@click.group()
def secret() -> None:
    """The key that secrets of connections are encrypted with: FACTOTUM_KEY_FILE names the file it is in."""


@secret.command("new-key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new_key(file: Path) -> None:
    """Put a new key at the head of FILE, made if it is not there. Older keys stay, for what they encrypted.

    Then run `factotum secret rotate`; after that the older lines may go. Keep a copy of FILE elsewhere: without it,
    secrets are lost and have to be given again.
    """
    import os

    from engine.outbox.vault import new_key as made

    old = file.read_text(encoding="ascii") if file.exists() else ""
    part = file.with_name(file.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        out.write(f"{made()}\n{old}")
    part.replace(file)
    click.echo(f"{file} holds a new key; set FACTOTUM_KEY_FILE={file}")


@secret.command()
@click.pass_obj
def rotate(database: str | None) -> None:
    """Encrypt every secret anew with the first key."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import counted

    moved = flow.rotate_secrets(open_house(database), system_context())
    click.echo(f"{counted(moved, 'secret')} moved to the first key.")
