"""The message of a delivery: edited for this one, else made from a template when it is sent.

A mended template so holds for whatever still waits. A channel takes words if its plugin says so: of kind `sms`, or
with the capability `mail.customise`; any other gets them only when its delivery rule names a template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.kernel.clock import Clock, today
from engine.outbox import templates
from engine.parametrization.catalog import Catalog
from engine.spi.contracts import DocumentView, Message, TryLater

Row = Mapping[str, Any]
URL = "document_url"
"""The key of `company.extra` with a document's page, such as https://shop.example/orders/{{ document.order }}"""


@dataclass(frozen=True, slots=True)
class Words:
    """Makes messages. `kinds`: which kind of template a channel takes, by its name; without one it takes none."""

    catalog: Callable[[], Catalog]
    kinds: Mapping[str, str]
    clock: Clock

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


def _why(chosen: templates.Chosen) -> str:
    return "; ".join(f"{one['language']}, {one['scope']}: {one['reason']}" for one in chosen.steps[:4])


def read(text: str) -> Message:
    """A message as a row holds it."""
    held = json.loads(text)
    return Message(**{name: held[name] for name in Message.__dataclass_fields__ if name in held})


def write(message: Message, by: str, at: str) -> str:
    """A message as a row holds it, with who worded it and when."""
    return json.dumps({**asdict(message), "edited_by": by, "edited_at": at}, sort_keys=True, ensure_ascii=False)
