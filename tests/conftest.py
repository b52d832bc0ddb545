"""What every test may ask for: a database of its own, and the folder shared/ beside the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import databases

ROOT = Path(__file__).resolve().parent.parent
IN_CI = bool(os.environ.get("CI"))

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "house")


def pytest_configure() -> None:
    databases.open_postgres_folder()


def pytest_unconfigure() -> None:
    databases.close_postgres_folder()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return databases.sqlite_url(tmp_path)


@pytest.fixture(scope="session")
def postgresql() -> Path:
    """A running PostgreSQL: its socket's folder. Without one: a failure in CI, else a skip that says why."""
    try:
        return databases.server()
    except databases.PostgresUnavailable as reason:
        words = f"PostgreSQL cannot start: {reason}"
        if IN_CI:
            pytest.fail(words)
        pytest.skip(words)


@pytest.fixture
def postgresql_url(postgresql: Path) -> Iterator[str]:
    """A fresh and empty database on a real PostgreSQL."""
    with databases.fresh_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The test runs twice, on a fresh and empty SQLite file and on a fresh and empty PostgreSQL database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of facts beside the repository: schemas, corpora, seeds. No part of a release, so it may be absent."""
    folder = Path(os.environ.get("FACTOTUM_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"../shared is absent ({folder})")
    return folder


os.environ["FACTOTUM_KEY"] = "dGhlIGtleSBvZiB0aGUgdGVzdHM6IDMyIGJ5dGVzISE="  # secrets of connections are encrypted
os.environ["FACTOTUM_ALLOWED_NETWORKS"] = "127.0.0.0/8, ::1/128"  # where the servers of tests listen
os.environ.pop("FACTOTUM_KEY_FILE", None)
