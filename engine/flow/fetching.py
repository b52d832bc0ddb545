"""Sources are visited: what lies there is taken in, then moved away or marked; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from engine.outbox.connections import Connection, Ready
    from engine.spi.contracts import DocumentSource, Incoming

NO_SOURCE = FaultKind("source_unknown", "connection {code!r} brings no documents", "{remedy}")
NOT_REACHED = FaultKind("source_failed", "{code} could not be read: {words}", "it is tried again at the next fetch")
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
    from engine.outbox.words import plugin_fault, written
    from engine.spi.contracts import AuthExpired, PluginError

    switchboard = house.switchboard(context.clock)
    try:
        ready = switchboard.ready(one.code, source, next(iter(sorted(one.companies)), ""))
        for incoming in source.fetch(ready.settings, ready.context):
            yield from _taken(house, context, one, source, ready, incoming, post)
    except AuthExpired as expired:
        switchboard.refused(one.code, expired)
        yield _failed(one.code, expired.reason)
    except PluginError as error:
        yield _failed(one.code, written(error.reason))
    except Faulty:
        raise
    except Exception as bug:  # a plugin may fail in any way; the other sources are visited all the same
        yield _failed(one.code, plugin_fault(bug))


def _taken(
    house: House, context: Context, one: Connection, source: DocumentSource, ready: Ready, incoming: Incoming,
    post: bool,
) -> Iterator[Told]:  # fmt: skip
    """Kept by us first; only then is the source told that it may move it away."""
    from engine.flow.inbox import receive
    from engine.outbox.connections import ALL

    companies = frozenset() if ALL in one.companies else one.companies
    told = receive(
        house, context, incoming.files, source=one.code, source_id=incoming.id[:400], sender=incoming.sender,
        subject=incoming.subject, post=post, companies=companies,
    )  # fmt: skip
    taken = any(row["state"] != "refused" for row in told)
    nothing = f"{NOTHING_INSIDE}: {incoming.subject}" if incoming.subject else NOTHING_INSIDE
    words = "; ".join(f"{row['name']}: {row['words'] or row['state']}" for row in told) or nothing
    source.done(incoming, taken, words, ready.settings, ready.context)
    yield from told


def _failed(code: str, words: str) -> Told:
    return {"connection": code, "faults": [NOT_REACHED.at("connection", code=code, words=words).as_json()]}
