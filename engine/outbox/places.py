"""Who works: a process, named so that another one on its host can tell whether it is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

UNTOLD = "-"


def here() -> str:
    """This process. Shape: "host:4711:88123456:4026531836", with the moment it began and its space of process ids."""
    pid = os.getpid()
    return f"{_host()}:{pid}:{_began(pid) or UNTOLD}:{_space()}"


def gone(worker: str) -> bool:
    """Whether a worker is known to be no more: of this host, seen from here, and its process is not there.

    A number that another process has been given since is told by the moment that one began. Of other hosts, and of
    containers beside this one, nothing is known: their leases end.
    """
    parts = worker.split(":")
    if len(parts) < 4 or not parts[1].isdigit():
        return False
    host, pid, began, space = parts[:4]
    if host != _host() or space != _space():
        return False
    if began != UNTOLD and Path("/proc/self/stat").exists():
        return _began(int(pid)) != began
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _host() -> str:
    return socket.gethostname().replace(":", "_")[:40]


def _began(pid: int) -> str:
    """The tick a process began at; "" when there is none, when it is dead and unburied, or where nothing tells."""
    try:
        _, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")
    except OSError:
        return ""
    words = rest.split()
    return "" if words[0] in "ZX" else words[19]


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return UNTOLD
