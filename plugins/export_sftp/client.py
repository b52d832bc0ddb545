"""Upload, check, rename; and the test of a connection, which leaves nothing behind."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from engine.spi import (
    AuthExpired,
    ConfigError,
    Conflict,
    DeliveryPolicy,
    DocumentView,
    File,
    OutcomeUnknown,
    Parcel,
    PermissionDenied,
    PluginContext,
    PluginError,
    Receipt,
    Rejected,
    StepState,
    TestReport,
    TestStep,
    TransientError,
)
from plugins.export_sftp.line import Line
from plugins.export_sftp.naming import names
from plugins.export_sftp.settings import SftpSettings

TEST_SECONDS = 15.0
PIECE = 32_768


class SftpChannel:
    """Channel `sftp`."""

    name = "sftp"
    settings_model: type[BaseModel] = SftpSettings

    def policy_of(self, settings: SftpSettings) -> DeliveryPolicy:
        return DeliveryPolicy.IDEMPOTENT

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The partner, by code: the files lie there for whoever fetches them."""
        return (document.partner.code or document.partner.name,)

    def test(self, settings: SftpSettings, context: PluginContext) -> TestReport:
        """Address, connection, host key, login, folder; then a small file is written, renamed, read and removed."""
        with closing(Line(settings, context, min(settings.timeout, TEST_SECONDS))) as line:
            return TestReport(tuple(_tried(line, settings, context)), f"{settings.user}@{line.server}")

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        """Errors: as line.py tells; Conflict, when something else is there under a name and may not be replaced."""
        settings: SftpSettings = parcel.settings
        if not parcel.files:
            raise Rejected("nothing to hand over: give the delivery rule a format")
        with closing(_opened(settings, context, settings.timeout)) as line:
            folder = _Folder(line, settings)
            told = [folder.put(name, file) for name, file in zip(names(parcel), parcel.files, strict=True)]
        return Receipt(", ".join(names(parcel)), "; ".join(told))

    def find(self, parcel: Parcel, context: PluginContext) -> Receipt | None:
        """Whether all its files are there, by name, size and content. Errors: as line.py tells."""
        settings: SftpSettings = parcel.settings
        with closing(_opened(settings, context, settings.timeout)) as line:
            folder = _Folder(line, settings)
            there = [folder.holds(name, file) for name, file in zip(names(parcel), parcel.files, strict=True)]
        return Receipt(", ".join(names(parcel)), "found there") if there and all(there) else None


def _opened(settings: SftpSettings, context: PluginContext, seconds: float) -> Line:
    """Errors: as line.py tells."""
    line = Line(settings, context, seconds)
    try:
        line.open()
        line.prove()
        line.login()
    except BaseException:
        line.close()
        raise
    return line


class _Folder:
    """The folder of a connection, over a line that is logged in."""

    def __init__(self, line: Line, settings: SftpSettings) -> None:
        self._line, self._settings, self.files = line, settings, line.files()

    def put(self, name: str, file: File) -> str:
        """Hand over one file, unless it is there already; what was done, in words. Errors: as line.py; Conflict."""
        if (there := self.holds(name, file)) is not None:
            if there:
                return f"{name}: there already"
            if not self._settings.overwrite:
                raise self._conflict(name)
        part = self._path(f"{name}.part")
        try:
            self._upload(part, file)
            self._rename(part, name, file)
        except BaseException:
            with suppress(Exception):  # the next try writes over it
                self.files.remove(part)
            raise
        checked = "SHA-256 checked" if self._settings.check == "content" else "size checked"
        return f"{name}: {len(file.content)} bytes, {checked}"

    def holds(self, name: str, file: File) -> bool | None:
        """Whether a name holds this content; None when nothing has the name."""
        with self._line.told("broke off"):
            size = self._size(self._path(name))
            return None if size is None else size == len(file.content) and self._same(self._path(name), file)

    def _upload(self, part: str, file: File) -> None:
        with self._line.told("broke off while it was sent the file"):
            self.files.putfo(io.BytesIO(file.content), part, len(file.content), confirm=False)
            kept, sent = self._size(part) or 0, len(file.content)  # a write that fails may be told by nothing else
            if kept != sent:
                raise TransientError(f"{self._line.server} kept {kept} of {sent} bytes: is its disk full?")
            if not self._same(part, file):
                raise TransientError(f"{self._line.server} kept something else than it was sent")

    def _rename(self, part: str, name: str, file: File) -> None:
        """`rename` refuses a name that is taken, `posix_rename` replaces it. What fails may have been done before."""
        replaces = self._settings.overwrite
        try:
            with self._line.told("broke off at renaming"):
                (self.files.posix_rename if replaces else self.files.rename)(part, self._path(name))
        except TransientError as wrong:
            try:
                there = self.holds(name, file)
            except TransientError:
                raise OutcomeUnknown(f"{wrong.reason}; whether it was renamed is not known") from wrong
            if there is False and not replaces:
                raise self._conflict(name) from wrong
            if there is False:  # a server without posix_rename
                with self._line.told("broke off at renaming"):
                    self.files.remove(self._path(name))
                    self.files.rename(part, self._path(name))
            elif there is None:
                raise

    def _same(self, path: str, file: File) -> bool:
        if self._settings.check == "size":
            return True
        digest, left = sha256(), len(file.content)
        with self.files.open(path, "rb") as reading:
            reading.prefetch(left)
            while piece := reading.read(PIECE):
                digest.update(piece)
        return digest.digest() == sha256(file.content).digest()

    def _size(self, path: str) -> int | None:
        try:
            size: int | None = self.files.stat(path).st_size
            return size
        except OSError as wrong:
            if wrong.errno == errno.ENOENT:
                return None
            raise

    def _path(self, name: str) -> str:
        return f"{self._settings.folder.rstrip('/')}/{name}"

    def _conflict(self, name: str) -> Conflict:
        return Conflict(f"{self._line.server} has another file named {name!r}, and overwriting is not allowed")


def _tried(line: Line, settings: SftpSettings, context: PluginContext) -> Iterator[TestStep]:
    mark = sha256(f"{context.connection}|{context.now().isoformat()}|{line.server}".encode()).hexdigest()[:12]
    steps: list[tuple[str, Any]] = [
        ("resolve", lambda: f"{settings.host} is {line.resolve()}"), ("connect", line.open),
        ("host_key", line.prove), ("login", line.login), ("folder", lambda: _looked_at(line, settings)),
        ("write", lambda: _probed(line, settings, f".probe-{mark}.tmp")),
    ]  # fmt: skip
    for name, do in steps:
        try:
            yield TestStep(name, StepState.OK, do() or "")
        except PluginError as wrong:
            yield _failed(name, wrong, bool(settings.pins))
            return


def _looked_at(line: Line, settings: SftpSettings) -> str:
    """Errors: ConfigError, TransientError."""
    import stat

    with line.told("does not say what its folder is"):
        mode = line.files().stat(settings.folder).st_mode
    if mode is not None and not stat.S_ISDIR(mode):
        raise ConfigError(f"{settings.folder!r} of {line.server} is no folder")
    return f"{settings.folder} is there"


def _probed(line: Line, settings: SftpSettings, name: str) -> str:
    """Write a small file, rename it, read it, remove it. Errors: as line.py tells."""
    folder = _Folder(line, settings)
    try:
        folder.put(name, File(name, "text/plain", b"a test of the connection\n"))
    finally:
        with suppress(Exception):
            folder.files.remove(f"{settings.folder.rstrip('/')}/{name}")
    return "a file was written, renamed, read and removed"


def _failed(name: str, wrong: PluginError, pinned: bool) -> TestStep:
    hints = {
        "host_key": ("host_key_changed", "ask the owner of the server; then set fingerprint to the new one") if pinned
        else ("host_key_unknown", "compare it with what the owner of the server tells, then set fingerprint to it"),
        "resolve": ("address_refused", "correct the host, or have the installation allow its network")
        if isinstance(wrong, ConfigError) else ("unknown_host", "correct the host"),
        "connect": ("unreachable", "is it there, and does it let us in?"),
        "login": ("bad_secret", "correct user and password or key") if isinstance(wrong, AuthExpired)
        else ("login_impossible", "correct the login"),
        "folder": ("no_folder", "correct folder, or have it made"),
        "write": ("not_allowed", "ask for the right to write, rename and remove") if isinstance(wrong, PermissionDenied)
        else ("cannot_write", "is there room, and may files be renamed?"),
    }  # fmt: skip
    code, hint = hints[name]
    return TestStep(name, StepState.FAIL, wrong.reason, code, hint)
