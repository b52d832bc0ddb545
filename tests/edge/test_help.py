"""`factotum --help` names everything that can be set from outside."""

import re
from pathlib import Path

from tests.edge.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]


def test_help_names_every_variable_of_the_environment_that_is_read(factotum: Terminal) -> None:
    named = set(re.findall(r"FACTOTUM_[A-Z_]+", factotum("--help").done().out))
    texts = [path.read_text(encoding="utf-8") for room in ("engine", "plugins") for path in (ROOT / room).rglob("*.py")]
    assert named == {name for text in texts for name in re.findall(r"FACTOTUM_[A-Z_]+", text)}
