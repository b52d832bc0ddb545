"""A SQLite file that may not grow: by a limit of pages, as on a full disk, or by the size a process may give a file."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import event

from engine.kernel.errors import EngineError
from tests.support.house import House, invoice

ROOM = 2**30


def without_room(house: House, points: int) -> Counter[str]:
    """Post, with room for one page more each time there is none; what was said, by the name of the error.

    After each error nothing is written and the retry, as soon as there is room, gets the number that was due.
    """
    pages = _pages(house)

    def limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(house.database.engine, "checkout", limit)
    said: Counter[str] = Counter()
    try:
        for number in count(1):
            while True:
                before = house.counts()
                try:
                    answer = house.post(invoice(3), key=f"DISK-{number}")
                    break
                except EngineError as error:
                    assert house.counts() == before, "rows of a document that did not fit"
                    said[type(error).__name__] += 1
                    pages += 1
            assert answer["number"] == f"FV-2026-{number:05d}"
            if said.total() >= points:
                return said
    finally:
        pages = ROOM
        event.remove(house.database.engine, "checkout", limit)
        with house.database.read() as connection:
            limit(connection.connection.driver_connection)
    raise AssertionError


def without_room_for_the_log(house: House, points: int) -> Counter[str]:
    """The same, where the system refuses to let the write-ahead log grow."""
    said: Counter[str] = Counter()
    for number in range(1, points + 1):
        with house.database.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        before = house.counts()
        try:
            with _files_of_at_most(number * 2_000):
                house.post(invoice(3), key=f"LOG-{number}")
        except EngineError as error:
            assert house.counts() == before, "rows of a document that did not fit"
            said[type(error).__name__] += 1
        assert house.post(invoice(3), key=f"LOG-{number}")["number"] == f"FV-2026-{number:05d}"
    return said


def _pages(house: House) -> int:
    with house.database.read() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may be written past so many bytes; Python ignores the signal, so the write fails."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
