"""The message of a delivery: edited for this one, else made from a template when it is sent.

A mended template so holds for whatever still waits. A channel takes words if its plugin says so: of kind `sms`, or
with the capability `mail.customise`; any other gets them only when its delivery rule names a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from engine.kernel.clock import Clock, today
from engine.outbox import templates
from engine.outbox.bounces import MessageStore
from engine.outbox.outcomes import SENDING, SENT, UNCERTAIN
from engine.parametrization.catalog import Catalog
from engine.spi.contracts import DocumentView, Message, TryLater

Row = Mapping[str, Any]
URL = "document_url"
"""The key of `company.extra` with a document's page, such as https://shop.example/orders/{{ document.order }}"""
ORDER = (SENT, UNCERTAIN, SENDING)
"""Of several twins the surest is told."""
OLDER_WAITS, YOUNGER_WAITS = timedelta(seconds=5), timedelta(seconds=30)
"""Until a twin that is being sent is looked for again; not as long for both, else they would meet again."""


@dataclass(frozen=True, slots=True)
class Words:
    """Makes messages. `kinds`: which kind of template a channel takes, by its name; without one it takes none."""

    catalog: Callable[[], Catalog]
    kinds: Mapping[str, str]
    clock: Clock
    store: MessageStore

    def of(self, row: Row, document: DocumentView) -> Message | None:
        """The message of a delivery; None where the channel finds its own words, or needs none.

        Errors: TryLater when the template that its rule names is not there: the words can be mended while it waits.
        """
        if row["message"]:
            return read(row["message"])
        kind, code = self.kinds.get(row["channel"], ""), row["template"]
        if not (code or kind == templates.SMS or (kind and row["format"])):  # our words speak of what is attached
            return None
        chosen = self.choose(document, code or templates.DEFAULT, kind or templates.EMAIL)
        if chosen.template is None and code:
            raise TryLater(f"no template {code} for {document.company.code} may be used: {_why(chosen)}")
        if chosen.template is None:
            return None
        return templates.say(chosen.template, document, self.url(document))

    def choose(self, document: DocumentView, code: str, kind: str, language: str = "") -> templates.Chosen:
        """The template a code means for a document, as things are today."""
        catalog = self.catalog()
        company = catalog.company(document.company.code)
        if company is None:
            return templates.Chosen(None, ())
        return templates.choose(
            catalog, company, code, kind, language=language or document.language,
            invoice_type=document.invoice_type, on=today(self.clock, company.time_zone),
        )  # fmt: skip

    def url(self, document: DocumentView) -> str:
        """The page of a document, as its company says; "" when it says nothing."""
        company = self.catalog().company(document.company.code)
        pattern = company.extra.get(URL, "") if company else ""
        return templates.filled({"subject": pattern}, document, document.language)["subject"] if pattern else ""

    def twin(self, row: Row) -> Twin | None:
        """What was sent already of this delivery, or may have been, as far as its company wants to know.

        What is sent again knowingly is no twin, nor does what a person let go wait any more.
        Errors: TryLater while its twin is being sent. Both see each other then, and the older one comes back first.
        """
        company = self.catalog().company(row["company"])
        if company is None or company.duplicates == "off" or row["resent_of"] is not None:
            return None
        now, mine = self.clock.now(), {one.lower() for one in json.loads(row["recipients"])}
        twins = self.store.twins(row, now - timedelta(days=company.duplicate_days))
        for one in sorted(twins, key=lambda one: ORDER.index(one["state"])):
            if both := sorted(mine & {each.lower() for each in json.loads(one["recipients"])}):
                words = f"{', '.join(both)} {_got(one, row)}"
                blocks = company.duplicates == "block" and not self.store.was_held(row)
                if blocks and one["state"] == SENDING:
                    raise TryLater(words, YOUNGER_WAITS if one["id"] < row["id"] else OLDER_WAITS)
                if not blocks:
                    self.store.warned(row, words, now)
                return Twin(words, blocks)
        return None


@dataclass(frozen=True, slots=True)
class Twin:
    """In words, what was sent already; and whether that holds this one up."""

    words: str
    blocks: bool


def _got(twin: Row, row: Row) -> str:
    what = "this document" if twin["document"] == row["document"] else f"{twin['number']}, which says the same,"
    if twin["state"] == SENDING:
        return f"are just being sent {what} by delivery {twin['id']}"
    got = "got" if twin["state"] == SENT else "may have got"
    return f"{got} {what} by delivery {twin['id']} on {(twin['sent_at'] or twin['changed_at']).date()}"


def _why(chosen: templates.Chosen) -> str:
    return "; ".join(f"{one['language']}, {one['scope']}: {one['reason']}" for one in chosen.steps[:4])


def read(text: str) -> Message:
    """A message as a row holds it."""
    held = json.loads(text)
    return Message(**{name: held[name] for name in Message.__dataclass_fields__ if name in held})


def write(message: Message, by: str, at: str) -> str:
    """A message as a row holds it, with who worded it and when."""
    return json.dumps({**asdict(message), "edited_by": by, "edited_at": at}, sort_keys=True, ensure_ascii=False)
