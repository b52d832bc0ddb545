"""Hooks of Portugal's seal; entry point `factotum.plugins`: seal_prt = plugins.seal_prt.plugin."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import Manifest, PluginKind, Seal, hookimpl
from plugins.seal_prt.seal import PortugueseSeal


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="seal_prt",
        version="1.0",
        title="Portugal: signature, ATCUD, QR",
        kind=PluginKind.SEAL,
        capabilities=frozenset({"seal"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_seals() -> Iterable[Seal]:
    return [PortugueseSeal()]
