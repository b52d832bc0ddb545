"""What comes in: kept, read, completed, posted as a purchase, or left for a person with everything that is missing.

A file is in the database before anybody reads it, so nothing is lost when reading fails or the program stops.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.kernel.clock import today
from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, FaultKind, Faulty

if TYPE_CHECKING:
    from engine.inbox.completing import Completed
    from engine.inbox.received import Found, Received
    from engine.parametrization.definitions import Company
    from engine.spi.contracts import File

UNKNOWN_RECEIVED = FaultKind("unknown_received", "nothing was received under id {id}", "`factotum inbox list`")
NOT_OPEN = FaultKind("received_not_open", "{id} is {state} already{more}", "see it with `factotum inbox show`")
OTHER_COMPANY = FaultKind(
    "import_other_company",
    "it is for {company}, and {source} is not active for it",
    "take it with `factotum inbox take`, or activate the connection for the company",
)
IMPORT = "import"
HELD = timedelta(minutes=2)
"""As long as whoever posts one may take, before it is looked at again as one that was left."""
Told = dict[str, Any]


def receive(
    house: House, context: Context, files: Iterable[File], *, source: str = IMPORT, source_id: str = "",
    sender: str = "", subject: str = "", post: bool = False, companies: frozenset[str] = frozenset(),
) -> list[Told]:  # fmt: skip
    """Take in all files of one message; what each came to, as `received_json`.

    The same source and id are taken in once: again, they give what they came to. Without an id each call is its own.
    `companies` narrows whose documents may come from here. Errors: Faulty(not_allowed).
    """
    allowed(context, "import")
    told = []
    for part, file in enumerate(files):
        kept = _keep(house, context, file, source, source_id, part, sender, subject)
        told.append(received_json(_settled(house, context, kept, file, post, companies)))
    return told


def _keep(
    house: House, context: Context, file: File, source: str, source_id: str, part: int, sender: str, subject: str
) -> Received:
    from engine.inbox.received import Received
    from engine.outbox.words import written

    digest = hashlib.sha256(file.content).hexdigest()
    known = house.inbox.by_source(source, source_id, part) if source_id else None
    if known and known.file != digest:  # an id used for something else: nothing is lost for it
        source_id = f"{source_id[:380]}#{digest[:16]}"
        known = house.inbox.by_source(source, source_id, part)
    if known:
        return known
    id = house.posting.next_id("received")
    one = Received(
        id=id, source=source, source_id=source_id or f"#{id}", part=part,
        file=digest, name=written(file.name)[:200],
        media_type=written(file.media_type)[:100], sender=written(sender)[:500], subject=written(subject)[:500],
        received_at=context.clock.now(), actor=context.actor.name,
    )  # fmt: skip
    kept = house.inbox.keep(one, file)
    _whole_again(house, context, file, digest)
    return kept


def _whole_again(house: House, context: Context, file: File, digest: str) -> None:
    """A file whose copy in the archive is gone or spoiled came once more: it lies in the database again."""
    from engine.flow.archive import file_of

    if house.inbox.archived(digest):
        try:
            file_of(house, context, digest)
        except Faulty:
            house.inbox.put_back(digest, file.content)


def resume(house: House, context: Context) -> Iterator[Told]:
    """Read what was kept and never read, because a program stopped. What cannot be read now is told, and stays."""
    from engine.flow.fetching import speaks_for

    waiting = house.inbox.unread(1000, context.clock.now() - HELD)
    for one in waiting:
        try:
            _settled(house, context, one, None, False, speaks_for(house, one.source))
        except Faulty as faulty:
            yield received_json(replace(one, faults=faulty.faults))
        except EngineError as error:
            yield received_json(replace(one, faults=(error.as_fault(),)))


def _settled(
    house: House, context: Context, one: Received, file: File | None, post: bool, companies: frozenset[str]
) -> Received:
    """What a file just kept comes to. What was settled before stays as it is."""
    if one.settled:
        return one
    read = one if one.found else _read(house, context, one, file)
    return _judged(house, context, one, read, post, companies) if read.found else _changed(house, context, one, read)


def _changed(house: House, context: Context, was: Received, now: Received) -> Received:
    """Written down, unless somebody else was quicker."""
    if not house.inbox.change(was, now, context.clock.now()):
        return _got(house, was.id)
    return _kept_longer(house, now)


def _kept_longer(house: House, now: Received) -> Received:
    """Its file is kept for as long as what it became wants."""
    from engine.flow.archive import kept_longer

    if now.company:
        kept_longer(house, now.file)
    return now


def _read(house: House, context: Context, one: Received, file: File | None = None) -> Received:
    """`file` is the one that just came; without it, it is taken from where it is kept."""
    from engine.flow.archive import file_of
    from engine.inbox.reading import read, supplier_of
    from engine.inbox.received import REFUSED

    file = replace(file, name=one.name) if file else file_of(house, context, one.file, one.name)
    found = read(file, house.plugins.importers)
    if isinstance(found, list):
        words = "; ".join(fault.message for fault in found[:5])
        return replace(one, state=REFUSED, faults=tuple(found), words=words)
    supplier, number, on = supplier_of(found)
    return replace(one, found=found, supplier=supplier, supplier_number=number, supplier_date=on)


def _judged(
    house: House, context: Context, was: Received, one: Received, post: bool, companies: frozenset[str]
) -> Received:  # fmt: skip
    """Whose it is, whether it came before, what is missing; posted when nothing is, and somebody wants that."""
    from engine.flow.twins import claimed, posted_as
    from engine.inbox.completing import policy_of, posts_itself

    done = _completed(house, context, one, {})
    company = done.company.code if done.company else ""
    if already := posted_as(house, one, one.company or company):
        return _changed(house, context, was, already)
    one = replace(one, company=company)
    if done.company is None:
        return _changed(house, context, was, replace(one, faults=done.faults, words="nobody knows whose it is"))
    if companies and company not in companies:
        other = OTHER_COMPANY.at("company", company=company, source=one.source)
        return _changed(house, context, was, replace(one, faults=(other,)))
    if faults := _draft_faults(house, context, one, done):
        one = replace(one, faults=faults, words=f"{len(faults)} things are to be said first")
    elif not (post or posts_itself(done.company)):
        one = replace(one, words="complete: it can be taken as it is")
    first = claimed(house, context, was, one, policy_of(done.company))
    if first is None:
        return _got(house, one.id)
    if first.held:
        return _changed(house, context, first, _posted(house, context, first, done.request))
    return _kept_longer(house, first)


def _completed(house: House, context: Context, one: Received, sets: Mapping[str, str]) -> Completed:
    from engine.flow.twins import key_of
    from engine.inbox.completing import completed

    assert one.found is not None  # noqa: S101 - who calls has read it
    catalog = house.catalog()
    company = catalog.company(one.company or sets.get("company", ""))
    day = one.received_at.date() if company is None else _day_there(one, company)
    return completed(one.found, catalog, day, key_of(one), sets)


def _day_there(one: Received, company: Company) -> Any:
    class At:
        def now(self) -> Any:
            return one.received_at

    return today(At(), company.time_zone)


def _draft_faults(
    house: House, context: Context, one: Received, done: Completed, accept_totals: bool = False
) -> tuple[Fault, ...]:
    """What keeps a completed document from being posted, our figures against the file's included."""
    from engine.flow.posting import drafted
    from engine.inbox.completing import compared

    if done.faults:
        return done.faults
    try:
        made, _ = drafted(house, context, done.request)
    except Faulty as faulty:
        return faulty.faults
    except EngineError as error:
        return (error.as_fault(),)
    return () if accept_totals or one.found is None else tuple(compared(one.found, made))


def _posted(house: House, context: Context, one: Received, request: Mapping[str, Any]) -> Received:
    """Post it. Its key is its own: who was stopped before writing that it was taken gets the first answer again."""
    from engine.flow.posting import post
    from engine.flow.twins import imported

    try:
        answer = post(house, context, dict(request))
    except Faulty as faulty:
        return replace(one, faults=faulty.faults, words="it could not be posted")
    except EngineError as error:
        return replace(one, faults=(error.as_fault(),), words="it could not be posted")
    return imported(one, one.company, int(answer["id"]), answer["number"])


def take(
    house: House, context: Context, id: int, *, type: str = "", sets: Mapping[str, str] | None = None,
    accept_totals: bool = False,
) -> Told:  # fmt: skip
    """Complete what was received, and post it: new, a duplicate all the same, or refused and readable by now.

    `sets` are paths and texts: {"lines.0.tax_code": "FR20"}. Errors: Faulty, with all that is still missing; what was
    received stays as it was. One whose twin was posted meanwhile becomes a duplicate: who takes it again insists.
    """
    one = _open(house, context, id)
    allowed(context, "import", one.company)
    read = one if one.found else _read(house, context, one)
    if read.found is None:
        raise Faulty(read.faults)
    given = {**(sets or {}), **({"invoice_type": type} if type else {})}
    done = _completed(house, context, replace(read, company=""), given)
    faults = _draft_faults(house, context, read, done, accept_totals)
    if faults or done.company is None:
        raise Faulty(faults or done.faults)
    allowed(context, "import", done.company.code)
    held = _held(house, context, one, read, done.company)
    now = _posted(house, context, held, done.request)
    if now.document is None:
        house.inbox.change(held, one, context.clock.now())
        raise Faulty(now.faults)
    return received_json(_changed(house, context, held, now))


def _held(house: House, context: Context, was: Received, read: Received, company: Company) -> Received:
    """Ready to be posted, and nobody else posts its twin. Errors: Faulty: a twin was posted, or is being posted."""
    from engine.flow.twins import claimed, said_before
    from engine.inbox.completing import policy_of
    from engine.inbox.received import NEW

    ready = replace(read, state=NEW, company=company.code, faults=(), words="")
    policy = "accept" if said_before(was) else policy_of(company)
    held = claimed(house, context, was, ready, policy, posted=True)
    if held is None:
        raise Faulty([NOT_OPEN.at("id", id=was.id, state="taken by somebody else", more="")])
    if not held.held:
        raise Faulty(held.faults)
    return held


def dismiss(house: House, context: Context, id: int, why: str = "") -> Told:
    """Put aside for good; the file is kept as long as the law wants. Errors: Faulty.

    Whoever takes it at the same time is quicker if a document exists: then that is what is told.
    """
    from engine.inbox.received import DISMISSED
    from engine.outbox.words import written

    one = _open(house, context, id)
    allowed(context, "import", one.company)
    aside = replace(one, state=DISMISSED, words=written(why) or "dismissed")
    return received_json(_changed(house, context, one, aside))


def received(house: House, context: Context, states: Iterable[str] = (), company: str = "") -> Iterator[Told]:
    """What was received, in order; all that is still open when no state is named."""
    from engine.inbox.received import DUPLICATE as TWICE
    from engine.inbox.received import NEW, REFUSED

    allowed(context, "read", company)
    for one in house.inbox.listed(tuple(states) or (NEW, TWICE, REFUSED), company):
        if context.actor.may("read", one.company):
            yield received_json(one)


def show_received(house: House, context: Context, id: int) -> Told:
    """All about one, with what was read of it and where to pay. Errors: Faulty."""
    one = _got(house, id)
    allowed(context, "read", one.company)
    return received_json(one) | {"found": one.found.as_json() if one.found else None}


def fetch(house: House, context: Context, connection: str = "", post: bool = False) -> Iterator[Told]:
    """Take in what lies at every source that is in use, or at one; what each file came to.

    What was kept before and not read is read first; what cannot be read now is told, and stops nothing.
    Shape: as `received_json`; {"connection", "faults"} for a source that cannot be reached. Errors: Faulty.
    """
    from engine.flow.fetching import fetched

    allowed(context, "import")
    yield from resume(house, context)
    yield from fetched(house, context, connection, post)


def _got(house: House, id: int) -> Received:
    found = house.inbox.get(id)
    if found is None:
        raise Faulty([UNKNOWN_RECEIVED.at("id", id=id)])
    return found


def _open(house: House, context: Context, id: int) -> Received:
    from engine.flow.twins import posted_as
    from engine.inbox.received import DISMISSED

    one = _got(house, id)
    if one.open and (already := posted_as(house, one, one.company)):
        one = _changed(house, context, one, already)
    if not one.open or one.state == DISMISSED:
        more = f", as document {one.document}" if one.document else ""
        raise Faulty([NOT_OPEN.at("id", id=id, state=one.state, more=more)])
    return one


def received_json(one: Received) -> Told:
    """Shape: {"id", "state", "company", "document", "name", "file", "syntax", "supplier", "supplier_number", "date",
    "gross", "source", "sender", "subject", "received_at", "words", "faults", "warnings"}."""
    found: Found | None = one.found
    party = found.request.get("supplier", {}) if found else {}
    return {
        "id": one.id, "state": one.state, "company": one.company or None, "document": one.document, "name": one.name,
        "file": one.file, "syntax": found.syntax if found else None, "supplier": party.get("name"),
        "supplier_number": one.supplier_number or None, "date": one.supplier_date and one.supplier_date.isoformat(),
        "gross": found.totals.get("gross") if found else None, "source": one.source, "sender": one.sender,
        "subject": one.subject, "received_at": one.received_at.isoformat(), "words": one.words,
        "faults": [fault.as_json() for fault in one.faults], "warnings": list(found.warnings) if found else [],
    }  # fmt: skip
