"""`factotum`: the group of commands, and what happens to an error that reaches the top.

Exit: 0 done, 1 faults in the input (listed), 2 wrong usage, 3 internal error.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import Any

import click

DEBUG = "FACTOTUM_DEBUG"
WANTS_JSON, WRITES = "engine.edge.cli.json", "engine.edge.cli.writes"
COMMANDS = {
    "demo": "installation.demo",
    "init": "installation.init",
    "plan": "parametrization.plan",
    "apply": "parametrization.apply",
    "types": "parametrization.types",
    "check": "rehearsal.check",
    "test": "rehearsal.test_command",
    "replay": "rehearsal.replay",
    "revisions": "revisions.revisions",
    "diff": "revisions.diff",
    "rollback": "revisions.rollback",
    "export-parametrization": "revisions.export_parametrization",
    "tables": "reference.tables",
    "language": "reference.language",
    "formula": "formula.formula",
    "journal": "journal.journal",
    "run-due": "journal.run_due",
    "numbers": "journal.numbers",
    "period": "periods.period",
    "seal": "seals.seal",
    "post": "documents.post",
    "show": "documents.show",
    "export": "documents.export",
    "relay": "installation.relay",
    "worker": "installation.worker",
    "delivery": "deliveries.delivery",
    "message": "messages.message",
    "run-bounces": "messages.run_bounces",
    "import": "inbox.import_command",
    "inbox": "inbox.inbox",
    "archive": "archive.archive",
    "verify": "integrity.verify",
    "anchor": "integrity.anchor",
    "register": "integrity.register",
    "audit": "integrity.audit",
    "sample": "documents.sample",
    "plugin": "plugins.plugin",
    "secret": "plugins.secret",
}
"""Each command and where it is told, in the order of the work; a module is loaded when its command is asked."""


READING = {
    "plan", "types", "check", "test", "replay", "revisions", "diff", "export-parametrization", "tables", "language",
    "formula", "journal", "run-due", "numbers", "show", "export", "verify", "anchor", "register", "audit", "sample",
}  # fmt: skip
READING_OF_A_GROUP = {"list", "show", "get", "verify", "check", "settings", "preview", "status"}
"""Commands that write nothing anyway, so that they need not say so after a fault."""
ENVIRONMENT = """\b
Environment:
  FACTOTUM_DATABASE          the database, when --database is not given
  FACTOTUM_KEY_FILE          file with the key of secrets, made by `factotum secret new-key`
  FACTOTUM_KEY               the key itself, where there is no file
  FACTOTUM_ALLOWED_NETWORKS  networks that are not public and may be reached: 127.0.0.0/8, 10.1.0.0/16
  FACTOTUM_ARCHIVE           folder of the archive; else beside the database
  FACTOTUM_EXECUTOR          embedded, or procrastinate: a queue in PostgreSQL, for workers on many machines
  FACTOTUM_DEBUG             1 shows where an internal error came from
"""


def _reads(args: list[str]) -> bool:
    """Whether the command that is called, or the one of its group, only reads."""
    called = [one for one in args if one[:1] != "-"]
    while called and called[0] not in COMMANDS:  # the value of an option before it
        called.pop(0)
    return called[:1] != [] and (called[0] in READING or not READING_OF_A_GROUP.isdisjoint(called[1:2]))


class Commands(click.Group):
    """Lists commands in the order of the work, and tells errors in words."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(".")
        command: click.Command = getattr(importlib.import_module(f"engine.edge.cli.{module}"), name)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Remember whether faults are wanted as JSON: the command that knows may not have been reached yet."""
        wanted, writes = "--json" in args, not _reads(args)
        made = super().make_context(info_name, args, parent, **extra)
        made.meta[WANTS_JSON] = wanted
        made.meta[WRITES] = writes
        return made

    def invoke(self, ctx: click.Context) -> Any:
        from engine.kernel.errors import EngineError
        from engine.kernel.faults import Faulty

        told = {"as_json": ctx.meta[WANTS_JSON], "writes": ctx.meta[WRITES]}
        try:
            return super().invoke(ctx)
        except Faulty as faulty:
            from engine.edge.cli.output import print_faults

            print_faults([fault.as_json() for fault in faulty.faults], **told)
            sys.exit(1)
        except EngineError as error:
            from engine.edge.cli.output import print_faults

            print_faults([error.as_fault().as_json()], **told)
            sys.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # whoever read our answers went away; what was not answered may not have been done
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except Exception as bug:  # anything else is a bug of ours: said in one line, shown whole on request
            if os.environ.get(DEBUG):
                raise
            click.echo(f"internal error: {type(bug).__name__}: {str(bug)[:500]}", err=True)
            click.echo(f"This is a bug. Nothing was half written. Run again with {DEBUG}=1 to see where.", err=True)
            sys.exit(3)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=ENVIRONMENT,
)
@click.option("--database", metavar="URL", envvar="FACTOTUM_DATABASE", help="Database; default sqlite:///factotum.db")
@click.version_option(package_name="factotum-erp", prog_name="factotum")
@click.pass_context
def main(ctx: click.Context, database: str | None) -> None:
    """Factotum: invoices typed, numbered, posted and delivered as you describe it.

    \b
    Start:            factotum demo
    Implementers:     init, plan, apply, types, check, test, replay,
                      revisions, diff, rollback, export-parametrization, tables, language, formula, journal
    Accounting staff: types, numbers, post, show, export, delivery, message, import, inbox, run-due, period,
                      register, verify
    Operations:       relay, worker, run-bounces, plugin, secret, archive, seal, verify, anchor, audit
    """
    for stream in (sys.stdout, sys.stderr):  # an answer that cannot be printed would be an answer lost
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8")
    ctx.obj = database
