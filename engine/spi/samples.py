"""What the author of a plugin gives the conformance kit: a stand-in for the other side, settings, files.

`factotum plugin check MODULE` looks for `SAMPLES` in `MODULE_samples`, or where `--samples` says. Nothing here is
needed to run the plugin. See plugins/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from engine.spi.contracts import DocumentView, File


class Trouble(StrEnum):
    """What may go wrong at the other side, and what a plugin makes of it."""

    DOWN = "down"  # nobody is there: TryLater, or ConfigError where only a person can mend it
    RESET = "reset"  # cut off before anything could be taken: TryLater
    SILENT = "silent"  # takes what we send and never answers: TryLater or OutcomeUnknown, within the time-out
    LOST = "lost"  # takes it, and is cut off before it answers: OutcomeUnknown, or TryLater where a twin does no harm
    LATER = "later"  # busy, come back: TryLater
    REFUSED = "refused"  # never as it is: Rejected
    LOGIN = "login"  # does not accept our login: AuthExpired, PermissionDenied or ConfigError
    GARBAGE = "garbage"  # answers what nobody understands: any of them, but no receipt


class Remote(Protocol):
    """A stand-in for the other side, on this machine, offline."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that reach it, secrets included. Asked again after `trouble`: a time-out, if there is one, is a
        minute while all is well, for machines that are busy, and some seconds while it is silent."""

    def held(self) -> Sequence[str]:
        """What it holds now, one text for each thing; however it names them."""

    def trouble(self, kind: Trouble | None) -> bool:
        """From now on this goes wrong, with None nothing any more; False when it cannot happen to this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Everything by the name of the channel, provider, importer … it is for.

    `remotes` start a stand-in in a folder of its own. `settings` are accepted; `wrong` are refused, each with the field
    that is. `files` are read by an importer.
    """

    remotes: Mapping[str, Callable[[Path], AbstractContextManager[Remote]]] = field(default_factory=dict)
    settings: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    wrong: Mapping[str, Sequence[tuple[Mapping[str, Any], str]]] = field(default_factory=dict)
    files: Mapping[str, Sequence[File]] = field(default_factory=dict)
    documents: Sequence[DocumentView] = ()  # beside the kit's own
