"""One document, planned and answered by the code that posts, up to the number: its value is told, not taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from engine.drafting.request import Asked
from engine.kernel.errors import EngineError
from engine.kernel.faults import Faulty
from engine.parametrization.catalog import Catalog
from engine.posting.answer import answer
from engine.posting.origins import Found, Look, origins_of
from engine.posting.ports import Stored
from engine.posting.post import picked, plan, plan_new
from engine.posting.rows import build

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When it is posted: no answer tells."""


def no_origins(company: str, ids: Sequence[int], numbers: Sequence[str]) -> Found:
    """Nothing is posted yet."""
    return Found()


def rehearse(
    catalog: Catalog,
    asked: Asked,
    value: int | None = None,
    *,
    origins: Look = no_origins,
    actor: str = "",
    posted: bool = False,
) -> dict[str, Any]:
    """The answer of CONTRACT §3, and the name of the `series`. Without a value the number is the series' first.

    Deliveries are left out: they are another room's. What was `posted` is asked no more than it was then.
    Errors: Faulty.
    """
    company, kind = picked(asked, catalog, actor)
    known = origins_of(asked.request, origins, posted=posted)
    planned = (plan if posted else plan_new)(asked, company, kind, catalog, known)
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
