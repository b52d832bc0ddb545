"""One document, planned and answered by the code that posts, up to the number: its value is told, not taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from engine.drafting.request import Asked
from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, Faulty, clipped, nearest
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, User
from engine.posting.answer import answer
from engine.posting.ports import Stored
from engine.posting.post import Origin, Plan, plan
from engine.posting.rows import build
from engine.selection import pick

Origins = Callable[[int], Origin | None]
"""The document of ours that an id names."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When it is posted: no answer tells."""


def no_origins(id: int) -> Origin | None:
    """Nothing is posted yet."""
    return None


def rehearse(
    catalog: Catalog, asked: Asked, value: int | None = None, *, origins: Origins = no_origins, actor: str = ""
) -> dict[str, Any]:
    """The answer of CONTRACT §3, and the name of the `series`. Without a value the number is the series' first.

    Deliveries are left out: they are another room's. Errors: Faulty.
    """
    planned = _planned(catalog, asked, origins, actor)
    series = planned.series
    try:
        number = series.number(planned.draft.date, series.counter.start if value is None else value)
    except EngineError as error:
        raise Faulty([error.as_fault("number")]) from error
    rows = build(planned, catalog, document_id=0, key=asked.request.key, actor=actor, now=NEVER)
    children = rows.completed(number)
    stored = Stored(
        document=rows.document | {"number": number},
        lines=children["document_line"],
        taxes=children["document_tax"],
        entries=children["entry"],
        entry_lines=children["entry_line"],
        deliveries=(),
    )
    return answer(stored) | {"series": series.name}


def company_of(catalog: Catalog, code: str) -> Company:
    """Errors: Faulty(unknown_company)."""
    company = catalog.company(code)
    if company is None:
        remedy = nearest(code, catalog.table(Company), "apply a pack that defines companies, such as DEMO")
        raise Faulty([Fault("unknown_company", "company", f"there is no company {clipped(code)!r}", remedy)])
    return company


def _planned(catalog: Catalog, asked: Asked, origins: Origins, actor: str) -> Plan:
    """The company, the type picked for it, and the plan of the posting."""
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
    return plan(asked, company, kind, catalog, _known(asked, origins))


def _known(asked: Asked, origins: Origins) -> dict[int, Origin]:
    """The documents of ours that a request refers to by id."""
    known: dict[int, Origin] = {}
    faults = []
    for place, one in enumerate(asked.request.references):
        if one.id is None:
            continue
        found = origins(one.id)
        if found:
            known[one.id] = found
        else:
            words = f"{asked.request.company} has no document with id {one.id}"
            remedy = "give the id of a posted document, or number and date"
            faults.append(Fault("unknown_origin", f"references[{place}].id", words, remedy))
    if faults:
        raise Faulty(faults)
    return known
