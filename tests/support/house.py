"""A house to work in: a migrated database with pack DEMO applied, fake plugins, a clock that stands still.

Fixtures: import `house`, `another_house` … into a folder's conftest. DEMO's delivery rules name the channel `email`
and the format `facturx`: in here these are a MemoryChannel and a PlainFormat.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update

from engine import flow
from engine.app import BuiltHouse
from engine.flow import Actor, Context
from engine.flow.afterwards import relay_of
from engine.outbox.executors import EMBEDDED
from engine.outbox.relay import Relay
from engine.posting.batch import BatchStore
from engine.posting.ports import PostingStore
from engine.spi.host import Plugins
from engine.storage import tables
from engine.storage.database import Database, open_database, upgrade
from tests.support import databases
from tests.support.fakes import FixedClock, MemoryChannel, PlainFormat

__all__ = ["House", "demo_file", "demo_url", "house", "invoice", "line", "new_house", "sqlite_house"]

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
Document = dict[str, Any]

CUSTOMER: Document = {
    "code": "C0001",
    "name": "Épicerie Horizon SARL",
    "country": "FR",
    "vat_number": "FR74999900012",
    "registration": {"scheme": "0002", "id": "999900012"},
    "electronic_address": {"scheme": "0225", "id": "999900012"},
    "email": "achats@epicerie-horizon.example",
    "language": "fr",
    "address": {"street": "8 place du Marché", "postcode": "35000", "city": "Rennes", "country": "FR"},
}


def line(**changes: Any) -> Document:
    """One lamp at 100.00, VAT 20 %."""
    return {
        "description": "Lampe de bureau",
        "quantity": "1",
        "unit_price": "100.00",
        "tax_code": "FR20",
        "nature": "goods",
    } | changes


def invoice(lines: int | list[Document] = 1, **changes: Any) -> Document:
    """An invoice of PARIS, type FACT, series FV; it leaves by mail."""
    numbered = [line(description=f"Lampe {number + 1}") for number in range(lines if isinstance(lines, int) else 0)]
    return {"company": "PARIS", "date": "2026-03-02", "customer": CUSTOMER, "lines": numbered or lines} | changes


def without(row: Mapping[str, Any], *names: str) -> Document:
    return {name: value for name, value in row.items() if name not in names}


class House(BuiltHouse):
    """A built house, with shorthand for tests."""

    def __init__(
        self, url: str, plugins: Plugins | None = None, clock: FixedClock | None = None, executor: str = ""
    ) -> None:
        self.url = url
        self.channel = MemoryChannel("email")
        self.clock = clock or FixedClock(AT)
        self.context = Context(Actor("clerk", lambda action, company, type: True), self.clock)
        super().__init__(
            open_database(url),
            plugins or Plugins({"facturx": PlainFormat("facturx")}, {"email": self.channel}),
            executor or EMBEDDED,
        )

    def post(self, document: Document, *, dry_run: bool = False, **changes: Any) -> Document:
        return flow.post(self, self.context, document | changes, dry_run=dry_run)

    def post_batch(self, documents: Iterable[Any], chunk: int = flow.CHUNK) -> list[Document]:
        return [*flow.post_batch(self, self.context, documents, chunk=chunk)]

    def refusal(self, document: Document, **changes: Any) -> list[str]:
        """The codes of the faults a document has."""
        answer = flow.post_one_of_many(self, self.context, 0, document | changes)
        return [fault["code"] for fault in answer["faults"]]

    def apply(self, folder: Path, code: str, *files: str, requires: tuple[str, ...] = ()) -> int:
        """Write a pack into `folder/code` and apply it; the revision in force."""
        self.apply_packs(str(written(folder, code, *files, requires=requires)))
        return self.parametrization.head()

    def apply_packs(self, *names: str) -> int:
        planned = flow.plan_packs(self, self.context, names)
        return flow.apply_packs(self, self.context, planned)

    def verify(self) -> tuple[str, ...]:
        return flow.verify(self, self.context).broken

    def relay(self) -> dict[str, int]:
        return dict(flow.relay(self, self.context))

    def relay_of(self) -> Relay:
        return relay_of(self, self.context)

    def resume(self, code: str = "DEMO-MAIL") -> None:
        flow.resume(self, self.context, code)

    def connect(self, code: str = "DEMO-MAIL", channel: str = "email", **settings: Any) -> None:
        """Configured, tested, active for all companies."""
        flow.configure(self, self.context, code, channel, settings or {"box": "out"})
        flow.test_connection(self, self.context, code)
        flow.activate(self, self.context, code)

    def rows(self, table: Table, **where: Any) -> list[Document]:
        query = select(table).order_by(*table.primary_key.columns)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def row(self, table: Table, **where: Any) -> Document:
        (only,) = self.rows(table, **where)
        return only

    def counts(self) -> dict[str, int]:
        """How many rows each table that a posting writes has."""
        written = [table for table in (*tables.POSTED, tables.delivery) if table is not tables.document_seal]
        with self.database.read() as connection:
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in written
            }  # fmt: skip

    def value(self, counter: str, company: str = "PARIS", period: str = "2026") -> int:
        """The last number a series gave; 0 when it has never been used."""
        found = self.rows(tables.series, company=company, counter=counter, period=period)
        return int(found[0]["value"]) if found else 0

    def change(self, table: Table, values: Mapping[str, Any], **where: Any) -> None:
        """Change rows of state, such as a series or a delivery; posted rows refuse."""
        statement = update(table).values(**values)
        for name, value in where.items():
            statement = statement.where(table.c[name] == value)
        with self.database.write() as connection:
            connection.execute(statement)

    def beside(self, plugins: Plugins | None = None) -> House:
        """Another house on the same database, as another process would have; same clock, same plugins."""
        return House(self.url, plugins or self.plugins, self.clock, self._executor)

    def begun_anew(self) -> House:
        """As `beside`, by a process that has read the parametrization before and done nothing else."""
        other = self.beside()
        other._catalog = self.catalog()
        return other

    def interrupted(self, store: Callable[[PostingStore], Any]) -> House:
        """The same house with a posting store that is not left in peace."""
        return _Interrupted(self, posting=store(self.posting))

    def batching(self, store: Callable[[BatchStore], Any]) -> House:
        """The same house with a batch store that is not left in peace."""
        return _Interrupted(self, batches=store(self.batches))

    def close(self) -> None:
        self.database.close()


class _Interrupted(House):
    def __init__(self, house: House, **stores: Any) -> None:
        super().__init__(house.url, house.plugins, house.clock, house._executor)
        vars(self).update(stores)  # where a house keeps what it has made


def written(folder: Path, code: str, *files: str, requires: tuple[str, ...] = ()) -> Path:
    """A pack on disk: `[pack]` and the texts given, one file each."""
    place = folder / code
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    head = f'[pack]\ncode = "{code}"\nversion = "1"\nrequires = {json.dumps(requires)}\n'
    (place / "pack.toml").write_text(head, encoding="utf-8")
    for number, text in enumerate(files):
        (place / f"part{number}.toml").write_text(text, encoding="utf-8")
    return place


def prepare(url: str) -> None:
    """Migrate a database and apply DEMO."""
    database = open_database(url)
    upgrade(database)
    database.close()
    house = House(url)
    house.apply_packs("DEMO")
    house.close()


@contextmanager
def new_house(url: str, plugins: Plugins | None = None) -> Iterator[House]:
    opened = House(url, plugins)
    yield opened
    opened.close()


def tampering(database: Database) -> tuple[str, ...]:
    """What makes posted rows changeable for one transaction, by somebody who owns the database."""
    if database.dialect == "sqlite":
        with database.read() as connection:
            found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            names = [str(name) for (name,) in found]
        return ("PRAGMA defer_foreign_keys = ON", *(f"DROP TRIGGER {name}" for name in names))
    return tuple(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL" for table in (*tables.POSTED, tables.delivery))


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with DEMO applied, made once per process, to be copied."""
    folder = tmp_path_factory.mktemp("demo")
    prepare(databases.sqlite_url(folder))
    return folder / "factotum.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with DEMO applied; the test runs on SQLite and on PostgreSQL."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield _copied(request.getfixturevalue("demo_file"), tmp_path)
        else:
            request.getfixturevalue("postgresql")
            yield stack.enter_context(
                databases.fresh_postgresql(databases.postgresql_template("demo_applied", prepare))
            )  # fmt: skip


@pytest.fixture
def house(demo_url: str) -> Iterator[House]:
    with new_house(demo_url) as opened:
        yield opened


@pytest.fixture
def sqlite_house(demo_file: Path, tmp_path: Path) -> Iterator[House]:
    """For what does not depend on the database."""
    with new_house(_copied(demo_file, tmp_path)) as opened:
        yield opened


def _copied(file: Path, folder: Path) -> str:
    shutil.copy(file, folder / "factotum.db")
    return databases.sqlite_url(folder)
