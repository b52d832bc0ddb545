"""Where type, number, entry and each line come from: data, rendered by command line, page and API alike."""

from __future__ import annotations

from typing import Any

from engine.drafting.drafted import Draft
from engine.drafting.payment import said_by
from engine.journal import explain as journal
from engine.numbering.counters import Numbering, Series
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import PaymentTerms
from engine.posting.post import Plan


def explanation(planned: Plan, catalog: Catalog) -> dict[str, Any]:
    """Of a plan; a posted document is planned again under the revision that made it."""
    draft, found = planned.draft, planned.determination
    return {
        "revision": planned.revision,
        "type": {"code": draft.type.code, "record": draft.type.key},
        "numbering": _numbering(planned.series, planned.numbering),
        **({"creation_numbering": _numbering(planned.second, planned.creation)} if planned.second else {}),
        "determination": list(found.steps),
        "tax_point": draft.tax_point.isoformat(),
        "due_dates": _due_dates(draft, catalog),
        **journal.explanation(draft, found.members, planned.generated, catalog),
    }


def _due_dates(draft: Draft, catalog: Catalog) -> dict[str, Any]:
    """Shape: {"from": "company", "code": "30FM", "record": "30FM/FRA"}; "from" as `payment.said_by`."""
    source, code = said_by(draft.request, draft.company, draft.type.module)
    record = catalog.one(PaymentTerms, code, draft.company, draft.request.date) if code else None
    return {"from": source, "code": code, "record": record.key if record else ""}


def _numbering(series: Series | None, found: Numbering | None) -> dict[str, Any]:
    return {"series": series.name if series else "", "steps": list(found.steps) if found else []}
