"""The n-th statement or commit fails: refused before it is sent, cut off while it runs, or its answer lost.

refused  the driver raises, and the database hears nothing of it
cut      the database ends it: a PostgreSQL backend is terminated, SQLite is interrupted
lost     it runs, a COMMIT included, and then the driver raises
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from engine.kernel.errors import EngineError
from engine.storage.database import Database

WAYS = ("refused", "cut", "lost")
FAILURES = (EngineError, DBAPIError)
"""What somebody who posts may see of it."""


@dataclass(slots=True)
class Fault:
    """`seen`: statements and commits reached; `broke`: whether one failed; `committed`: whether a COMMIT did, done."""

    at: int
    way: str
    seen: int = 0
    broke: bool = False
    committed: bool = False

    def is_here(self) -> bool:
        place, self.seen = self.seen, self.seen + 1
        self.broke = self.broke or place == self.at
        return place == self.at


@contextmanager
def failing(database: Database, at: int, way: str, url: str) -> Iterator[Fault]:
    """Number `at`, from 0, fails in one of WAYS. `url` is for another connection, which cuts this one."""
    fault = Fault(at, way)
    after_this = False

    def before(connection: Connection, *_: Any) -> None:
        nonlocal after_this
        if fault.is_here():
            after_this = way == "lost"
            if not after_this:
                _break(connection, way, url)

    def after(*_: Any) -> None:
        nonlocal after_this
        if after_this:
            after_this = False
            raise _lost()

    def commit(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("reading") or options.get("isolation_level") == "AUTOCOMMIT" or not fault.is_here():
            return
        if way == "lost":
            _driver(connection).execute("COMMIT")
            fault.committed = True
            raise _lost()
        _break(connection, way, url)

    listeners = {"before_cursor_execute": before, "after_cursor_execute": after, "commit": commit}
    for name, listener in listeners.items():
        event.listen(database.engine, name, listener)
    try:
        yield fault
    finally:
        for name, listener in listeners.items():
            event.remove(database.engine, name, listener)


def _break(connection: Connection, way: str, url: str) -> None:
    driver = _driver(connection)
    if way == "refused":
        raise _lost()
    if isinstance(driver, sqlite3.Connection):
        shots = count()
        driver.set_progress_handler(lambda: next(shots) == 0, 1)  # interrupts once
    else:
        _terminate(url, driver.info.backend_pid)


def _terminate(url: str, backend: int) -> None:
    address = make_url(url)
    with psycopg.connect(
        host=str(address.query["host"]), user=address.username, dbname=address.database, autocommit=True
    ) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [backend])
        while connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone():
            time.sleep(0.001)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _lost() -> OperationalError:
    return OperationalError("a statement", {}, Exception("the connection was lost"))
