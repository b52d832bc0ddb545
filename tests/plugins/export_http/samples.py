"""Samples for the conformance kit: a receiver that drops twins by their key, and refuses other logins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble
from tests.plugins.parcels import CANARY
from tests.support.web import CLOSE, HANG, RESET, Heard, WebServer, says

ANSWERS = {
    Trouble.RESET: RESET, Trouble.SILENT: HANG, Trouble.LATER: says(503, "busy", retry_after="5"),
    Trouble.REFUSED: says(422, "no such customer"), Trouble.LOGIN: says(401, "who are you?"),
    Trouble.GARBAGE: b"\x00\x01 what?\r\n\r\n",
}  # fmt: skip


class Receiver:
    def __init__(self, server: WebServer) -> None:
        self._server, self._kept, self._trouble = server, dict[str, bytes](), None
        server.behaviour = self._answer

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"{self._server.url}/in", "plain_http": True, "login": "bearer", "secret": CANARY,
            "drops_twins": True, "timeout": 1 if self._trouble is Trouble.SILENT else 60,
        }  # fmt: skip

    def held(self) -> Sequence[str]:
        return list(self._kept)

    def trouble(self, kind: Trouble | None) -> bool:
        self._trouble: Trouble | None = kind
        if kind is Trouble.DOWN:
            self._server.stop()
        return True

    def _answer(self, heard: Heard) -> bytes:
        if self._trouble in ANSWERS:
            return ANSWERS[self._trouble]
        if heard.headers.get("authorization") != f"Bearer {CANARY}":
            return says(401)
        if "x-connector-test" not in heard.headers:
            self._kept.setdefault(heard.headers["idempotency-key"], heard.body)
        return CLOSE if self._trouble is Trouble.LOST else says(201, "taken")


@contextmanager
def receiver(folder: Path) -> Iterator[Receiver]:
    with WebServer() as server:
        yield Receiver(server)


GOOD = {"url": "https://erp.example.com/in", "login": "signature", "secret": "key", "expected": [200, 409]}
SAMPLES = Samples(
    remotes={"http": receiver},
    settings={"http": [GOOD, {"url": "https://erp.example.com/in"}]},
    wrong={
        "http": [
            (GOOD | {"url": "ftp://erp.example.com"}, "url"), (GOOD | {"headers": {"Host": "x"}}, "headers"),
            (GOOD | {"expected": [302]}, "expected"),
        ]
    },
)  # fmt: skip
