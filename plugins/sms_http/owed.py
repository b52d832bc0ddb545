"""Who is still to get a message about a document: kept between hand-overs, so that nobody gets it twice.

The engine comes back for those it was told `later` of, and for these alone; the connection's own recipients are no part
of a parcel, so whether they are to be served again is known from here only.

Shape of the state: {"owed": {"7": ["+393331234567"]}}: by the document's id, at most MOST documents, oldest first out.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.spi import ConnectionState, DocumentView

MOST = 500
TRIES = 20
"""Other threads keep theirs at the same time; so often is enough."""


def owed(state: ConnectionState, document: DocumentView) -> frozenset[str]:
    """The numbers a hand-over before this one could not reach; none when this is the first."""
    return frozenset(state.get().get("owed", {}).get(str(document.id), ()))


def keep(state: ConnectionState, document: DocumentView, numbers: Collection[str]) -> bool:
    """From now on these are owed. False when it could not be written down."""
    for _ in range(TRIES):
        before = state.get()
        listed = {name: held for name, held in before.get("owed", {}).items() if name != str(document.id)}
        if numbers:
            listed[str(document.id)] = sorted(numbers)
        elif str(document.id) not in before.get("owed", {}):
            return True
        if state.put(before, {**before, "owed": dict(list(listed.items())[-MOST:])}):
            return True
    return False
