"""A real IMAP server on this machine: Dovecot, on a free port of 127.0.0.1, its mail in a folder of the test."""

from __future__ import annotations

import getpass
import grp
import imaplib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.mailbox import closed_port

USER, PASSWORD = "erp", "secret"


@dataclass(frozen=True)
class Imap:
    port: int
    user: str = USER

    def put(self, mail: bytes, folder: str = "INBOX") -> None:
        """A mail arrives."""
        with self._box() as box:
            box.append(folder, "", "", mail)

    def make(self, folder: str) -> None:
        with self._box() as box:
            box.create(folder)

    def count(self, folder: str = "INBOX") -> int:
        with self._box() as box:
            return int((box.select(folder, readonly=True)[1][0] or b"0").decode())

    def unseen(self, folder: str = "INBOX") -> int:
        with self._box() as box:
            box.select(folder, readonly=True)
            return len(box.search(None, "UNSEEN")[1][0].split())

    @contextmanager
    def _box(self) -> Iterator[imaplib.IMAP4]:
        box = imaplib.IMAP4("127.0.0.1", self.port, timeout=60)
        try:
            box.login(self.user, PASSWORD)
            yield box
        finally:
            box.logout()


def program() -> str:
    """Where Dovecot is; without it a test is skipped, and fails in CI."""
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no dovecot: install dovecot-imapd")
    return found


@contextmanager
def dovecot(folder: Path) -> Iterator[Imap]:
    """Any user logs in with PASSWORD. Its sockets lie in a folder of a short name: the system allows 107 signs."""
    with TemporaryDirectory(prefix="imap-") as sockets:
        yield from _running(folder, Path(sockets))


def _running(folder: Path, sockets: Path) -> Iterator[Imap]:
    server = program()
    folder.mkdir(parents=True, exist_ok=True)
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    if os.getuid() == 0:
        user, group = "nobody", "nogroup"
    (folder / "mail").mkdir()
    if os.getuid() == 0:
        shutil.chown(folder / "mail", user, group)
        for above in (sockets, folder, *folder.parents):  # the mail's owner has to get there
            if above.stat().st_uid == 0 and above != Path("/"):
                above.chmod(above.stat().st_mode | 0o011)
    settings = folder / "dovecot.conf"
    for _ in range(5):  # a port that was free may be somebody else's a moment later
        port = closed_port()
        settings.write_text(
            _SETTINGS.format(folder=folder, sockets=sockets, user=user, group=group, port=port, password=PASSWORD)
        )
        process = subprocess.Popen([server, "-F", "-c", str(settings)])
        if _listens(port, process):
            break
        process.kill()
        process.wait(60)
    else:
        raise AssertionError(f"dovecot does not start: {(folder / 'dovecot.log').read_text()[-2000:]}")
    try:
        yield Imap(port)
    finally:
        process.terminate()
        process.wait(60)


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether it greets us before it ends, within a minute."""
    for _ in range(600):
        if process.poll() is not None:
            return False
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as line:
                return line.recv(4).startswith(b"* OK")
        except OSError:
            time.sleep(0.1)
    return False


_SETTINGS = """
base_dir = {sockets}
state_dir = {sockets}
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
auth_failure_delay = 0
mail_max_userip_connections = 1000
mail_fsync = never
mailbox_list_index = no
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""
