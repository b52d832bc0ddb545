"""What a mail that came back says: of which mail of ours, for whom, and whether it failed for good. Pure.

RFC 3464 reports are read as they are; what is none, and reads like one, by flufl.bounce. The enhanced status decides,
not the label: 5.x.x never, 4.x.x not now. `delayed` is no failure, and an answer out of the office is nothing at all.
A mail is anybody's text: what is too big, too deep or unreadable is nothing to us.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Any

from engine.spi import EventKind
from plugins.email_smtp.addresses import address, one_line

MOST = 256 * 1024
"""Bytes of a mail that are looked at: the report comes before the mail it is about."""
MOST_PARTS, MOST_RECIPIENTS, MOST_HEURISTIC = 40, 200, 64 * 1024
_MARK = r"[A-Za-z0-9_-]{1,64}"
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY = re.compile(r"\b([245])\d\d\b")
_MESSAGE_ID = re.compile(rf"<({_MARK})@[^<>@\s]{{1,255}}>")
_ENVELOPE = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Apparently-To")
_SENDERS = re.compile(r"mailer-daemon|postmaster|mail delivery|bounce", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Returned:
    """One recipient in a mail that came back. `id` is the same each time it is read; `mark` is of our mail, or ""."""

    id: str
    kind: EventKind
    mark: str
    message_id: str  # with its brackets, or ""
    recipient: str  # as we wrote it where the report says, else the final one
    code: str  # enhanced status, such as 5.1.1
    words: str
    at: datetime | None


def read(raw: bytes, bounce_address: str = "") -> tuple[Returned, ...]:
    """What a mail says of mails of ours; () when it says nothing. Never raises.

    `bounce_address` is the address that marks are put into: bounce@example.com of bounce+<mark>@example.com.
    """
    raw = raw[:MOST]
    lower = raw.lower()
    if lower.count(b"boundary") > MOST_PARTS or lower.count(b"message/rfc822") > MOST_PARTS:
        return ()
    try:
        mail = message_from_bytes(raw, policy=compat32)
        mark, message_id = _whose(mail, lower, raw, bounce_address)
        found = [*_reported(mail)] or [*_guessed(mail, raw)]
    except Exception:  # the parsers of other people, fed by anybody
        return ()
    digest, at = hashlib.sha256(raw).hexdigest()[:32], _date(mail)
    return tuple(
        Returned(f"{digest}-{number}", kind, mark, message_id, recipient, code, words, at)
        for number, (kind, recipient, code, words) in enumerate(found[:MOST_RECIPIENTS])
    )


Found = tuple[EventKind, str, str, str]


def _reported(mail: Message) -> Iterator[Found]:
    """RFC 3464: a block of fields for each recipient."""
    for part in mail.walk():
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message) and (one := _recipient(block)):
                yield one
        return  # one report in a mail; those of mails inside are not about ours


def _recipient(block: Message) -> Found | None:
    action = _field(block, "Action").lower()
    who = _typed(_field(block, "Original-Recipient")) or _typed(_field(block, "Final-Recipient"))
    if not (action and who):
        return None
    diagnosis = _field(block, "Diagnostic-Code").partition(";")[2].strip()
    found = _STATUS.search(_field(block, "Status")) or _STATUS.search(diagnosis)
    status = found[0] if found else ""
    digit = found[1] if found else (reply[1] if (reply := _REPLY.search(diagnosis)) else "5")
    words = one_line(diagnosis or f"{action} {status}", 500)
    return _kind(action, digit), who, status, words


def _kind(action: str, digit: str) -> EventKind:
    """`failed` is what the status says; the rest is no failure."""
    if action == "failed" and digit != "2":
        return EventKind.BOUNCED_HARD if digit == "5" else EventKind.BOUNCED_SOFT
    kinds = {"delayed": EventKind.DEFERRED, "delivered": EventKind.DELIVERED, "failed": EventKind.DELIVERED}
    return kinds.get(action, EventKind.SENT)  # relayed, expanded: on its way beyond what is reported


def _guessed(mail: Message, raw: bytes) -> Iterator[Found]:
    """What flufl.bounce makes of a mail that is no report and reads like one."""
    empty = _field(mail, "Return-Path") in ("<>", "")
    if not (empty or _SENDERS.search(_field(mail, "From")[:500]) or "report" in mail.get_content_type()):
        return
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)  # it prints what it trips over
    small = mail if len(raw) <= MOST_HEURISTIC else message_from_bytes(raw[:MOST_HEURISTIC], policy=compat32)
    later, never = all_failures(small)
    for kind, those in ((EventKind.DEFERRED, later - never), (EventKind.BOUNCED_HARD, never)):
        for one in sorted(those):
            if who := address(bytes(one).decode("ascii", "replace").strip("<>").lower()):
                yield kind, who, "", "returned, without a report that says why"


def _whose(mail: Message, lower: bytes, raw: bytes, bounce_address: str) -> tuple[str, str]:
    """(mark, Message-ID) of the mail it is about: by the address it came to, its envelope's name, its identity."""
    original = _original(mail)
    named = _MESSAGE_ID.search(_field(original, "Message-ID")) if original is not None else None
    if named is None and b"x-factotum-parcel" in lower:  # quoted, in reports of no form
        named = _MESSAGE_ID.search(raw[lower.index(b"x-factotum-parcel") - 2000 :][:4000].decode("latin-1"))
    message_id = named[0] if named else ""
    local, at, domain = bounce_address.rpartition("@")
    if at:
        marked = re.compile(rf"{re.escape(local)}\+({_MARK})@{re.escape(domain)}", re.IGNORECASE)
        for header in _ENVELOPE:
            for value in mail.get_all(header, [])[:20]:
                if found := marked.search(str(value)[:2000]):
                    return found[1], message_id
    for part in mail.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks: Any = part.get_payload()
            envid = _field(blocks[0], "Original-Envelope-Id") if isinstance(blocks, list) and blocks else ""
            if re.fullmatch(_MARK, envid):
                return envid, message_id
    return (named[1] if named else ""), message_id


def _original(mail: Message) -> Message | None:
    """The mail that came back, or its headers."""
    for part in mail.walk():
        kind, held = part.get_content_type(), part.get_payload()
        if kind == "message/rfc822" and isinstance(held, list) and held and isinstance(held[0], Message):
            return held[0]
        if kind in ("text/rfc822-headers", "message/rfc822-headers"):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return message_from_bytes(content, policy=compat32)
    return None


def _field(mail: Message, name: str) -> str:
    value = mail.get(name)
    return "" if value is None else " ".join(str(value)[:2000].split())


def _typed(field: str) -> str:
    """`rfc822; anna@client.example` -> the address."""
    kind, _, who = field.partition(";")
    found = address(who.strip().strip("<>")) if kind.strip().lower() in ("rfc822", "utf-8") else None
    return found or ""


def _date(mail: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(_field(mail, "Date"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
