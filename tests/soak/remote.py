"""The other side of a hand-over, in a process of its own: it takes its time, and what it does it does in the middle.

A line of JSON comes: {"policy", "key", "delivery", "ask": false}. What arrives is logged when it takes effect; a key
of policy `idempotent` that came before has none. With "ask" it says what it has. Usage: remote LOG SECONDS
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Remote(socketserver.ThreadingTCPServer):
    daemon_threads, request_queue_size = True, 128

    def __init__(self, log: Path, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self._log, self.seconds = log.open("a", encoding="utf-8"), seconds
        self._lock, self._has = threading.Lock(), set[str]()

    def take(self, told: dict[str, Any]) -> None:
        with self._lock:
            twin = told["policy"] == "idempotent" and told["key"] in self._has
            self._has.add(told["key"])
            self._log.write(json.dumps(told | {"twin": twin}) + "\n")
            self._log.flush()

    def has(self, key: str) -> bool:
        with self._lock:
            return key in self._has


class _Connection(socketserver.StreamRequestHandler):
    server: Remote

    def handle(self) -> None:
        told = json.loads(self.rfile.readline() or b"{}")
        if not told:
            return
        if told.pop("ask"):
            answer = "yes" if self.server.has(told["key"]) else "no"
        else:
            wait = threading.Event().wait
            wait(self.server.seconds / 2)
            self.server.take(told)
            wait(self.server.seconds / 2)
            answer = "taken"
        try:
            self.wfile.write(f"{answer}\n".encode())
        except OSError:  # who asked is dead
            return


@contextmanager
def remote(log: Path, seconds: float) -> Iterator[int]:
    """Its port, as long as the block runs."""
    command = [sys.executable, "-m", "tests.soak.remote", str(log), str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    with Remote(Path(sys.argv[1]), float(sys.argv[2])) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
