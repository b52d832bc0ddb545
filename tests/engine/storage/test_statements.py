"""The counter that budgets are tested with counts what is really sent."""

import pytest

from engine.storage import tables
from engine.storage.database import Database
from tests.engine.storage.rows import row
from tests.support.statements import counted


def test_a_transaction_counts_its_begin_its_statements_and_its_commit(database: Database) -> None:
    with counted(database) as statements, database.write() as connection:
        connection.execute(tables.id_block.insert(), {"name": "document", "next_id": 1})
        connection.execute(tables.id_block.select())
    assert len(statements) == 4
    assert statements[0] == ("BEGIN IMMEDIATE" if database.dialect == "sqlite" else "BEGIN")
    assert statements[-1] == "COMMIT"
    assert len(statements.starting("BEGIN")) == 1


def test_many_rows_at_once_count_one(database: Database) -> None:
    rows = [row(tables.audit, id=number) for number in range(500)]
    with counted(database) as statements, database.write() as connection:
        connection.execute(tables.audit.insert(), rows)
    assert len(statements) == 3


def test_one_row_after_the_other_counts_each(database: Database) -> None:
    with counted(database) as statements, database.write() as connection:
        for number in range(7):
            connection.execute(tables.audit.insert(), row(tables.audit, id=number))
    assert len(statements.starting("INSERT")) == 7


def test_a_transaction_rolled_back_counts_that(database: Database) -> None:
    with pytest.raises(KeyError), counted(database) as statements, database.write() as connection:
        connection.execute(tables.id_block.select())
        raise KeyError
    assert statements[-1] == "ROLLBACK"
    assert len(statements) == 3


def test_reading_counts_nothing_but_what_is_read(database: Database) -> None:
    with counted(database) as statements, database.read() as connection:
        connection.execute(tables.id_block.select())
        connection.execute(tables.audit.select())
    assert len(statements) == 2


def test_counting_ends_with_its_block(database: Database) -> None:
    with counted(database) as statements:
        pass
    with database.write() as connection:
        connection.execute(tables.id_block.select())
    assert not statements


def test_on_sqlite_the_count_is_what_sqlite_itself_saw(on_sqlite: Database) -> None:
    seen: list[str] = []
    with on_sqlite.read() as connection:
        connection.connection.dbapi_connection.set_trace_callback(seen.append)  # type: ignore[union-attr]
    with counted(on_sqlite) as statements, on_sqlite.write() as connection:
        connection.execute(tables.id_block.insert(), {"name": "document", "next_id": 1})
        connection.execute(tables.id_block.select())
    assert len(seen) == len(statements) == 4
