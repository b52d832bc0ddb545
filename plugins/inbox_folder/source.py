"""Files in a folder. A file is taken when it looks the same as at the look before: whoever writes it has finished.

Afterwards it lies in `taken` or `refused` inside the folder, beside a .txt that tells what became of it. Nothing is
ever replaced, and nothing is deleted: a name that is taken gets a number.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.spi import (
    ConfigError,
    File,
    Incoming,
    PluginContext,
    StepState,
    TestReport,
    TestStep,
    TransientError,
)

MEDIA_TYPES = {".pdf": "application/pdf", ".xml": "application/xml"}
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".partial")
MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 1000
"""At one look; the others come next time."""


class FolderSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path = Field(description="Where files are dragged to")
    looks: Literal[1, 2] = Field(2, description="2: taken when unchanged since the last look; 1: files arrive whole")
    taken: str = Field("taken", pattern=r"^[\w-]{1,40}$", description="Where they go inside it when they are taken")
    refused: str = Field("refused", pattern=r"^[\w-]{1,40}$", description="Where they go when they are refused")


class FolderSource:
    name = "inbox_folder"
    settings_model: type[BaseModel] = FolderSettings

    def test(self, settings: FolderSettings, context: PluginContext) -> TestReport:
        """That the folder is there, and that files can be moved inside it."""
        if not settings.folder.is_dir():
            words = f"{settings.folder} is no folder"
            return TestReport((TestStep("folder", StepState.FAIL, words, "no_folder", "make it, or mend the path"),))
        steps = [TestStep("folder", StepState.OK, f"{settings.folder} is there")]
        try:
            for name in (settings.taken, settings.refused):
                inner = settings.folder / name
                made = not inner.exists()
                inner.mkdir(exist_ok=True)
                if not os.access(inner, os.W_OK | os.X_OK):
                    raise PermissionError(13, "not writable", str(inner))
                if made:
                    inner.rmdir()
            steps.append(TestStep("move", StepState.OK, "files can be moved inside it"))
        except OSError as cause:
            words = f"files cannot be moved inside it: {cause.strerror}"
            steps.append(TestStep("move", StepState.FAIL, words, "not_writable", "give the engine the right to write"))
        return TestReport(tuple(steps))

    def fetch(self, settings: FolderSettings, context: PluginContext) -> Iterable[Incoming]:
        """Errors: ConfigError when the folder is gone, TransientError."""
        before = context.state.get()
        seen = set(before.get("seen", ()))
        there = dict(_listed(settings.folder))
        context.state.put(before, {**before, "seen": sorted(there)})
        for id, path in sorted(there.items(), key=lambda one: one[1].name):
            if (id in seen or settings.looks == 1) and (incoming := _read(id, path)):
                yield incoming

    def done(
        self, incoming: Incoming, taken: bool, words: str, settings: FolderSettings, context: PluginContext
    ) -> None:
        """Errors: TransientError; it is done again at the next fetch."""
        path = dict(_listed(settings.folder)).get(incoming.id)
        if path is None:  # moved before, by us or by somebody else; or changed since, and then it is another file
            return
        target = settings.folder / (settings.taken if taken else settings.refused)
        try:
            target.mkdir(exist_ok=True)
            moved = _moved(path, target)
            _said(moved, words)
        except OSError as cause:
            raise TransientError(f"{path.name!r} cannot be moved to {target}: {cause.strerror}") from cause


def _listed(folder: Path) -> Iterator[tuple[str, Path]]:
    """(id, path) of each plain file. The id holds size and time: a file written anew is another one."""
    try:
        with os.scandir(folder) as entries:
            found = [one for one in entries if _wanted(one)][:MOST_FILES]
        for one in found:
            try:
                seen = one.stat(follow_symlinks=False)
            except OSError:  # gone meanwhile
                continue
            told = b"%s\0%d\0%d" % (os.fsencode(one.name), seen.st_size, seen.st_mtime_ns)
            yield hashlib.sha256(told).hexdigest(), Path(one.path)
    except FileNotFoundError:
        raise ConfigError(f"{folder} is not there") from None
    except OSError as cause:
        raise TransientError(f"{folder} cannot be read: {cause.strerror}") from cause


def _wanted(one: os.DirEntry[str]) -> bool:
    hidden = one.name.startswith((".", "~")) or one.name.lower().endswith(UNFINISHED)
    return not hidden and one.is_file(follow_symlinks=False)


def _read(id: str, path: Path) -> Incoming | None:
    """None when it is gone or cannot be opened now."""
    shown = path.name.encode("utf-8", "replace").decode()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode):
                return None
            if seen.st_size > MOST_BYTES:
                return Incoming(id, (), subject=f"{shown} has {seen.st_size} bytes; {MOST_BYTES} are allowed")
            content = file.read(MOST_BYTES + 1)
    except OSError:
        return None
    media = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    return Incoming(id, (File(shown, media, content),))


def _moved(path: Path, folder: Path) -> Path:
    """Moved to a name that is free. A link is made first: it fails where something is, a rename would replace it."""
    for number in range(10_000):
        name = f"{path.stem}-{number}{path.suffix}" if number else path.name
        target = folder / name
        try:
            os.link(path, target, follow_symlinks=False)
        except FileExistsError:
            if os.path.samefile(path, target):  # linked before, and stopped before the old name went
                path.unlink()
                return target
            continue
        except PermissionError:  # a file system without links: an exclusive copy does as well
            try:
                with target.open("xb") as copy:
                    copy.write(path.read_bytes())
            except FileExistsError:
                continue
        path.unlink()
        return target
    raise FileExistsError(17, "too many files of this name", str(folder))


def _said(path: Path, words: str) -> None:
    """What became of it, beside it."""
    for number in range(10_000):
        try:
            with path.with_name(f"{path.name}{f'-{number}' if number else ''}.txt").open("x", encoding="utf-8") as note:
                note.write(words + "\n")
            return
        except FileExistsError:
            continue
