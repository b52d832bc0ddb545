"""Formats render, channels hand over; neither knows the other. What was handed over may be reported on later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.spi.contracts.connections import PluginContext, TestReport
    from engine.spi.contracts.views import DocumentView


@dataclass(frozen=True, slots=True)
class File:
    """A file. `verdict` tells what was checked of it and what could not be, in words, for people."""

    name: str
    media_type: str
    content: bytes
    verdict: str = ""


class DocumentFormat(Protocol):
    name: str  # stored in delivery rows, so it never changes
    extension: str

    def render(self, document: DocumentView) -> File:
        """Render one document. Pure: the same document gives the same bytes.

        Errors: Rejected(reason) when this document cannot be told in this format. Anything else is a plugin's bug.
        """


class DeliveryPolicy(StrEnum):
    """What may be done after a hand-over whose outcome is unknown."""

    IDEMPOTENT = "idempotent"  # send again with the same key: the remote drops the twin
    RECONCILABLE = "reconcilable"  # ask the remote first: the channel has `find`
    AT_LEAST_ONCE = "at_least_once"  # send again; a twin is possible
    AT_MOST_ONCE = "at_most_once"  # a person decides


@dataclass(frozen=True, slots=True)
class Message:
    """The words that go with a document, made from a template and perhaps edited; shortcodes are filled in already."""

    text: str
    subject: str = ""
    html: str = ""
    sender_name: str = ""  # "" leaves it to the connection's settings; so do the other two
    sender_address: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One hand-over. The same parcel may come again: pass `key` on, so that the other side can drop the twin."""

    key: str
    document: DocumentView
    files: tuple[File, ...]  # as the delivery rule names the formats; () when only a message is sent
    recipients: tuple[str, ...]
    settings: Any  # an instance of the channel's `settings_model`, from the connection
    message: Message | None = None  # None: the channel finds its own words, if it needs any
    copies: tuple[str, ...] = ()  # who gets it too, seen by all
    hidden_copies: tuple[str, ...] = ()

    @property
    def file(self) -> File | None:
        """The first file, for channels that hand over one."""
        return self.files[0] if self.files else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """`reference` is the other side's name for what it took, or ours when it gives none.

    `refused` names recipients who will never get it, and why; `later` those it could not take now: the engine comes
    back for these alone. What neither names was taken.
    """

    reference: str
    detail: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)


class DeliveryChannel(Protocol):
    """A connector is a channel like any other: parameters, a test, and it is active only after the test passed."""

    name: str  # stored in delivery rows, so it never changes

    @property
    def settings_model(self) -> type[BaseModel]:
        """The pydantic model of a connection's settings; validated before anything else is called.

        Secrets are fields of type SecretStr, at the top level; they are kept encrypted, apart from the settings.
        """

    def policy_of(self, settings: Any) -> DeliveryPolicy:
        """What may be done after an unknown outcome; it may depend on the settings. Pure."""

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """Whom this document goes to; empty when the document names nobody this channel can reach. Pure."""

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        """Try the connection without lasting effect, step by step, within 20 seconds. Raises nothing."""

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        """Hand over one parcel within the connection's own time-out.

        Errors: TryLater, OutcomeUnknown, AuthExpired, Rejected (see errors.py). Anything else parks the delivery as a
        plugin's bug.
        """


class Finds(Protocol):
    """A channel that can be asked whether it has a parcel already; a must with policy `reconcilable`."""

    def find(self, parcel: Parcel, context: PluginContext) -> Receipt | None:
        """The receipt of what it has, None when it has not. Errors: TryLater when it cannot be said now."""


class EventKind(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    DEFERRED = "deferred"
    BOUNCED_SOFT = "bounced_soft"
    BOUNCED_HARD = "bounced_hard"
    COMPLAINT = "complaint"
    REJECTED = "rejected"
    RETURNED = "returned"
    POSTED = "posted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """What became of something handed over, told afterwards. `id` makes it unique: it is taken in once."""

    id: str
    kind: EventKind
    key: str  # of the parcel; "" when only `reference` is known
    reference: str  # of the receipt
    recipient: str
    detail: str  # in words
    at: datetime
    code: str = ""  # such as 5.1.1, the enhanced status of a mail server


class Reports(Protocol):
    """A channel that tells later what became of its parcels: bounces read from a mailbox, a gateway that is asked."""

    def events(self, settings: Any, context: PluginContext) -> Iterable[DeliveryEvent]:
        """What is new. The engine takes each event in once, by its id. Errors: as `deliver`."""
