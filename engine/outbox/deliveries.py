"""Which hand-overs a document gets: one row for each delivery rule that holds, written in the posting transaction.

The row is the truth of that hand-over. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.drafting import facts
from engine.drafting.desk import formula_fault
from engine.drafting.drafted import Draft
from engine.kernel.faults import Faulty
from engine.outbox.words import plugin_fault
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import DeliveryRule
from engine.spi.contracts import DeliveryChannel, DocumentView
from rules import FormulaFailed

NOBODY = "the document names nobody this channel can reach"


def deliveries(
    draft: Draft,
    view: DocumentView,
    catalog: Catalog,
    channels: Mapping[str, DeliveryChannel],
    next_id: Callable[[], int],
    now: datetime,
) -> list[dict[str, Any]]:
    """The delivery rows of a document. A rule that reaches nobody still makes a row, rejected: a person sees it."""
    rows = []
    for rule in _holding(draft, catalog):
        channel = channels.get(rule.channel)
        recipients, state, detail = _reached(channel, rule, view)
        rows.append(
            {
                "id": next_id(), "document": view.id, "company": draft.company.code, "rule": rule.key,
                "channel": rule.channel, "format": rule.format, "connection": rule.connection,
                "recipients": _json(recipients),
                "state": state, "tries": 0, "due_at": now, "reference": "",
                "detail": detail, "changed_at": now, "formats": _json(rule.attachments),
                "copies": _json(rule.copies), "hidden_copies": _json(rule.hidden_copies),
                "template": rule.template, "message": "", "held": False, "waits_for": "",
                "resent_of": None, "sent_at": None,
            }
        )  # fmt: skip
    return rows


def _json(words: Iterable[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)


def _reached(
    channel: DeliveryChannel | None, rule: DeliveryRule, view: DocumentView
) -> tuple[tuple[str, ...], str, str]:
    """Recipients, state and words of a new row. A channel's bug does not stop the posting."""
    if channel is None:
        return (), "rejected", f"no plugin offers the channel {rule.channel}"
    try:
        found = tuple(dict.fromkeys((*(str(one) for one in channel.recipients(view)), *rule.recipients)))
    except Exception as bug:
        return (), "failed", plugin_fault(bug)
    return (found, "pending", "") if found else ((), "rejected", NOBODY)


def _holding(draft: Draft, catalog: Catalog) -> Iterable[DeliveryRule]:
    """The rules that hold for this document, in key order."""
    values, book = facts.of(draft, catalog), formulas.of(catalog, draft.company, draft.date)
    for rule in catalog.all_meant(DeliveryRule, draft.company, draft.date):
        wanted = (rule.company, rule.invoice_type, rule.category)
        found = (draft.company.code, draft.type.code, draft.type.category)
        if any(want not in ("", is_) for want, is_ in zip(wanted, found, strict=True)):
            continue
        try:
            if not rule.when or book.condition(rule.when)(values):
                yield rule
        except FormulaFailed as failed:
            raise Faulty([formula_fault(f"delivery rule {rule.key}", failed, "invoice_type")]) from failed
