"""SFTP servers on this machine: OpenSSH as it is, and one in a thread that goes wrong as told."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from typing import Any

import asyncssh
import pytest

PASSWORD = "pass-word-of-one-test"


@dataclass
class SftpServer:
    """Where it is, how to get in, and the folder its files go to. `stop` ends it before its time."""

    port: int
    user: str
    private_key: str
    fingerprint: str
    host_line: str
    folder: Path
    remote: str  # the folder, as the server calls it
    stop: Callable[[], None] = field(default=lambda: None)
    faults: dict[str, Any] = field(default_factory=dict)  # of asyncssh's: may be changed on the way


def program(name: str) -> str:
    """The path of a server program; without it the test fails in CI, and is skipped elsewhere."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not installed")
        raise AssertionError
    return found


def keys(folder: Path, name: str, kind: str = "ssh-ed25519") -> asyncssh.SSHKey:
    """A fresh pair, as `name` and `name.pub`."""
    key = asyncssh.generate_private_key(kind)
    key.write_private_key(folder / name)
    key.write_public_key(folder / f"{name}.pub")
    (folder / name).chmod(0o600)
    return key


@contextmanager
def openssh(folder: Path, options: str = "", more: str = "") -> Iterator[SftpServer]:
    """OpenSSH's own server, as the running user; `options` of internal-sftp, `more` lines of sshd_config."""
    sshd, ours = program("sshd"), folder / "sshd"
    root = ours / "root"
    root.mkdir(parents=True)
    ours.chmod(0o700)
    host, client = keys(ours, "host_key"), keys(ours, "client_key")
    shutil.copy(ours / "client_key.pub", ours / "authorized_keys")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    (ours / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {ours}/host_key\nPidFile {ours}/sshd.pid\n"
        f"AuthorizedKeysFile {ours}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLogLevel VERBOSE\n"
        f"Subsystem sftp internal-sftp -d {root} {options}\n{more}\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)
    with (ours / "sshd.log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", str(ours / "sshd_config")], stderr=log)
    try:
        _listens(port, process)
        yield SftpServer(
            port, getuser(), client.export_private_key().decode(), host.get_fingerprint(),
            (ours / "host_key.pub").read_text(), root, ".", process.terminate,
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(60)


def _listens(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1_200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                raise AssertionError("sshd did not start") from None
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not listen")


class Faulty(asyncssh.SFTPServer):
    """Files in a folder; what goes wrong is told by the class made of it in `asyncssh_server`."""

    faults: dict[str, Any] = {}

    def __init__(self, channel: Any) -> None:
        super().__init__(channel, chroot=self.faults["root"])
        self._channel, self._written = channel, 0

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        if pause := self.faults.get("slow"):
            await asyncio.sleep(pause)
        self._written += len(data)
        if self._written > self.faults.get("room", 1 << 60):
            raise asyncssh.SFTPFailure("No space left on device")
        if self._written > self.faults.get("cut_after", 1 << 60):
            self._channel.get_connection().abort()
            await asyncio.sleep(60)
        if self.faults.get("spoils"):
            data = bytes(len(data))
        return await asyncio.to_thread(self._keep, file_obj, offset, data)

    def _keep(self, file_obj: Any, offset: int, data: bytes) -> int:
        file_obj.seek(offset)
        return int(file_obj.write(data))

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        if self.faults.get("read_only") and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("read-only")
        if self.faults.get("write_only") and not pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("write-only")
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self.faults.get("cut_at_rename"):
            super().rename(oldpath, newpath)
            self._channel.get_connection().abort()
        return super().rename(oldpath, newpath) if not self.faults.get("cut_at_rename") else None

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self.faults.get("no_posix_rename"):
            raise asyncssh.SFTPOpUnsupported("no such extension")
        return super().posix_rename(oldpath, newpath)


class Login(asyncssh.SSHServer):
    """Takes PASSWORD from anybody."""

    faults: dict[str, Any] = {}

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == PASSWORD and not self.faults.get("login")


@contextmanager
def asyncssh_server(folder: Path, host_kind: str = "ssh-ed25519", **faults: Any) -> Iterator[SftpServer]:
    """asyncssh's server in a thread. Faults, by name:

    login · slow (seconds per write) · room, cut_after (bytes) · spoils · read_only · write_only · cut_at_rename ·
    no_posix_rename · host_key (a key to show instead of a fresh one)
    """
    ours = folder / "asyncssh"
    root = ours / "root"
    root.mkdir(parents=True, exist_ok=True)
    host, client = faults.get("host_key") or keys(ours, "host_key", host_kind), keys(ours, "client_key")
    told = {"faults": faults | {"root": os.fsencode(root)}}
    served, login = type("Served", (Faulty,), told), type("Entered", (Login,), told)
    loop, ready, listening = asyncio.new_event_loop(), threading.Event(), list[Any]()

    async def serve() -> None:
        acceptor = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=login, server_host_keys=[host],
            authorized_client_keys=str(ours / "client_key.pub"), sftp_factory=served,
        )  # fmt: skip
        listening.append(acceptor)
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(serve())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(60):
        raise AssertionError("asyncssh does not listen")

    def stop() -> None:
        loop.call_soon_threadsafe(listening[0].close)

    try:
        yield SftpServer(
            listening[0].get_port(), "anna", client.export_private_key().decode(), host.get_fingerprint(),
            host.export_public_key().decode(), root, ".", stop,
            told["faults"],
        )  # fmt: skip
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
