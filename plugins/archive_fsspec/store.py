"""Files written once to a place that fsspec reaches.

Where the place can rename, a file is written under another name first; where it cannot (object stores), one write is
all or nothing by itself. What is there already is compared, never replaced.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from engine.spi import (
    ConfigError,
    Conflict,
    NotFound,
    PluginContext,
    PluginError,
    StepState,
    TestReport,
    TestStep,
    TransientError,
    Unsupported,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from plugins.archive_fsspec.settings import ArchiveSettings

RENAMES = frozenset({"file", "local", "memory", "sftp", "ssh", "smb"})
PROBE = ".probe"


class FsspecStore:
    name = "archive_fsspec"

    @property
    def settings_model(self) -> type[BaseModel]:
        from plugins.archive_fsspec.settings import ArchiveSettings

        return ArchiveSettings

    def test(self, settings: ArchiveSettings, context: PluginContext) -> TestReport:
        """Write, read back and remove a small file."""
        steps: list[TestStep] = []
        place = f"{PROBE}-{hashlib.sha256(context.now().isoformat().encode()).hexdigest()[:16]}"
        content = b"factotum was here"
        try:
            system, root = _opened(settings)
            steps.append(TestStep("reach", StepState.OK, f"{settings.url} is known"))
            self.put(place, content, settings, context)
            steps.append(TestStep("write", StepState.OK, "a file was written"))
            same = self.get(place, settings, context) == content
            state = StepState.OK if same else StepState.FAIL
            steps.append(TestStep("read", state, "it was read back" if same else "other bytes came back"))
            system.rm(f"{root}/{place}")
            steps.append(TestStep("remove", StepState.OK, "and removed"))
        except PluginError as error:
            steps.append(TestStep("use", StepState.FAIL, error.reason, "unreachable", "mend the address or the key"))
        except Exception as cause:  # stores raise what they like
            told = TestStep("remove", StepState.WARN, f"the probe could not be removed: {_words(cause)}", "not_removed")
            steps.append(told)
        return TestReport(tuple(steps))

    def put(self, place: str, content: bytes, settings: ArchiveSettings, context: PluginContext) -> None:
        system, root = _opened(settings)
        target = _target(root, place)
        try:
            if not system.exists(target):
                _write(system, target, content, settings.url.partition(":")[0])
            if system.cat_file(target) != content:
                raise Conflict(f"{place} is there already, with other bytes")
        except PluginError:
            raise
        except Exception as cause:  # stores raise what they like
            raise _told(cause, place) from cause

    def get(self, place: str, settings: ArchiveSettings, context: PluginContext) -> bytes:
        system, root = _opened(settings)
        try:
            found: bytes = system.cat_file(_target(root, place))
        except FileNotFoundError:
            raise NotFound(f"{place} is not there") from None
        except Exception as cause:  # stores raise what they like
            raise _told(cause, place) from cause
        return found


def _opened(settings: ArchiveSettings) -> tuple[Any, str]:
    """Errors: Unsupported when the library of the place is missing, ConfigError."""
    import fsspec

    options = {"key": settings.account, "secret": settings.secret.get_secret_value()} if settings.account else {}
    if settings.endpoint:
        options["endpoint_url"] = settings.endpoint
    try:
        system, root = fsspec.core.url_to_fs(settings.url, **options)
    except ImportError as missing:
        scheme = settings.url.partition(":")[0]
        raise Unsupported(
            "archive", f"{scheme} needs a library that is not installed ({_words(missing)})",
            "install it (s3fs for s3), or use file://",
        ) from missing  # fmt: skip
    except Exception as cause:  # stores raise what they like
        raise ConfigError(f"{settings.url} cannot be used: {_words(cause)}") from cause
    return system, root.rstrip("/")


def _target(root: str, place: str) -> str:
    steps = PurePosixPath(place).parts
    if not steps or place.startswith("/") or ".." in steps:
        raise Conflict(f"{place!r} is no place in an archive")
    return "/".join((root, *steps))


def _write(system: Any, target: str, content: bytes, scheme: str) -> None:
    if scheme not in RENAMES:
        system.pipe_file(target, content)
        return
    system.makedirs(target.rpartition("/")[0], exist_ok=True)
    part = f"{target}.{token_hex(4)}.part"  # two may write it at once
    system.pipe_file(part, content)
    if system.exists(target):  # somebody was quicker: the bytes are compared
        system.rm(part)
    else:
        system.mv(part, target)


def _told(cause: Exception, place: str) -> PluginError:
    if isinstance(cause, PermissionError):
        return ConfigError(f"{place}: permission denied")
    return TransientError(f"{place}: {_words(cause)}")


def _words(cause: BaseException) -> str:
    return f"{type(cause).__name__}: {cause}"[:300]
