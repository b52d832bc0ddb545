"""Who works where: the house a command works in, the context of its caller, and what that caller may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from engine.kernel.clock import Clock
from engine.kernel.faults import FaultKind, Faulty
from engine.parametrization.catalog import Catalog

if TYPE_CHECKING:
    from engine.inbox.received import InboxStore
    from engine.outbox.archiving import FileStore, Shelf
    from engine.outbox.bounces import MessageStore
    from engine.outbox.connections import ConnectionStore, Switchboard
    from engine.outbox.executors import Executor
    from engine.outbox.relay import Relay
    from engine.outbox.store import DeliveryBook, DeliveryStore
    from engine.parametrization.revisions import ParametrizationStore
    from engine.posting.batch import BatchStore
    from engine.posting.ports import DocumentStore, HistoryStore, PostingStore
    from engine.spi.host import Plugins
    from engine.spi.seals import SealInUse

NOT_ALLOWED = FaultKind("not_allowed", "{actor} may not {action} for {company}", "ask who gives the rights")

INSTALL = "install a plugin that offers it"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what they may do: deny by default."""

    name: str
    allows: Callable[[str, str, str], bool] = field(default=lambda action, company, type: False, repr=False)

    def may(self, action: str, company: str = "", type: str = "") -> bool:
        return self.allows(action, company, type)


@dataclass(frozen=True, slots=True)
class Context:
    """What every command is told of its caller."""

    actor: Actor
    clock: Clock
    language: str = ""


class House(Protocol):
    """One database with what works on it; built by `app`."""

    @property
    def parametrization(self) -> ParametrizationStore: ...
    @property
    def posting(self) -> PostingStore: ...
    @property
    def batches(self) -> BatchStore: ...
    @property
    def documents(self) -> DocumentStore: ...
    @property
    def deliveries(self) -> DeliveryStore: ...
    @property
    def delivery_book(self) -> DeliveryBook: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def connections(self) -> ConnectionStore: ...
    @property
    def inbox(self) -> InboxStore: ...
    @property
    def files(self) -> FileStore: ...
    @property
    def history(self) -> HistoryStore: ...
    @property
    def plugins(self) -> Plugins: ...

    def executor(self, name: str, relay: Relay, troubled: Callable[[Exception], None]) -> Executor:
        """What works through deliveries, by name. Errors: QueueMissing."""

    def shelf(self) -> Shelf:
        """The archive without a connection: a folder. Errors: NoArchive."""

    def switchboard(self, clock: Clock) -> Switchboard:
        """Connections, opened for use. Errors: NoKey, BadNetworks: what the environment names does not do."""

    def catalog(self, fresh: bool = True) -> Catalog:
        """The parametrization in force; with `fresh` False as last read, which the counter checks anyway."""

    def seal_in_use(self, seal: str, company: str, settings: str) -> SealInUse:
        """A seal with a company's settings, its keys read once. Errors: Faulty(seal_not_ready)."""

    def catalog_at(self, revision: int) -> Catalog:
        """The parametrization as it was."""


def allowed(context: Context, action: str, company: str = "", type: str = "") -> None:
    """Ask the actor. Errors: Faulty(not_allowed)."""
    if not context.actor.may(action, company, type):
        raise Faulty(
            [NOT_ALLOWED.at("", actor=context.actor.name, action=action, company=company or "this installation")]
        )
