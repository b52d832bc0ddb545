"""The files of a mail that may be invoices. In: raw bytes of anybody's mail. Out: its files, or why not. Pure."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from engine.spi import File

MOST_BYTES = 25 * 1024 * 1024
MOST_PARTS = 200
MOST_DEPTH = 8
MOST_HEADER = 64 * 1024
KINDS = {".pdf": "application/pdf", ".xml": "application/xml"}
TYPES = {"application/pdf": ".pdf", "application/x-pdf": ".pdf", "application/xml": ".xml", "text/xml": ".xml"}
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ODD_LINE = re.compile(rb"\x00|\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Mail:
    id: str  # its Message-ID, "" without one
    sender: str  # the address alone; "" when nobody can say for sure who that is
    subject: str


def head(raw: bytes) -> Mail:
    """Who sent it, about what. In: its header."""
    found = email.message_from_bytes(raw[:MOST_HEADER], policy=email.policy.compat32)
    whole = len(raw) <= MOST_HEADER and not _ODD_LINE.search(raw)  # else others may read other senders
    senders = found.get_all("From") or []
    sender = _address(str(senders[0])) if whole and len(senders) == 1 else ""
    return Mail(" ".join(str(found.get("Message-ID", "")).split())[:300], sender, _text(found.get("Subject", ""))[:300])


def _address(header: str) -> str:
    """The one address of a From header, "" for anything that may be read in two ways.

    It is parsed as it was sent, and decoded only afterwards: an encoded name is a name, whatever it spells. A name
    that spells an address is a trap, unless it is the very address.
    """
    line = re.sub(r"\r?\n(?=[ \t])", "", header)
    several = _CONTROL.search(line) or re.search("[:;,]", _QUOTED.sub("", line))  # groups, routes, lists
    parsed = getaddresses([line])
    if several or len(parsed) != 1 or not _ADDRESS.fullmatch(parsed[0][1]):
        return ""
    name, address = _text(parsed[0][0]), parsed[0][1]
    outside = "@" in line.replace(address, "") or "@" in name
    return "" if outside and name.casefold() != address.casefold() else address


def files(raw: bytes) -> tuple[tuple[File, ...], str]:
    """(files, ""): PDF and XML, also of a mail that was forwarded as an attachment; ((), why) if not all were seen."""
    try:
        whole = email.message_from_bytes(raw, policy=email.policy.compat32)
        return _walked(whole)
    except RecursionError:
        return (), "the mail is nested deeper than any invoice needs"


def _walked(whole: Message) -> tuple[tuple[File, ...], str]:
    found: list[File] = []
    waiting: list[tuple[Message, int]] = [(whole, 1)]
    seen = 0
    while waiting:
        part, depth = waiting.pop(0)
        seen += 1
        if seen > MOST_PARTS or depth > MOST_DEPTH:
            return (), "the mail has more parts than any invoice needs"
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting += [(one, depth + 1) for one in inner if isinstance(one, Message)]
        elif file := _file(part):
            found.append(file)
    return tuple(found), ""


def _file(part: Message) -> File | None:
    name = _text(part.get_filename() or "")
    kind = TYPES.get(part.get_content_type()) or next((one for one in KINDS if name.lower().endswith(one)), "")
    if not kind:
        return None
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content:
        return None
    return File(name or f"attachment{kind}", KINDS[kind], content)


def _text(value: object) -> str:
    """A header as people read it, on one line."""
    try:
        shown = str(make_header(decode_header(str(value))))
    except (LookupError, ValueError, UnicodeError):  # a charset nobody knows
        shown = str(value)
    return " ".join(shown.encode("utf-8", "replace").decode().split())
