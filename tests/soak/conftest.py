from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import databases
from tests.support.house import demo_file, demo_url, house, prepare, sqlite_house

__all__ = ["demo_file", "demo_url", "house", "postgresql_demo", "sqlite_house"]


@pytest.fixture
def postgresql_demo(postgresql: Path) -> Iterator[str]:
    """A fresh PostgreSQL database with DEMO applied."""
    with databases.fresh_postgresql(databases.postgresql_template("demo_applied", prepare)) as url:
        yield url
