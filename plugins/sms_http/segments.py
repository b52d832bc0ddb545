"""How many messages a text takes. Pure.

Source: 3GPP TS 23.038 §6.2.1 (the default alphabet and its extension) and TS 23.040 §9.2.3.24.1 (parts of a long one):
160 signs of the default alphabet, or 153 in each part of several; else 70 units of UCS-2, or 67. A sign of the
extension (the euro sign, brackets …) takes two, and is not cut in half; nor is a pair of UTF-16.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text comes to: `units` are septets or UTF-16 units, `count` the messages that are paid for."""

    alphabet: str  # gsm | ucs2
    units: int
    count: int


def segments(text: str) -> Segments:
    """Shape: "Total: 5 €" -> Segments("gsm", 11, 1)"""
    gsm = all(sign in DEFAULT or sign in EXTENSION for sign in text)
    sizes = [1 + (sign in EXTENSION if gsm else ord(sign) > 0xFFFF) for sign in text]
    alone, part = (160, 153) if gsm else (70, 67)
    units = sum(sizes)
    count = 1 if units <= alone else _parts(sizes, part)
    return Segments("gsm" if gsm else "ucs2", units, count if text else 0)


def _parts(sizes: Iterable[int], room: int) -> int:
    parts, left = 1, room
    for size in sizes:
        if size > left:
            parts, left = parts + 1, room
        left -= size
    return parts
