"""A delivery row as the parcel its channel is given: the files rendered and kept, the words, the key."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from engine.outbox.store import Row
from engine.spi.contracts import DocumentFormat, DocumentView, File, Message, Parcel

Keep = Callable[[File, str, str], None]
"""Keeps a rendered file: (file, its hash, the format)."""


class NotOffered(Exception):
    """No plugin offers a format or channel now; it may come back."""


def key_of(row: Row) -> str:
    """The same however often the row is tried; another for every other row. Reports that name it are believed.

    Rows from before migration 0017 have none of their own; theirs is computed as it was when they were first tried.
    """
    if row["key"]:
        return str(row["key"])
    name = f"factotum:{row['company']}:{row['document']}:{row['channel']}:{row['id']}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def parcel_of(
    row: Row,
    view: DocumentView,
    settings: Any,
    formats: Mapping[str, DocumentFormat],
    keep: Keep,
    message: Message | None = None,
) -> Parcel:
    """The row's own format comes first in the parcel.

    Errors: Rejected, when a format cannot tell the document; NotOffered.
    """
    named = dict.fromkeys(one for one in (row["format"], *json.loads(row["formats"] or "[]")) if one)
    files = tuple(_rendered(name, view, formats, keep) for name in named)
    recipients, copies, hidden = (
        tuple(json.loads(row[name] or "[]")) for name in ("recipients", "copies", "hidden_copies")
    )
    return Parcel(key_of(row), view, files, recipients, settings, message, copies, hidden)


def _rendered(name: str, view: DocumentView, formats: Mapping[str, DocumentFormat], keep: Keep) -> File:
    form = formats.get(name)
    if form is None:
        raise NotOffered(f"no plugin offers the format {name}")
    file = form.render(view)
    keep(file, hashlib.sha256(file.content).hexdigest(), name)
    return file
