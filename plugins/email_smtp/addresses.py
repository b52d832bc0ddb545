"""What counts as an e-mail address, and text that is safe on one line. Pure.

An address is a dot-atom and a domain of two labels or more (RFC 5321 §4.1.2 without quoted local parts, domain
literals and single-label hosts: in a partner's record those are slips). An accented domain becomes its ASCII form;
an accented local part would need SMTPUTF8 all the way and counts as unreadable, as does one that reads like an encoded
word (RFC 2047), which Python's own header parser would decode.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\s,;]+")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+{_LABEL}")
_BREAKING = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible and direction marks, surrogates, line separators


def one_line(text: str, most: int = 200) -> str:
    """Text for a header, a name or a message: no control, line break or direction mark survives; clipped."""
    visible = "".join(" " if unicodedata.category(sign) in _BREAKING else sign for sign in text[: 4 * most])
    words = " ".join(visible.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def address(word: str) -> str | None:
    """The address as it goes over the wire, or None: `info@società.it` -> `info@xn--societ-nta.it`."""
    local, _, domain = word.rpartition("@")
    if len(word) > 254 or len(local) > 64 or "=?" in local or not _LOCAL.fullmatch(local):
        return None
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return f"{local}@{domain}" if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else None


def split(text: str) -> tuple[str, ...]:
    """The words of a field in which people write one or more addresses: `a@x.it; <b@x.it>` -> a@x.it, b@x.it."""
    return tuple(word for word in (part.strip("<>") for part in _SEPARATORS.split(text)) if word)


def sorted_out(words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(addresses, words that are none), each once and in the order given; case makes no second address."""
    readable: dict[str, str] = {}
    unreadable: dict[str, None] = {}
    for word in words:
        found = address(word)
        if found is None:
            unreadable[one_line(word)] = None
        else:
            readable.setdefault(found.lower(), found)
    return tuple(readable.values()), tuple(unreadable)
