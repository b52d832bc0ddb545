"""Canonical bytes and hashes of posted rows. Version 1.

A row is hashed by meaning, never by display: decimals without trailing zeros, dates ISO, instants UTC with
microseconds, keys sorted. What is stored is what is hashed; reading it back on either database gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from engine.kernel.money import plain

VERSION = 1
FIRST = "0" * 64
"""The previous hash of the first document of a series."""
HASHED = ("document", "document_line", "document_tax", "entry", "entry_line", "audit")
"""Tables whose rows are in a document's hash, in this order."""
AFTER_NUMBER = {
    "document": frozenset({"series", "value", "number", "canon", "body_hash", "previous_hash", "hash"}),
    "entry": frozenset({"description"}),
    "entry_line": frozenset({"description"}),
}
"""Columns that may depend on the number: not in the body's hash, but in the link's."""

Row = Mapping[str, Any]


def json_text(value: Any) -> str:
    """Canonical JSON of plain data."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def body_hash(rows_of: Mapping[str, Iterable[Row]]) -> str:
    """The hash of a document's rows, given by table, without what depends on the number."""
    digest = hashlib.sha256()
    for table in HASHED:
        for row in rows_of.get(table, ()):
            kept = {name: value for name, value in row.items() if name not in AFTER_NUMBER.get(table, ())}
            digest.update(table.encode())
            digest.update(json_text(kept).encode())
            digest.update(b"\n")
    return digest.hexdigest()


def link(previous: str, series: int, value: int, number: str, texts: Sequence[str], body: str) -> str:
    """The hash of a document in its series' chain. `texts` are the descriptions of its entries and their lines."""
    return hashlib.sha256(json_text([VERSION, previous, series, value, number, list(texts), body]).encode()).hexdigest()


def texts_after_number(entries: Iterable[Row], entry_lines: Iterable[Row]) -> list[str]:
    return [row["description"] for rows in (entries, entry_lines) for row in rows]


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no canonical form for {type(value).__name__}")
