"""What a plugin raises: the class decides what happens next, never a code in the text.

    TryLater          RateLimited · QuotaExceeded · TransientError     the engine tries again, ever more slowly
    OutcomeUnknown    it may have been taken                           the policy decides: ask, send again, or a person
    AuthExpired       the login does no more                           renewed once, else the connection waits
    ConfigError       the settings are wrong                           the connection stops until they are mended
    Rejected          Validation · PermissionDenied ·                  a person looks
                      Unsupported · NotFound · Conflict
    anything else     a bug of the plugin                              parked, and said so

People read `reason`: say who refused what, with the code and the words received, and no secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta


class PluginError(Exception):
    """What a plugin may raise on purpose."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryLater(PluginError):
    """The other side cannot take it now, and has not. `after` is what it asked us to wait, if it did."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class TransientError(TryLater):
    """Unreachable, busy, cut off before anything could have been taken."""


class TlsFailed(TransientError):
    """It did not prove its name, or speaks no TLS; nothing was sent. It is mended there, or it is somebody else."""


class RateLimited(TryLater):
    """Too many calls at once."""


class QuotaExceeded(TryLater):
    """The allowance of an hour, a day or a plan is used up."""


class OutcomeUnknown(PluginError):
    """Cut off after it may have been taken. What is done next follows the delivery policy."""


class AuthExpired(PluginError):
    """The other side no longer accepts our login; nothing was taken. The connection needs a person."""


class Rejected(PluginError):
    """It will never be taken as it is; a person looks."""

    def __init__(self, reason: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.details = dict(details or {})


@dataclass(frozen=True, slots=True)
class FieldIssue:
    """What is wrong with one field. `path` is ours, as in `lines.0.description`; `remote_path` theirs."""

    path: str
    code: str
    message: str
    remote_path: str = ""


class Validation(Rejected):
    """The other side, or a format, refuses what the document says."""

    def __init__(self, reason: str, issues: Iterable[FieldIssue] = ()) -> None:
        self.issues = tuple(issues)
        super().__init__(reason, {one.path: one.message for one in self.issues})


class PermissionDenied(Rejected):
    """The account may not do this."""


class ConfigError(Rejected):
    """The settings are wrong: whoever configures the connection mends it. A changed host key is one.

    `may_be_taken` says that it shows only in the answer, so that the other side may have it all the same.
    """

    def __init__(self, reason: str, details: Mapping[str, str] | None = None, *, may_be_taken: bool = False) -> None:
        super().__init__(reason, details)
        self.may_be_taken = may_be_taken


class NotFound(Rejected):
    """What was asked for is not there."""


class Conflict(Rejected):
    """Something else is there already, under our name."""


class Unsupported(Rejected):
    """The other side has no way to do this. The reason is shown wherever it is missed."""

    def __init__(self, capability: str, reason: str, alternative: str = "") -> None:
        super().__init__(f"{reason}; {alternative}" if alternative else reason)
        self.capability, self.alternative = capability, alternative
