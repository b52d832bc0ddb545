"""What every plugin owes: the conformance kit, against a stand-in of our own."""

from pathlib import Path

import pytest

from engine.conformance.run import Asked, checks


@pytest.mark.parametrize(
    "asked", checks("plugins.postal_folder.plugin", "tests.plugins.postal_folder.samples"), ids=str
)
def test_the_plugin_is_fit(asked: Asked, tmp_path: Path) -> None:
    asked(tmp_path)
