"""Whether what came in came before: the same bytes, or the same supplier, number and date; and who of two is first.

It is asked in the transaction that writes down whose a file is: of two that come at once, one sees the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House
from engine.kernel.faults import Fault, FaultKind

if TYPE_CHECKING:
    from engine.inbox.received import Received

DUPLICATE = FaultKind(
    "import_duplicate",
    "{what} came before: {earlier}",
    "dismiss it, or take it all the same with `factotum inbox take`",
)


def claimed(
    house: House, context: Context, was: Received, now: Received, policy: str, *, posted: bool = False
) -> Received | None:
    """`now`, written down and from here on first of its identity; or as the duplicate it is, by the company's policy.

    `posted` asks only for what was posted or is being posted, not for what waits as this one does.
    None when somebody else was quicker with the very same file.
    """

    def twice(earlier: Fault) -> Received:
        from engine.inbox.received import DUPLICATE as TWICE

        if policy == "refuse":
            return replace(now, state=TWICE, faults=(earlier,), words=earlier.message)
        faults = (earlier, *now.faults)
        return replace(now, faults=faults, words=f"{len(faults)} things are to be said first")

    asked = policy != "accept"
    typed = _typed_before(house, now) if asked else None
    of = (lambda twin: twice(_told(now, twin))) if asked else None
    return house.inbox.claim(was, twice(typed) if typed else now, context.clock.now(), of, posted)


def said_before(one: Received) -> bool:
    """Whether a person was told that it is a duplicate: who takes it then insists."""
    from engine.inbox.received import DUPLICATE as TWICE

    return one.state == TWICE or any(fault.code == DUPLICATE.code for fault in one.faults)


def posted_as(house: House, one: Received, company: str) -> Received | None:
    """As what it was posted before somebody was stopped, or None."""
    stored = house.documents.by_key(company, key_of(one)) if company else None
    return imported(one, company, stored.document["id"], stored.document["number"]) if stored else None


def imported(one: Received, company: str, document: int, number: str) -> Received:
    from engine.inbox.received import IMPORTED

    words = f"posted as {number}"
    return replace(one, state=IMPORTED, company=company, document=document, faults=(), words=words)


def key_of(one: Received) -> str:
    """What it is posted under: once, however often somebody is stopped and begins anew."""
    return f"inbox-{one.id}"


def _told(one: Received, twin: Received) -> Fault:
    earlier = f"id {twin.id}, {twin.state}"
    if twin.file == one.file:
        return DUPLICATE.at("file", what="the same file", earlier=earlier)
    return DUPLICATE.at("supplier_number", what=_number(one), earlier=earlier)


def _number(one: Received) -> str:
    return f"{one.supplier_number!r} of {one.supplier_date} from this supplier"


def _typed_before(house: House, one: Received) -> Fault | None:
    """Posted from elsewhere: by hand, or by another program."""
    on = one.supplier_date
    for row in house.inbox.posted(one.company, one.supplier_number, on) if on and one.supplier_number else ():
        if row["key"] != key_of(one) and _same_supplier(one, row):
            return DUPLICATE.at("supplier_number", what=_number(one), earlier=f"posted as {row['number']}")
    return None


def _same_supplier(one: Received, row: Mapping[str, Any]) -> bool:
    import json

    from engine.inbox.reading import supplier_of
    from engine.inbox.received import Found

    asked = json.loads(row["request"])
    return supplier_of(Found("", asked, {}, {}))[0] == one.supplier
