"""A provider as the relay sees it: one more channel, whose parcel is prepared, then pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.spi.contracts import (
    DeliveryChannel,
    DeliveryPolicy,
    DocumentView,
    Parcel,
    PluginContext,
    Provider,
    Receipt,
    RemoteRef,
    TestReport,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


class AsChannel:
    """The document goes to the provider's account: that is its one recipient."""

    def __init__(self, provider: Provider) -> None:
        self.name, self.provider = provider.name, provider

    @property
    def settings_model(self) -> type[BaseModel]:
        return self.provider.settings_model

    def policy_of(self, settings: Any) -> DeliveryPolicy:
        return self.provider.policy_of(settings)

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        return (self.provider.name,)

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        return self.provider.test(settings, context)

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        prepared = self.provider.prepare(parcel.document, parcel.settings)
        for warning in prepared.warnings:
            context.note(warning)
        return _receipt(self.provider.push(prepared, parcel.key, parcel.settings, context))

    def find(self, parcel: Parcel, context: PluginContext) -> Receipt | None:
        prepared = self.provider.prepare(parcel.document, parcel.settings)
        found = self.provider.find(prepared, parcel.key, parcel.settings, context)
        return None if found is None else _receipt(found)


def hand_overs(
    channels: Mapping[str, DeliveryChannel], providers: Mapping[str, Provider]
) -> Mapping[str, DeliveryChannel]:
    """All that a delivery rule may name, by name."""
    return {**{name: AsChannel(one) for name, one in providers.items()}, **channels} if providers else channels


def _receipt(made: RemoteRef) -> Receipt:
    number = f" {made.number}" if made.number else ""
    words = [f"{made.kind}{number}, id {made.id}", f"account {made.account}" if made.account else "", made.web_url]
    return Receipt(made.id, "; ".join(filter(None, words)))
