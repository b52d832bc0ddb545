"""The story, one call per step; read this first.

    plan_packs · apply_packs    packs → records → faults → a new revision
    offered                     which types a company may use, and why not the others
    post                        request → type → draft → number, entries, deliveries: one transaction
    show · export · relay       what was posted, as data, as a file, handed over
    verify                      is everything still what it was

Every command takes the house it works in and the context of its caller, and asks what that caller may do. Heavy rooms
are imported where they are used: a command that lists types does not load what posts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from engine.kernel.clock import Clock, today
from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, FaultKind, Faulty, nearest
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, DeliveryRule, InvoiceType, User
from engine.selection import Choice, choose, pick

if TYPE_CHECKING:
    from engine.drafting.request import Asked
    from engine.outbox.relay import DeliveryStore
    from engine.parametrization.revisions import Candidate, Change, ParametrizationStore
    from engine.posting.ports import DocumentStore, PostingStore, Stored
    from engine.posting.post import Origin, Plan
    from engine.posting.rows import Rows
    from engine.spi.contracts import File
    from engine.spi.host import Plugins

UNKNOWN_COMPANY = FaultKind("unknown_company", "there is no company {code!r}", "{remedy}")
UNKNOWN_USER = FaultKind("unknown_user", "there is no user {code!r}", "{remedy}")
NOT_ALLOWED = FaultKind("not_allowed", "{actor} may not {action} for {company}", "ask who gives the rights")
KEY_CONTENT = FaultKind(
    "key_other_content", "key {key!r} was used for another document, number {number}", "a new document takes a new key"
)
UNKNOWN_DOCUMENT = FaultKind("unknown_document", "there is no document {called!r}", "give its number, or its id")
SEVERAL_DOCUMENTS = FaultKind(
    "several_documents",
    "several documents are called {called!r}: {found}",
    "narrow it with --company and --series, or give the id",
)
UNKNOWN_ORIGIN = FaultKind(
    "unknown_origin", "{company} has no document with id {id}", "give the id of a posted document, or number and date"
)
UNKNOWN_FORMAT = FaultKind("unknown_format", "no plugin offers the format {name!r}", "{remedy}")
UNKNOWN_CHANNEL = FaultKind("unknown_channel", "no plugin offers the channel {name!r}", "{remedy}")
FORMAT_REFUSED = FaultKind("format_refused", "{format} cannot tell this document: {reason}", "use another format")
BAD_SETTING = FaultKind("bad_setting", "{words}", "mend the setting")

REPLANS = 3
INSTALL = "install a plugin that offers it"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what they may do: deny by default."""

    name: str
    allows: Callable[[str, str, str], bool] = field(default=lambda action, company, type: False, repr=False)

    def may(self, action: str, company: str = "", type: str = "") -> bool:
        return self.allows(action, company, type)


@dataclass(frozen=True, slots=True)
class Context:
    """What every command is told of its caller."""

    actor: Actor
    clock: Clock
    language: str = ""


class House(Protocol):
    """One database with what works on it; built by `app`."""

    @property
    def parametrization(self) -> ParametrizationStore: ...
    @property
    def posting(self) -> PostingStore: ...
    @property
    def documents(self) -> DocumentStore: ...
    @property
    def deliveries(self) -> DeliveryStore: ...
    @property
    def plugins(self) -> Plugins: ...

    def catalog(self, fresh: bool = True) -> Catalog:
        """The parametrization in force; with `fresh` False as last read, which the counter checks anyway."""

    def catalog_at(self, revision: int) -> Catalog:
        """The parametrization as it was."""


# --- parametrization ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackPlan:
    """What applying packs would do. With faults it cannot be applied."""

    packs: tuple[str, ...]
    candidate: Candidate
    faults: tuple[Fault, ...]

    @property
    def parent(self) -> int:
        return self.candidate.parent

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.candidate.changes

    @property
    def types(self) -> tuple[str, ...]:
        """The invoice types it touches."""
        return tuple(sorted({change.key for change in self.changes if change.table == InvoiceType.TABLE}))


def plan_packs(house: House, context: Context, names: Sequence[str]) -> PackPlan:
    """Read packs with what they require; tell what would change, and every fault. Writes nothing.

    Faults come in three waves, each asked only when the one before found nothing: what is written, whether records
    fit each other, whether every formula and chain holds.
    """
    from engine.journal.check import check
    from engine.parametrization.coherence import incoherences
    from engine.parametrization.packs import read_packs
    from engine.parametrization.revisions import candidate

    _allowed(context, "read")
    packs, faults = read_packs(names)
    found = candidate(house.parametrization.state(house.parametrization.head()), packs)
    faults += found.faults
    if not faults:
        faults += incoherences(found.catalog, found.place)
        faults += _unknown_endpoints(house, found)
    if not faults:
        faults += check(found.catalog, context.clock.now().date(), found.place)
    return PackPlan(tuple(pack.code for pack in packs), found, tuple(dict.fromkeys(faults)))


def apply_packs(house: House, context: Context, plan: PackPlan, message: str = "") -> int:
    """Write a plan as one new revision, in one transaction; the revision in force afterwards.

    A plan without changes writes nothing. Errors: Faulty when the plan has faults; StateChanged when the
    parametrization moved since.
    """
    _allowed(context, "apply")
    if plan.faults:
        raise Faulty(plan.faults)
    if not plan.changes:
        return plan.parent
    return house.parametrization.write(
        plan.parent,
        plan.changes,
        content_hash=plan.candidate.content_hash,
        at=context.clock.now(),
        actor=context.actor.name,
        message=message,
    )


def _unknown_endpoints(house: House, found: Candidate) -> Iterator[Fault]:
    """Delivery rules name channels and formats that plugins offer."""
    for rule in found.catalog.table(DeliveryRule).values():
        place, plugins = found.place(rule), house.plugins
        if rule.channel not in plugins.channels:
            yield _unknown_channel(rule.channel, plugins, f"{place} channel")
        if rule.format and rule.format not in plugins.formats:
            remedy = nearest(rule.format, plugins.formats, INSTALL)
            yield UNKNOWN_FORMAT.at(f"{place} format", name=rule.format, remedy=remedy)


# --- selection ------------------------------------------------------------------------------------------------------


def offered(
    house: House,
    context: Context,
    company: str,
    *,
    module: str = "",
    on: date | None = None,
    category: str = "",
    user: str = "",
) -> Choice:
    """Which invoice types a company may use on a date (today where it is), and why not the others."""
    catalog = house.catalog()
    found = _company(catalog, company)
    _allowed(context, "read", found.code)
    users = catalog.table(User)
    if user and user not in users:
        raise Faulty([UNKNOWN_USER.at("user", code=user, remedy=nearest(user, users, "add a [[user]] to a pack"))])
    day = on or today(context.clock, found.time_zone)
    return choose(catalog, found, day, module=module, category=category, user=users.get(user))


def language_of(house: House, user: str) -> str:
    """What a user reads: their language, else the folder's."""
    catalog = house.catalog()
    found = catalog.table(User).get(user)
    return found.language if found and found.language else catalog.language


# --- posting --------------------------------------------------------------------------------------------------------


def post(house: House, context: Context, data: Any, *, dry_run: bool = False, explain: bool = False) -> dict[str, Any]:
    """Post one document; the answer of CONTRACT §3.

    The same key and content give the first answer again. With `dry_run` the same code runs, up to the write.
    Errors: Faulty; after any error nothing is written and no number is used.
    """
    from engine.drafting.request import read_request
    from engine.posting.ports import KeyTaken, StalePlan
    from engine.posting.post import write

    asked = read_request(data)
    _allowed(context, "post", asked.request.company)
    for attempt in range(REPLANS + 1):
        known = _first_answer(house, asked)
        if known:
            return _told(known, explain and explained(house, known.document))
        catalog = house.catalog(fresh=bool(attempt) or dry_run)
        try:
            planned = _planned(house, context, asked, catalog)
        except Faulty:
            if house.catalog().revision != catalog.revision:  # faulty by what was in force when we last looked
                continue
            raise
        rows = _rows(house, context, planned, catalog, (lambda name: 0) if dry_run else house.posting.next_id)
        why = explain and _explanation(planned)
        try:
            if dry_run:
                return _would_be(house, planned, rows, why)
            written = write(planned, rows, house.posting)
        except KeyTaken:  # somebody posted it between our look and our write: the first answer is theirs
            continue
        except StalePlan:
            continue
        return _told(_whole(rows, written), why)
    raise StalePlan


def post_many(house: House, context: Context, documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Post documents in order, each in a transaction of its own; a bad one is reported in its place."""
    for index, data in enumerate(documents):
        yield post_one_of_many(house, context, index, data)


def post_one_of_many(
    house: House, context: Context, index: int, data: Any, *, dry_run: bool = False, explain: bool = False
) -> dict[str, Any]:
    """What happened to one document of many: its answer, or its faults."""
    key = data.get("key") if isinstance(data, dict) else None
    try:
        return {"index": index} | post(house, context, data, dry_run=dry_run, explain=explain)
    except Faulty as faulty:
        return {"index": index, "key": key, "faults": [fault.as_json() for fault in faulty.faults]}
    except EngineError as error:
        return {"index": index, "key": key, "faults": [error.as_fault().as_json()]}


def _first_answer(house: House, asked: Asked) -> Stored | None:
    """The document posted before with this key; a fault when the content was another."""
    request = asked.request
    if not request.key:
        return None
    stored = house.documents.by_key(request.company, request.key)
    if stored and stored.document["content_hash"] != asked.content_hash:
        raise Faulty([KEY_CONTENT.at("key", key=request.key, number=stored.document["number"])])
    return stored


def _planned(house: House, context: Context, asked: Asked, catalog: Catalog) -> Plan:
    """The company, the type picked for it, and the plan of the posting."""
    from engine.posting.post import plan

    request = asked.request
    company = _company(catalog, request.company)
    kind = pick(
        catalog,
        company,
        request.date,
        module=request.side,
        category=request.category,
        code=request.invoice_type,
        user=catalog.table(User).get(context.actor.name),
    )
    if isinstance(kind, Fault):
        raise Faulty([kind])
    _allowed(context, "post", company.code, kind.code)
    return plan(asked, company, kind, catalog, _origins(house, asked))


def _origins(house: House, asked: Asked) -> dict[int, Origin]:
    """The documents of ours that a request refers to by id."""
    from engine.posting.post import Origin

    request = asked.request
    places = {one.id: place for place, one in enumerate(request.references) if one.id is not None}
    if not places:
        return {}
    found = house.documents.by_ids(request.company, list(places))
    missing = [
        UNKNOWN_ORIGIN.at(f"references[{place}].id", company=request.company, id=id)
        for id, place in places.items()
        if id not in found
    ]
    if missing:
        raise Faulty(missing)
    return {
        id: Origin(row["number"], row["date"], date.fromisoformat(json.loads(row["content"])["tax_point"]))
        for id, row in found.items()
    }


def _rows(house: House, context: Context, planned: Plan, catalog: Catalog, next_id: Callable[[str], int]) -> Rows:
    """The rows to write: the document's own, its deliveries, and the audit row."""
    from engine.outbox.deliveries import deliveries
    from engine.posting.rows import audit_row, build
    from engine.posting.view import document_view

    now = context.clock.now()
    document_id = next_id("document")
    key = planned.asked.request.key or f"#{document_id}"
    rows = build(planned, catalog, document_id=document_id, key=key, actor=context.actor.name, now=now)
    seen = document_view(rows.document, rows.children["document_line"], rows.children["document_tax"])
    rows.children["delivery"] = deliveries(
        planned.draft, seen, catalog, house.plugins.channels, lambda: next_id("delivery"), now
    )
    rows.children["audit"] = [audit_row(rows.document, next_id("audit"))]
    return rows


def _whole(rows: Rows, document: Mapping[str, Any]) -> Stored:
    """A document just written, as it would be read back."""
    from engine.posting.ports import Stored

    children = rows.completed(document["number"])
    return Stored(
        document,
        children["document_line"],
        children["document_tax"],
        children["entry"],
        children["entry_line"],
        children["delivery"],
    )


def _would_be(house: House, planned: Plan, rows: Rows, why: Any) -> dict[str, Any]:
    """What posting now would answer; the number is the one that would come."""
    day = planned.draft.date
    number = planned.series.number(day, house.posting.preview(planned.series, day))
    return _told(_whole(rows, rows.document | {"number": number}), why) | {
        "id": None,
        "status": "dry_run",
        "hash": None,
    }


def _told(stored: Stored, why: Any = None) -> dict[str, Any]:
    from engine.posting.answer import answer

    return answer(stored) | ({"explanation": why} if why else {})


def _explanation(planned: Plan) -> dict[str, Any]:
    from engine.posting.explain import explanation

    return explanation(planned)


def explained(house: House, document: Mapping[str, Any]) -> dict[str, Any]:
    """The explanation of a posted document, under the revision that made it."""
    from engine.drafting.request import read_request
    from engine.posting.post import plan

    catalog = house.catalog_at(document["revision"])
    asked = read_request(json.loads(document["request"]))
    kind = catalog.table(InvoiceType)[
        f"{document['module']}/{document['invoice_type']}/{document['type_legislation'] or '*'}"
    ]
    return _explanation(plan(asked, _company(catalog, document["company"]), kind, catalog, _origins(house, asked)))


# --- afterwards -----------------------------------------------------------------------------------------------------


def show(
    house: House, context: Context, called: str, *, company: str = "", series: str = "", explain: bool = False
) -> dict[str, Any]:
    """A posted document, by number or id. Errors: Faulty."""
    stored = _stored(house, context, called, company, series)
    return _told(stored, explain and explained(house, stored.document))


def export(house: House, context: Context, called: str, name: str, *, company: str = "", series: str = "") -> File:
    """A posted document as a file of one format. Errors: Faulty."""
    from engine.posting.view import document_view
    from engine.spi.contracts import Rejected

    form = house.plugins.formats.get(name)
    if form is None:
        raise Faulty([UNKNOWN_FORMAT.at("format", name=name, remedy=nearest(name, house.plugins.formats, INSTALL))])
    stored = _stored(house, context, called, company, series)
    try:
        return form.render(document_view(stored.document, stored.lines, stored.taxes))
    except Rejected as refused:
        raise Faulty([FORMAT_REFUSED.at("format", format=name, reason=refused.reason)]) from refused


def relay(house: House, context: Context, progress: Callable[[], None] = lambda: None) -> Counter[str]:
    """Hand over everything that is due, once; how many deliveries came to each state."""
    from engine.outbox.relay import Relay

    _allowed(context, "relay")
    return Relay(house.deliveries, house.plugins.formats, house.plugins.channels, context.clock).run(progress)


def configure(house: House, context: Context, code: str, channel: str, settings: Mapping[str, Any]) -> None:
    """Make or change a connection. Errors: Faulty, with each setting the channel refuses."""
    _allowed(context, "configure")
    offers = house.plugins.channels.get(channel)
    if offers is None:
        raise Faulty([_unknown_channel(channel, house.plugins, "channel")])
    try:
        model = offers.settings_model.model_validate(dict(settings))
    except ValueError as wrong:
        words = str(wrong)
        found = getattr(wrong, "errors", lambda: [{"loc": (), "msg": words}])()
        faults = [BAD_SETTING.at(".".join(map(str, one["loc"])), words=one["msg"]) for one in found]
        raise Faulty(faults) from wrong
    house.deliveries.configure(code, channel, model.model_dump_json(), context.clock.now(), context.actor.name)


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found; `broken` names document and problem, in order."""

    documents: int
    series: int
    broken: tuple[str, ...]


def verify(house: House, context: Context, progress: Callable[[int], None] = lambda done: None) -> Verified:
    """Recompute every series from its first document: numbers, chain, sums, balances. Memory stays flat."""
    from engine.posting.verify import walk

    _allowed(context, "verify")
    broken: list[str] = []
    done = 0
    with house.documents.snapshot() as documents:  # one moment, while others go on posting
        all_series = documents.all_series()
        for series in all_series:
            for found in walk(series, documents.of_series(series["id"])):
                broken += found.problems
                done += found.documents
                progress(done)
    return Verified(done, len(all_series), tuple(broken))


def _stored(house: House, context: Context, called: str, company: str, series: str) -> Stored:
    found = house.documents.find(called, company, series)
    if not found:
        raise Faulty([UNKNOWN_DOCUMENT.at("document", called=called)])
    if len(found) > 1:
        listed = "; ".join(f"id {one['id']} of {one['company']}, {one['invoice_type']}" for one in found[:10])
        raise Faulty([SEVERAL_DOCUMENTS.at("document", called=called, found=listed)])
    _allowed(context, "read", found[0]["company"])
    return house.documents.whole(found[0])


def _company(catalog: Catalog, code: str) -> Company:
    company = catalog.company(code)
    if company is None:
        remedy = nearest(code, catalog.table(Company), "apply a pack that defines companies, such as DEMO")
        raise Faulty([UNKNOWN_COMPANY.at("company", code=code, remedy=remedy)])
    return company


def _unknown_channel(name: str, plugins: Plugins, path: str) -> Fault:
    return UNKNOWN_CHANNEL.at(path, name=name, remedy=nearest(name, plugins.channels, INSTALL))


def _allowed(context: Context, action: str, company: str = "", type: str = "") -> None:
    if not context.actor.may(action, company, type):
        raise Faulty(
            [NOT_ALLOWED.at("", actor=context.actor.name, action=action, company=company or "this installation")]
        )
