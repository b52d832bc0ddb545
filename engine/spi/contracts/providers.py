"""Providers: invoicing systems that keep a document of their own for each of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.spi.contracts.connections import PluginContext, TestReport
    from engine.spi.contracts.delivery import DeliveryPolicy
    from engine.spi.contracts.views import DocumentView


@dataclass(frozen=True, slots=True)
class Prepared:
    """What will be pushed, before anything is called."""

    kind: str  # the remote's kind of document
    payload: Mapping[str, Any]  # JSON, amounts as strings or Decimal
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """The remote's document."""

    id: str
    kind: str
    number: str = ""
    account: str = ""
    etag: str = ""
    web_url: str = ""


class Provider(Protocol):
    """A delivery rule names a provider where it would name a channel; the relay prepares, then pushes."""

    name: str  # stored in delivery rows, so it never changes

    @property
    def settings_model(self) -> type[BaseModel]:
        """As of a channel."""

    def policy_of(self, settings: Any) -> DeliveryPolicy:
        """As of a channel: idempotent when the remote takes our key, else reconcilable."""

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        """The cheapest read that also tells what the account may do. As of a channel."""

    def prepare(self, document: DocumentView, settings: Any) -> Prepared:
        """Our document as theirs. Pure. Errors: Rejected, with everything the remote would refuse that can be known."""

    def push(self, prepared: Prepared, key: str, settings: Any, context: PluginContext) -> RemoteRef:
        """Make the remote's document; the same key never makes two. Errors: as DeliveryChannel.deliver."""

    def find(self, prepared: Prepared, key: str, settings: Any, context: PluginContext) -> RemoteRef | None:
        """What a push of this key made, None when nothing. Errors: TryLater when it cannot be said now."""
