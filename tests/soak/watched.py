"""A posting store that says how far a posting is, so that something can happen there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.storage.database import Database
from engine.storage.posting import IdBlocks, SqlPostingStore, SqlPostingWork
from tests.soak.board import Phase


class Watched(SqlPostingStore):
    """The engine's own. `reached` is called at each phase; what it raises, the posting raises."""

    def __init__(self, database: Database, reached: Callable[[Phase], None]) -> None:
        super().__init__(database, IdBlocks(database))
        self.reached = reached

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        with super().transaction() as work:
            self.reached(Phase.WRITING)
            yield work
            self.reached(Phase.COMMITTING)
        self.reached(Phase.COMMITTED)
