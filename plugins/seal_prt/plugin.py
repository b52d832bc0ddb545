"""Hooks of Portugal's seal; entry point `factotum.plugins`: seal_prt = plugins.seal_prt.plugin."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import Seal, hookimpl
from plugins.seal_prt.seal import PortugueseSeal


@hookimpl
def register_seals() -> Iterable[Seal]:
    return [PortugueseSeal()]
