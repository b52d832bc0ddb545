"""`factotum --help` names everything that can be set from outside."""

import re
from pathlib import Path

import pytest

from engine.edge.cli.main import COMMANDS, READING
from tests.edge.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_variable_of_the_environment_that_is_read(factotum: Terminal) -> None:
    named = set(re.findall(r"FACTOTUM_[A-Z_]+", factotum("--help").done().out))
    texts = [path.read_text(encoding="utf-8") for room in ("engine", "plugins") for path in (ROOT / room).rglob("*.py")]
    assert named == {name for text in texts for name in re.findall(r"FACTOTUM_[A-Z_]+", text)}


READS = (("types", "--company", "X"), ("show", "X"), ("delivery", "show", "7"), ("register", "--company", "X"))
WRITES = (("apply", "NO-PACK"), ("delivery", "cancel", "7"), ("period", "close", "2026", "--company", "X"))


@pytest.mark.parametrize("words", READS + WRITES, ids=" ".join)
def test_only_what_writes_says_that_nothing_was_written(factotum: Terminal, words: tuple[str, ...]) -> None:
    said = factotum(*words)
    assert said.exit == 1
    assert said.err.splitlines()[-1] == ("1 fault; nothing was written." if words in WRITES else "1 fault.")


def test_every_command_that_reads_is_a_command() -> None:
    assert set(COMMANDS) > READING
