"""What a plugin is given beside its settings, and what a connection test tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import ssl

    import httpx


class Network(Protocol):
    """The way out to the web: addresses are resolved once and checked, redirects are off."""

    def http(
        self, *, timeout: float = 20, tls: ssl.SSLContext | None = None, plain: bool = False, ports: Iterable[int] = ()
    ) -> httpx.Client:
        """A client whose every connection goes to a checked address. Close it after use.

        `timeout`: seconds for each request as a whole, its body and answer included. `ports`: others than 443.
        `plain`: http without TLS too, to networks the installation allows and no others.

        A request raises ConfigError when it may not be made, TransientError when nobody could be reached, and
        OutcomeUnknown when it was cut off and may have been taken; what only asks (GET, HEAD, OPTIONS) raises
        TransientError then. It raises nothing of httpx.
        """

    def address(self, host: str, port: int) -> str:
        """The address to connect to, for what is not HTTP. Errors: ConfigError, TransientError."""


class ConnectionState(Protocol):
    """A small JSON object a plugin keeps per connection: a cursor, a window of calls, what it has seen."""

    def get(self) -> Mapping[str, Any]:
        """What was kept; {} at first."""

    def put(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Keep `after` if `before` is still what is kept; False when somebody else was quicker."""


@dataclass(frozen=True, slots=True)
class PluginContext:
    """The engine's side of a call. A plugin reads no clock and opens no web address but through it."""

    connection: str  # its code
    now: Callable[[], datetime]  # UTC
    network: Network  # guarded clients and addresses
    state: ConnectionState
    note: Callable[[str], None]  # into the log of this attempt; secrets of the connection are masked in it


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """What a person does to let us in: open `url`, and type `user_code` there if there is one."""

    url: str
    state: str  # unguessable: what comes back must carry it, for logins that come back by a link
    user_code: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)  # what `auth_finish` needs again; JSON, no secret


class Authorises(Protocol):
    """A channel, provider, source or store that a person logs in to, once: auth kinds oauth2_code, oauth2_device."""

    def auth_start(self, settings: Any, state: str, context: PluginContext) -> AuthRequest:
        """Begin. `state` is made by the engine. Errors: as DeliveryChannel.deliver."""

    def auth_finish(
        self, settings: Any, request: AuthRequest, answer: str, context: PluginContext
    ) -> Mapping[str, str]:
        """The secrets to keep, by field of the settings. `answer` is what came back: a link, a code, or "".

        Errors: TryLater while nobody has agreed yet, Rejected when the answer or its state is not ours.
        """

    def auth_refresh(self, settings: Any, context: PluginContext) -> Mapping[str, str]:
        """New secrets for old ones, without a person. Errors: AuthExpired when a person is needed."""


class StepState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class TestStep:
    """One step of a connection test."""

    name: str  # such as resolve, connect, host_key, login, folder, write
    state: StepState
    words: str = ""
    code: str = ""  # what failed, as a program reads it: unreachable, bad_secret, host_key_changed …
    hint: str = ""  # the way out


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a connection test found. It leaves the other side as it was, and takes 20 seconds at most."""

    steps: tuple[TestStep, ...]
    account: str = ""  # whom the other side takes us for

    @property
    def passed(self) -> bool:
        return bool(self.steps) and not any(step.state is StepState.FAIL for step in self.steps)


TestReport.__test__ = TestStep.__test__ = False  # type: ignore[attr-defined]  # pytest: these are no tests
