"""The hooks: two formats and two importers, `facturx` and `cii`. Registering loads neither lxml, typst nor pikepdf."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import DocumentFormat, Importer, Manifest, PluginKind, hookimpl
from plugins.facturx.formats import Cii, FacturX
from plugins.facturx.importers import CiiImporter, FacturXImporter


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="facturx",
        version="1.0",
        title="Factur-X: a PDF/A-3 with its CII inside",
        kind=PluginKind.FORMAT,
        capabilities=frozenset({"render", "import"}),
        licence="Apache-2.0",
        docs="plugins/README.md",
    )


@hookimpl
def register_formats() -> Iterable[DocumentFormat]:
    return [FacturX(), Cii()]


@hookimpl
def register_importers() -> Iterable[Importer]:
    return [FacturXImporter(), CiiImporter()]
