"""What a check is, and how it is run: with sockets blocked where it must be pure, and never for ever."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.spi.contracts import PluginContext
from engine.spi.host import Plugins
from engine.spi.net import GuardedNetwork, networks
from engine.spi.samples import Samples

LONGEST = 180
"""Seconds a check may take, waiting for time-outs included."""
AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


class Unfit(Exception):
    """A check that failed, in words for the author."""


class NotAsked(Exception):
    """A check that says nothing about this plugin, and why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: one offer of a plugin."""

    plugin: str
    plugins: Plugins
    samples: Samples
    name: str  # of the channel, format …; the plugin's own for its manifest
    offer: Any
    folder: Path
    missing: str = ""  # why there are no samples


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold (or should). `facet` says of what: a field of Plugins, or "" for the plugin."""

    id: str
    group: str
    facet: str
    must: bool
    says: str
    run: Callable[[Subject], None]


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    name: str
    state: str  # passed | failed | skipped
    words: str = ""

    @property
    def unfit(self) -> bool:
        return self.state == "failed" and self.check.must


CHECKS: list[Check] = []


def holds(group: str, *facets: str, should: bool = False) -> Callable[[Callable[[Subject], None]], Callable[..., None]]:
    """Register a check; its docstring is what it says to people."""

    def registered(run: Callable[[Subject], None]) -> Callable[..., None]:
        says = (run.__doc__ or "").strip().split("\n")[0]
        for facet in facets:
            CHECKS.append(Check(f"{group}.{run.__name__}", group, facet, not should, says, run))
        return run

    return registered


def ask(check: Check, subject: Subject) -> Result:
    """Run one check in a thread of its own, so that a plugin that hangs fails and nothing else waits for it."""
    came: list[tuple[str, str]] = []

    def work() -> None:
        try:
            check.run(subject)
            came.append(("passed", ""))
        except NotAsked as reason:
            came.append(("skipped", str(reason)))
        except Unfit as words:
            came.append(("failed", str(words)))
        except BaseException as bug:  # whatever it is, the author reads it
            came.append(("failed", f"{type(bug).__name__}: {bug}"))

    thread = threading.Thread(target=work, daemon=True, name=check.id)
    thread.start()
    thread.join(LONGEST)
    state, words = came[0] if came else ("failed", f"it did not come back within {LONGEST} s")
    return Result(check, subject.name, state, words[:1000])


# --- what a plugin is given -------------------------------------------------------------------------------------------


@dataclass
class KeptInMemory:
    kept: dict[str, Any] = field(default_factory=dict)

    def get(self) -> dict[str, Any]:
        return self.kept

    def put(self, before: Any, after: Any) -> bool:
        same = bool(self.kept == before)
        self.kept = dict(after) if same else self.kept
        return same


def context(notes: list[str] | None = None) -> PluginContext:
    """The kit's clock stands still; only this machine can be reached."""
    return PluginContext(
        connection="CHECK", now=lambda: AT, network=GuardedNetwork(networks("127.0.0.0/8, ::1/128")),
        state=KeptInMemory(), note=(notes if notes is not None else []).append,
    )  # fmt: skip


# --- purity -----------------------------------------------------------------------------------------------------------

_OUTSIDE = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind")
_PROGRAMS = ("subprocess.Popen", "os.posix_spawn", "os.system")
_pure = threading.local()
_watching = threading.Event()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in getattr(_pure, "refused", ()):
        raise Unfit(f"it is not pure: {event} {arguments[-1] if arguments else ''}")


@contextmanager
def pure(programs: bool = False) -> Iterator[None]:
    """Nothing in here may reach the network, nor start a program unless `programs` are allowed.

    An audit hook stays for good, so it is set once.
    """
    if not _watching.is_set():
        _watching.set()
        sys.addaudithook(_watch)
    _pure.refused = _OUTSIDE if programs else (*_OUTSIDE, *_PROGRAMS)
    try:
        yield
    finally:
        _pure.refused = ()
