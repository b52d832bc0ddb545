"""Statements given to the driver itself: heard, begun and typed as SQLAlchemy's own are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, insert, select
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from engine.kernel.errors import EngineError
from engine.storage import tables
from engine.storage.database import Database
from engine.storage.sending import Prepared, send
from tests.support.fakes import Broken
from tests.support.statements import counted

Sent = Callable[[Connection, str], Any]


def by_sqlalchemy(connection: Connection, text: str) -> Any:
    return connection.exec_driver_sql(text)


SENT: tuple[Sent, ...] = (by_sqlalchemy, send)


def failure(database: Database, text: str, sent: Sent) -> tuple[type[BaseException], str, bool, bool]:
    """(its type, its code, whether a constraint's words are there, whether the connection can go on)."""
    with database.engine.connect() as connection:
        connection.begin()
        try:
            sent(connection, text)
        except (EngineError, DBAPIError) as error:
            told = getattr(error, "code", ""), "id_block" in str(getattr(error, "orig", ""))
            return type(error), *told, connection.invalidated
    raise AssertionError("nothing failed")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO id_block (name, next_id) VALUES (NULL, 1)",
        "INSERT INTO id_block (name, next_id) VALUES ('A', 1), ('A', 2)",
        "SELECT nothing FROM nowhere",
        "this is no SQL",
    ],
)
def test_an_error_is_the_one_that_sqlalchemy_raises(database: Database, text: str) -> None:
    assert failure(database, text, send) == failure(database, text, by_sqlalchemy)


def test_a_connection_that_the_server_ended_is_told_and_leaves_the_pool(on_postgresql: Database) -> None:
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    assert failure(on_postgresql, end, send) == failure(on_postgresql, end, by_sqlalchemy)
    with on_postgresql.read() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@contextmanager
def heard(database: Database, raised: BaseException) -> Iterator[Connection]:
    """A connection in a transaction, of which a listener raises at every statement."""

    def on_execute(*_: Any) -> None:
        raise raised

    with database.write() as connection:
        event.listen(database.engine, "before_cursor_execute", on_execute)
        try:
            yield connection
        finally:
            event.remove(database.engine, "before_cursor_execute", on_execute)


def test_what_a_listener_raises_is_raised_as_it_is(database: Database) -> None:
    for sent in SENT:
        with pytest.raises(Broken), heard(database, Broken(at=1)) as connection:
            sent(connection, "SELECT 1")


def test_a_statement_begins_a_transaction_where_there_is_none(database: Database) -> None:
    seen = []
    for sent in SENT:
        with counted(database) as statements, database.engine.connect() as connection:
            sent(connection, "INSERT INTO id_block (name, next_id) VALUES ('A', 1)")
            assert connection.in_transaction()
        seen.append([*statements])
    assert seen[0] == seen[1] == [seen[0][0], "INSERT INTO id_block (name, next_id) VALUES ('A', 1)", "ROLLBACK"]


def test_after_a_failed_transaction_nothing_is_sent(on_postgresql: Database) -> None:
    for sent in SENT:
        with on_postgresql.engine.connect() as connection:
            connection.begin()
            with pytest.raises(DBAPIError):
                sent(connection, "this is no SQL")
            with pytest.raises((DBAPIError, InvalidRequestError)):
                sent(connection, "SELECT 1")


def test_a_prepared_statement_gives_what_sqlalchemy_gives(database: Database) -> None:
    table = tables.id_block
    asked = select(table.c.next_id, table.c.name).where(table.c.name == bindparam("of_name"), table.c.next_id > 0)
    with database.write() as connection:
        connection.execute(insert(table), [{"name": "A", "next_id": 1}, {"name": "B", "next_id": 2}])
        by_name = {"of_name": "B"}
        assert Prepared(asked).send(connection, by_name).fetchall() == [(2, "B")]
        assert connection.execute(asked, by_name).all() == [(2, "B")]
