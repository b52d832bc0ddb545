"""Hooks of Spain's seal; entry point `factotum.plugins`: seal_esp = plugins.seal_esp.plugin."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import Manifest, PluginKind, Seal, hookimpl
from plugins.seal_esp.seal import SpanishSeal


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="seal_esp",
        version="1.0",
        title="Spain: Verifactu records and QR",
        kind=PluginKind.SEAL,
        capabilities=frozenset({"seal"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_seals() -> Iterable[Seal]:
    return [SpanishSeal()]
