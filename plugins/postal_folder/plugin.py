"""Hooks of the folder of letters; entry point `factotum.plugins`: postal_folder = plugins.postal_folder.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import Absent, Manifest, PluginKind, hookimpl
from plugins.postal_folder.client import PostalFolderChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="postal_folder",
        version="1.0",
        title="Letters in a folder",
        kind=PluginKind.POSTAL,
        capabilities=frozenset({"deliver", "test"}),
        cannot={"events": Absent("a folder does not tell what became of a letter", "ask who takes the letters")},
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=("the document, its recipient's name and postal address: to whoever empties the folder",),
    )


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [PostalFolderChannel()]
