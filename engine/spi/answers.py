"""What an answer of the web means, in our classes: for every plugin that speaks HTTP. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from engine.spi.contracts.errors import (
    AuthExpired,
    ConfigError,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PluginError,
    QuotaExceeded,
    RateLimited,
    TransientError,
    Unsupported,
    Validation,
)

_BREAKING = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible and direction marks, surrogates, line separators
_LONGEST = 10**8
"""Seconds: about three years, so that no number a server sends makes a date we cannot write."""


def one_line(text: str, most: int = 200) -> str:
    """Text for a header, a name or a message: no control, line break or direction mark survives; clipped."""
    visible = "".join(" " if unicodedata.category(sign) in _BREAKING else sign for sign in text[: 4 * most])
    words = " ".join(visible.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def without(text: str, secrets: Iterable[str]) -> str:
    """Text in which no secret is left, should the other side have repeated what it was sent."""
    for secret in sorted((one for one in secrets if one), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def words_of(headers: Mapping[str, str], content: bytes, secrets: Iterable[str]) -> str:
    """What an answer says, if it says it in words: not a page, not a file."""
    kind = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if kind.endswith("html") or not (kind.startswith("text/") or kind.endswith("json")):
        return f"({kind})" if content else ""
    return one_line(without(content[:2000].decode("utf-8", "replace"), secrets))


def retry_after(value: str, now: datetime) -> timedelta | None:
    """How long a Retry-After asks us to wait: `120`, or a date. None when it asks nothing we can read.

    Source: RFC 9110 §10.2.3.
    """
    from email.utils import parsedate_to_datetime

    asked = value.strip()
    if asked.isascii() and asked.isdigit():
        return timedelta(seconds=min(int(asked[:12]), _LONGEST)) or None
    try:
        at = parsedate_to_datetime(asked)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(wait, timedelta(seconds=_LONGEST)) if wait > timedelta(0) else None


def refusal(who: str, status: int, headers: Mapping[str, str], words: str, now: datetime) -> PluginError:
    """What to raise for an answer that was not expected. `words` are the other side's, on one line.

    408, 425, 429 and 503 say that nothing was taken; other 5xx do not. A 2xx nobody expected may have been taken.
    """
    said = f"{who} answered {status}" + (f": {words}" if words else "")
    after = retry_after(headers.get("retry-after", ""), now)
    match status:
        case 401:
            return AuthExpired(said)
        case 403 if after:
            return QuotaExceeded(said, after)
        case 403:
            return PermissionDenied(said)
        case 404 | 410:
            return NotFound(said)
        case 409 | 412:
            return Conflict(said)
        case 408 | 425 | 503:
            return TransientError(said, after)
        case 429:
            return RateLimited(said, after)
        case 405 | 501 | 505:
            return Unsupported("deliver", said, "choose another method or address")
        case 407:
            return ConfigError(f"{said}; something between us and it asks for a login")
        case _ if status >= 500:
            return OutcomeUnknown(said)
        case _ if status >= 400:
            return Validation(said)
        case _ if status >= 300:
            return ConfigError(f"{said}; redirects are not followed: write the address it leads to")
    return ConfigError(f"{said}, which the settings do not expect; it may have been taken", may_be_taken=True)
