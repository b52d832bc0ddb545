"""Parcels for the tests of channels, and a secret that must turn up nowhere."""

from __future__ import annotations

from typing import Any

from engine.spi import File, Parcel
from tests.plugins.facturx.views import french_mixed

KEY = "0d3adb33-7f1e-5c7c-9d3f-1f0a2b3c4d5e"
CANARY = "c4n4ry-S3cret/+=Zz"
PDF = File("FA-2026-00042.pdf", "application/pdf", b"%PDF-1.7\n" + bytes(range(256)) + b"\r\n--\r\n%%EOF")
BIG = File("big.bin", "application/octet-stream", bytes(range(256)) * 120_000)  # 30.7 MB


def parcel(settings: Any, **changes: Any) -> Parcel:
    given: dict[str, Any] = {
        "key": KEY, "document": french_mixed(), "files": (PDF,), "recipients": ("C0042",), "settings": settings,
    } | changes  # fmt: skip
    return Parcel(**given)
