"""Files are kept for years: moved to the archive, read back from it, judged by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.kernel.errors import EngineError
from engine.kernel.faults import FaultKind, Faulty

if TYPE_CHECKING:
    from engine.outbox.archiving import Moved, Shelf
    from engine.outbox.connections import Ready
    from engine.posting.findings import Finding
    from engine.spi.contracts import File

UNKNOWN_FILE = FaultKind("unknown_file", "there is no file {digest!r}", "`factotum archive list`")
SEVERAL_FILES = FaultKind("several_files", "several files begin with {digest!r}", "give more of the hash")
FILE_UNREADABLE = FaultKind("archived_file_unreadable", "file {digest} cannot be read: {words}", "{remedy}")
MOST = 10_000
Told = dict[str, Any]


class ArchiveAway(EngineError):
    code = "archive_away"
    says = "files wait in the database for their archive: {words}"
    remedy = "mend the connection, or `factotum plugin deactivate` it to keep files in the folder of this installation"


@dataclass(frozen=True, slots=True)
class StoreShelf:
    """A store of a plugin, with the settings of its connection."""

    store: Any
    ready: Ready

    def put(self, place: str, content: bytes) -> None:
        with self._masked():
            self.store.put(place, content, self.ready.settings, self.ready.context)

    def get(self, place: str) -> bytes:
        with self._masked():
            found: bytes = self.store.get(place, self.ready.settings, self.ready.context)
        return found

    @contextmanager
    def _masked(self) -> Iterator[None]:
        """What a store says of an error, without its secrets."""
        from engine.spi.contracts import PluginError

        try:
            yield
        except PluginError as error:
            error.reason = self.ready.mask(error.reason)
            error.args = (error.reason,)
            raise


def archive_files(house: House, context: Context, most: int = MOST) -> Moved:
    """Move files from the database to the archive; what fails stays and is told. Errors: Faulty(not_allowed)."""
    allowed(context, "archive")
    return moved_files(house, context, most)


def moved_files(house: House, context: Context, most: int = MOST) -> Moved:
    """As the relay does after its work, whatever else its caller may do."""
    from engine.outbox.archiving import Moved, move

    try:
        code, shelf = _shelf(house, context)
    except EngineError as error:  # nowhere to move it to: it stays, and says why
        return Moved(0, (("", f"{error}"),)) if house.files.counted()[1] else Moved()
    return move(house.files, shelf, code, house.catalog(fresh=False), context.clock.now, most)


def _shelf(house: House, context: Context) -> tuple[str, Shelf]:
    """Where files go now: the first connection in use to an archive store; our own folder where none was activated.

    Errors: ArchiveAway, when those that were activated cannot be used now: what the law wants kept there waits for it.
    """
    from engine.spi.contracts import TryLater

    reasons = []
    for one in house.connections.all():
        if one.channel in house.plugins.archives and one.companies:
            if why := one.unusable(min(one.companies)):
                reasons.append(why)
                continue
            try:
                return one.code, _opened(house, context, one.code)
            except TryLater as error:
                reasons.append(error.reason)
            except EngineError as error:
                reasons.append(error.words)
    if reasons:
        raise ArchiveAway(words="; ".join(reasons))
    return "", house.shelf()


def _opened(house: House, context: Context, code: str) -> Shelf:
    """The archive of a connection, whatever state that is in now. Errors: TryLater."""
    from engine.spi.contracts import TryLater

    found = house.connections.get(code)
    store = house.plugins.archives.get(found.channel) if found else None
    if found is None or store is None:
        raise TryLater(f"archive {code} is no longer configured, or its plugin is missing")
    return StoreShelf(store, house.switchboard(context.clock).opened(found, store))


def file_of(house: House, context: Context, digest: str, name: str = "") -> File:
    """A file with its content, wherever it lies, its hash checked. Errors: Faulty."""
    from engine.spi.contracts import File, PluginError

    row = house.files.row(digest)
    if row is None:
        raise Faulty([UNKNOWN_FILE.at("file", digest=digest)])
    try:
        content = row["content"] if row["archived_at"] is None else _fetched(house, context, row)
    except (PluginError, EngineError) as error:
        words = getattr(error, "reason", str(error))
        raise Faulty([FILE_UNREADABLE.at("file", digest=digest, words=words, remedy="mend the archive")]) from error
    if hashlib.sha256(content).hexdigest() != digest:
        words, remedy = "its bytes are not what its hash says", "take it from a copy of the archive"
        raise Faulty([FILE_UNREADABLE.at("file", digest=digest, words=words, remedy=remedy)])
    return File(name or row["name"], row["media_type"], content)


def _fetched(house: House, context: Context, row: Mapping[str, Any]) -> bytes:
    """Errors: PluginError, EngineError."""
    shelf = _opened(house, context, row["archive"]) if row["archive"] else house.shelf()
    return shelf.get(row["place"])


def kept_longer(house: House, digest: str) -> None:
    """A file that lies in the archive belongs to one more document: the law of that one holds too."""
    from engine.outbox.archiving import keep_until

    until = keep_until(house.files.owners(digest), house.catalog(fresh=False))
    if until:
        house.files.kept_longer(digest, until)


def archive_get(house: House, context: Context, digest: str) -> File:
    """A file by its hash, or by as much of its beginning as only one has. Errors: Faulty."""
    allowed(context, "archive")
    found = house.files.begin(digest.lower()) if digest else []
    if len(found) > 1:
        raise Faulty([SEVERAL_FILES.at("file", digest=digest)])
    return file_of(house, context, found[0] if found else digest)


def archive_list(house: House, context: Context) -> Iterator[Told]:
    """Shape: {"hash", "name", "media_type", "stored_at", "archived_at", "archive", "place", "keep_until"}."""
    allowed(context, "archive")
    for row in house.files.listed():
        told = {name: row[name] for name in ("hash", "name", "media_type", "archive", "place")}
        days = {name: row[name] and row[name].isoformat() for name in ("stored_at", "archived_at", "keep_until")}
        yield told | days


def archive_broken(house: House, context: Context, progress: Callable[[], None] = lambda: None) -> Iterator[Finding]:
    """Archived files that are missing or changed, one after another; memory is that of one file."""
    from engine.outbox.archiving import broken
    from engine.posting import findings as f
    from engine.spi.contracts import PluginError

    for row in house.files.listed():
        if row["archived_at"] is not None:
            told = {"name": row["name"], "hash": row["hash"], "archive": row["archive"] or "folder"}
            try:
                wrong = broken(row, lambda one: _fetched(house, context, one))
            except (PluginError, EngineError) as error:
                words = getattr(error, "reason", str(error))
                yield f.Finding(f.ARCHIVE_NOT_CHECKED.at("file", words=words, **told))
                wrong = ""
            if wrong == "missing":
                yield f.Finding(f.ARCHIVE_MISSING.at("file", **told))
            elif wrong:
                yield f.Finding(f.FILE_CHANGED.at("file", name=row["name"], hash=row["hash"]))
            progress()


def archive_verify(house: House, context: Context) -> tuple[int, int, tuple[Finding, ...]]:
    """(archived, still in the database, what is wrong)."""
    allowed(context, "verify")
    archived, staged = house.files.counted()
    return archived, staged, tuple(archive_broken(house, context))
