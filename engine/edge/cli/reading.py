"""Documents from a file: one JSON document, a JSON list, or JSON lines, which are read as they come."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

import click

from engine.drafting.request import DOCUMENT_LIMIT, TOO_LARGE, read_json
from engine.kernel.faults import Fault, Faulty

WHOLE_LIMIT = 256 * 1024 * 1024
"""A list is held in memory; longer ones come as JSON lines."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no JSON: reported in its place, the others post."""

    faults: list[dict[str, str]]


def read_documents(file: IO[bytes]) -> tuple[str, Iterator[Any]]:
    """(`one`, `list` or `lines`, the documents or `Unreadable`). Errors: Faulty when nothing can be read."""
    first = _first_line(file)
    if isinstance(found := _parsed(first), dict):
        if not _is_regular(file):  # a pipe: answer this one before asking for the next
            return "lines", _each(chain([first], _lines(file)))
        second = _first_line(file)
        return ("lines", _each(chain([first, second], _lines(file)))) if second else ("one", iter([found]))
    whole = first + file.read(WHOLE_LIMIT)
    if len(whole) >= WHOLE_LIMIT:
        raise Faulty([TOO_LARGE.at("", size=len(whole), limit=WHOLE_LIMIT)])
    found = _parsed(whole, WHOLE_LIMIT)
    if not isinstance(found, Unreadable):
        return ("list", iter(found)) if isinstance(found, list) else ("one", iter([found]))
    lines = whole.split(b"\n")
    if sum(line.startswith(b"{") for line in lines) > 1:
        return "lines", _each(lines)  # a broken first line does not hide the others
    return "one", iter([found])


def one_document(file: IO[bytes]) -> Any:
    """The one document of a file. Errors: Faulty when it cannot be read."""
    _, documents = read_documents(file)
    found = next(documents, None)
    if found is None or next(documents, None) is not None:
        raise click.BadParameter("one document is wanted", param_hint="--document")
    if isinstance(found, Unreadable):
        raise Faulty(Fault(**fault) for fault in found.faults)
    return found


def _is_regular(file: IO[bytes]) -> bool:
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, ValueError):  # not a file of the system at all
        return False


def _first_line(file: IO[bytes]) -> bytes:
    line = file.readline(DOCUMENT_LIMIT + 1)
    while line and not line.strip():
        line = file.readline(DOCUMENT_LIMIT + 1)
    return line


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(DOCUMENT_LIMIT + 1):
        yield line
        while len(line) > DOCUMENT_LIMIT and not line.endswith(b"\n"):  # too long: told once, its rest is passed over
            line = file.readline(DOCUMENT_LIMIT + 1)


def _each(lines: Iterable[bytes]) -> Iterator[Any]:
    for line in lines:
        if line.strip():
            yield _parsed(line)


def _parsed(text: bytes, limit: int = DOCUMENT_LIMIT) -> Any:
    try:
        return read_json(text, limit)
    except Faulty as faulty:
        return Unreadable([fault.as_json() for fault in faulty.faults])
