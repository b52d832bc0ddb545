"""Forks workers, kills one of them every now and then, and forks it anew; tells what the kills hit.

The parent imports and warms everything, and has no connection open: a fork posts within milliseconds, so a kill nearly
always hits a posting on its way.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from engine import flow
from engine.app import BuiltHouse, open_house
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from tests.soak.board import Board, Phase
from tests.soak.ledger import Ledger
from tests.soak.load import DAY, SERIES, Load
from tests.soak.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
TICK = 0.005
PATIENCE = 240
"""Seconds in which some worker must go on to its next document, and at the end all must finish theirs."""
NEW_YEAR = date(2027, 1, 1)
NEVER = float("inf")
WARM = -1
"""The slot of the parent's own documents."""


@dataclass(slots=True)
class Killed:
    """What a run came to. `phases`: what each killed worker was doing."""

    name: str
    workers: int
    kills: int = 0
    phases: dict[str, int] = field(default_factory=dict)
    crashes: int = 0  # workers that ended by themselves, unasked
    stuck: int = 0
    seconds: float = 0.0

    @property
    def in_flight(self) -> int:
        """Kills that hit a document on its way."""
        return self.kills - self.phases.get("IDLE", 0)


class Killer:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._chance = Random(load.seed)  # noqa: S311  whom to kill, and when
        self._board = Board(load.workers, NEW_YEAR - timedelta(days=4) if load.calendar else DAY)
        self._children: dict[int, int] = {}
        self._deaths: Counter[str] = Counter()
        self._told = Killed(load.name, load.workers)
        self._ended, self._parent = False, os.getppid()
        self._moved = (0, time.monotonic())  # documents taken in hand, and since when there are so many
        self._house = self._warm()

    def run(self) -> Killed:
        signal.signal(signal.SIGTERM, self._end)
        logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of each connection that a stopped server cut
        began = time.monotonic()
        for slot in range(self._load.workers):
            self._fork(slot)
        kill_at = self._pause(began) if self._load.kills else NEVER
        while not self._enough():
            time.sleep(TICK)
            if time.monotonic() >= kill_at:
                kill_at = self._pause(kill_at)
                os.kill(self._chance.choice(list(self._children)), signal.SIGKILL)
            if self._load.calendar:
                self._turn()
            for slot in self._dead():
                self._fork(slot)
        self._stop()
        self._told.kills, self._told.phases = self._deaths.total(), dict(self._deaths)
        self._told.seconds = round(time.monotonic() - began, 1)
        return self._told

    def _warm(self) -> BuiltHouse:
        """A house that has posted: formulas and statements are compiled. No connection is open."""
        house, ledger = open_house(self._load.url), Ledger(self._load.ledger(WARM))
        context = Context(Actor("killer", lambda action, company, type: True), self._board)
        for index in range(2 * len(SERIES)):
            document = self._load.document(house.catalog(fresh=False), WARM, index, self._board.day)
            with suppress(Faulty):  # a database that an earlier run has filled is of a later day
                answer = flow.post(house, context, document)
                ledger.write(key=answer["key"], number=answer["number"], id=answer["id"])
        ledger.close()
        house.database.close()
        gc.freeze()
        return house

    def _fork(self, slot: int) -> None:
        child = os.fork()
        if child:
            self._children[child] = slot
            return
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            Worker(self._load, slot, self._house, self._board).run()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _dead(self) -> Iterator[int]:
        """The slots of those that died since we looked, and are needed still."""
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            slot = self._children.pop(child)
            if os.WIFSIGNALED(status):
                self._deaths[self._board.phase(slot).name] += 1
            elif not self._board.stopping:
                self._told.crashes += 1
            self._board.reach(slot, Phase.IDLE)
            if os.WIFSIGNALED(status) or not self._board.stopping:
                yield slot

    def _enough(self) -> bool:
        load = self._load
        killed, posted = self._deaths.total() >= load.kills, self._board.documents() >= load.documents
        alone = os.getppid() != self._parent  # whoever began the run is gone
        return self._ended or alone or self._failed() or (killed and posted)

    def _failed(self) -> bool:
        """Workers that crash again and again, or get nowhere."""
        documents, now = self._board.documents(), time.monotonic()
        if documents > self._moved[0]:
            self._moved = (documents, now)
        return self._told.crashes > self._load.workers or now > self._moved[1] + PATIENCE

    def _stop(self) -> None:
        self._board.stop()
        patience = time.monotonic() + PATIENCE
        while self._children and time.monotonic() < patience:
            time.sleep(TICK)
            for slot in self._dead():  # what it had in hand is settled
                self._fork(slot)
        self._told.stuck = len(self._children)
        for child in self._children:
            os.kill(child, signal.SIGKILL)

    def _pause(self, after: float) -> float:
        return after + self._chance.uniform(*self._load.pauses) / 1000

    def _turn(self) -> None:
        """Now and then the day changes, on or back, in the week around the year's end."""
        day = self._board.day + timedelta(days=self._chance.choice((1, 1, 2, -1, -2)))
        if self._chance.random() < 0.1 and abs(day - NEW_YEAR) <= timedelta(days=4):
            self._board.day = day

    def _end(self, *_: object) -> None:
        self._ended = True


@contextmanager
def started(load: Load) -> Iterator[subprocess.Popen[str]]:
    """A killer in a process of its own; at the end of the block it is asked to end, and has its workers finish."""
    command = [sys.executable, "-m", "tests.soak.killer", str(load.write())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def run(load: Load) -> Killed:
    """Until its kills or its documents are done. Errors: RuntimeError when the killer itself failed."""
    command = [sys.executable, "-m", "tests.soak.killer", str(load.write())]
    return outcome(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout)


def outcome(said: str) -> Killed:
    """Of what a killer printed."""
    if not said.strip():
        raise RuntimeError("the killer said nothing; its words are on stderr")
    return Killed(**json.loads(said))


if __name__ == "__main__":
    print(json.dumps(asdict(Killer(Load.read(Path(sys.argv[1]))).run())))
