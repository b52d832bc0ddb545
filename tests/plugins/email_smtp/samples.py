"""Samples for the conformance kit: a mail server on this machine that goes wrong as told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble
from tests.support.mailbox import DISCONNECT, HANG, RefusingMailbox

ANSWERS: dict[Trouble, dict[str, str]] = {
    Trouble.RESET: {"_sender": DISCONNECT}, Trouble.SILENT: {"_sender": HANG}, Trouble.LOST: {"_kept": DISCONNECT},
    Trouble.LATER: {"_sender": "451 4.3.2 busy"}, Trouble.REFUSED: {"_data": "554 5.7.1 spam"},
    Trouble.LOGIN: {"_sender": "530 5.7.0 authentication required"}, Trouble.GARBAGE: {"_sender": "hello there"},
}  # fmt: skip


class Server(RefusingMailbox):
    down = False

    def __exit__(self, *ended: Any) -> None:
        if not self.down:
            super().__exit__(*ended)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "sender_address": "invoices@acme.example", "starttls": "none",
            "timeout": 8, "local_hostname": "erp.acme.example",
        }  # fmt: skip

    def held(self) -> Sequence[str]:
        return [str(mail["Message-ID"]) for mail in self.messages]

    def trouble(self, kind: Trouble | None) -> bool:
        for name in ("_sender", "_data", "_kept"):
            setattr(self, name, "")
        if kind is Trouble.DOWN:
            super().__exit__(None, None, None)
            self.down = True
        for name, answer in ANSWERS.get(kind, {}).items() if kind else ():
            setattr(self, name, answer)
        return True


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "mail") as made:
        yield made


GOOD = {"host": "mail.example.com", "sender_address": "invoices@example.com"}
SAMPLES = Samples(
    remotes={"email": server},
    settings={"email": [GOOD, {**GOOD, "port": 587, "user": "acme", "password": "a-long-secret"}]},
    wrong={
        "email": [
            ({**GOOD, "host": "mail.example.com:25"}, "host"),
            ({**GOOD, "sender_address": "acme"}, "sender_address"),
            ({**GOOD, "password": "a-long-secret"}, "password"),
        ]
    },
)
