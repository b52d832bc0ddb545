"""Hooks of the SMS connector; entry point `factotum.plugins`: sms_http = plugins.sms_http.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import Absent, AuthKind, Manifest, PluginKind, hookimpl
from plugins.sms_http.client import SmsChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="sms_http",
        version="1.0",
        title="SMS through a gateway",
        kind=PluginKind.SMS,
        capabilities=frozenset({"deliver", "test"}),
        cannot={
            "attachments": Absent("a message on a phone holds no file", "put a link into the text"),
            "events": Absent("what became of a message is not read back yet", "look at the gateway's own list"),
        },
        auth=(AuthKind.BASIC, AuthKind.MANUAL_TOKEN, AuthKind.API_KEY),
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=(
            "phone numbers of the partner and of extra recipients: to the gateway, and on to phone networks",
            "the text, by default with company, type, number, date and amount of the document: the same way",
        ),
    )


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [SmsChannel()]
