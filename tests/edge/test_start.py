"""What a command costs before it does anything."""

import os
import subprocess
import sys

import pytest

from tests.edge.terminal import COMMAND, Terminal

MOST_OF_BASELINE = 2.0


def modules_after(words: str) -> set[str]:
    """What is imported once a command has run."""
    code = f"""
import sys
from engine.edge.cli import main
try:
    main({words!r}.split(), prog_name="factotum")
except SystemExit:
    pass
print("MODULES", *sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stdout.rpartition("MODULES")[2].split())


def test_help_loads_neither_the_database_nor_the_validator() -> None:
    loaded = modules_after("--help")
    assert "click" in loaded
    assert not loaded & {"sqlalchemy", "pydantic", "lark", "rich", "alembic", "psycopg", "lxml", "typst", "pikepdf"}


@pytest.mark.parametrize("command", ["post", "types", "plan"])
def test_help_of_a_command_is_as_light(command: str) -> None:
    assert not modules_after(f"{command} --help") & {"sqlalchemy", "pydantic", "lark", "rich"}


def test_types_loads_nothing_that_posts_sends_or_migrates(factotum: Terminal) -> None:
    loaded = modules_after(f"--database {factotum.url} types --company LILLE --json")
    assert "sqlalchemy" in loaded
    assert not loaded & {"alembic", "psycopg", "lxml", "typst", "pikepdf", "aiosmtpd", "pluggy", "rich"}
    assert not {name for name in loaded if name.startswith(("plugins", "engine.outbox", "engine.journal"))}
    assert "engine.storage.tables" not in loaded  # only those of the parametrization


def cpu(*command: str) -> float:
    """Seconds of processor time a process takes, its children included."""
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode == 0
    return usage.ru_utime + usage.ru_stime


def test_types_costs_at_most_twice_what_its_libraries_cost(
    factotum: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """Processor time, not time on the wall; the least of at least five runs each, taken in turns. A busy machine gets
    more turns: its noise only ever adds."""
    types = (*COMMAND, "--database", factotum.url, "types", "--company", "LILLE")
    libraries = (sys.executable, "-c", "import sqlalchemy, click")
    least = ours = float("inf")
    for turn in range(60):
        least, ours = min(least, cpu(*libraries)), min(ours, cpu(*types))
        if turn >= 4 and ours <= MOST_OF_BASELINE * least:
            break
    with capsys.disabled():
        print(
            f"\nFIGURE `factotum types` {ours:.3f} s CPU, import sqlalchemy, click {least:.3f} s: {ours / least:.2f} x"
        )
    assert ours <= MOST_OF_BASELINE * least
