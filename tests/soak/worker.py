"""One worker: posts its documents one after the other, and writes down each answer before it goes on.

After a kill the next worker of a slot goes on where the ledger ends: the document that was in hand is posted again
with its key.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from engine import flow
from engine.app import BuiltHouse, open_house
from engine.flow import Actor, Context
from engine.kernel.errors import EngineError
from engine.kernel.faults import Faulty
from tests.soak import broken
from tests.soak.board import Board, Phase
from tests.soak.ledger import Ledger, done
from tests.soak.load import DAY, Document, Load
from tests.soak.watched import Watched

PAUSE = 0.02
TRIES = 1_000
"""Of one document, before its worker gives up and the run has failed."""


class BreaksOnPurpose(EngineError):
    """A posting that goes wrong when everything is written but COMMIT."""

    code = "breaks_on_purpose"
    says = "the posting broke after its number was taken"


class Worker:
    def __init__(self, load: Load, slot: int, house: BuiltHouse, board: Board) -> None:
        self._load, self._slot, self._house, self._board = load, slot, house, board
        self._ledger = Ledger(load.ledger(slot))
        self._context = Context(Actor(f"worker {slot}", lambda action, company, type: True), board)
        self._chance = Random(f"{load.seed}/{slot}/{os.getpid()}")  # noqa: S311  which postings break
        house.posting = broken.STORES.get(load.control, Watched)(house.database, self._reached)
        if isinstance(house.posting, broken.AcknowledgesEarly):
            house.posting.tell = self._ledger.write

    def run(self) -> None:
        index, parent = done(self._load.ledger(self._slot)), os.getppid()
        while os.getppid() == parent and (not self._board.stopping or self._board.holds(self._slot, index)):
            day = self._board.take_in_hand(self._slot, index)
            self._settle(self._load.document(self._house.catalog(fresh=False), self._slot, index, day))
            self._board.reach(self._slot, Phase.IDLE)
            index += 1
        self._ledger.close()

    def _settle(self, document: Document) -> None:
        """Post one document, however often it takes."""
        key = document["key"]
        for _ in range(TRIES):
            self._board.reach(self._slot, Phase.PLANNING)
            try:
                answer = flow.post(self._house, self._context, document)
            except Faulty as faulty:
                return self._ledger.write(key=key, refused=faulty.faults[0].code)
            except EngineError as error:
                self._ledger.write(key=key, error=error.code)
            except Exception as error:  # the checker tells: an error without a type is a bug
                self._ledger.write(key=key, error=f"untyped {type(error).__name__}: {error}")
            else:
                if self._load.control == "acknowledges_early":
                    return None
                return self._ledger.write(key=key, number=answer["number"], id=answer["id"])
            time.sleep(PAUSE)
        raise SystemExit(f"{key}: given up after {TRIES} tries")

    def _reached(self, phase: Phase) -> None:
        self._board.reach(self._slot, phase)
        if phase is Phase.COMMITTING and self._chance.random() < self._load.failing:
            raise BreaksOnPurpose
        if phase is Phase.COMMITTED and self._load.dies and not self._board.stopping:
            os.kill(os.getpid(), signal.SIGKILL)


def main(load: Load) -> None:
    """One worker by itself, until it is interrupted."""
    Worker(load, 0, open_house(load.url), Board(1, DAY)).run()


if __name__ == "__main__":
    main(Load.read(Path(sys.argv[1])))
