"""Hooks of the plain formats; entry point `factotum.plugins`: export_files = plugins.export_files.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import Manifest, PluginKind, hookimpl
from plugins.export_files.table import Csv
from plugins.export_files.tree import Json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DocumentFormat


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="export_files",
        version="1.0",
        title="CSV and JSON",
        kind=PluginKind.FORMAT,
        capabilities=frozenset({"render"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_formats() -> Iterable[DocumentFormat]:
    return [Csv(), Json()]
