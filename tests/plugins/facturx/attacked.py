"""A process that reads hostile files, one after another, and says what each came to: a line of JSON for each.

Run as `python -m tests.plugins.facturx.attacked SEED PORT`. CPU seconds are of this process and of what it started;
memory is the most it ever held, in KiB; sockets are those it asked for.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from engine.spi import File, Rejected
from plugins.facturx import intake, wall
from plugins.facturx.importers import CiiImporter, FacturXImporter
from tests.support.hostile import Attack, hostile

SOCKETS: list[str] = []
SLOW = 0.5
"""CPU seconds from which an attack is made again."""


def spent() -> float:
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def memory() -> int:
    """Of this process by /proc: its `ru_maxrss` begins with what the process that started it held."""
    status = Path("/proc/self/status").read_text("ascii")
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def met(attack: Attack) -> tuple[str, str, float]:
    """What it came to, why, and the CPU seconds it took."""
    file, began = File(attack.name, "", attack.content), spent()
    try:
        importer = next((one for one in (CiiImporter(), FacturXImporter()) if one.recognises(file)), None)
        reason = "not recognised" if importer is None else f"read: {importer.read(file).number}"
        kind = "unknown" if importer is None else "accepted"
    except Rejected as refused:
        kind, reason = "refused", refused.reason
    except Exception as bug:
        kind, reason = "bug", f"{type(bug).__name__}: {bug}"
    return kind, reason, spent() - began


def main(seed: int, port: int) -> None:
    sys.addaudithook(lambda event, told: SOCKETS.append(event) if event.startswith("socket.") else None)
    assert intake and wall  # what a reader imports once is not counted to the first file
    CiiImporter().recognises(File("", "", b""))
    for attack in hostile(seed, port):
        kind, reason, cpu = met(attack)
        for _ in range(4):  # what else the machine does can only add to it
            if cpu > SLOW:
                cpu = min(cpu, met(attack)[2])
        told = {
            "name": attack.name, "how": attack.how, "kind": kind, "reason": reason, "cpu": round(cpu, 3),
            "memory": memory(), "sockets": len(SOCKETS), "bytes": len(attack.content),
        }  # fmt: skip
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
