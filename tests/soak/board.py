"""Memory that a killer shares with its workers: where each of them is, what it has in hand, and what day it is.

It outlives a worker, so it tells what a kill hit, and which day the document had that is asked for again.
"""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, date, datetime, time
from enum import IntEnum

_HEAD = struct.Struct("<IB")  # day, stopping
_SLOT = struct.Struct("<IIB")  # day of the document in hand, its index + 1, phase
_SLOTS_AT, _SLOT_SIZE = 16, 16


class Phase(IntEnum):
    """How far a worker is with the document it has in hand."""

    IDLE = 0
    PLANNING = 1
    WRITING = 2  # in the transaction
    COMMITTING = 3  # everything is sent but COMMIT
    COMMITTED = 4  # the answer is not written down yet


class Board:
    def __init__(self, slots: int, day: date) -> None:
        self._memory = mmap.mmap(-1, _SLOTS_AT + slots * _SLOT_SIZE)
        self._slots = slots
        self.day = day

    @property
    def day(self) -> date:
        return date.fromordinal(_HEAD.unpack_from(self._memory)[0])

    @day.setter
    def day(self, day: date) -> None:
        struct.pack_into("<I", self._memory, 0, day.toordinal())

    @property
    def stopping(self) -> bool:
        return bool(_HEAD.unpack_from(self._memory)[1])

    def stop(self) -> None:
        """Every worker ends after the document it has in hand."""
        struct.pack_into("<B", self._memory, 4, 1)

    def now(self) -> datetime:
        """The board is the workers' clock, too."""
        return datetime.combine(self.day, time(12), UTC)

    def holds(self, slot: int, index: int) -> bool:
        """Whether a worker of this slot, alive or not, has begun with this document."""
        return self._at(slot)[1] == index + 1

    def take_in_hand(self, slot: int, index: int) -> date:
        """The day of a document: as it was, when the same one was in hand before."""
        if self.holds(slot, index):
            return date.fromordinal(self._at(slot)[0])
        today = self.day
        struct.pack_into("<I", self._memory, _place(slot), today.toordinal())  # before the index that makes it count
        struct.pack_into("<I", self._memory, _place(slot) + 4, index + 1)
        return today

    def reach(self, slot: int, phase: Phase) -> None:
        struct.pack_into("<B", self._memory, _place(slot) + 8, phase)

    def phase(self, slot: int) -> Phase:
        return Phase(self._at(slot)[2])

    def documents(self) -> int:
        """How many were taken in hand."""
        return sum(self._at(slot)[1] for slot in range(self._slots))

    def _at(self, slot: int) -> tuple[int, int, int]:
        day, taken, phase = _SLOT.unpack_from(self._memory, _place(slot))
        return day, taken, phase


def _place(slot: int) -> int:
    return _SLOTS_AT + slot * _SLOT_SIZE
