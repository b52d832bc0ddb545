"""A document is posted: request → type → plan → one transaction; and the answer explains itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.flow.sealing import sealing_of
from engine.kernel.clock import token
from engine.kernel.errors import EngineError
from engine.kernel.faults import FaultKind, Faulty
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import InvoiceType
from engine.selection import company_of

if TYPE_CHECKING:
    from engine.drafting.drafted import Draft
    from engine.drafting.request import Asked
    from engine.posting.origins import Named
    from engine.posting.ports import Stored
    from engine.posting.post import Plan
    from engine.posting.rows import Rows
    from engine.spi.contracts import DocumentView

KEY_CONTENT = FaultKind(
    "key_other_content", "key {key!r} was used for another document, number {number}", "a new document takes a new key"
)
REPLANS = 3


def post(house: House, context: Context, data: Any, *, dry_run: bool = False, explain: bool = False) -> dict[str, Any]:
    """Post one document; the answer of CONTRACT §3.

    The same key and content give the first answer again. The database refuses a key that was used, so the first answer
    is looked for only when something stands in the way. With `dry_run` the same code runs, up to the write.
    Errors: Faulty; after any error nothing is written and no number is used.
    """
    from engine.drafting.request import read_request
    from engine.numbering.mask import CounterExhausted, NumberTooLong
    from engine.posting.ports import KeyTaken, NumberTaken, StalePlan

    asked = read_request(data)
    allowed(context, "post", asked.request.company)
    for attempt in range(REPLANS + 1):
        again = dry_run or attempt > 0
        known = _first_answer(house, asked) if again else None
        catalog = house.catalog(fresh=again)
        try:
            if not known:
                return _posted(house, context, asked, catalog, dry_run, explain, looked=again)
        except (KeyTaken, StalePlan):  # posted before, or somebody was quicker: with a key, or with a revision
            continue
        except (Faulty, NumberTaken, CounterExhausted, NumberTooLong) as refused:
            known = _first_answer(house, asked)  # posted before, and would be refused by now: that one is meant
            if not known:
                if house.catalog().revision != catalog.revision:  # by what was in force when we last looked
                    continue
                if isinstance(refused, NumberTaken) and asked.request.number:
                    raise _number_taken(asked) from None
                raise
        return told(known, explain and explained(house, known.document))
    raise StalePlan


def _posted(
    house: House, context: Context, asked: Asked, catalog: Catalog, dry_run: bool, explain: bool, looked: bool
) -> dict[str, Any]:
    """Plan a document and write it, or tell what would be. `looked` is whether its key is known to be new.

    Errors: Faulty, KeyTaken, StalePlan, NumberTaken, CounterExhausted, NumberTooLong.
    """
    from engine.posting.ports import KeyTaken
    from engine.posting.post import write

    planned = planned_of(context, asked, catalog, _origins(house, asked))
    if planned.series.fast and not looked and _first_answer(house, asked):
        raise KeyTaken  # before a value is taken ahead that no document would have
    now = context.clock.now()
    rows, view = rows_of(house, context, planned, catalog, now, (lambda name: 0) if dry_run else house.posting.next_id)
    sealing = sealing_of(house, planned, view, catalog, now)
    why = explain and explanation(planned, catalog)
    if dry_run:
        return _would_be(house, planned, rows, why)
    return told(whole(rows, write(planned, rows, house.posting, sealing)), why)


def _number_taken(asked: Asked) -> Faulty:
    from engine.numbering.typed import NUMBER_TAKEN

    request = asked.request
    return Faulty([NUMBER_TAKEN.at("number", company=request.company, number=request.number)])


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
    return same_document(stored, asked) if stored else None


def same_document(stored: Stored, asked: Asked) -> Stored:
    """The document posted with a key, when that is what is asked for again. Errors: Faulty(key_other_content)."""
    if stored.document["content_hash"] != asked.content_hash:
        raise Faulty([KEY_CONTENT.at("key", key=asked.request.key, number=stored.document["number"])])
    return stored


def drafted(house: House, context: Context, data: Any) -> tuple[Draft, Catalog]:
    """What a request would be posted as, before number and entries; and the parametrization it was drafted under.

    Errors: Faulty.
    """
    from engine.drafting.request import read_request
    from engine.posting.post import draft_of, picked

    asked, catalog = read_request(data), house.catalog()
    company, kind = picked(asked, catalog, context.actor.name)
    allowed(context, "post", company.code, kind.code)
    return draft_of(asked, company, kind, catalog, _origins(house, asked)), catalog


def planned_of(context: Context, asked: Asked, catalog: Catalog, origins: Named) -> Plan:
    """The company, the type picked for it, and the plan of the posting. Errors: Faulty."""
    from engine.posting.post import picked, plan_new

    company, kind = picked(asked, catalog, context.actor.name)
    allowed(context, "post", company.code, kind.code)
    return plan_new(asked, company, kind, catalog, origins)


def _origins(house: House, asked: Asked, *, posted: bool = False) -> Named:
    """The documents of ours that a request refers to. Errors: Faulty."""
    from engine.posting.origins import NUMBERED_BY_US, Found, origins_of

    def look(company: str, ids: Iterable[int], numbers: Iterable[str]) -> Found:
        return Found.of(house.documents.referred(company, ids, NUMBERED_BY_US, numbers))

    return origins_of(asked.request, look, posted=posted)


def rows_of(
    house: House, context: Context, planned: Plan, catalog: Catalog, now: datetime, next_id: Callable[[str], int]
) -> tuple[Rows, DocumentView]:
    """The rows to write (the document's own, its deliveries, and the audit row), and the document as plugins see it."""
    from engine.outbox.deliveries import deliveries
    from engine.outbox.providers import hand_overs
    from engine.posting.rows import audit_row, build
    from engine.posting.view import view_of

    document_id = next_id("document")
    key = planned.asked.request.key or f"#{document_id}"
    rows = build(planned, catalog, document_id=document_id, key=key, actor=context.actor.name, now=now)
    seen = view_of(rows.document, rows.children["document_line"], rows.children["document_tax"], rows.content)
    channels = hand_overs(house.plugins.channels, house.plugins.providers)
    rows.children["delivery"] = deliveries(
        planned.draft, seen, catalog, channels, lambda: next_id("delivery"), token, now
    )
    rows.children["audit"] = [audit_row(rows.document, next_id("audit"))]
    return rows, seen


def whole(rows: Rows, document: Mapping[str, Any]) -> Stored:
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
        seals=rows.children.get("document_seal", ()),
        content=rows.content,
    )


def _would_be(house: House, planned: Plan, rows: Rows, why: Any) -> dict[str, Any]:
    """What posting now would answer; the number is the one that would come."""
    day = planned.draft.date
    number = planned.series.number(day, house.posting.preview(planned.series, day))
    second, also = planned.second, {}
    if second:
        also = {"creation_number": second.number(day, house.posting.preview(second, day))}
    would = told(whole(rows, rows.document | {"number": number} | also), why)
    without = [one | {"id": None} for one in would["deliveries"]]
    return would | {"id": None, "status": "dry_run", "hash": None, "deliveries": without}


def told(stored: Stored, why: Any = None) -> dict[str, Any]:
    """The answer of a document, with its explanation when there is one."""
    from engine.posting.answer import answer

    return answer(stored) | ({"explanation": why} if why else {})


def explanation(planned: Plan, catalog: Catalog) -> dict[str, Any]:
    from engine.posting.explain import explanation

    return explanation(planned, catalog)


def explained(house: House, document: Mapping[str, Any]) -> dict[str, Any]:
    """The explanation of a posted document, under the revision that made it."""
    planned, catalog = replanned(house, document)
    return explanation(planned, catalog)


def replanned(house: House, document: Mapping[str, Any]) -> tuple[Plan, Catalog]:
    """The plan of a posted document once more, and the parametrization it was posted under."""
    from engine.drafting.request import read_request
    from engine.posting.post import plan

    catalog = house.catalog_at(document["revision"])
    asked = read_request(json.loads(document["request"]))
    kind = catalog.table(InvoiceType)[
        f"{document['module']}/{document['invoice_type']}/{document['type_legislation'] or '*'}"
    ]
    company = company_of(catalog, document["company"])
    return plan(asked, company, kind, catalog, _origins(house, asked, posted=True)), catalog
