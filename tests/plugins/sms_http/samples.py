"""Samples for the conformance kit: a gateway of one POST per message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble
from tests.plugins.parcels import CANARY
from tests.support.web import CLOSE, HANG, RESET, Heard, WebServer, says

ANSWERS = {
    Trouble.RESET: RESET, Trouble.SILENT: HANG, Trouble.LATER: says(429, "slowly", retry_after="5"),
    Trouble.REFUSED: says(400, "no such number"), Trouble.LOGIN: says(401), Trouble.GARBAGE: b"what?\r\n\r\n",
}  # fmt: skip


class Gateway:
    def __init__(self, server: WebServer) -> None:
        self._server, self._sent = server, list[str]()
        self._trouble: Trouble | None = None
        server.behaviour = self._answer

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "preset": "custom", "url": f"{self._server.url}/send", "health_url": f"{self._server.url}/status",
            "plain_http": True, "secret": CANARY, "senders": {"+": "Acme"}, "prefix": "+33", "most_segments": 10,
            "timeout": 1 if self._trouble is Trouble.SILENT else 60,
        }  # fmt: skip

    def held(self) -> Sequence[str]:
        return list(self._sent)

    def trouble(self, kind: Trouble | None) -> bool:
        self._trouble = kind
        if kind is Trouble.DOWN:
            self._server.stop()
        return True

    def _answer(self, heard: Heard) -> bytes:
        if self._trouble in ANSWERS:
            return ANSWERS[self._trouble]
        if heard.target == "/send":
            self._sent.append(heard.body.decode())
        return CLOSE if self._trouble is Trouble.LOST else says(201, f'{{"id": "m-{len(self._sent)}"}}')


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    with WebServer() as server:
        yield Gateway(server)


GOOD = {
    "preset": "custom", "url": "https://sms.example.com/", "secret": "x", "senders": {"+39": ["Acme"]}, "prefix": "+39",
}  # fmt: skip
SAMPLES = Samples(
    remotes={"sms": gateway},
    settings={"sms": [GOOD, GOOD | {"preset": "skebby", "url": "", "user": "u"}]},
    wrong={
        "sms": [
            (GOOD | {"senders": {"39": "Acme"}}, "senders"), (GOOD | {"prefix": "39"}, "prefix"),
            (GOOD | {"url": "https://127.1/"}, "url"),
        ]
    },
)  # fmt: skip
