"""The database: how it is opened, how a transaction runs, and whether its schema is the one this program knows.

Writing takes the lock at once on SQLite (BEGIN IMMEDIATE) and is READ COMMITTED on PostgreSQL; reading opens no
transaction at all. Alembic and psycopg are imported only when they are needed: a command on SQLite loads neither.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, Table, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from engine.kernel.errors import EngineError
from engine.storage.sending import send

if TYPE_CHECKING:
    from alembic.config import Config

T = TypeVar("T")

HEAD = "0017"
"""The newest migration. Numbers have four digits, so a later one is also the greater text."""

PAUSES = (0.01, 0.02, 0.05, 0.1)
"""Seconds before the second, third, fourth and fifth try."""

NETWORK_FILE_SYSTEMS = frozenset(
    "afs ceph cifs davfs fuse.davfs2 fuse.glusterfs fuse.rclone fuse.s3fs fuse.sshfs glusterfs ncpfs nfs nfs4 smb3 "
    "smbfs".split()
)

_RETRY = {"40P01", "40001"}  # PostgreSQL: deadlock, serialization
_DISK_FULL, _NO_TABLE = "53100", "42P01"
_DAMAGED = {"XX001", "XX002"}  # PostgreSQL: data, index; SQLite gives no number to a text that is no UTF-8
_UPGRADE_LOCK = 0x666163746F74756D  # "factotum": no two programs migrate one PostgreSQL database at a time


class DatabaseUrlInvalid(EngineError):
    code = "database_url_invalid"
    says = "{url!r} is no address of a database: {reason}"
    remedy = "write sqlite:///path/to/factotum.db or postgresql://user@host/name"


class DatabaseOnNetworkDrive(EngineError):
    code = "database_on_network_drive"
    says = "{file} lies on a network drive ({file_system}), where SQLite's locks do not hold"
    remedy = "move the file to a local disk, or use PostgreSQL"


class DatabaseUnreachable(EngineError):
    code = "database_unreachable"
    says = "the database {database} cannot be reached: {reason}"
    remedy = "check that it runs and that its address is right, then repeat: one key posts once"


class DatabaseBusy(EngineError):
    code = "database_busy"
    says = "the database {database} is busy: {reason}"
    remedy = "repeat; when it happens often, see which program keeps a transaction open"


class DatabaseFull(EngineError):
    code = "database_full"
    says = "the database {database} has no room: {reason}"
    remedy = "free some space, then repeat; nothing of this step was written"


class DatabaseDamaged(EngineError, ValueError):
    """Also a ValueError, like that of any value that is not what it should be: who reads rows to judge them goes on."""

    code = "database_damaged"
    says = "the database {database} is damaged: {reason}"
    remedy = "it was changed from outside, or its disk fails: take it from a backup"


class DatabaseNotReady(EngineError):
    code = "database_not_ready"
    says = "the schema of {database} is {found}, this program needs {wanted}"
    remedy = "run `factotum init`"


class DatabaseNewer(EngineError):
    code = "database_newer"
    says = "the schema of {database} is {found}, newer than {wanted}, which this program knows"
    remedy = "use the program's newer version"


class MigrationRefused(EngineError):
    code = "database_migration_refused"
    says = "the schema of {database} was not changed: {reason}"
    remedy = "nothing was changed; `factotum init` brings a schema up to date"


@dataclass(frozen=True, slots=True)
class Database:
    engine: Engine = field(repr=False)
    reader: Engine = field(repr=False)  # the same pool, without transactions
    snapshots: Engine = field(repr=False)  # the same pool, each transaction reading one moment
    dialect: str  # sqlite | postgresql
    shown: str  # its address, without a password
    file: Path | None  # SQLite's
    sleep: Callable[[float], None]

    @contextmanager
    def write(
        self, around: Callable[[Connection], AbstractContextManager[None]] = lambda connection: nullcontext()
    ) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back when anything is raised. `around` is what it runs in.

        Errors: DatabaseBusy, DatabaseFull, DatabaseUnreachable.
        """
        with self.engine.connect() as connection, around(connection), connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For SELECTs only: each sees what is committed when it runs; no BEGIN, no COMMIT."""
        with self.reader.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """For many SELECTs that must agree: all see what was committed when the first one ran."""
        with self.snapshots.connect() as connection, connection.begin():
            yield connection

    def retrying(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction, again when the database is busy: deadlock, serialization, SQLite's lock.

        At most five tries; `work` must do nothing but write to its connection.

        Errors: DatabaseBusy, from the fifth try.
        """
        for pause in PAUSES:
            try:
                with self.write() as connection:
                    return work(connection)
            except DatabaseBusy:
                self.sleep(pause)
        with self.write() as connection:
            return work(connection)

    def close(self) -> None:
        self.engine.dispose()


def open_database(
    url: str, *, patience: int = 10, sleep: Callable[[float], None] = time.sleep, mounts: Path = Path("/proc/mounts")
) -> Database:
    """Name the database; nothing is connected yet, and a SQLite file is made by `upgrade` only.

    Units:  patience in seconds: how long SQLite waits for another writer, and PostgreSQL for a connection.
            mounts tells where network drives are; where it is missing (not Linux) they are not recognized.
    Errors: DatabaseUrlInvalid, DatabaseOnNetworkDrive.
    """
    shown = masked(url)
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise DatabaseUrlInvalid(url=shown, reason="it does not read like one") from None
    if address.drivername in ("sqlite", "sqlite+pysqlite"):
        file = _sqlite_file(address, shown, mounts)
        engine = _sqlite_engine(file, patience)
        reader = engine.execution_options(reading=True)
        snapshots = engine.execution_options(snapshot=True)
    elif address.drivername in ("postgresql", "postgresql+psycopg", "postgres"):
        file = None
        engine = _postgresql_engine(address, patience)
        reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        snapshots = engine.execution_options(isolation_level="REPEATABLE READ")
    else:
        reason = f"it asks for {address.drivername}; Factotum runs on SQLite, and on PostgreSQL by psycopg 3"
        raise DatabaseUrlInvalid(url=shown, reason=reason)
    secrets = [str(value) for key, value in address.query.items() if key.endswith("password")]
    secrets += [str(address.password)] if address.password else []

    def typed(context: ExceptionContext) -> EngineError | None:
        return _typed(context, shown, secrets)

    event.listen(engine, "handle_error", typed)
    return Database(engine, reader, snapshots, engine.dialect.name, shown, file, sleep)


def masked(url: str) -> str:
    """The address as it may be shown: `postgresql://ada:***@host/name`."""
    url = re.sub(r"(://[^:/@]*:).*@", r"\1***@", url, flags=re.DOTALL)
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1***", url)


def file_system_of(file: Path, mounts: str) -> str:
    """The type of the file system that holds a file, by the words of /proc/mounts; "" when they do not tell."""
    depth, found = 0, ""
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        folder = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if file.is_relative_to(folder) and len(folder.parts) >= depth:  # of two at one place the later hides the other
            depth, found = len(folder.parts), kind
    return found


def _sqlite_file(address: URL, shown: str, mounts: Path) -> Path:
    name = address.database or ":memory:"
    if name.startswith((":memory:", "file:")) or address.query:
        reason = "SQLite needs the path of a file, without options; in memory every invoice would be lost at the end"
        raise DatabaseUrlInvalid(url=shown, reason=reason)
    if address.host or address.username:
        raise DatabaseUrlInvalid(url=shown, reason="a path follows three slashes, an absolute path four")
    file = Path(name).resolve()
    file_system = file_system_of(file, mounts.read_text(errors="replace")) if mounts.exists() else ""
    if file_system in NETWORK_FILE_SYSTEMS:
        raise DatabaseOnNetworkDrive(file=file, file_system=file_system)
    return file


def _sqlite_engine(file: Path, patience: int) -> Engine:
    options = {"uri": "true", "mode": "rw", "timeout": str(patience)}  # rw: a missing file is not made by reading it
    address = URL.create("sqlite+pysqlite", database=file.as_uri(), query=options)
    engine = create_engine(address, hide_parameters=True, pool_size=5, max_overflow=15)

    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours; Python's driver would send it late, and deferred
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE deletes posted rows unseen by triggers
        if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
            raise sqlite3.OperationalError("this place does not allow a write-ahead log")
        connection.execute("PRAGMA synchronous = FULL")

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("reading"):
            send(connection, "BEGIN" if options.get("snapshot") else "BEGIN IMMEDIATE", begins=True)

    def give_up(context: ExceptionContext) -> None:
        """SQLite ends a transaction by itself when its disk is full; what came next would be committed row by row."""
        connection = context.connection
        if connection is None or not connection.in_transaction() or connection.get_execution_options().get("reading"):
            return
        driver = connection.connection.driver_connection
        if driver and not driver.in_transaction:
            context.is_disconnect, context.invalidate_pool_on_disconnect = True, False  # refuses to go on

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    event.listen(engine, "handle_error", give_up)
    return engine


def _postgresql_engine(address: URL, patience: int) -> Engine:
    defaults = {"application_name": "factotum", "connect_timeout": str(max(patience, 2))}
    address = address.set(drivername="postgresql+psycopg").update_query_dict(defaults | dict(address.query))
    return create_engine(
        address,
        hide_parameters=True,
        isolation_level="READ COMMITTED",  # whatever the server's default is
        pool_size=5,
        max_overflow=15,
        pool_recycle=1800,
        use_native_hstore=False,  # asks the server about a type we do not use, once per start
    )


def _typed(context: ExceptionContext, shown: str, secrets: list[str]) -> EngineError | None:
    """Our error for what the driver raised, or None when it is for the caller: a constraint, a wrong statement."""
    cause = context.original_exception
    if not isinstance(cause, Exception):
        return None  # Ctrl-C
    reason = " ".join(str(cause).split())
    for secret in secrets:
        reason = reason.replace(secret, "***")
    state = getattr(cause, "sqlstate", None)
    number = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if state in _RETRY or number in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy(database=shown, reason=reason)
    if state == _DISK_FULL or number == sqlite3.SQLITE_FULL:
        return DatabaseFull(database=shown, reason=reason)
    if state in _DAMAGED or number == sqlite3.SQLITE_CORRUPT or reason.startswith("Could not decode to UTF-8"):
        return DatabaseDamaged(database=shown, reason=reason)
    if context.connection is None or context.is_disconnect or number == sqlite3.SQLITE_IOERR:
        return DatabaseUnreachable(database=shown, reason=reason)
    return None


def insert_into(dialect: str, table: Table) -> Any:
    """An INSERT that may go on with ON CONFLICT; of the dialects only the one in use is imported."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as on_postgresql

        return on_postgresql(table)
    from sqlalchemy.dialects.sqlite import insert as on_sqlite

    return on_sqlite(table)


# --- the schema -----------------------------------------------------------------------------------------------------


def schema_revision(database: Database) -> str | None:
    """The newest migration the database has had; None when it has had none. One statement."""
    if database.file and not database.file.exists():
        return None
    try:
        with database.read() as connection:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _NO_TABLE or str(error.orig).startswith("no such table"):
            return None
        raise


def check_ready(database: Database) -> None:
    """Whether this program and this database belong together; asked at each start.

    Errors: DatabaseNotReady, DatabaseNewer, DatabaseUnreachable.
    """
    found = schema_revision(database)
    _refuse_newer(database, found)
    if found != HEAD:
        raise DatabaseNotReady(database=database.shown, found=found or "missing", wanted=HEAD)


def upgrade(database: Database) -> None:
    """Bring the schema to HEAD, in one transaction; the SQLite file is made if there is none.

    Errors: DatabaseNewer, DatabaseUnreachable, DatabaseBusy.
    """
    found = schema_revision(database)
    _refuse_newer(database, found)
    if found == HEAD:
        return
    if database.file:
        try:
            database.file.touch()
        except OSError as error:
            raise DatabaseUnreachable(database=database.shown, reason=error.strerror or error) from error
    from alembic import command

    _migrate(database, lambda config: command.upgrade(config, "head"))


def downgrade(database: Database, to: str) -> None:
    """Take migrations back, down to number `to` or to "base", in one transaction. Posted documents are never dropped.

    Errors: MigrationRefused.
    """
    from alembic import command

    _migrate(database, lambda config: command.downgrade(config, to))


def _migrate(database: Database, run: Callable[[Config], None]) -> None:
    from alembic.config import Config
    from alembic.util import CommandError

    database.close()  # connections that have posted keep temporary triggers, which name tables as they are now
    try:
        with as_file(files("migrations")) as folder, database.write() as connection:
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            run(config)
    except CommandError as error:
        raise MigrationRefused(database=database.shown, reason=error) from error


def _refuse_newer(database: Database, found: str | None) -> None:
    if found and found > HEAD:
        raise DatabaseNewer(database=database.shown, found=found, wanted=HEAD)
