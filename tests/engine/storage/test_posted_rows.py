"""Posted rows and revisions never change, children wait for their document until commit, and reports show decimals."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, func, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from engine.storage import tables
from engine.storage.database import Database
from tests.engine.storage.rows import add, add_document, row

REVISIONS = (tables.record, tables.revision, tables.revision_change, tables.period_change, tables.seal_setting)
GUARDED = tables.GUARDED

guarded = pytest.mark.parametrize("table", GUARDED, ids=lambda table: table.name)


def fill(database: Database) -> None:
    with database.write() as connection:
        add_document(connection)


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database)
    return database


def refusal(table: Table) -> str:
    return "revisions never change" if table in REVISIONS else "posted rows never change"


def its_row(table: Table) -> dict[str, object]:
    return row(table, **({"hash": "h"} if table is tables.record else {}))


def assert_unchanged(database: Database, table: Table) -> None:
    with database.read() as connection:
        (found,) = connection.execute(select(table)).mappings()
    assert found == dict.fromkeys(found) | its_row(table)


@guarded
def test_update_is_refused(filled: Database, table: Table) -> None:
    column = next(iter(table.columns))
    with pytest.raises(IntegrityError, match=refusal(table)), filled.write() as connection:
        connection.execute(table.update().values({column.name: column}))
    assert_unchanged(filled, table)


@guarded
def test_delete_is_refused(filled: Database, table: Table) -> None:
    with pytest.raises(IntegrityError, match=refusal(table)), filled.write() as connection:
        connection.execute(table.delete())
    assert_unchanged(filled, table)


@guarded
def test_an_upsert_is_refused(filled: Database, table: Table) -> None:
    insert = sqlite_insert if filled.dialect == "sqlite" else postgresql_insert
    column = next(column for column in table.columns if not column.primary_key)
    upsert = insert(table).values(its_row(table))
    upsert = upsert.on_conflict_do_update(index_elements=[*table.primary_key.columns], set_={column.name: column})
    with pytest.raises(IntegrityError, match=refusal(table)), filled.write() as connection:
        connection.execute(upsert)
    assert_unchanged(filled, table)


@guarded
def test_replace_is_refused(on_sqlite: Database, table: Table) -> None:
    fill(on_sqlite)
    with pytest.raises(IntegrityError, match=refusal(table)), on_sqlite.write() as connection:
        connection.execute(sqlite_insert(table).prefix_with("OR REPLACE"), its_row(table))
    assert_unchanged(on_sqlite, table)


def test_replace_by_another_key_is_refused(on_sqlite: Database) -> None:
    """A new document with the number of the old one would push the old one out."""
    fill(on_sqlite)
    with pytest.raises(IntegrityError, match="posted rows never change"), on_sqlite.write() as connection:
        replace = sqlite_insert(tables.document).prefix_with("OR REPLACE")
        connection.execute(replace, row(tables.document, id=2, key="other"))


@guarded
def test_truncate_is_refused(on_postgresql: Database, table: Table) -> None:
    fill(on_postgresql)
    with pytest.raises(IntegrityError, match=refusal(table)), on_postgresql.write() as connection:
        connection.execute(text(f"TRUNCATE {table.name} CASCADE"))
    assert_unchanged(on_postgresql, table)


def test_truncate_does_not_reach_posted_rows_from_a_table_they_point_to(on_postgresql: Database) -> None:
    fill(on_postgresql)
    with pytest.raises(IntegrityError, match="posted rows never change"), on_postgresql.write() as connection:
        connection.execute(text("TRUNCATE counter_series CASCADE"))


def test_a_session_that_says_it_replicates_is_refused_too(on_postgresql: Database) -> None:
    fill(on_postgresql)
    with pytest.raises(IntegrityError, match="posted rows never change"), on_postgresql.write() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(tables.document.delete())


def test_every_posted_table_has_its_triggers(database: Database) -> None:
    if database.dialect == "sqlite":
        query = "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name"
    else:
        query = (
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A' "
            "GROUP BY tgrelid"
        )
    with database.read() as connection:
        found = {name: count for name, count in connection.execute(text(query))}
    assert found == {table.name: 2 for table in GUARDED}


def test_children_may_come_before_their_document(database: Database) -> None:
    with database.write() as connection:
        add_document(connection)
        add(connection, tables.delivery, state="pending", document=2)
        add(connection, tables.document, id=2, value=2, key="other", number="other")


@pytest.mark.parametrize(
    "table", [*tables.POSTED[1:5], tables.delivery], ids=lambda table: table.name
)  # fmt: skip
def test_a_child_without_its_document_fails_at_commit(database: Database, table: Table) -> None:
    reached = False
    with pytest.raises(IntegrityError), database.write() as connection:
        add(connection, table, **({"state": "pending"} if table is tables.delivery else {}))
        reached = True
    assert reached
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_other_references_are_checked_at_once(database: Database) -> None:
    with database.write() as connection:
        add(connection, tables.revision)
        with pytest.raises(IntegrityError):
            add(connection, tables.document)


def test_reports_show_decimals_exactly(database: Database) -> None:
    values = {"gross": Decimal("-99999999999999.9999"), "net": Decimal("-0.0001"), "tax": Decimal("1234.5")}
    with database.write() as connection:
        add_document(connection, exchange_rate=Decimal("9999999999.99999999"), number="FV-2026-00001", **values)
        debit = Decimal("99999999999999.9999")
        add(connection, tables.entry_line, position=2, debit=debit, credit=Decimal(0), amount_currency=-debit)
    with database.read() as connection:
        report = connection.execute(text("SELECT * FROM report_document")).mappings().one()
        lines = connection.execute(text("SELECT * FROM report_entry_line ORDER BY position")).mappings().all()
    assert str(report["gross"]) == "-99999999999999.9999"
    assert str(report["net"]) == "-0.0001"
    assert str(report["tax"]) == "1234.5000"
    assert str(report["exchange_rate"]) == "9999999999.99999999"
    assert [str(line["debit"]) for line in lines] == ["1.0000", "99999999999999.9999"]
    assert [str(line["credit"]) for line in lines] == ["1.0000", "0.0000"]
    assert str(lines[1]["amount_currency"]) == "-99999999999999.9999"
    assert {line["number"] for line in lines} == {"FV-2026-00001"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.integers(1 - 10**18, 10**18 - 1))
def test_a_report_shows_what_was_written(database: Database, units: int) -> None:
    amount, rate = Decimal(units).scaleb(-4), Decimal(units).scaleb(-8)
    with database.engine.connect() as connection:
        add_document(connection, gross=amount, exchange_rate=rate)
        gross, exchange_rate = connection.execute(text("SELECT gross, exchange_rate FROM report_document")).one()
        connection.rollback()
    assert str(gross) == format(amount, "f")
    assert format(Decimal(exchange_rate), "f") == format(rate, "f")
