"""Invoices sent to a mailbox: a real Dovecot; mail that is let in is taken once, all other mail is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from itertools import count
from typing import Any

import pytest

from engine.spi import AuthExpired, ConfigError, Incoming, PluginContext, TransientError
from engine.spi.host import register
from plugins.inbox_imap import attachments, plugin
from plugins.inbox_imap.settings import MailboxSettings
from plugins.inbox_imap.source import MailSource
from tests.support.fakes import plugin_context
from tests.support.imap import PASSWORD, Imap, dovecot
from tests.support.mailbox import closed_port

SOURCE = MailSource()


USERS = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imap]:
    with dovecot(tmp_path_factory.mktemp("imap") / "d") as running:
        yield running


@pytest.fixture
def box(server: Imap) -> Imap:
    """A mailbox of its own."""
    return replace(server, user=f"u{next(USERS)}")


@pytest.fixture
def context() -> PluginContext:
    return plugin_context()


def settings(box: Imap, **changes: Any) -> MailboxSettings:
    told = {"host": "127.0.0.1", "port": box.port, "tls": "none", "user": box.user, "password": PASSWORD,
            "trusted_senders": "@supplier.example"}  # fmt: skip
    return MailboxSettings.model_validate(told | changes)


def mail(id: str = "<m1@supplier.example>", sender: str = "Ada <billing@supplier.example>", subject: str = "Invoice",
         files: tuple[tuple[str, str, bytes], ...] = (("a.xml", "application/xml", b"<a/>"),)) -> bytes:  # fmt: skip
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "inbox@books.example", subject
    if id:
        made["Message-ID"] = id
    made.set_content("see attached")
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


def fetch(box: Imap, context: PluginContext, **changes: Any) -> list[Incoming]:
    return list(SOURCE.fetch(settings(box, **changes), context))


def test_attachments_of_a_trusted_sender_are_brought(box: Imap, context: PluginContext) -> None:
    box.put(mail(files=(("a.xml", "application/xml", b"<a/>"), ("b.PDF", "application/octet-stream", b"%PDF-"),
                        ("c.txt", "text/plain", b"no"), ("d.pdf", "application/pdf", b""))))  # fmt: skip
    (found,) = fetch(box, context)
    assert [(one.name, one.media_type, one.content) for one in found.files] == [
        ("a.xml", "application/xml", b"<a/>"), ("b.PDF", "application/pdf", b"%PDF-"),
    ]  # fmt: skip
    assert (found.sender, found.subject) == ("billing@supplier.example", "Invoice")
    assert found.id.startswith("<m1@supplier.example>#")
    assert box.count() == 1 and box.unseen() == 1  # not moved, not marked


@pytest.mark.parametrize(("changes", "sender", "subject", "let_in"), [
    ({}, "x@supplier.example", "", True), ({}, "x@SUPPLIER.example", "", True),
    ({}, "x@evil-supplier.example.net", "", False), ({}, "x@other.example", "CODE-7", False),
    ({"subject_code": "CODE-7"}, "x@other.example", "re: code-7 bill", True),
    ({"subject_code": "CODE-7"}, "x@other.example", "nothing", False),
    ({"subject_code": "CODE-7", "both": True}, "x@supplier.example", "nothing", False),
    ({"subject_code": "CODE-7", "both": True}, "x@supplier.example", "CODE-7", True),
    ({"trusted_senders": "ada@supplier.example"}, "ada@supplier.example", "", True),
    ({"trusted_senders": "ada@supplier.example"}, "bad-ada@supplier.example", "", False),
])  # fmt: skip
def test_who_is_let_in(
    box: Imap, context: PluginContext, changes: dict[str, Any], sender: str, subject: str, let_in: bool
) -> None:
    box.put(mail(sender=sender, subject=subject))
    assert bool(fetch(box, context, **changes)) is let_in
    assert box.unseen() == 1


BOSS, EVE = "boss@supplier.example", "eve@evil.example"


@pytest.mark.parametrize("line", [
    BOSS, f"<{BOSS}>", f" {BOSS} ", f"Ada <{BOSS}>", f'"Ada, boss" <{BOSS}>', f"{BOSS} (Ada)", f"(Ada) {BOSS}",
    f"Ada\r\n <{BOSS}>", f"\r\n {BOSS}", f"=?utf-8?q?J=C3=BCrgen?= <{BOSS}>", f"Jürgen <{BOSS}>",
    f'"{BOSS}" <{BOSS}>', f"=?utf-8?q?boss=40supplier=2Eexample?= <{BOSS}>", f'"Ada: buy; sell" <{BOSS}>',
])  # fmt: skip
def test_a_sender_is_read_from_its_header(box: Imap, line: str) -> None:
    sender = attachments.head(f"From: {line}\r\nSubject: x\r\n\r\n".encode()).sender
    assert sender == BOSS and settings(box).lets_in(sender, "")


@pytest.mark.parametrize("line", [
    f"{BOSS} <{EVE}>", f"=?utf-8?q?boss=40supplier=2Eexample?= <{EVE}>", f'"{BOSS}" <{EVE}>', f"<{BOSS}> <{EVE}>",
    f"=?utf-8?q?boss=40supplier=2Eexample=3E?= <{EVE}>", f"=?utf-8?b?PGJvc3NAc3VwcGxpZXIuZXhhbXBsZT4=?= <{EVE}>",
    f"{EVE} <{BOSS}>", f"{EVE}\r\n <{BOSS}>", f"Ada ({EVE}) <{BOSS}>", f"<{EVE}> ({BOSS})", f"{EVE} ({BOSS})",
    f"({BOSS}) {EVE}", f"{BOSS}, {EVE}", f"{EVE}, {BOSS}", f"<{BOSS}>,", f"{EVE};{BOSS}", f"Team: {BOSS};", "Team:;",
    f"Team: {EVE}, {BOSS};", f"<@evil.example:{BOSS}>", f'"{EVE} "@supplier.example', '"a b"@supplier.example',
    f"<{EVE}>@supplier.example", f"{EVE}@supplier.example", "eve@[evil.example]@supplier.example",
    "a b@supplier.example", f"{BOSS}\0", f"{BOSS}\0@evil.example", f"\0{BOSS}", f"{BOSS}\x0b<{EVE}>",
    f"{BOSS}\r<{EVE}>", f"{BOSS} <",
    "=?utf-8?q?eve=40evil.example=0A?=@supplier.example", "=?utf-8?q?boss?=@supplier.example", f"{BOSS}.",
    "@supplier.example", "boss@", "", f'"Ada" {EVE}" <{BOSS}>', f'"Ada\\" <{BOSS}>" <{EVE}>', f"{BOSS}\r\nFrom: {EVE}",
    f"{EVE}\r\nFROM: {BOSS}", f"{BOSS}\r\nfrom: {BOSS}", f"({'x' * attachments.MOST_HEADER}) {BOSS}",
    f"{BOSS}\r\nX-Long: {'x' * attachments.MOST_HEADER}\r\nFrom: {EVE}", f"boss@supplier.example\u200b <{EVE}>",
    f"=?utf-8?q?Ada?= {BOSS} <{EVE}>", f"=?x-nobody?q?boss=40supplier.example?= <{EVE}>", "böss@supplier.example",
])  # fmt: skip
def test_no_spelling_passes_for_a_trusted_sender(box: Imap, line: str) -> None:
    sender = attachments.head(f"From: {line}\r\nSubject: x\r\n\r\n".encode()).sender
    assert sender in ("", EVE) and not settings(box).lets_in(sender, "")


def test_a_display_name_opens_no_mailbox(box: Imap, context: PluginContext) -> None:
    raw = mail().replace(b"Ada <billing@supplier.example>", f"=?utf-8?q?boss=40supplier=2Eexample?= <{EVE}>".encode())
    assert EVE.encode() in raw
    box.put(raw)
    assert fetch(box, context) == [] and box.count() == 1


def test_a_connection_that_lets_everybody_in_is_refused(box: Imap) -> None:
    for wrong in ({"trusted_senders": ()}, {"both": True}, {"trusted_senders": "nobody"}, {"tls": "maybe"}):
        with pytest.raises(ValueError):
            settings(box, **wrong)


@pytest.mark.parametrize(("taken", "folder"), [(True, "Taken"), (False, "Refused")])
def test_mail_is_moved_when_it_is_done(box: Imap, context: PluginContext, taken: bool, folder: str) -> None:
    box.put(mail())
    (found,) = fetch(box, context)
    for _ in range(2):  # it may come twice
        SOURCE.done(found, taken, "posted", settings(box), context)
    assert box.count() == 0 and box.count(folder) == 1
    assert fetch(box, context) == []


def test_mail_is_flagged_and_stays_where_that_is_wanted(box: Imap, context: PluginContext) -> None:
    box.put(mail())
    box.put(mail("<m2@supplier.example>"))
    first, second = fetch(box, context, after="flag")
    SOURCE.done(first, True, "", settings(box, after="flag"), context)
    assert [one.id for one in fetch(box, context, after="flag")] == [second.id]
    SOURCE.done(second, False, "", settings(box, after="flag"), context)
    assert fetch(box, context, after="flag") == [] and box.count() == 2


def test_twins_of_one_message_id_are_done_together(box: Imap, context: PluginContext) -> None:
    box.put(mail())
    box.put(mail())
    first, twin = fetch(box, context)
    assert first.id == twin.id
    SOURCE.done(first, True, "", settings(box), context)
    assert box.count() == 0


def test_mail_that_was_not_read_is_not_moved_though_it_has_the_same_message_id(
    box: Imap, context: PluginContext
) -> None:
    box.put(mail())
    box.put(mail(files=(("b.xml", "application/xml", b"<b/>"),)))
    first, other = fetch(box, context)
    assert first.id != other.id
    SOURCE.done(first, True, "", settings(box), context)
    assert box.count() == 1
    (left,) = fetch(box, context)
    assert (left.id, left.files[0].name) == (other.id, "b.xml")


def test_mail_too_big_to_read_is_not_moved_with_its_namesake(box: Imap, context: PluginContext) -> None:
    box.put(mail(files=(("a.pdf", "application/pdf", b"%PDF-" + b"\0" * (20 * 1024 * 1024)),)))
    box.put(mail(files=()))
    big, small = fetch(box, context)
    SOURCE.done(small, False, "", settings(box), context)
    assert [one.id for one in fetch(box, context)] == [big.id]


def test_a_strangers_mail_with_the_same_id_is_not_moved(box: Imap, context: PluginContext) -> None:
    box.put(mail())
    box.put(mail(sender="x@other.example"))
    (found,) = fetch(box, context)
    SOURCE.done(found, True, "", settings(box), context)
    assert box.count() == 1


@pytest.mark.parametrize("id", ["", '<a"b\\c@x>', "<with (brackets) and é@x>", "<" + "x" * 2000 + "@y>"])
def test_odd_message_ids(box: Imap, context: PluginContext, id: str) -> None:
    raw = mail("")
    box.put(b"Message-ID: " + id.encode() + b"\r\n" + raw if id else raw)
    found = fetch(box, context)
    assert len(found) == 1 and 0 < len(found[0].id) <= 400
    again = fetch(box, context)
    assert again[0].id == found[0].id
    SOURCE.done(found[0], True, "", settings(box), context)


def test_big_mail_is_told_and_not_read(box: Imap, context: PluginContext) -> None:
    big = b"%PDF-" + b"\0" * (20 * 1024 * 1024)
    box.put(mail(files=(("a.pdf", "application/pdf", big),)))
    (found,) = fetch(box, context)
    assert found.files == () and "bytes" in found.subject
    SOURCE.done(found, False, "too large", settings(box), context)
    assert box.count("Refused") == 1


def nested(depth: int) -> bytes:
    raw = mail()
    for n in range(depth):
        boundary = b"=_%d" % n
        raw = (
            b"From: a@supplier.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n"
            b"--%s\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--%s--\r\n" % (boundary, boundary, raw, boundary)
        )  # fmt: skip
    return raw


@pytest.mark.parametrize(("depth", "files"), [(0, 1), (1, 1), (2, 1), (20, 0), (400, 0)])
def test_nested_mail_is_read_to_a_depth(depth: int, files: int) -> None:
    found, why = attachments.files(nested(depth))
    assert len(found) == files and bool(why) is not bool(files)


def test_all_files_of_a_mail_are_brought() -> None:
    found, why = attachments.files(mail(files=tuple((f"{n}.xml", "application/xml", b"<a/>") for n in range(60))))
    assert len({one.name for one in found}) == 60 and why == ""


def test_mail_of_more_parts_than_are_looked_at_brings_none_and_is_refused(box: Imap, context: PluginContext) -> None:
    box.put(mail(files=tuple((f"{n}.xml", "application/xml", b"<a/>") for n in range(300))))
    (found,) = fetch(box, context)
    assert found.files == () and "more parts" in found.subject
    SOURCE.done(found, False, "", settings(box), context)
    assert (box.count(), box.count("Refused")) == (0, 1)


def test_broken_mail_brings_nothing() -> None:
    for raw in (b"", b"\x00\xff" * 100, b"Content-Type: multipart/mixed\r\n\r\n--x", b"Content-Type: text/xml\r\n\r\n"):
        assert attachments.files(raw)[0] == ()
    two = b"From: a@supplier.example\r\nFrom: b@evil.example\r\nSubject: =?x-nobody?q?=FF?=\r\n\r\n"
    assert attachments.head(two).sender == ""
    names = mail(files=(("../../etc/passwd.xml", "application/xml", b"<a/>"),))
    assert len(attachments.files(names)[0]) == 1


def test_what_is_wrong_is_told_by_its_kind(box: Imap, context: PluginContext) -> None:
    with pytest.raises(AuthExpired):
        fetch(box, context, password="wrong")
    with pytest.raises(ConfigError):
        fetch(box, context, folder="Nowhere")
    with pytest.raises(TransientError):
        fetch(box, context, port=closed_port())
    report = SOURCE.test(settings(box, password="wrong"), context)
    assert not report.passed and report.steps[-1].code == "bad_secret"
    assert not SOURCE.test(settings(box, port=closed_port()), context).passed


def test_a_test_passes_and_changes_nothing(box: Imap, context: PluginContext) -> None:
    box.put(mail())
    assert SOURCE.test(settings(box), context).passed and box.unseen() == 1


def test_the_plugin_offers_its_source() -> None:
    assert {*register([("inbox_imap", plugin)]).sources} == {"inbox_imap"}


def test_a_private_address_is_not_connected_to(box: Imap) -> None:
    from engine.spi.net import GuardedNetwork

    with pytest.raises(ConfigError):
        fetch(box, replace(plugin_context(), network=GuardedNetwork()))
