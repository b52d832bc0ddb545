"""What was posted is shown, exported, handed over."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.flow.parametrization import UNKNOWN_CHANNEL, UNKNOWN_FORMAT
from engine.flow.posting import explained, told
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from engine.posting.ports import Stored
    from engine.spi.contracts import File

UNKNOWN_DOCUMENT = FaultKind("unknown_document", "there is no document {called!r}", "give its number, or its id")
SEVERAL_DOCUMENTS = FaultKind(
    "several_documents",
    "several documents are called {called!r}: {found}",
    "narrow it with --company and --series, or give the id",
)
FORMAT_REFUSED = FaultKind("format_refused", "{format} cannot tell this document: {reason}", "use another format")
BAD_SETTING = FaultKind("bad_setting", "{words}", "mend the setting")


def show(
    house: House, context: Context, called: str, *, company: str = "", series: str = "", explain: bool = False
) -> dict[str, Any]:
    """A posted document, by number or id. Errors: Faulty."""
    stored = stored_document(house, context, called, company, series)
    return told(stored, explain and explained(house, stored.document))


def export(house: House, context: Context, called: str, name: str, *, company: str = "", series: str = "") -> File:
    """A posted document as a file of one format. Errors: Faulty."""
    from engine.posting.view import document_view
    from engine.spi.contracts import Rejected

    form = house.plugins.formats.get(name)
    if form is None:
        raise Faulty([UNKNOWN_FORMAT.at("format", name=name, remedy=nearest(name, house.plugins.formats, INSTALL))])
    stored = stored_document(house, context, called, company, series)
    try:
        return form.render(document_view(stored.document, stored.lines, stored.taxes))
    except Rejected as refused:
        raise Faulty([FORMAT_REFUSED.at("format", format=name, reason=refused.reason)]) from refused


def relay(house: House, context: Context, progress: Callable[[], None] = lambda: None) -> Counter[str]:
    """Hand over everything that is due, once; how many deliveries came to each state."""
    from engine.outbox.relay import Relay

    allowed(context, "relay")
    return Relay(house.deliveries, house.plugins.formats, house.plugins.channels, context.clock).run(progress)


def configure(house: House, context: Context, code: str, channel: str, settings: Mapping[str, Any]) -> None:
    """Make or change a connection, and write down who changed what of it.

    Errors: Faulty, with each setting the channel refuses.
    """
    from engine.flow.history import connection_row
    from engine.outbox.settings import changed
    from engine.outbox.words import wrong_settings

    allowed(context, "configure")
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9_.-]{0,19}", code):
        raise Faulty([BAD_SETTING.at("connection", words="a connection is called by 1 to 20 of A-Z, 0-9, _ . -")])
    offers = house.plugins.channels.get(channel)
    if offers is None:
        remedy = nearest(channel, house.plugins.channels, INSTALL)
        raise Faulty([UNKNOWN_CHANNEL.at("channel", name=channel, remedy=remedy)])
    try:
        model = offers.settings_model.model_validate(dict(settings))
    except ValueError as wrong:
        refused = wrong_settings(wrong) or [("", str(wrong))]
        raise Faulty([BAD_SETTING.at(name, words=words) for name, words in refused]) from wrong
    accepted, audit_id = model.model_dump_json(), house.posting.next_id("audit")

    def told(before: tuple[str, Mapping[str, Any]] | None) -> Mapping[str, Any]:
        was, held = before or (None, {})
        old = house.plugins.channels.get(was or "")
        fields = changed(held, json.loads(accepted), old.settings_model if old else None, offers.settings_model)
        moved = {"channel": {"before": was, "after": channel}} if was != channel else {}
        return connection_row(context, audit_id, code, moved | fields)

    house.deliveries.configure(code, channel, accepted, context.clock.now(), context.actor.name, told)


def stored_document(house: House, context: Context, called: str, company: str, series: str) -> Stored:
    found = house.documents.find(called, company, series)
    if not found:
        raise Faulty([UNKNOWN_DOCUMENT.at("document", called=called)])
    if len(found) > 1:
        listed = "; ".join(f"id {one['id']} of {one['company']}, {one['invoice_type']}" for one in found[:10])
        raise Faulty([SEVERAL_DOCUMENTS.at("document", called=called, found=listed)])
    allowed(context, "read", found[0]["company"])
    return house.documents.whole(found[0])
