"""What plugins and other sides say, as a delivery row can hold it and people read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from engine.kernel.refused import in_plain_words

MOST = 2000


def written(text: object, most: int = MOST) -> str:
    """Any text, clipped, without what a database refuses: null characters and halves of characters."""
    return str(text)[:most].encode("utf-8", "replace").decode().replace("\x00", "")


def plugin_fault(bug: BaseException) -> str:
    return written(f"plugin fault: {type(bug).__name__}: {bug}")


def wrong_settings(error: Exception, known: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(field, words) of each setting a channel's model refuses; without the values, which may be secrets.

    `known` are the settings it takes, of which one may have been meant.
    """
    told: list[dict[str, Any]] = getattr(error, "errors", list)()
    return [(".".join(map(str, one["loc"])), in_plain_words(one, known)) for one in told]


def in_words(pause: timedelta) -> str:
    """30 s, 4 min, 1 h, 3 d."""
    seconds = int(pause.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} d"
