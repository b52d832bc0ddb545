"""Which hand-overs a document gets: one row for each delivery rule that holds, written in the posting transaction.

The row is the truth of that hand-over. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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

PAYMENT = "payment"
"""What a delivery may wait for."""
NOBODY = "the document names nobody this channel can reach"


def deliveries(
    draft: Draft,
    view: DocumentView,
    catalog: Catalog,
    channels: Mapping[str, DeliveryChannel],
    next_id: Callable[[], int],
    new_key: Callable[[], str],
    now: datetime,
) -> list[dict[str, Any]]:
    """The delivery rows of a document. A rule that reaches nobody still makes a row, rejected: a person sees it."""
    rows = []
    for rule in _holding(draft, catalog):
        channel = channels.get(rule.channel)
        recipients, state, detail = _reached(channel, rule.channel, rule.recipients, view)
        rows.append(
            {
                "id": next_id(), "document": view.id, "company": draft.company.code, "rule": rule.key,
                "channel": rule.channel, "format": rule.format, "connection": rule.connection,
                "recipients": _json(recipients),
                "state": state, "tries": 0, "due_at": due_at(rule, now, draft.company.time_zone), "reference": "",
                "detail": detail, "changed_at": now, "formats": _json(rule.attachments),
                "copies": _json(rule.copies), "hidden_copies": _json(rule.hidden_copies),
                "template": rule.template, "message": "", "held": rule.send == "held",
                "waits_for": PAYMENT if rule.send == "paid" else "", "resent_of": None, "sent_at": None,
                "key": new_key(),
            }
        )  # fmt: skip
    return rows


def _json(words: Iterable[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)


def due_at(rule: DeliveryRule, now: datetime, time_zone: str) -> datetime:
    """When a rule lets it go: so many days later, at its hour in the company's time zone, and never before now.

    Shape: ("08:00", 12:00 in Paris) -> 08:00 there tomorrow, in UTC; an hour that the clocks skip is the one after.
    """
    later = now + timedelta(days=rule.after_days)
    if not rule.at:
        return later
    zone = ZoneInfo(time_zone or "UTC")
    hour = time.fromisoformat(rule.at)
    local = datetime.combine(later.astimezone(zone).date(), hour, zone)
    if local < now:
        local = datetime.combine(local.date() + timedelta(days=1), hour, zone)
    return local.astimezone(UTC)


def recipients_of(
    row: Mapping[str, Any], channel: DeliveryChannel | None, view: Callable[[int], DocumentView]
) -> tuple[str, ...]:
    """Whom a delivery goes to; whom its channel names now, when it had nobody."""
    kept = tuple(json.loads(row["recipients"]))
    return kept or _reached(channel, row["channel"], (), view(row["document"]))[0]


def _reached(
    channel: DeliveryChannel | None, name: str, also: tuple[str, ...], view: DocumentView
) -> tuple[tuple[str, ...], str, str]:
    """Recipients, state and words of a new row. A channel's bug does not stop the posting."""
    if channel is None:  # it may come back, and names its recipients then
        return also, "pending", f"no plugin offers the channel {name}"
    try:
        found = tuple(dict.fromkeys((*(str(one) for one in channel.recipients(view)), *also)))
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
