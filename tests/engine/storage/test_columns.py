"""A value comes back as it went in, the same from both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, text

from engine.storage.columns import Amount, Flag, Instant, Quantity
from engine.storage.database import Database, open_database, upgrade
from tests.support import databases

sample = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("amount", Amount),
    Column("quantity", Quantity),
    Column("at", Instant),
    Column("flag", Flag),
)

amounts = st.integers(1 - 10**18, 10**18 - 1).map(lambda units: Decimal(units).scaleb(-4))
quantities = st.integers(1 - 10**18, 10**18 - 1).map(lambda units: Decimal(units).scaleb(-8))
zones = st.sampled_from([UTC, ZoneInfo("Europe/Rome"), ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")])
instants = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - the bounds are naive


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql: Path) -> Iterator[list[Database]]:
    with databases.fresh_postgresql() as postgresql_url:
        opened = [open_database(databases.sqlite_url(tmp_path_factory.mktemp("both"))), open_database(postgresql_url)]
        for database in opened:
            upgrade(database)
            with database.write() as connection:
                sample.create(connection)
        yield opened
        for database in opened:
            database.close()


@given(amounts, quantities, instants)
def test_values_come_back_equal_from_both(
    both: list[Database], amount: Decimal, quantity: Decimal, at: datetime
) -> None:
    rows = []
    for database in both:
        with database.engine.connect() as connection:
            connection.execute(sample.insert(), {"amount": amount, "quantity": quantity, "at": at})
            rows.append(connection.execute(sample.select()).one())
            connection.rollback()
    for row in rows:
        assert row[1:4] == (amount, quantity, at.astimezone(UTC))
        assert str(row.amount) == str(rows[0].amount) and str(row.quantity) == str(rows[0].quantity)
        assert row.at.tzinfo is UTC


def test_nothing_comes_back_as_nothing(both: list[Database]) -> None:
    for database in both:
        with database.engine.connect() as connection:
            connection.execute(sample.insert(), {"amount": None, "quantity": None, "at": None})
            assert connection.execute(sample.select()).one()[1:] == (None, None, None, None)
            connection.rollback()


def test_sqlite_keeps_whole_numbers(both: list[Database]) -> None:
    """A float could not hold eighteen digits."""
    with both[0].engine.connect() as connection:
        connection.execute(sample.insert(), {"amount": Decimal("99999999999999.9999"), "quantity": Decimal("0.1")})
        found = connection.execute(text("SELECT typeof(amount), amount, typeof(quantity), quantity FROM sample")).one()
        connection.rollback()
    assert found == ("integer", 999_999_999_999_999_999, "integer", 10_000_000)


@pytest.mark.parametrize("place", range(26))
def test_a_moment_that_sqlite_holds_in_another_form_is_not_read(both: list[Database], place: int) -> None:
    """Were `2026-11-03T09:30` read as `2026-11-03 09:30`, a changed byte of a posted row would go unseen."""
    at = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    with both[0].engine.connect() as connection:
        connection.execute(sample.insert(), {"at": at})
        written = connection.execute(text("SELECT at FROM sample")).scalar_one()
        assert len(written) == 26
        for other in map(chr, range(1, 128)):
            if other == written[place]:
                continue
            changed = written[:place] + other + written[place + 1 :]
            connection.execute(text("UPDATE sample SET at = :changed"), {"changed": changed})
            try:
                assert connection.execute(sample.select()).one().at != at, changed
            except ValueError:
                continue
        connection.rollback()


def test_a_flag_of_sqlite_is_one_or_zero(both: list[Database]) -> None:
    """Were any other number read as yes, a changed byte of a posted row would go unseen."""
    for database in both:
        with database.engine.connect() as connection:
            for value in (True, False, None):
                connection.execute(sample.insert(), {"flag": value})
            assert [row.flag for row in connection.execute(sample.select().order_by(sample.c.id))] == [
                True,
                False,
                None,
            ]
            connection.rollback()
    with both[0].engine.connect() as connection:
        connection.execute(text("INSERT INTO sample (flag) VALUES (3)"))
        with pytest.raises(ValueError, match="neither yes nor no"):
            connection.execute(sample.select()).all()
        connection.rollback()
