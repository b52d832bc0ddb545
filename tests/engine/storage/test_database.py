"""How a database is opened, and how a transaction runs, waits and fails."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError, PendingRollbackError

from engine.kernel.errors import EngineError
from engine.storage import tables
from engine.storage.database import (
    PAUSES,
    Database,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseOnNetworkDrive,
    DatabaseUnreachable,
    DatabaseUrlInvalid,
    file_system_of,
    masked,
    open_database,
    upgrade,
)
from tests.engine.storage.rows import add, row


def value(connection: Connection, name: str) -> int:
    found: int = connection.scalars(select(tables.id_block.c.next_id).where(tables.id_block.c.name == name)).one()
    return found


def raise_value(connection: Connection, name: str) -> None:
    block = tables.id_block
    connection.execute(block.update().where(block.c.name == name).values(next_id=block.c.next_id + 1))


def fill(database: Database) -> None:
    with database.write() as connection:
        connection.execute(tables.id_block.insert(), [{"name": "left", "next_id": 0}, {"name": "right", "next_id": 0}])


@pytest.fixture
def blocks(database: Database) -> Database:
    fill(database)
    return database


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "factotum.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///factotum.db?mode=memory",
        "sqlite://factotum.db",
        "mysql://ada:secret@host/name",
        "postgresql+psycopg2://ada:secret@host/name",
        "postgresql://ada:secret@host:port/name",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)
    assert "sqlite:///" in caught.value.way_out


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_postgresql_is_reached_by_psycopg_3(scheme: str) -> None:
    database = open_database(f"{scheme}://ada@host/name?connect_timeout=3")
    assert database.dialect == "postgresql"
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert database.engine.url.query["connect_timeout"] == "3"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:secret@host/name", "postgresql://ada:***@host/name"),
        ("postgresql://ada:se@cr/et@host/name", "postgresql://ada:***@host/name"),
        ("postgresql://host/name?user=ada&password=secret", "postgresql://host/name?user=ada&password=***"),
        ("postgresql://host/name?sslpassword=secret&x=1", "postgresql://host/name?sslpassword=***&x=1"),
        ("postgresql://host:5432/name", "postgresql://host:5432/name"),
        ("sqlite:////tmp/a:b/factotum.db", "sqlite:////tmp/a:b/factotum.db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    "url",
    ["postgresql://ada:s3cr3t@/name?host={}", "postgresql://ada@/name?host={}&password=s3cr3t"],
)
def test_no_error_tells_a_password(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    tmp_path = tmp_path_factory.mktemp("nobody-listens")
    database = open_database(url.format(tmp_path), patience=2)
    with pytest.raises(DatabaseUnreachable) as caught, database.read():
        pass
    assert "s3cr3t" not in f"{caught.value} {caught.value.facts} {database}"
    assert "***" in str(caught.value)


MOUNTS = r"""
/dev/vda / ext4 rw 0 0
nas:/books /mnt/books nfs4 rw 0 0
//nas/books /mnt/our\040books cifs rw 0 0
ada@host: /home/ada/there fuse.sshfs rw 0 0
/dev/vdb /mnt/books/local ext4 rw 0 0
tmpfs /mnt/twice tmpfs rw 0 0
nas:/twice /mnt/twice nfs rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("file", "file_system"),
    [
        ("/srv/factotum.db", "ext4"),
        ("/mnt/books/factotum.db", "nfs4"),
        ("/mnt/bookshelf/factotum.db", "ext4"),
        ("/mnt/our books/2026/factotum.db", "cifs"),
        ("/home/ada/there/factotum.db", "fuse.sshfs"),
        ("/mnt/books/local/factotum.db", "ext4"),
        ("/mnt/twice/factotum.db", "nfs"),
    ],
)
def test_a_network_drive_is_recognized(file: str, file_system: str) -> None:
    assert file_system_of(Path(file), MOUNTS) == file_system


def test_a_sqlite_file_on_a_network_drive_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nnas:/books {tmp_path} nfs4 rw 0 0\n")
    with pytest.raises(DatabaseOnNetworkDrive, match=r"factotum.db lies on a network drive \(nfs4\)"):
        open_database(f"sqlite:///{tmp_path}/factotum.db", mounts=mounts)
    open_database(f"sqlite:///{tmp_path}/factotum.db", mounts=tmp_path / "absent")


# --- transactions ---------------------------------------------------------------------------------------------------


def test_a_transaction_is_kept_whole_or_not_at_all(blocks: Database) -> None:
    with pytest.raises(KeyError), blocks.write() as connection:
        raise_value(connection, "left")
        raise KeyError
    with blocks.write() as connection:
        raise_value(connection, "right")
    with blocks.read() as connection:
        assert (value(connection, "left"), value(connection, "right")) == (0, 1)


def test_sqlite_is_opened_to_keep_what_it_acknowledged(on_sqlite: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 10_000,
    }
    with on_sqlite.read() as connection, on_sqlite.write() as other:  # two connections
        for one in (connection, other):
            assert {name: one.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_postgresql_reads_what_is_committed_whatever_the_server_prefers(postgresql_url: str) -> None:
    database = open_database(postgresql_url + "&options=-c%20default_transaction_isolation=serializable")
    with database.write() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert connection.scalar(text("SHOW default_transaction_isolation")) == "serializable"
    database.close()


def test_on_sqlite_a_transaction_locks_before_its_first_statement(on_sqlite: Database) -> None:
    with closing(sqlite3.connect(str(on_sqlite.file), timeout=0, isolation_level=None)) as other:
        with on_sqlite.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


def test_on_sqlite_reading_goes_on_while_another_writes(on_sqlite: Database) -> None:
    fill(on_sqlite)
    with on_sqlite.write() as writer, on_sqlite.read() as reader:
        raise_value(writer, "left")
        assert value(reader, "left") == 0
    with on_sqlite.read() as reader:
        assert value(reader, "left") == 1


def test_reading_opens_no_transaction(blocks: Database) -> None:
    with blocks.read() as reader:
        assert value(reader, "left") == 0
        driver = reader.connection.dbapi_connection
        if blocks.dialect == "sqlite":
            assert not driver.in_transaction  # type: ignore[union-attr]
        else:
            assert driver.info.transaction_status.name == "IDLE"  # type: ignore[union-attr]
            started = [reader.scalar(text("SELECT now()")) for _ in range(2)]  # now() is when the transaction began
            assert started[0] != started[1]
        with blocks.write() as writer:
            raise_value(writer, "left")
        assert value(reader, "left") == 1


def test_a_connection_that_read_can_write_next(blocks: Database) -> None:
    for turn in range(3):
        with blocks.read() as connection:
            assert value(connection, "left") == turn
        with blocks.write() as connection:
            raise_value(connection, "left")


def test_a_constraint_that_does_not_hold_is_for_the_caller(blocks: Database) -> None:
    with pytest.raises(IntegrityError) as caught, blocks.write() as connection:
        connection.execute(tables.id_block.insert(), {"name": "left", "next_id": 4711})
    assert "4711" not in str(caught.value.args)  # values stay out of messages and logs


# --- waiting and failing --------------------------------------------------------------------------------------------


def test_two_that_lock_each_other_out_both_finish(on_postgresql: Database) -> None:
    fill(on_postgresql)
    pauses: list[float] = []
    both_hold_one = threading.Barrier(2)
    patient = open_database(on_postgresql.engine.url.render_as_string(hide_password=False), sleep=pauses.append)
    tries = {"left": 0, "right": 0}

    def crosswise(first: str, second: str) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            tries[first] += 1
            raise_value(connection, first)
            if tries[first] == 1:
                both_hold_one.wait(120)
            raise_value(connection, second)

        return work

    threads = [
        threading.Thread(target=patient.retrying, args=[crosswise(*names)])
        for names in (("left", "right"), ("right", "left"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    with patient.read() as connection:
        assert (value(connection, "left"), value(connection, "right")) == (2, 2)
    assert pauses and set(pauses) <= set(PAUSES)  # on a slow machine they may meet more than once
    assert sum(tries.values()) == 2 + len(pauses)
    patient.close()


def test_a_serialization_failure_is_tried_again(on_postgresql: Database) -> None:
    fill(on_postgresql)
    tries: list[int] = []

    def work(connection: Connection) -> str:
        tries.append(1)
        if len(tries) == 1:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
            assert value(connection, "left") == 0
            with on_postgresql.write() as other:
                raise_value(other, "left")
        raise_value(connection, "left")
        return "done"

    assert on_postgresql.retrying(work) == "done"
    with on_postgresql.read() as connection:
        assert value(connection, "left") == 2
    assert len(tries) == 2


@pytest.fixture
def held(on_sqlite: Database) -> Iterator[sqlite3.Connection]:
    """Another program that holds SQLite's lock."""
    with closing(sqlite3.connect(str(on_sqlite.file), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_lock_that_goes_away_is_waited_for(held: sqlite3.Connection, sqlite_url: str) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            held.execute("COMMIT")

    database = open_database(sqlite_url, patience=0, sleep=sleep)
    database.retrying(lambda connection: add(connection, tables.revision))
    assert pauses == [*PAUSES[:3]]
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.revision)) == 1
    database.close()


def test_a_lock_that_stays_is_said_after_five_tries(held: sqlite3.Connection, sqlite_url: str) -> None:
    pauses: list[float] = []
    database = open_database(sqlite_url, patience=0, sleep=pauses.append)
    with pytest.raises(DatabaseBusy, match="database is locked"):
        database.retrying(lambda connection: add(connection, tables.revision))
    assert pauses == [*PAUSES]
    database.close()


def test_nothing_else_is_tried_again(blocks: Database) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(tables.id_block.insert(), {"name": "left", "next_id": 1})

    with pytest.raises(IntegrityError):
        blocks.retrying(work)
    assert len(tries) == 1


def test_a_full_disk_is_said_and_leaves_nothing(on_sqlite: Database) -> None:
    with pytest.raises(DatabaseFull, match="full"), on_sqlite.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        add(connection, tables.revision)
        for number in range(10):
            connection.execute(tables.file.insert(), row(tables.file, hash=str(number), content=bytes(10_000)))
    with on_sqlite.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.revision)) == 0
        assert connection.scalar(select(func.count()).select_from(tables.file)) == 0
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_transaction_that_sqlite_gave_up_is_not_gone_on_with(on_sqlite: Database) -> None:
    with pytest.raises(PendingRollbackError), on_sqlite.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DatabaseFull):
            connection.execute(tables.file.insert(), row(tables.file, content=bytes(100_000)))
        add(connection, tables.revision)  # outside any transaction, were it let through
    with on_sqlite.write() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.revision)) == 0
        add(connection, tables.revision)


def test_a_server_that_went_away_is_said_and_found_again(on_postgresql: Database) -> None:
    ended = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid = :p"
    )
    with on_postgresql.read() as other, pytest.raises(DatabaseUnreachable), on_postgresql.write() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        other.execute(ended, {"p": pid})
        add(connection, tables.revision)
    with on_postgresql.write() as connection:
        add(connection, tables.revision)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database\n" * 100)
    with pytest.raises(DatabaseUnreachable, match="not a database"):
        upgrade(open_database(f"sqlite:///{file}"))


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        upgrade(open_database(f"postgresql://ada@/name?host={tmp_path}", patience=2))
    assert caught.value.code == "database_unreachable"


def test_a_damaged_file_is_said(on_sqlite: Database) -> None:
    with on_sqlite.write() as connection:
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'id_block'").scalar_one()
    with on_sqlite.read() as connection:
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    on_sqlite.close()
    assert on_sqlite.file is not None
    with on_sqlite.file.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(DatabaseDamaged, match="malformed"), on_sqlite.read() as connection:
        connection.execute(select(tables.id_block)).all()


def test_a_text_that_is_no_text_is_said(on_sqlite: Database) -> None:
    with on_sqlite.write() as connection:
        connection.exec_driver_sql("INSERT INTO id_block VALUES (CAST(X'FF' AS TEXT), 1)")
    with pytest.raises(DatabaseDamaged, match="UTF-8"), on_sqlite.read() as connection:
        connection.execute(select(tables.id_block)).all()
