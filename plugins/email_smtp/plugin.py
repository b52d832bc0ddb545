"""Hooks of the e-mail plugin; entry point `factotum.plugins`: email_smtp = plugins.email_smtp.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import AuthKind, Manifest, PluginKind, hookimpl
from plugins.email_smtp.client import EmailChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="email_smtp",
        version="1.0",
        title="E-mail through an SMTP server",
        kind=PluginKind.DELIVERY,
        capabilities=frozenset({"deliver", "test", "events", "attachments", "mail.customise", "mail.status"}),
        auth=(AuthKind.NONE, AuthKind.BASIC),
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=("the document, its recipients' names and addresses: to the mail server of the connection",),
    )


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [EmailChannel()]
