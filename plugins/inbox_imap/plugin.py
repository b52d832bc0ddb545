"""The hooks: one source, `inbox_imap`. Registering loads no IMAP."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import AuthKind, DocumentSource, Manifest, PluginKind, hookimpl
from plugins.inbox_imap.source import MailSource


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="inbox_imap",
        version="1.0",
        title="Invoices sent to a mailbox",
        kind=PluginKind.IMPORT,
        capabilities=frozenset({"fetch", "test"}),
        auth=(AuthKind.BASIC,),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_sources() -> Iterable[DocumentSource]:
    return [MailSource()]
