"""The hooks: one source, `inbox_folder`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import DocumentSource, Manifest, PluginKind, hookimpl
from plugins.inbox_folder.source import FolderSource


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="inbox_folder",
        version="1.0",
        title="Invoices dragged into a folder",
        kind=PluginKind.IMPORT,
        capabilities=frozenset({"fetch", "test"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_sources() -> Iterable[DocumentSource]:
    return [FolderSource()]
