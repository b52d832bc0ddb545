"""Samples for the conformance kit: a mail server on this machine that goes wrong when asked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble
from tests.support.mailbox import DISCONNECT, HANG, RESET, RefusingMailbox

GOOD = {"host": "smtp.example.com", "sender_address": "billing@example.com"}
LOGIN = GOOD | {"port": 587, "user": "erp", "password": "a-password-of-the-samples"}
BACK = {"imap_host": "imap.example.com", "imap_user": "erp", "imap_password": "another-password-of-the-samples"}
WRONG: Mapping[Trouble, tuple[str, str]] = {
    Trouble.RESET: ("_sender", RESET),
    Trouble.SILENT: ("_kept", HANG),
    Trouble.LOST: ("_kept", DISCONNECT),
    Trouble.LATER: ("_sender", "451 4.3.2 come back"),
    Trouble.REFUSED: ("_data", "554 5.7.1 we do not want this"),
    Trouble.LOGIN: ("_sender", "530 5.7.0 who are you?"),
    Trouble.GARBAGE: ("_sender", "it works"),
}


class Server:
    def __init__(self, mailbox: RefusingMailbox) -> None:
        self._mailbox, self.up = mailbox, True

    @property
    def settings(self) -> Mapping[str, Any]:
        reached = {"host": "127.0.0.1", "port": self._mailbox.port, "sender_address": "billing@example.com"}
        return reached | {
            "starttls": "none",
            "timeout": 1.5 if self._mailbox._kept == HANG else 60,
            "local_hostname": "erp.example.com",
        }

    def held(self) -> Sequence[str]:
        return [mail.as_string() for mail in self._mailbox.messages]

    def trouble(self, kind: Trouble | None) -> bool:
        for name in ("_sender", "_data", "_kept"):
            setattr(self._mailbox, name, "")
        if kind is Trouble.DOWN:
            self.up = False
            self._mailbox.__exit__(None, None, None)
        elif kind is not None:
            setattr(self._mailbox, *WRONG[kind])
        return True


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    mailbox = RefusingMailbox(folder / "mail")
    mailbox.options = {"data_size_limit": 10_000_000}  # as many mail servers have it
    mailbox.__enter__()
    made = Server(mailbox)
    try:
        yield made
    finally:
        if made.up:
            mailbox.__exit__(None, None, None)


SAMPLES = Samples(
    remotes={"email": server},
    settings={"email": [GOOD, LOGIN, LOGIN | {"implicit_tls": True, "port": 465}, GOOD | BACK]},
    wrong={
        "email": [
            (GOOD | {"host": "smtp.example.com:25"}, "host"),
            (GOOD | {"sender_address": "billing"}, "sender_address"),
            (LOGIN | {"starttls": "none"}, "password"),
            (GOOD | {"password": "of nobody"}, "password"),
            (GOOD | {"imap_password": "of nobody"}, "imap_password"),
            (GOOD | {"bounce_address": f"{'b' * 28}@example.com"}, "bounce_address"),
            (GOOD | {"timeout": 0}, "timeout"),
        ]
    },
)
