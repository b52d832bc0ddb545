"""The two halves of a posting: `plan`, pure, and `write`, one transaction.

The number comes as late as possible: every row that does not print it is written first; then the counter, which locks
its series; then what prints the number, the document row, and the head of the chain; then commit. So a number exists
only if its document does, and a series is locked for a moment only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.drafting import facts
from engine.drafting.contacts import contact_faults
from engine.drafting.draft import draft, named_references
from engine.drafting.drafted import Draft
from engine.drafting.request import Asked
from engine.journal import periods
from engine.journal.determine import Determination, determine
from engine.journal.entries import Generated
from engine.journal.generate import Books, run
from engine.kernel.faults import Fault, Faulty
from engine.numbering.counters import Circumstances, Numbering, Series, no_counter, numbering, second
from engine.numbering.typed import typed
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, InvoiceType, User
from engine.posting import canon
from engine.posting.origins import Named, named
from engine.posting.ports import PostingStore, PostingWork, Row, Taken
from engine.posting.sealing import Sealing, links, put_on
from engine.selection import company_of, pick
from rules import arithmetic

if TYPE_CHECKING:
    from engine.posting.rows import Rows

CHILDREN = ("document_line", "document_tax", "entry", "entry_line", "delivery", "audit")
"""Tables whose rows belong to a document, in the order they are written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a posting will be, but its number. Reaching it touches no database."""

    asked: Asked
    draft: Draft
    determination: Determination
    numbering: Numbering
    series: Series
    generated: Generated
    revision: int
    creation: Numbering | None = None  # of the second number, where the type has one

    @property
    def second(self) -> Series | None:
        return self.creation.series if self.creation else None

    @property
    def all_series(self) -> list[Series]:
        """Those that number it, in the order in which they are locked."""
        return sorted([self.series, self.second], key=lambda one: one.order) if self.second else [self.series]


def picked(asked: Asked, catalog: Catalog, actor: str) -> tuple[Company, InvoiceType]:
    """Whose document it is, and the type it is posted with. Errors: Faulty."""
    request = asked.request
    company = company_of(catalog, request.company)
    kind = pick(
        catalog,
        company,
        request.date,
        module=request.side,
        category=request.category,
        code=request.invoice_type,
        user=catalog.table(User).get(actor),
    )
    if isinstance(kind, Fault):
        raise Faulty([kind])
    return company, kind


def plan_new(
    asked: Asked, company: Company, invoice_type: InvoiceType, catalog: Catalog, origins: Named | None = None
) -> Plan:
    """The plan of what is to be posted now: it is asked more than what was posted before. Errors: Faulty, with all."""
    unreachable = contact_faults(asked.request)
    try:
        planned = plan(asked, company, invoice_type, catalog, origins)
    except Faulty as faulty:
        raise Faulty([*unreachable, *faulty.faults]) from None
    if unreachable:
        raise Faulty(unreachable)
    return planned


def plan(
    asked: Asked,
    company: Company,
    invoice_type: InvoiceType,
    catalog: Catalog,
    origins: Named | None = None,
) -> Plan:
    """Draft, number's series, and entries of one document.

    Errors: Faulty, with the faults of the first step that found any.
    """
    request = asked.request
    drafted = draft_of(asked, company, invoice_type, catalog, origins)
    with arithmetic():
        kinds = frozenset([one.kind for _, one in named_references(request)])
        found = determine(catalog, company, invoice_type, request.date, kinds)
        values = facts.of(drafted, catalog)
        told = Circumstances(request.site, found.journal.code if found.journal else "", values)
        numbers = numbering(catalog, company, invoice_type, found.entry_type, request.date, told)
        faults = list(found.faults)
        if numbers.series is None:
            raise Faulty([*faults, no_counter(numbers, company, invoice_type)])
        series, wrong = typed(
            request.number, numbers.series, company, invoice_type, found.entry_type, catalog, request.date
        )
        creation = None
        if invoice_type.creation_counter:
            creation, unusable = second(catalog, company, invoice_type, series, request.date, told)
            wrong = [*wrong, *unusable]
        if faults or wrong:
            raise Faulty([*faults, *wrong])
        generated = Generated()
        if found.members and found.entry_type and found.journal:
            books = Books(found.entry_type, found.journal, periods.of(catalog, company))
            generated = run(drafted, found.members, books, catalog, values, matching=found.matching)
    return Plan(asked, drafted, found, numbers, series, generated, catalog.revision, creation)


def draft_of(
    asked: Asked,
    company: Company,
    invoice_type: InvoiceType,
    catalog: Catalog,
    origins: Named | None = None,
) -> Draft:
    """The document with its amounts, taxes and texts, and with what it refers to. Errors: Faulty."""
    request = asked.request
    if not origins:
        return draft(request, company, invoice_type, catalog)
    told = named(request, origins)
    mine = {one.id: one for one in origins.values()}
    corrected = [mine[one.id].tax_point for one in told.references if one.kind == "corrects" and one.id in mine]
    return draft(told, company, invoice_type, catalog, min(corrected, default=None))


def write(planned: Plan, rows: Rows, store: PostingStore, asked: Sealing | None = None) -> Mapping[str, Any]:
    """Write a planned document, sealed as asked; the document row as it stands in the database.

    Errors: StalePlan (plan again), KeyTaken (the first answer exists), CounterExhausted, Faulty (date order, closed
    series). After any of them nothing is written and no number is used.
    """
    series, on = planned.series, planned.draft.date
    for each in planned.all_series:
        store.open_series(each, planned.revision)
    for use, chain in asked.seals if asked else ():
        store.open_chain(use.name, chain)
    if series.fast:
        return _write_taken(planned, rows, store, asked)
    body = rows.body_hash  # before anything is locked
    with store.transaction() as work:
        for table in CHILDREN:
            if table not in rows.waiting and rows.children.get(table):
                work.insert(table, rows.children[table])
        taken = take_all(planned, work)
        number = series.number(on, taken[0].value)
        children = rows.completed(number)
        for table in CHILDREN:
            if table in rows.waiting:
                work.insert(table, children[table])
        document = numbered(planned, rows, body, taken, number, children, work, asked)
        work.insert("document", [document])
        work.advance(taken[0].series, document["hash"])
    return document


def take_all(planned: Plan, work: PostingWork) -> tuple[Taken, ...]:
    """The number of a document and, where its type has one, the second. Errors: as PostingWork.take."""
    on = planned.draft.date
    found = {one.name: work.take(one, on, planned.revision) for one in planned.all_series}
    return (found[planned.series.name], *([found[planned.second.name]] if planned.second else []))


def numbered(
    planned: Plan,
    rows: Rows,
    body: str,
    numbers: Sequence[Taken],
    number: str,
    children: Mapping[str, Sequence[Row]],
    work: PostingWork,
    asked: Sealing | None,
) -> Row:
    """The document row, complete: its number, or both, its seals, and its link to the document before it."""
    document, taken = rows.document, numbers[0]
    creation: tuple[Any, ...] = (None, None, None)
    if planned.second:
        also = numbers[1]
        creation = also.series, also.value, planned.second.number(planned.draft.date, also.value)
        work.use(also)
    texts = canon.texts_after_number(children["entry"], children["entry_line"])
    seals: list[dict[str, Any]] = []
    if asked and asked.seals:
        seals = put_on(work, asked, document["id"], planned.series.name, taken.value, number, document["posted_at"])
        work.insert("document_seal", seals)
        rows.children["document_seal"] = seals
    hashed = canon.link(
        taken.previous_hash, taken.series, taken.value, number, texts, body, canon.VERSION, links(seals),
        creation if planned.second else (),
    )  # fmt: skip
    return rows.document | {
        "series": taken.series, "value": taken.value, "number": number, "canon": canon.VERSION, "body_hash": body,
        "previous_hash": taken.previous_hash, "hash": hashed, **dict(zip(canon.CREATION, creation, strict=True)),
    }  # fmt: skip


def _write_taken(planned: Plan, rows: Rows, store: PostingStore, asked: Sealing | None) -> Row:
    """Into a fast series: the value is taken and committed first, and keeps a cause where no document follows.

    Documents of a fast series wait for nobody, so they are not chained to each other: each is hashed by itself.
    """
    series, on = planned.series, planned.draft.date
    document = rows.document
    taken = store.take_ahead(
        series, on, planned.revision, at=document["posted_at"], actor=document["actor"], key=document["key"]
    )
    try:
        number = series.number(on, taken.value)
        children = rows.completed(number)
        with store.transaction() as work:
            for table in CHILDREN:
                if children.get(table):
                    work.insert(table, children[table])
            second = [work.take(planned.second, on, planned.revision)] if planned.second else []
            whole = numbered(planned, rows, rows.body_hash, [taken, *second], number, children, work, asked)
            work.insert("document", [whole])
    except Exception as cause:
        store.give_up(taken, f"{type(cause).__name__}: {cause}"[:500])
        raise
    return whole
