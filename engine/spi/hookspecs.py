"""The hooks: each is called once at start and only registers; no I/O. pluggy refuses a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from engine.spi.contracts import (
        ArchiveStore,
        DeliveryChannel,
        DocumentFormat,
        DocumentSource,
        Importer,
        Manifest,
        Provider,
        Seal,
    )

PROJECT = "factotum"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Names of what is offered are unique among all plugins. All since API 1."""

    @hookspec(firstresult=True)
    def register_manifest(self) -> Manifest:  # type: ignore[empty-body]
        """Tell what this plugin is; the one hook every plugin has. Example: plugins/facturx."""

    @hookspec
    def register_formats(self) -> Iterable[DocumentFormat]:  # type: ignore[empty-body]
        """Offer ways to render a posted document to a file. Capability `render`. Example: plugins/facturx."""

    @hookspec
    def register_delivery_channels(self) -> Iterable[DeliveryChannel]:  # type: ignore[empty-body]
        """Offer ways to hand a posted document to someone outside. Capability `deliver`.

        Example: plugins/email_smtp.
        """

    @hookspec
    def register_providers(self) -> Iterable[Provider]:  # type: ignore[empty-body]
        """Offer invoicing systems that keep a document for each of ours. Capability `push.create`."""

    @hookspec
    def register_importers(self) -> Iterable[Importer]:  # type: ignore[empty-body]
        """Offer ways to read a file into a document. Capability `import`. Example: plugins/facturx."""

    @hookspec
    def register_sources(self) -> Iterable[DocumentSource]:  # type: ignore[empty-body]
        """Offer places files come from. Capability `fetch`."""

    @hookspec
    def register_seals(self) -> Iterable[Seal]:  # type: ignore[empty-body]
        """Offer ways to sign a document with its number, as a country's law wants it. Capability `seal`.

        Example: plugins/seal_esp.
        """

    @hookspec
    def register_archive_stores(self) -> Iterable[ArchiveStore]:  # type: ignore[empty-body]
        """Offer stores that keep files for years. Capability `archive`."""
