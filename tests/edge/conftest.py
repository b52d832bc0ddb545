"""The house of tests/support/house.py, and a terminal on its database."""

from pathlib import Path

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import House, demo_file, demo_url, house, sqlite_house

__all__ = ["demo_file", "demo_url", "factotum", "house", "sqlite_house"]


@pytest.fixture
def factotum(sqlite_house: House, tmp_path: Path) -> Terminal:
    """The command, on a database with DEMO applied."""
    return Terminal(sqlite_house.url, tmp_path)
