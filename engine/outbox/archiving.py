"""Files move from the database to the archive: written there once, read back, and only then emptied here.

    row with its content (committed) → put into the archive → read back, hash equal → row says where, content empty

Whoever is stopped between two steps has lost nothing: the content is in one place at least, and moving it again writes
the same bytes to the same place, which is no change. Nothing is handed over from the archive: the outbox goes on when
it is down.
"""

from __future__ import annotations

import hashlib
import re
from calendar import isleap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta
from typing import Any, Protocol

from engine.outbox.words import plugin_fault, written
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, FiscalYear, LegislationRecord
from engine.spi.contracts import NotFound, PluginError

Row = Mapping[str, Any]
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")


class Shelf(Protocol):
    """An archive ready for use: a store with its settings, or our own folder."""

    def put(self, place: str, content: bytes) -> None: ...
    def get(self, place: str) -> bytes:
        """Errors: NotFound and other PluginErrors."""


class FileStore(Protocol):
    """Table `file`, and which documents its rows belong to."""

    def staged(self, limit: int, after: str) -> list[str]:
        """Hashes of files whose content lies in the database only, in order."""

    def row(self, digest: str) -> Row | None:
        """All columns."""

    def begin(self, digest: str) -> list[str]:
        """Hashes that begin so; two when there are more."""

    def owners(self, digest: str) -> list[tuple[str, date]]:
        """(company, date of the document) of everything it belongs to; for what was received, when it came."""

    def archived(self, digest: str, archive: str, place: str, keep_until: date | None, at: datetime) -> None:
        """Say where it is, and empty it here."""

    def kept_longer(self, digest: str, until: date) -> None:
        """For what is archived: keep it until then at least."""

    def of_document(self, id: int, form: str) -> str | None:
        """The hash of the file a document left as, in a format."""

    def listed(self) -> Iterator[Row]:
        """Every file without its content, by hash: name, size, archived_at, archive, place, keep_until."""

    def counted(self) -> tuple[int, int]:
        """(archived, staged)"""


@dataclass(frozen=True, slots=True)
class Moved:
    moved: int = 0
    failed: tuple[tuple[str, str], ...] = ()  # (hash, words)


def place_of(digest: str, name: str, stored: date) -> str:
    """Shape: 2026/ab/abcdef….pdf. The name given is data: of it only a plain extension is used."""
    extension = name.rpartition(".")[2]
    tail = f".{extension.lower()}" if _EXTENSION.fullmatch(extension) and "." in name else ""
    return f"{stored.year:04}/{digest[:2]}/{digest}{tail}"


def keep_until(owners: list[tuple[str, date]], catalog: Catalog) -> date | None:
    """The last day on which the law of any owner wants a file kept; None when nobody knows whose it is."""
    days = [_until(company, on, catalog) for code, on in owners if (company := catalog.company(code))]
    return max(days, default=None)


def _until(company: Company, on: date, catalog: Catalog) -> date:
    """Retention counts from the end of the fiscal year of the document."""
    years = catalog.table(LegislationRecord)[company.legislation].retention_years
    ended = year_end(company, on, catalog)
    return _day(ended.year + years, ended.month, ended.day)


def _day(year: int, month: int, day: int) -> date:
    """A day of any year: 29 February is the 28th where there is none, and nothing is later than the last day."""
    if year > MAXYEAR:
        return date.max
    return date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)


def year_end(company: Company, on: date, catalog: Catalog) -> date:
    """The last day of the fiscal year: as defined, else by the company's `fiscal_year_start` (MM-DD), else December."""
    for year in catalog.table(FiscalYear).values():
        if year.company == company.code and year.valid_from <= on <= year.valid_to:
            return year.valid_to
    found = re.fullmatch(r"(\d\d)-(\d\d)", company.fiscal_year_start)
    month, day = (int(found[1]), int(found[2])) if found else (1, 1)
    try:
        date(2000, month, day)  # a leap year
    except ValueError:
        month, day = 1, 1
    start = _day(on.year, month, day)
    if on >= start and on.year == MAXYEAR:
        return date.max
    return (start if on < start else _day(on.year + 1, month, day)) - timedelta(days=1)


def move(
    store: FileStore, shelf: Shelf, archive: str, catalog: Catalog, now: Callable[[], datetime], most: int
) -> Moved:  # fmt: skip
    """Move what lies in the database, at most so many; one that fails stays, and is told."""
    failed: list[tuple[str, str]] = []
    moved, last = 0, ""
    while moved + len(failed) < most and (digests := store.staged(50, last)):
        for digest in digests:
            last = digest
            words = _moved(store, shelf, archive, catalog, now, digest)
            if words:
                failed.append((digest, words))
            else:
                moved += 1
            if len(failed) >= 5 and not moved:  # it is down: the rest would fail alike
                return Moved(moved, tuple(failed))
    return Moved(moved, tuple(failed))


def _moved(
    store: FileStore, shelf: Shelf, archive: str, catalog: Catalog, now: Callable[[], datetime], digest: str
) -> str:
    """ "" when it is in the archive, else why not."""
    row = store.row(digest)
    if row is None or not row["content"]:
        return ""
    if hashlib.sha256(row["content"]).hexdigest() != digest:
        return "its content in the database is not what its hash says"
    place = place_of(digest, row["name"], row["stored_at"].date())
    try:
        shelf.put(place, row["content"])
        if hashlib.sha256(shelf.get(place)).hexdigest() != digest:
            return f"{place} in the archive holds other bytes"
    except PluginError as error:
        return written(error.reason)
    except Exception as bug:  # a plugin may fail in any way: the content stays here
        return plugin_fault(bug)
    store.archived(digest, archive, place, keep_until(store.owners(digest), catalog), now())
    if until := keep_until(store.owners(digest), catalog):  # of one that came to own it meanwhile
        store.kept_longer(digest, until)
    return ""


def broken(row: Row, fetch: Callable[[Row], bytes]) -> str:
    """What is wrong with an archived file: "" when it is there and its hash is right, else `missing` or `changed`."""
    try:
        content = fetch(row)
    except NotFound:
        return "missing"
    return "" if hashlib.sha256(content).hexdigest() == row["hash"] else "changed"
