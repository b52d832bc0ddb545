"""Hooks of the web connector; entry point `factotum.plugins`: export_http = plugins.export_http.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import Absent, AuthKind, Manifest, PluginKind, hookimpl
from plugins.export_http.client import HttpChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="export_http",
        version="1.0",
        title="To a web address",
        kind=PluginKind.DELIVERY,
        capabilities=frozenset({"deliver", "test", "attachments", "idempotency_key"}),
        cannot={"find": Absent("a web address is not asked what it has", "set drops_twins if it honours the key")},
        auth=(AuthKind.NONE, AuthKind.BASIC, AuthKind.MANUAL_TOKEN, AuthKind.API_KEY),
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=("the document with its files, the partner's code, name and VAT number: to the connection's url",),
    )


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [HttpChannel()]
