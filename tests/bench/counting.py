"""What a posting asks of the database: statements, and on PostgreSQL how often it waits for the server."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import psycopg.pq
from sqlalchemy import event

from engine.storage.database import Database
from tests.support.statements import counted


@dataclass(frozen=True, slots=True)
class Asked:
    statements: int  # BEGIN, COMMIT and COPY are counted; one executemany is one
    round_trips: int | None  # None on SQLite, where there are none


def asked(database: Database, work: Callable[[], object]) -> Asked:
    """What `work` sends through this Database.

    Statements are those that SQLAlchemy sends, and COPY, which it does not see: that is found in what libpq writes
    down of its talk with the server (PQtrace), as is each time the server was ready, or told to go on with a COPY.
    """
    if database.dialect != "postgresql":
        with counted(database) as statements:
            work()
        return Asked(len(statements), None)
    with tempfile.TemporaryFile(mode="w+") as file, counted(database) as statements:
        listeners = _traced(database, file)
        try:
            work()
        finally:
            for name, listener in listeners.items():
                event.remove(database.engine.pool, name, listener)
        file.seek(0)
        told = Counter(found[1] for line in file if (found := _TOLD.match(line)))
    copies = told["CopyInResponse"]
    unseen = copies - len(statements.starting("COPY"))
    return Asked(len(statements) + unseen, told["ReadyForQuery"] + told["Flush"] + copies)


_TOLD = re.compile(r"[BF]\t\d+\t(ReadyForQuery|CopyInResponse|Flush)\b")
"""What the server sends when it waits for us, and what we send when we wait for an answer in the middle of a pipeline,
as PQtrace writes it down; other lines hold data, of any kind."""


def _traced(database: Database, file: IO[str]) -> dict[str, Callable[..., None]]:
    """Trace every connection while it is out of the pool."""

    def out(connection: Any, *_: Any) -> None:
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(psycopg.pq.Trace.SUPPRESS_TIMESTAMPS)

    def back(connection: Any, *_: Any) -> None:
        if connection is not None:
            connection.pgconn.untrace()

    listeners = {"checkout": out, "checkin": back}
    for name, listener in listeners.items():
        event.listen(database.engine.pool, name, listener)
    return listeners
