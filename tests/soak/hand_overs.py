"""Workers are killed while they hand over: nothing is lost, and a twin goes only where its policy allows one.

    post        each document has one delivery of each policy, to the remote (remote.py)
    hand over   workers, forked from a process that has imported everything and has no connection open; one is killed
                now and then, and another forked; at the end one is left to finish
    judge       the remote's log against the rows

`recovery` off is the control: what a dead worker had in hand stays there, and the judge has to say so.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from engine.flow import Actor, Context
from engine.kernel.clock import SystemClock
from engine.outbox.executors.embedded import Embedded
from engine.outbox.relay import Relay
from engine.spi import DeliveryPolicy, DocumentView, Parcel, PluginContext, Receipt, TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from engine.storage.job_queue import JobQueue
from engine.storage.queue_worker import Procrastinate
from tests.soak.remote import ROOT, remote
from tests.support.fakes import FixedClock, MemoryChannel, PlainFormat
from tests.support.house import House, invoice

POLICIES = tuple(DeliveryPolicy)
LEASE = timedelta(seconds=5)
"""Longer than the remote takes, and than a busy machine keeps a worker waiting."""
PATIENCE = 300.0
"""Seconds to finish what is left when no more worker is killed."""
RULE = """
[[delivery_rule]]
id = "{name}"
company = "PARIS"
channel = "{channel}"
connection = "{name}"
"""


@dataclass(frozen=True)
class Load:
    """What is to be done. `elsewhere`: workers call themselves so that only leases and signs of life tell of them."""

    url: str
    folder: str
    executor: str
    documents: int
    kills: int
    pauses: tuple[float, float]
    seconds: float  # the remote's
    workers: int = 3
    concurrency: int = 1
    seed: int = 1
    elsewhere: bool = False
    recovery: bool = True
    port: int = 0

    @property
    def log(self) -> Path:
        return Path(self.folder) / "arrived.jsonl"

    @property
    def in_flight(self) -> int:
        """Hand-overs at once that one kill can hit."""
        return len(POLICIES) * self.concurrency


@dataclass
class Ran:
    """What a run came to, and what is wrong with it."""

    kills: int
    in_flight: int  # tries whose sender was killed
    lost: int = 0
    twins: dict[str, int] = field(default_factory=dict)  # by policy: arrivals that took effect, beyond one each
    uncertain: int = 0
    bound: int = 0
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        dear = ("idempotent", "reconcilable", "at_most_once")
        found = [f"{self.lost} lost"] if self.lost else []
        found += [f"{self.twins[one]} twins, {one}" for one in dear if self.twins.get(one)]
        doubts = self.twins.get("at_least_once", 0) + self.uncertain
        return found + ([f"{doubts} doubts, the bound is {self.bound}"] if doubts > self.bound else [])

    def figures(self) -> dict[str, int]:
        twins = {f"twins {name}": number for name, number in self.twins.items()}
        return {"kills": self.kills, "in flight": self.in_flight, "lost": self.lost, **twins,
                "uncertain": self.uncertain, "bound": self.bound, "wrong": len(self.wrong)}  # fmt: skip


class RemoteChannel(MemoryChannel):
    """Hands a parcel to the remote; named by its policy."""

    def __init__(self, policy: DeliveryPolicy, port: int) -> None:
        super().__init__(f"to_{policy.value}", policy=policy)
        self._port = port

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        return (document.partner.code,)

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        if self._told(parcel, ask=False) != "taken":
            raise TryLater("cut off")
        return Receipt(parcel.key)

    def find(self, parcel: Parcel, context: PluginContext) -> Receipt | None:
        return Receipt(parcel.key) if self._told(parcel, ask=True) == "yes" else None

    def _told(self, parcel: Parcel, ask: bool) -> str:
        told = {"policy": self.policy.value, "key": parcel.key, "delivery": parcel.document.number, "ask": ask}
        try:
            with socket.create_connection(("127.0.0.1", self._port), 20) as connection:
                connection.sendall(json.dumps(told).encode() + b"\n")
                return connection.makefile().readline().strip()
        except OSError as cause:
            raise TryLater(str(cause)) from cause


class Forgetful(Relay):
    """The control: leaves what a dead worker had in hand."""

    def sweep(self) -> int:
        return 0


def run(load: Load) -> Ran:
    """The whole of it. The database has DEMO applied."""
    began = time.monotonic()
    house = _house(load)
    if load.executor == "procrastinate":
        JobQueue(house.database).install()
        house.close()
        house = _house(load)
    rules = [RULE.format(name=f"R-{one.name[:12]}", channel=f"to_{one.value}") for one in POLICIES]
    house.apply(Path(load.folder), "SOAK", *rules)
    for one in POLICIES:
        house.connect(f"R-{one.name[:12]}", f"to_{one.value}")
    for answer in house.post_batch(invoice(customer=NOBODY) for _ in range(load.documents)):
        assert "faults" not in answer, answer
    house.close()
    with remote(load.log, load.seconds) as port:
        file = Path(load.folder) / "load.json"
        file.write_text(json.dumps(asdict(load) | {"port": port}), encoding="utf-8")
        command = [sys.executable, "-m", "tests.soak.hand_overs", str(file)]
        kills = int(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)
    ran = judged(load, kills)
    ran.seconds = round(time.monotonic() - began, 1)
    return ran


NOBODY = {key: value for key, value in invoice()["customer"].items() if key != "email"}
"""A customer whom DEMO's own rules do not reach."""


def judged(load: Load, kills: int) -> Ran:
    house = _house(load)
    arrived = [json.loads(line) for line in load.log.read_text(encoding="utf-8").splitlines()]
    effects = Counter((one["policy"], one["delivery"]) for one in arrived if not one["twin"])
    hit = ("died", "absent")
    with house.database.read() as connection:
        log = tables.delivery_attempt
        died = connection.scalar(select(func.count()).select_from(log).where(log.c.state.in_(hit))) or 0
    ran = Ran(kills, died, bound=kills * load.in_flight)
    numbers = {row["id"]: row["number"] for row in house.rows(tables.document)}
    for row in house.rows(tables.delivery):
        policy = row["channel"].removeprefix("to_")
        if row["channel"] == "email":
            continue
        came = effects[policy, numbers[row["document"]]]
        ran.twins[policy] = ran.twins.get(policy, 0) + max(came - 1, 0)
        ran.uncertain += row["state"] == "uncertain"
        ran.lost += row["state"] not in ("sent", "uncertain") or (row["state"] == "sent" and not came)
    house.close()
    return ran


def _house(load: Load) -> House:
    channels: Any = {f"to_{one.value}": RemoteChannel(one, load.port) for one in POLICIES}
    plugins = Plugins({"facturx": PlainFormat("facturx")}, channels | {"email": MemoryChannel("email")})
    return House(load.url, plugins, FixedClock(SystemClock().now()), load.executor)


# --- the workers ----------------------------------------------------------------------------------------------------


def work(load: Load) -> None:
    """One worker, until it is killed or told to stop."""
    house = _house(load)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    context = Context(Actor("soak", lambda action, company, type: True), SystemClock())
    made = (Relay if load.recovery else Forgetful)(
        house.deliveries, house.plugins.formats, house.plugins.channels, house.switchboard(context.clock),
        context.clock, lease=LEASE, **({"worker": f"elsewhere-{os.getpid()}:1:1:1"} if load.elsewhere else {}),
    )  # fmt: skip
    executor: Any = Embedded(made, 0.1)
    if load.executor == "procrastinate":
        assert house.queue is not None
        executor = Procrastinate(made, house.database, house.queue, 0.1, heartbeat=0.5, stalled=2.0)
    executor.run_worker(load.concurrency, stop=stop)


class Killer:
    def __init__(self, load: Load) -> None:
        self._load, self._chance = load, Random(load.seed)  # noqa: S311  whom to kill, and when
        self._children: list[int] = []

    def run(self) -> int:
        """How many were killed."""
        load, kills = self._load, 0
        for _ in range(load.workers):
            self._fork()
        while kills < load.kills and self._open():
            time.sleep(self._chance.uniform(*load.pauses))
            child = self._children.pop(self._chance.randrange(len(self._children)))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            kills += 1
            self._fork()
        patience = time.monotonic() + (PATIENCE if load.recovery else 2 * LEASE.total_seconds())
        while self._open() and time.monotonic() < patience:
            time.sleep(0.1)
        for child in self._children:
            os.kill(child, signal.SIGTERM)
        for child in self._children:
            os.waitpid(child, 0)
        return kills

    def _open(self) -> bool:
        """Whether something is not done; asked by a child of its own, so that no connection is open at a fork."""
        child = os.fork()
        if not child:
            table = tables.delivery
            with _house(self._load).database.read() as connection:
                mine = table.c.state.in_(("pending", "retry", "sending"))
                os._exit(bool(connection.scalar(select(func.count()).select_from(table).where(mine))))
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0

    def _fork(self) -> None:
        child = os.fork()
        if child:
            self._children.append(child)
            return
        try:
            work(self._load)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(0)


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(Killer(Load(**told)).run())
