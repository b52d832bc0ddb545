"""Sources are visited: what lies there is taken in, then moved away or marked; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from engine.outbox.connections import Connection, Ready
    from engine.spi.contracts import DocumentSource, Incoming

NO_SOURCE = FaultKind("source_unknown", "connection {code!r} brings no documents", "{remedy}")
NOT_REACHED = FaultKind("source_failed", "{code} could not be read: {words}", "it is tried again at the next fetch")
NOBODY = frozenset({"?"})
"""No company has such a code."""
NOTHING_INSIDE = "no file that could be an invoice"
Told = dict[str, Any]


def fetched(house: House, context: Context, connection: str, post: bool) -> Iterator[Told]:
    allowed(context, "import")
    sources = house.plugins.sources
    found = [one for one in house.connections.all() if one.channel in sources]
    if connection:
        known = [one.code for one in found]
        found = [one for one in found if one.code == connection]
        if not found:
            remedy = nearest(connection, known, INSTALL)
            raise Faulty([NO_SOURCE.at("connection", code=connection, remedy=remedy)])
    for one in found:
        yield from _visited(house, context, one, sources[one.channel], post)


def _visited(house: House, context: Context, one: Connection, source: DocumentSource, post: bool) -> Iterator[Told]:
    from engine.kernel.errors import EngineError
    from engine.outbox.words import plugin_fault, written
    from engine.spi.contracts import AuthExpired, PluginError

    switchboard = house.switchboard(context.clock)
    mask: Callable[[str], str] = str
    try:
        ready = switchboard.ready(one.code, source, next(iter(sorted(one.companies)), ""))
        mask = ready.mask
        for incoming in source.fetch(ready.settings, ready.context):
            yield from _taken(house, context, one, source, ready, incoming, post)
    except AuthExpired as expired:
        switchboard.refused(one.code, AuthExpired(mask(expired.reason)))
        yield _failed(one.code, mask(written(expired.reason)))
    except PluginError as error:
        yield _failed(one.code, mask(written(error.reason)))
    except (Faulty, EngineError) as ours:
        yield _failed(one.code, written(str(ours)))
    except Exception as bug:  # a plugin may fail in any way; the other sources are visited all the same
        yield _failed(one.code, mask(plugin_fault(bug)))


def _taken(
    house: House, context: Context, one: Connection, source: DocumentSource, ready: Ready, incoming: Incoming,
    post: bool,
) -> Iterator[Told]:  # fmt: skip
    """Kept by us first; only then is the source told that it may move it away. One that we refuse stops no other."""
    from engine.flow.inbox import receive

    try:
        told = receive(
            house, context, incoming.files, source=one.code, source_id=incoming.id[:400], sender=incoming.sender,
            subject=incoming.subject, post=post, companies=_spoken_for(one),
        )  # fmt: skip
    except Faulty as refused:
        yield _failed(one.code, str(refused))
        return
    taken = any(row["state"] != "refused" for row in told)
    nothing = f"{NOTHING_INSIDE}: {incoming.subject}" if incoming.subject else NOTHING_INSIDE
    words = "; ".join(f"{row['name']}: {row['words'] or row['state']}" for row in told) or nothing
    source.done(incoming, taken, words, ready.settings, ready.context)
    yield from told


def speaks_for(house: House, source: str) -> frozenset[str]:
    """Whose documents may come from a source that brought something earlier; empty: anybody's."""
    from engine.flow.inbox import IMPORT
    from engine.flow.uploading import SOURCE

    if source in (IMPORT, SOURCE):
        return frozenset()
    found = house.connections.get(source)
    return _spoken_for(found) if found else NOBODY


def _spoken_for(one: Connection) -> frozenset[str]:
    from engine.outbox.connections import ALL

    return frozenset() if ALL in one.companies else one.companies or NOBODY


def _failed(code: str, words: str) -> Told:
    return {"connection": code, "faults": [NOT_REACHED.at("connection", code=code, words=words).as_json()]}
