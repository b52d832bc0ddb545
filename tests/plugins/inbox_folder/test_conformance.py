"""What every plugin owes: the conformance kit, against a folder."""

from pathlib import Path

import pytest

from engine.conformance.run import Asked, checks

CHECKS = checks("plugins.inbox_folder.plugin", "tests.plugins.inbox_folder.samples")


@pytest.mark.parametrize("asked", CHECKS, ids=str)
def test_the_plugin_is_fit(asked: Asked, tmp_path: Path) -> None:
    asked(tmp_path)
