"""Migrated databases of the test's own; a test that asks for `database` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.storage.database import Database, open_database, upgrade


@contextmanager
def migrated(url: str) -> Iterator[Database]:
    opened = open_database(url)
    upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with migrated(database_url) as opened:
        yield opened


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Database]:
    with migrated(sqlite_url) as opened:
        yield opened


@pytest.fixture
def on_postgresql(postgresql_url: str) -> Iterator[Database]:
    with migrated(postgresql_url) as opened:
        yield opened
