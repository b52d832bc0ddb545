"""`engine.flow` tells every command, and loads none before it is called."""

import subprocess
import sys

from engine import flow


def test_every_command_of_the_story_is_there() -> None:
    assert all(callable(found) or isinstance(found, int) for found in (getattr(flow, name) for name in flow.__all__))


def test_the_story_alone_loads_no_room() -> None:
    code = "import sys; from engine import flow; print(*(name for name in sys.modules if name.startswith('engine.')))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["engine.flow"]
