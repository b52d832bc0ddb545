"""Counts what is sent to a database: every execution of a cursor, BEGIN, and what ends a transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from engine.storage.database import Database


class Statements(list[str]):
    """The statements, in their order; its length is the count. One executemany is one statement, and so is a COPY.

    Statements given to the driver past SQLAlchemy are not seen.
    """

    def starting(self, word: str) -> list[str]:
        return [statement for statement in self if statement.lstrip().upper().startswith(word)]


@contextmanager
def counted(database: Database) -> Iterator[Statements]:
    """What all threads send through this Database while the block runs."""
    seen = Statements()

    def on_execute(_: Connection, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    def on_begin(connection: Connection) -> None:
        if database.dialect == "postgresql" and _in_transactions(connection):
            seen.append("BEGIN")  # the driver's; on SQLite BEGIN IMMEDIATE is a statement of ours

    def on_commit(connection: Connection) -> None:
        if _in_transactions(connection):
            seen.append("COMMIT")

    def on_rollback(connection: Connection) -> None:
        if _in_transactions(connection):
            seen.append("ROLLBACK")

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": on_execute,
        "begin": on_begin,
        "commit": on_commit,
        "rollback": on_rollback,
    }
    for name, listener in listeners.items():
        event.listen(database.engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners.items():
            event.remove(database.engine, name, listener)


def _in_transactions(connection: Connection) -> bool:
    options = connection.get_execution_options()
    return not options.get("reading") and options.get("isolation_level") != "AUTOCOMMIT"
