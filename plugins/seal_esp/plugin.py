"""Hooks of Spain's seal; entry point `factotum.plugins`: seal_esp = plugins.seal_esp.plugin."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import Seal, hookimpl
from plugins.seal_esp.seal import SpanishSeal


@hookimpl
def register_seals() -> Iterable[Seal]:
    return [SpanishSeal()]
