"""The mailbox that mail comes back to, on a real IMAP server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.spi import AuthExpired, ConfigError, EventKind, TransientError
from plugins.email_smtp.client import EmailChannel
from plugins.email_smtp.settings import EmailSettings
from tests.plugins.email_smtp.builders import connection
from tests.plugins.email_smtp.test_bounces import GENUINE, KEY, report
from tests.support.fakes import plugin_context
from tests.support.imap import PASSWORD, USER, Imap, dovecot
from tests.support.mailbox import RefusingMailbox, closed_port
from tests.support.web import proof

LETTER = b"From: anna@client.example\nSubject: a question\n\nHello?\n"
channel = EmailChannel()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imap]:
    with dovecot(tmp_path_factory.mktemp("imap") / "dovecot") as opened:
        yield opened


def settings(server: Imap, user: str, smtp: int = 25, **changes: Any) -> EmailSettings:
    return connection(
        smtp, bounce_address="bounce@acme.example", imap_host="127.0.0.1", imap_port=server.port, imap_tls="none",
        imap_user=user, imap_password=PASSWORD, **changes,
    )  # fmt: skip


def test_each_mail_is_read_once_and_left_as_it_was(server: Imap) -> None:
    mine, context = settings(server, USER), plugin_context()
    assert [*channel.events(mine, context)] == []
    for mail in (GENUINE, LETTER, report("delayed", "4.4.1")):
        server.put(mail)
    events = [*channel.events(mine, context)]
    assert [(one.kind, one.key, one.recipient, one.code) for one in events] == [
        (EventKind.BOUNCED_HARD, KEY, "nouser@cust.example", "5.1.1"),
        (EventKind.DEFERRED, KEY, "anna@client.example", "4.4.1"),
    ]
    assert {one.reference for one in events} == {f"<{KEY}@acme.example>"}
    assert all(one.at <= context.now() for one in events)
    assert server.count() == server.unseen() == 3
    assert [*channel.events(mine, context)] == []
    assert [*channel.events(mine, replace(plugin_context(), connection="OTHER"))] == events  # by the same ids


def test_a_mail_is_passed_only_when_what_it_says_was_taken(server: Imap) -> None:
    mine, context = settings(server, USER, imap_folder="Half"), plugin_context()
    server.make("Half")
    server.put(GENUINE, "Half")
    reading = channel.events(mine, context)
    first = next(reading)
    del reading  # whoever read it died
    assert [*channel.events(mine, context)] == [first]
    assert [*channel.events(mine, context)] == []


def test_what_came_back_is_moved_and_letters_stay(server: Imap) -> None:
    for folder in ("Back", "Back.Read"):
        server.make(folder)
    for mail in (GENUINE, LETTER, GENUINE.replace(b"nouser", b"nobody")):
        server.put(mail, "Back")
    mine = settings(server, USER, imap_folder="Back", imap_done="Back.Read")
    assert len([*channel.events(mine, plugin_context())]) == 2
    assert (server.count("Back"), server.count("Back.Read")) == (1, 2)


def test_a_mailbox_that_does_not_open_says_why(server: Imap) -> None:
    context = plugin_context()
    with pytest.raises(AuthExpired, match="refused our login"):
        list(channel.events(settings(server, USER).model_copy(update={"imap_password": None}), context))
    with pytest.raises(ConfigError, match="no folder Nowhere"):
        list(channel.events(settings(server, USER, imap_folder="Nowhere"), context))
    with pytest.raises(TransientError, match="cannot be read"):
        list(channel.events(settings(Imap(closed_port()), USER), context))
    with pytest.raises(TransientError, match="cannot be read"):
        list(channel.events(settings(server, USER).model_copy(update={"imap_tls": "implicit"}), context))
    assert list(channel.events(connection(), context)) == []


def test_a_connection_test_looks_into_the_mailbox_and_leaves_it_alone(server: Imap, tmp_path: Path) -> None:
    server.put(GENUINE)
    with RefusingMailbox(tmp_path) as mailbox:
        fine = channel.test(settings(server, USER, mailbox.port), plugin_context())
        lost = channel.test(settings(server, USER, mailbox.port, imap_done="Gone"), plugin_context())
    assert fine.passed and [one.name for one in fine.steps] == ["server", "sender", "recipient", "mailbox"]
    assert not lost.passed and lost.steps[-1].code == "no_folder"
    assert server.unseen() == server.count()


@contextmanager
def refusing(tls: ssl.SSLContext, implicit: bool) -> Iterator[int]:
    """A mailbox that speaks TLS and refuses every login; for one conversation."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            line = listener.accept()[0]
            line = tls.wrap_socket(line, server_side=True) if implicit else line
            line.sendall(b"* OK hello\r\n")
            word = ""
            while word != "LOGIN" and (told := line.recv(4096).decode()):
                tag, word = told.split()[:2]
                answer = "NO who are you" if word == "LOGIN" else "OK so be it"
                line.sendall(f"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} {answer}\r\n".encode())
                line = tls.wrap_socket(line, server_side=True) if word == "STARTTLS" else line
            line.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        with suppress(OSError):  # wakes a server nobody has come to
            socket.create_connection(listener.getsockname(), 1).close()
        thread.join(60)


@pytest.mark.parametrize("way", ["implicit", "starttls"])
def test_over_tls_a_mailbox_proves_its_name_before_it_hears_the_login(tmp_path: Path, way: str) -> None:
    made = proof(tmp_path)
    for known, error in ((EmailChannel(tls=lambda: made.client), AuthExpired), (channel, TransientError)):
        with refusing(made.server, way == "implicit") as port, pytest.raises(error) as told:
            mailbox = {"imap_host": "127.0.0.1", "imap_port": port, "imap_tls": way, "imap_user": USER}
            list(known.events(connection(25, **mailbox, imap_password=PASSWORD), plugin_context()))
        assert ("did not prove its name" in told.value.reason) == (error is TransientError)
