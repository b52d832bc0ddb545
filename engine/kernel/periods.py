"""Validity: from a day to a day, both ends inclusive, either end open."""

from __future__ import annotations

from datetime import date


def in_force(valid_from: date | None, valid_to: date | None, on: date) -> bool:
    return (valid_from is None or valid_from <= on) and (valid_to is None or on <= valid_to)


def shown(valid_from: date | None, valid_to: date | None) -> str:
    """In words: `from 2026-01-01`, `until 2026-12-31`, `2026-01-01 to 2026-12-31`, `always`."""
    if valid_from and valid_to:
        return f"{valid_from} to {valid_to}"
    if valid_from:
        return f"from {valid_from}"
    return f"until {valid_to}" if valid_to else "always"
