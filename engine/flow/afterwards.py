"""What was posted is shown, exported, handed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine.flow.filters import known_company
from engine.flow.house import INSTALL, Context, House, allowed
from engine.flow.parametrization import UNKNOWN_FORMAT
from engine.flow.posting import explained, told
from engine.kernel.errors import EngineError
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    import threading

    from engine.outbox.relay import Relay
    from engine.posting.ports import Stored
    from engine.spi.contracts import File

UPKEEP_EVERY = 60.0
"""Seconds between two looks at what a worker does beside."""
UNKNOWN_DOCUMENT = FaultKind("unknown_document", "there is no document {called!r}", "give its number, or its id")
SEVERAL_DOCUMENTS = FaultKind(
    "several_documents",
    "several documents are called {called!r}: {found}",
    "narrow it with --company and --series, or give the id",
)
FORMAT_REFUSED = FaultKind("format_refused", "{format} cannot tell this document: {reason}", "use another format")


def show(
    house: House, context: Context, called: str, *, company: str = "", series: str = "", explain: bool = False
) -> dict[str, Any]:
    """A posted document, by number or id: what its posting answered, and what it says. Errors: Faulty."""
    from engine.flow.bounces import told_of
    from engine.posting.particulars import particulars

    stored = stored_document(house, context, called, company, series)
    answer = told(stored, explain and explained(house, stored.document))
    answer |= particulars(stored, house.documents.corrections(stored.document))
    tasks = house.messages.tasks(document=stored.document["id"]) if stored.deliveries else ()
    return answer | ({"undelivered": [told_of(one) for one in tasks]} if tasks else {})


def export(house: House, context: Context, called: str, name: str, *, company: str = "", series: str = "") -> File:
    """A posted document as a file of one format: as it was handed over, if it was. Errors: Faulty."""
    from engine.flow.archive import file_of
    from engine.posting.view import document_view
    from engine.spi.contracts import Rejected

    form = house.plugins.formats.get(name)
    if form is None:
        raise Faulty([UNKNOWN_FORMAT.at("format", name=name, remedy=nearest(name, house.plugins.formats, INSTALL))])
    stored = stored_document(house, context, called, company, series)
    if digest := house.files.of_document(stored.document["id"], name):
        return file_of(house, context, digest)
    try:
        return form.render(document_view(stored.document, stored.lines, stored.taxes))
    except Rejected as refused:
        raise Faulty([FORMAT_REFUSED.at("format", format=name, reason=refused.reason)]) from refused


def relay(house: House, context: Context, progress: Callable[[], None] = lambda: None) -> Counter[str]:
    """Hand over everything that is due, once; how many deliveries came to each state. Then files are archived."""
    from engine.flow.archive import moved_files

    allowed(context, "relay")
    done = relay_of(house, context).run(progress)
    with suppress(EngineError):  # a busy database: they are moved next time
        moved_files(house, context)
    return done


def worker(
    house: House,
    context: Context,
    executor: str,
    *,
    concurrency: int,
    stop: threading.Event,
    once: bool = False,
    progress: Callable[[], None] = lambda: None,
    troubled: Callable[[Exception], None] = lambda error: None,
) -> Counter[str]:
    """Hand over what is due, as it falls due, until `stop` is set; with `once` until nothing is due; archive
    files, and test connections in use again each day.

    `executor` is embedded or procrastinate. Errors: QueueMissing.
    """
    allowed(context, "relay")
    made = house.executor(executor, relay_of(house, context), troubled)
    with _upkeep(house, context, troubled):
        return made.run_worker(concurrency, stop=stop, once=once, progress=progress)


@contextmanager
def _upkeep(house: House, context: Context, troubled: Callable[[Exception], None]) -> Iterator[None]:
    """What a worker does beside, now and then while the block runs, and at its end: files are moved to the archive,
    connections that are in use are tested again."""
    from threading import Event, Thread

    from engine.flow.archive import moved_files
    from engine.flow.connecting import retest

    over = Event()

    def go() -> None:
        ended = False
        while not ended:
            ended = over.wait(UPKEEP_EVERY)
            for work in (moved_files, retest):
                try:
                    work(house, context)
                except EngineError:  # a busy database: next time
                    continue
                except Exception as bug:  # told, and no reason to leave off the rest
                    troubled(bug)

    thread = Thread(target=go, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(UPKEEP_EVERY)


def relay_of(house: House, context: Context) -> Relay:
    """What works through deliveries, with the plugins and connections of this house."""
    from engine.flow.messages import words_of
    from engine.outbox.providers import hand_overs
    from engine.outbox.relay import Relay

    offered = house.plugins
    channels = hand_overs(offered.channels, offered.providers)
    switchboard, words = house.switchboard(context.clock), words_of(house, context)
    return Relay(house.deliveries, offered.formats, channels, switchboard, context.clock, words=words)


def stored_document(house: House, context: Context, called: str, company: str, series: str) -> Stored:
    found = house.documents.find(called, company, series)
    if not found:
        known_company(house, company)
        raise Faulty([UNKNOWN_DOCUMENT.at("document", called=called)])
    if len(found) > 1:
        listed = "; ".join(f"id {one['id']} of {one['company']}, {one['invoice_type']}" for one in found[:10])
        raise Faulty([SEVERAL_DOCUMENTS.at("document", called=called, found=listed)])
    allowed(context, "read", found[0]["company"])
    return house.documents.whole(found[0])
