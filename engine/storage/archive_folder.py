"""The archive that is always there: a folder, beside the database or where FACTOTUM_ARCHIVE says.

A file is written under another name, forced to disk, then linked to its own: what is there already is never replaced,
and nothing half written ever has its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.kernel.errors import EngineError
from engine.spi.contracts import Conflict, NotFound, TransientError

ENVIRONMENT = "FACTOTUM_ARCHIVE"


class NoArchive(EngineError):
    code = "no_archive"
    says = "there is no archive: {database} is no file, and nothing says where to keep files"
    remedy = f"set {ENVIRONMENT} to a folder, or activate a connection to an archive store"


def folder_for(database: Path | None, environment: Mapping[str, str], shown: str) -> Path:
    """Errors: NoArchive."""
    if said := environment.get(ENVIRONMENT):
        return Path(said)
    if database is None:
        raise NoArchive(database=shown)
    return database.with_name(f"{database.stem}-archive")


@dataclass(frozen=True, slots=True)
class FolderShelf:
    folder: Path
    token: Callable[[], str]  # for names of files that are being written

    def put(self, place: str, content: bytes) -> None:
        """Errors: Conflict when other bytes are there, TransientError."""
        target = self._target(place)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                self._write(target, content)
            if target.read_bytes() != content:
                raise Conflict(f"{place} is there already, with other bytes")
        except OSError as cause:
            raise TransientError(f"{place} cannot be written: {cause.strerror}") from cause

    def get(self, place: str) -> bytes:
        """Errors: NotFound, TransientError."""
        try:
            return self._target(place).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"{place} is not there") from None
        except OSError as cause:
            raise TransientError(f"{place} cannot be read: {cause.strerror}") from cause

    def _write(self, target: Path, content: bytes) -> None:
        part = target.with_name(f".{self.token()}.part")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(0o444)
            with suppress(FileExistsError):  # somebody was quicker: the bytes are compared
                os.link(part, target)
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        finally:
            part.unlink(missing_ok=True)

    def _target(self, place: str) -> Path:
        """Places are ours, and stay inside all the same."""
        steps = PurePosixPath(place).parts
        if not steps or place.startswith("/") or ".." in steps:
            raise Conflict(f"{place!r} is no place in an archive")
        return self.folder.joinpath(*steps)
