"""The hooks: two formats, `facturx` and `cii`. Registering loads neither lxml, typst nor pikepdf."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import DocumentFormat, Manifest, PluginKind, hookimpl
from plugins.facturx.formats import Cii, FacturX


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="facturx",
        version="1.0",
        title="Factur-X: a PDF/A-3 with its CII inside",
        kind=PluginKind.FORMAT,
        capabilities=frozenset({"render"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_formats() -> Iterable[DocumentFormat]:
    return [FacturX(), Cii()]
