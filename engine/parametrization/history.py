"""Is the parametrization of the past what it was? A record has its hash for a name; a revision hashes them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from engine.parametrization import bodies
from engine.parametrization.revisions import Name

Row = Mapping[str, Any]


def changed_records(records: Iterable[Row]) -> Iterator[Name]:
    """Records whose body is not the one they were named for. `records`: hash, table_name, key, body."""
    for row in records:
        if bodies.content_hash(row["table_name"], row["key"], row["body"]) != row["hash"]:
            yield row["table_name"], row["key"]


def changed_revisions(changes: Iterable[Row]) -> Iterator[int]:
    """Revisions that are not what their hash says. `changes`, in order of revision: id, content_hash, table_name, key,
    pack, hash; one without table for a revision that changes no record."""
    state: dict[Name, str] = {}
    found = ""
    for (revision, content_hash), rows in groupby(changes, lambda row: (row["id"], row["content_hash"])):
        for row in rows:
            name = (row["table_name"], row["key"])
            if row["hash"]:
                state[name], found = f"{row['pack']}\n{row['hash']}\n", ""
            elif row["table_name"]:
                state.pop(name, None)
                found = ""
        found = found or hashlib.sha256("".join(line for _, line in sorted(state.items())).encode()).hexdigest()
        if found != content_hash:
            yield revision
