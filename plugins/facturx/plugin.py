"""The hooks: two formats, `facturx` and `cii`. Registering loads neither lxml, typst nor pikepdf."""

from __future__ import annotations

from collections.abc import Iterable

from engine.spi import DocumentFormat, hookimpl
from plugins.facturx.formats import Cii, FacturX


@hookimpl
def register_formats() -> Iterable[DocumentFormat]:
    return [FacturX(), Cii()]
