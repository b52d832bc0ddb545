"""Samples for the conformance kit: asyncssh's server, which goes wrong as told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble
from tests.support.sftp import PASSWORD, SftpServer, asyncssh_server

FAULTS: dict[Trouble, dict[str, Any]] = {
    Trouble.RESET: {"cut_after": 0}, Trouble.SILENT: {"slow": 60}, Trouble.LOST: {"cut_at_rename": True},
    Trouble.LATER: {"room": 0}, Trouble.REFUSED: {"read_only": True}, Trouble.LOGIN: {"login": True},
    Trouble.GARBAGE: {"spoils": True}, Trouble.DOWN: {},
}  # fmt: skip


class Shelf:
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1", "port": self._server.port, "user": "anna", "password": PASSWORD,
            "fingerprint": self._server.fingerprint, "timeout": 2 if "slow" in self._server.faults else 60,
        }  # fmt: skip

    def held(self) -> Sequence[str]:
        return sorted(path.name for path in self._server.folder.iterdir() if path.suffix != ".part")

    def trouble(self, kind: Trouble | None) -> bool:
        for name in [name for name in self._server.faults if name != "root"]:
            del self._server.faults[name]
        if kind is Trouble.DOWN:
            self._server.stop()
        self._server.faults.update(FAULTS[kind] if kind else {})
        return True


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    with asyncssh_server(folder) as server:
        yield Shelf(server)


GOOD = {"host": "sftp.example.com", "user": "acme", "password": "x"}
SAMPLES = Samples(
    remotes={"sftp": shelf},
    settings={"sftp": [GOOD, GOOD | {"fingerprint": f"SHA256:{'A' * 43}", "file_name": "{date}_{key}"}]},
    wrong={
        "sftp": [
            (GOOD | {"host": "127.1"}, "host"), (GOOD | {"fingerprint": "x"}, "fingerprint"),
            (GOOD | {"file_name": "../{number}"}, "file_name"),
        ]
    },
)  # fmt: skip
