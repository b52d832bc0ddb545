"""What mails that come back say. The reports of data/ were made by a Postfix 3.7 of which our mail was refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spi import EventKind
from plugins.email_smtp.bounces import MOST, read

DATA = Path(__file__).parent / "data"
KEY = "0d3adb33-7f1e-5c7c-9d3f-1f0a2b3c4d5e"
BOUNCES = "bounce@acme.example"
GENUINE = (DATA / "postfix_user_unknown.eml").read_bytes()


def report(action: str, status: str = "", diagnosis: str = "", to: str = "erp@acme.example", more: str = "") -> bytes:
    """A report on one recipient, as RFC 3464 has it."""
    lines = (
        f"Return-Path: <>\nTo: {to}\nFrom: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nsorry\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n{more}\n"
        f"Final-Recipient: rfc822; anna@client.example\nAction: {action}\n"
        + (f"Status: {status}\n" if status else "")
        + (f"Diagnostic-Code: smtp; {diagnosis}\n" if diagnosis else "")
        + f"\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <{KEY}@acme.example>\nSubject: x\n\nbody\n--b--\n"
    )
    return lines.encode()


def test_a_genuine_report_names_the_mail_the_recipient_and_the_cause() -> None:
    (found,) = read(GENUINE, BOUNCES)
    assert found.kind is EventKind.BOUNCED_HARD and found.code == "5.1.1"
    assert found.mark == KEY and found.message_id == f"<{KEY}@acme.example>"
    assert found.recipient == "nouser@cust.example" and found.words.endswith("Recipient address rejected: User unknown")
    assert found.at == datetime(2026, 11, 22, 1, 24, 16, tzinfo=UTC)
    assert read(GENUINE, BOUNCES) == read(GENUINE, BOUNCES)


def test_one_that_waited_too_long_for_a_full_mailbox_failed_softly() -> None:
    (found,) = read((DATA / "postfix_expired.eml").read_bytes(), BOUNCES)
    assert (found.kind, found.code, found.mark) == (EventKind.BOUNCED_SOFT, "4.2.2", KEY)


@pytest.mark.parametrize(
    ("lost", "mark"),
    [
        ((), KEY),
        ((b"bounce+",), KEY),  # not to the marked address: its envelope's name
        ((b"bounce+", b"Original-Envelope-Id"), KEY),  # nor that: the mail's own identity
        ((b"bounce+", b"Original-Envelope-Id", b"Message-ID: <0d3", b"X-Factotum-Parcel"), ""),
    ],
)
def test_a_mail_is_found_by_address_then_envelope_then_identity(lost: tuple[bytes, ...], mark: str) -> None:
    mail = GENUINE
    for one in lost:
        mail = mail.replace(one, b"X-" + one[:3])
    (found,) = read(mail, BOUNCES)
    assert found.mark == mark and found.kind is EventKind.BOUNCED_HARD


@pytest.mark.parametrize(
    ("action", "status", "diagnosis", "kind"),
    [
        ("failed", "5.1.1", "", EventKind.BOUNCED_HARD),
        ("failed", "4.2.2", "552 5.2.2 full", EventKind.BOUNCED_SOFT),  # the status decides
        ("Failed", "", "550 5.1.1 unknown", EventKind.BOUNCED_HARD),
        ("failed", "", "452 full", EventKind.BOUNCED_SOFT),
        ("failed", "", "", EventKind.BOUNCED_HARD),
        ("delayed", "4.4.1", "", EventKind.DEFERRED),
        ("delayed", "5.4.7", "", EventKind.DEFERRED),  # no failure whatever it says
        ("delivered", "2.0.0", "", EventKind.DELIVERED),
        ("failed", "2.0.0", "", EventKind.DELIVERED),
        ("relayed", "2.0.0", "", EventKind.SENT),
        ("expanded", "2.1.5", "", EventKind.SENT),
    ],
)
def test_the_enhanced_status_decides(action: str, status: str, diagnosis: str, kind: EventKind) -> None:
    (found,) = read(report(action, status, diagnosis))
    assert (found.kind, found.recipient, found.mark) == (kind, "anna@client.example", KEY)


def test_a_mailer_of_its_own_style_is_understood_too() -> None:
    mail = (
        b"Return-Path: <>\nFrom: MAILER-DAEMON@mail.example\nTo: bounce+abc@acme.example\nSubject: failure notice\n\n"
        b"Hi. This is the qmail-send program at mail.example.\nI'm afraid I wasn't able to deliver your message to the"
        b" following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        b"<anna@client.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy\n"
    )
    (found,) = read(mail, BOUNCES)
    assert (found.kind, found.recipient, found.mark) == (EventKind.BOUNCED_HARD, "anna@client.example", "abc")


@pytest.mark.parametrize(
    "mail",
    [
        b"From: anna@client.example\nTo: bounce+abc@acme.example\nAuto-Submitted: auto-replied\nSubject: Away\n\n"
        b"I am away until Monday. Write to bob@client.example.\n",
        b"Return-Path: <>\nFrom: anna@client.example\nAuto-Submitted: auto-replied\nSubject: Absence\n\nBack.\n",
        b"From: anna@client.example\nSubject: your invoice\n\nThe mail to bob@client.example bounced, failed 5.1.1!\n",
        b"",
        b"\x00\xff" * 1000,
    ],
)
def test_what_people_and_their_absence_say_is_no_failure(mail: bytes) -> None:
    assert read(mail, BOUNCES) == ()


def nested(depth: int, kind: str) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/%b; boundary="b%d"\n\n--b%d\n' % (kind.encode(), number, number)
        for number in range(depth)
    )
    return b"Return-Path: <>\nTo: bounce+abc@acme.example\nMIME-Version: 1.0\n" + opening + b"\ndeep\n"


HOSTILE = {
    "deep": nested(5000, "report"),
    "shallow enough": nested(39, "mixed"),
    "mails in mails": b"Return-Path: <>\n" + b"Content-Type: message/rfc822\n\n" * 5000,
    "itself": b'Content-Type: multipart/report; boundary="b"\n\n' + b"--b\n" * 60_000,
    "huge": GENUINE.replace(b"User unknown", b"x" * 30_000_000),
    "headers": b"".join(b"X-%d: y\n" % number for number in range(60_000)),
    "one header": b"To: " + b"bounce+" * 100_000,
    "charset": GENUINE.replace(b"utf-8", b"unknown-\xff\xfe"),
    "encoding": GENUINE.replace(b"8bit", b"base64"),
    "date": GENUINE.replace(b"Date: Sun, 22 Nov 2026", b"Date: Sun, 99 Nov 99999999999"),
    "recipients": report("failed", "5.1.1").replace(
        b"\n--b\nContent-Type: message/rfc822",
        b"\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n" * 2000 + b"\n--b\n",
    ),
    "to nobody": report("failed", "5.1.1").replace(b"anna@client.example", b"\r\nBcc: <x>"),
    "blocks": b"Return-Path: <>\nFrom: postmaster@x\n\n" + b"<a@b.example>: failed, 550 5.1.1\n" * 8000,
}


@pytest.mark.parametrize("mail", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mail_says_little_or_nothing(mail: bytes) -> None:
    found = read(mail, BOUNCES)
    assert len(found) <= 200
    for one in found:
        assert len(one.recipient) <= 254 and len(one.words) <= 500 and "\n" not in one.recipient + one.words


@given(st.binary(max_size=2000) | st.text(max_size=500).map(lambda text: text.encode("utf-8", "replace")))
def test_no_mail_is_beyond_reading(mail: bytes) -> None:
    read(mail, BOUNCES)


@given(st.integers(0, len(GENUINE)), st.binary(max_size=20), st.integers(0, 200))
def test_nor_is_one_that_was_spoiled_on_the_way(at: int, put: bytes, gone: int) -> None:
    for one in read(GENUINE[:at] + put + GENUINE[at + gone :], BOUNCES):
        assert one.kind in EventKind and len(GENUINE) < MOST
