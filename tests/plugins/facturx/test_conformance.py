"""What every plugin owes: the conformance kit, against a stand-in of our own."""

from pathlib import Path

import pytest

from engine.conformance.run import Asked, checks


@pytest.mark.parametrize("asked", checks("plugins.facturx.plugin", "tests.plugins.facturx.samples"), ids=str)
def test_the_plugin_is_fit(asked: Asked, tmp_path: Path) -> None:
    asked(tmp_path)
