"""Wiring: the only place that builds. An address in, a house out: database, stores, plugins, clock."""

from __future__ import annotations

import getpass
import json
import os
from functools import cached_property
from typing import TYPE_CHECKING

from engine.flow import Actor, Context
from engine.kernel.clock import Clock, SystemClock, token
from engine.parametrization.catalog import Catalog
from engine.parametrization.merge import effective
from engine.storage.database import Database, check_ready, open_database, upgrade
from engine.storage.revisions import SqlParametrizationStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.outbox.connections import Switchboard
    from engine.outbox.executors import Executor
    from engine.outbox.relay import Relay
    from engine.spi.host import Plugins
    from engine.spi.seals import SealInUse
    from engine.storage.archive import SqlFiles
    from engine.storage.archive_folder import FolderShelf
    from engine.storage.batch import SqlBatchStore
    from engine.storage.connections import SqlConnectionStore
    from engine.storage.deliveries import SqlDeliveryStore
    from engine.storage.delivery_book import SqlDeliveryBook
    from engine.storage.documents import SqlDocumentStore
    from engine.storage.history import SqlHistory
    from engine.storage.inbox import SqlInbox
    from engine.storage.job_queue import JobQueue
    from engine.storage.messages import SqlMessageStore
    from engine.storage.posting import IdBlocks, SqlPostingStore

DEFAULT_DATABASE = "sqlite:///factotum.db"
ENVIRONMENT = "FACTOTUM_DATABASE"
EXECUTOR = "FACTOTUM_EXECUTOR"
"""What is told of deliveries when they are written: nothing (embedded, the default), or procrastinate's queue."""


class BuiltHouse:
    """One database, and what works on it. What only some commands need is made when it is first asked for."""

    def __init__(self, database: Database, plugins: Plugins | None = None, executor: str = "") -> None:
        self.database = database
        self._executor = executor or os.environ.get(EXECUTOR, "")
        self.parametrization = SqlParametrizationStore(database)
        self._given = plugins
        self._catalog: Catalog | None = None
        self._seals: dict[tuple[str, str, str], SealInUse] = {}

    @cached_property
    def plugins(self) -> Plugins:
        from engine.spi.host import load_plugins

        return self._given or load_plugins()

    @cached_property
    def documents(self) -> SqlDocumentStore:
        from engine.storage.documents import SqlDocumentStore

        return SqlDocumentStore(self.database)

    @cached_property
    def posting(self) -> SqlPostingStore:
        from engine.storage.posting import SqlPostingStore

        return SqlPostingStore(self.database, self._ids, self.queue)

    @cached_property
    def batches(self) -> SqlBatchStore:
        from engine.storage.batch import SqlBatchStore

        return SqlBatchStore(self.database, self._ids, self.posting, self.queue)

    @cached_property
    def _ids(self) -> IdBlocks:
        from engine.storage.posting import IdBlocks

        return IdBlocks(self.database)

    @cached_property
    def deliveries(self) -> SqlDeliveryStore:
        from engine.storage.deliveries import SqlDeliveryStore

        return SqlDeliveryStore(self.database, self._ids, self.queue)

    @cached_property
    def delivery_book(self) -> SqlDeliveryBook:
        from engine.storage.delivery_book import SqlDeliveryBook

        return SqlDeliveryBook(self.database, self.deliveries)

    @cached_property
    def queue(self) -> JobQueue | None:
        """What is told of every delivery that is written; only where FACTOTUM_EXECUTOR asks for it.

        Errors: QueueMissing.
        """
        if self._executor != "procrastinate":
            return None
        from engine.storage.job_queue import JobQueue

        queue = JobQueue(self.database)
        queue.check()
        return queue

    @cached_property
    def messages(self) -> SqlMessageStore:
        from engine.storage.messages import SqlMessageStore

        return SqlMessageStore(self.database, self.deliveries, self._ids)

    def executor(self, name: str, relay: Relay, troubled: Callable[[Exception], None]) -> Executor:
        """What works through deliveries: embedded or procrastinate. Errors: QueueMissing."""
        if name != "procrastinate":
            from engine.outbox.executors.embedded import Embedded

            return Embedded(relay, troubled=troubled)
        from engine.storage.job_queue import JobQueue
        from engine.storage.queue_worker import Procrastinate

        queue = self.queue or JobQueue(self.database)
        queue.check()
        return Procrastinate(relay, self.database, queue, troubled=troubled)

    @cached_property
    def inbox(self) -> SqlInbox:
        from engine.storage.inbox import SqlInbox

        return SqlInbox(self.database)

    @cached_property
    def files(self) -> SqlFiles:
        from engine.storage.archive import SqlFiles

        return SqlFiles(self.database)

    def shelf(self) -> FolderShelf:
        from engine.storage.archive_folder import FolderShelf, folder_for

        return FolderShelf(folder_for(self.database.file, os.environ, self.database.shown), token)

    @cached_property
    def connections(self) -> SqlConnectionStore:
        from engine.storage.connections import SqlConnectionStore

        return SqlConnectionStore(self.database)

    def switchboard(self, clock: Clock) -> Switchboard:
        from engine.outbox.connections import Switchboard
        from engine.outbox.vault import vault_from
        from engine.spi.net import network_from

        offers = self.plugins.connectable()
        return Switchboard(self.connections, vault_from(os.environ), network_from(os.environ), clock.now, offers)

    @cached_property
    def history(self) -> SqlHistory:
        from engine.storage.history import SqlHistory

        return SqlHistory(self.database)

    def catalog(self, fresh: bool = True) -> Catalog:
        if self._catalog is None or fresh:
            head = self.parametrization.head()
            if self._catalog is None or self._catalog.revision != head:
                self._catalog = self._read(head)
        return self._catalog

    def catalog_at(self, revision: int) -> Catalog:
        current = self._catalog
        return current if current and current.revision == revision else self._read(revision)

    def _read(self, revision: int) -> Catalog:
        stored = self.parametrization
        bodies = effective(stored.state(revision).bodies)
        return Catalog(bodies, revision, stored.period_states(revision), stored.seal_settings(revision))

    def seal_in_use(self, seal: str, company: str, settings: str) -> SealInUse:
        from engine.spi.seals import in_use

        asked = (seal, company, settings)
        if asked not in self._seals:
            self._seals[asked] = in_use(self.plugins.seals[seal], json.loads(settings))
        return self._seals[asked]


def database_url(given: str | None = None) -> str:
    """The address given, else that of the environment, else a file in the current folder."""
    return given or os.environ.get(ENVIRONMENT) or DEFAULT_DATABASE


def open_house(url: str | None = None, plugins: Plugins | None = None) -> BuiltHouse:
    """Open a database that is ready. Errors: DatabaseNotReady, DatabaseUnreachable …"""
    database = open_database(database_url(url))
    check_ready(database)
    return BuiltHouse(database, plugins)


def make_house(url: str | None = None, plugins: Plugins | None = None) -> BuiltHouse:
    """Make the database ready, then open it."""
    database = open_database(database_url(url))
    upgrade(database)
    if os.environ.get(EXECUTOR) == "procrastinate":
        from engine.storage.job_queue import JobQueue

        JobQueue(database).install()
    return BuiltHouse(database, plugins)


def _user() -> str:
    """The user's name; in a container that knows none, their number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def system_context(language: str = "") -> Context:
    """The command line's caller: the operating-system user, with all rights, now."""
    return Context(Actor(_user(), lambda action, company, type: True), SystemClock(), language)
