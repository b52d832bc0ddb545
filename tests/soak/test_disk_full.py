"""A disk without room: a typed error, nothing half written, and posting goes on when there is room again."""

from tests.soak.checker import check
from tests.soak.disk import without_room, without_room_for_the_log
from tests.support.house import House


def test_a_hundred_times_without_room(sqlite_house: House) -> None:
    """Page by page, so that it happens at one statement or another."""
    assert set(without_room(sqlite_house, 100)) == {"DatabaseFull"}
    assert check(sqlite_house.url).violations == []
    assert not sqlite_house.verify()


def test_a_log_that_may_not_grow(sqlite_house: House) -> None:
    assert without_room_for_the_log(sqlite_house, 40).total() > 10
    assert check(sqlite_house.url).violations == []
    with sqlite_house.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
