"""The hooks: each is called once at start and only registers; no I/O. pluggy refuses a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from engine.spi.contracts import DeliveryChannel, DocumentFormat, Seal

PROJECT = "factotum"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    @hookspec
    def register_formats(self) -> Iterable[DocumentFormat]:  # type: ignore[empty-body]
        """Offer ways to render a posted document to a file.

        Called once at start, no I/O. Names are unique among all plugins. Since API 1. Example: plugins/facturx.
        """

    @hookspec
    def register_delivery_channels(self) -> Iterable[DeliveryChannel]:  # type: ignore[empty-body]
        """Offer ways to hand a posted document to someone outside.

        Called once at start, no I/O. Names are unique among all plugins. Since API 1. Example: plugins/email_smtp.
        """

    @hookspec
    def register_seals(self) -> Iterable[Seal]:  # type: ignore[empty-body]
        """Offer ways to sign or hash a document with its number, as a country's law wants it.

        Called once at start, no I/O. Names are unique among all plugins. Since API 1. Example: plugins/seal_esp.
        """
