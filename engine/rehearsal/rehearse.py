"""One document, planned and answered by the code that posts, up to the number: its value is told, not taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from engine.drafting.request import Asked
from engine.kernel.errors import EngineError
from engine.kernel.faults import Faulty
from engine.parametrization.catalog import Catalog
from engine.posting.answer import answer
from engine.posting.ports import Stored
from engine.posting.post import Origin, origins_of, picked, plan
from engine.posting.rows import build

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
    company, kind = picked(asked, catalog, actor)
    known = origins_of(asked, lambda ids: {id: found for id in ids if (found := origins(id))})
    planned = plan(asked, company, kind, catalog, known)
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
