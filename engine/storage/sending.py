"""Statements of the posting path, given to the driver itself: SQLAlchemy's execution costs more than most of them.

The transaction stays SQLAlchemy's, and so does what others rely on: who listens to its events is told of each statement
before and after, and what the driver raises becomes the error it always becomes. This is the one place that does so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect

Given = Any
"""Values of a statement as its driver takes them: a tuple or a dictionary; a list of them for many."""


def send(connection: Connection, text: str, values: Given = (), *, many: bool = False, begins: bool = False) -> Any:
    """Execute one statement, in a transaction unless it `begins` one; the driver's cursor, with the rows it returns.

    Errors: as Connection.execute.
    """
    if not begins and not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    try:
        told(connection, "before_cursor_execute", cursor, text, values, many)
        if many:
            cursor.executemany(text, values)
        else:
            cursor.execute(text, values)
        told(connection, "after_cursor_execute", cursor, text, values, many)
    except BaseException as error:
        _raised(connection, error, text, cursor)
    return cursor


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """On PostgreSQL statements wait for each other, not for their answers, until one is asked for what it returns.

    Errors: as Connection.execute, from whatever is next after the statement that failed.
    """
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        _raised(connection, error, "", None)


def send_copy(connection: Connection, text: str, block: str) -> None:
    """COPY a block of text into PostgreSQL. Errors: as Connection.execute."""
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    try:
        told(connection, "before_cursor_execute", cursor, text, (block,), False)
        with cursor.copy(text) as copying:
            copying.write(block)
        told(connection, "after_cursor_execute", cursor, text, (block,), False)
    except BaseException as error:
        _raised(connection, error, text, cursor)


def told(connection: Connection, event: str, cursor: Any, text: str, values: Given, many: bool) -> None:
    """Tell who listens; a listener may raise, never change the statement."""
    for listener in getattr(connection.dispatch, event):
        listener(connection, cursor, text, values, None, many)


def _raised(connection: Connection, error: BaseException, text: str, cursor: Any) -> NoReturn:
    """SQLAlchemy's way with an error: listeners type it, a lost connection leaves the pool.

    It has no public name; `tests/engine/storage/test_sending.py` compares what comes of it with Connection.execute.
    """
    of_driver = isinstance(error, connection.dialect.loaded_dbapi.Error)
    connection._handle_dbapi_exception(error, text if of_driver else None, None, cursor, None)


class Prepared:
    """A statement of SQLAlchemy's language that is made text once for each database, with its values by name."""

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._made: dict[str, tuple[str, Callable[[Mapping[str, Any]], Given]]] = {}

    def send(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute it; the driver's cursor. Results are as the driver gives them. Errors: as Connection.execute."""
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _made(self._statement, dialect)
        text, given = made
        return send(connection, text, given(values))


def _made(statement: Any, dialect: Dialect) -> tuple[str, Callable[[Mapping[str, Any]], Given]]:
    """The text, and what makes the driver's values of named ones."""
    compiled = statement.compile(dialect=dialect)
    text: str = compiled.string
    names = compiled.positiontup if compiled.positional else [name for name in compiled.binds if f"%({name})s" in text]
    fixed = {name: compiled.binds[name].value for name in names if not compiled.binds[name].required}
    told = [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]

    def in_order(values: Mapping[str, Any]) -> Given:
        known = {**fixed, **values}
        return tuple([known[name] if convert is None else convert(known[name]) for name, convert in told])

    def by_name(values: Mapping[str, Any]) -> Given:
        known = {**fixed, **values}
        return {name: known[name] if convert is None else convert(known[name]) for name, convert in told}

    return text, in_order if compiled.positional else by_name
