"""The hooks: one archive store. Registering loads no fsspec."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import ArchiveStore, AuthKind, Manifest, PluginKind, hookimpl
from plugins.archive_fsspec.store import FsspecStore


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="archive_fsspec",
        version="1.0",
        title="Archive in any place fsspec reaches",
        kind=PluginKind.ARCHIVE,
        capabilities=frozenset({"archive", "test"}),
        auth=(AuthKind.NONE, AuthKind.API_KEY),
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=("invoices issued and received, with all that is on them, to the place named",),
    )


@hookimpl
def register_archive_stores() -> Iterable[ArchiveStore]:
    return [FsspecStore()]
