"""Canonical bytes and hashes of posted rows. Version 3.

A row is hashed by meaning, never by display: decimals without trailing zeros, dates ISO, instants UTC with
microseconds, keys sorted. What is stored is what is hashed; reading it back on either database gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any

from engine.kernel.money import plain
from engine.kernel.rowtext import Says, function_of

VERSION = 3
FIRST = "0" * 64
"""The previous hash of the first document of a series."""
HASHED = ("document", "document_line", "document_tax", "entry", "entry_line", "audit")
"""Tables whose rows are in a document's hash, in this order."""
CREATION = ("creation_series", "creation_value", "creation_number")
"""Columns of a second number."""
AFTER_NUMBER = {
    "document": frozenset({"series", "value", "number", "canon", "body_hash", "previous_hash", "hash"}).union(CREATION),
    "entry": frozenset({"description"}),
    "entry_line": frozenset({"description"}),
}
"""Columns that may depend on the number: not in the body's hash, but in the link's."""
COLUMNS_SINCE: Mapping[int, Mapping[str, Mapping[str, Any]]] = {
    2: {
        "document_tax": {"self_assessed": Decimal(0)},
        "entry": {"category": "actual", "status": "final"},
        "entry_line": {"quantity": None, "reference": "", "analytic": "", "open_item": False, "matching": ""},
    },
    3: {"document": dict.fromkeys(CREATION)},
}
"""Columns that came with a later version: a document of an earlier one was hashed without them, and holds what says
nothing in each."""

Row = Mapping[str, Any]


@cache
def _left_out(table: str, version: int) -> frozenset[str]:
    """The columns of a table that are not in the body's hash of a version."""
    later = (since[table] for number, since in COLUMNS_SINCE.items() if number > version and table in since)
    return AFTER_NUMBER.get(table, frozenset()).union(*later)


def not_hashed(rows_of: Mapping[str, Iterable[Row]], version: int) -> Iterator[str]:
    """Columns later than a document's version that hold something all the same: nothing vouches for it."""
    for number, since in COLUMNS_SINCE.items():
        for table, columns in since.items() if number > version else ():
            for row in rows_of.get(table, ()):
                yield from (f"{table}.{name}" for name, default in columns.items() if row[name] != default)


def json_text(value: Any) -> str:
    """Canonical JSON of plain data."""
    return "".join(_ENCODE(value, 0))


def read(text: str) -> Any:
    """What a canonical text holds; None when the text is not canonical: other spaces, order, numbers, or no JSON."""
    try:
        value = _DECODER.decode(text)
        return value if json_text(value) == text else None
    except (ValueError, RecursionError):
        return None


def body_hash(rows_of: Mapping[str, Iterable[Row]], version: int = VERSION) -> str:
    """The hash of a document's rows, given by table, without what depends on the number.

    Each row adds its table's name, its canonical JSON and a line feed.
    """
    texts: list[bytes] = []
    for table in HASHED:
        rows, names, kinds = rows_of.get(table, ()), None, None
        for row in rows:
            own_names, own_kinds = tuple(row), tuple(map(type, row.values()))
            if own_kinds != kinds or own_names != names:  # most rows of a table are alike
                names, kinds = own_names, own_kinds
                told = _form(table, names, kinds, version)
            texts.append(told(row).encode())
    return hashlib.sha256(b"".join(texts)).hexdigest()


@lru_cache(maxsize=1_000)
def _form(table: str, names: tuple[str, ...], kinds: tuple[type, ...], version: int) -> Callable[[Row], str]:
    """What tells a row with values of these types, as one function: most of a document's cells are hashed, one by one.

    Shape: ("entry", ("journal", "date"), (str, date), 2) ->
           lambda row: f'entry{{"date":"{row["date"].isoformat()}","journal":{text(row["journal"])}}}\n'
    """
    left_out = _left_out(table, version)
    parts: list[str | Says] = [table + "{"]
    for name, kind in sorted(zip(names, kinds, strict=True)):
        if name not in left_out:
            says, mark = _CELLS.get(kind, ("json_text({})", ""))
            parts += [f"{json_text(name)}:{mark}", Says(says.format(f"row[{name!r}]")), mark, ","]
    known = {"text": encode_basestring, "plain": plain, "json_text": json_text}
    return function_of([*(parts[:-1] if len(parts) > 1 else parts), "}\n"], known)


def link(
    previous: str,
    series: int,
    value: int,
    number: str,
    texts: Sequence[str],
    body: str,
    version: int = VERSION,
    seals: Sequence[Sequence[Any]] = (),
    creation: Sequence[Any] = (),
) -> str:
    """The hash of a document in its series' chain. `texts` are the descriptions of its entries and their lines, `seals`
    what its legal seals say, `creation` series, value and text of its second number; a document that has no seals, or
    no second number, is hashed without them."""
    whole = [version, previous, series, value, number, list(texts), body, *([list(seals)] if seals else [])]
    whole += [{"creation": list(creation)}] if creation else []
    return hashlib.sha256(json_text(whole).encode()).hexdigest()


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


_CELLS: Mapping[type, tuple[str, str]] = {
    str: ("text({})", ""),
    int: ("{}", ""),
    bool: ("'true' if {} else 'false'", ""),
    type(None): ("'null'", ""),
    Decimal: ("plain({})", '"'),
    date: ("{}.isoformat()", '"'),
}
"""What `json_text` gives for the values that most columns hold, without its detours: an expression, between marks."""


def _refused(number: str) -> Any:
    raise ValueError(f"{number} is no exact number")


_DECODER = json.JSONDecoder(parse_float=_refused, parse_constant=_refused)
_ENCODE: Callable[[Any, int], Iterable[str]] = c_make_encoder(
    None, _plain, encode_basestring, None, ":", ",", True, False, True
)
"""What json.JSONEncoder makes anew for each value: sorted keys, no spaces, every letter as it is."""
