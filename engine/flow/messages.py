"""The words that go with a document: what a template would say, what a delivery says, and saying it otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.flow.afterwards import stored_document
from engine.flow.house import Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from engine.outbox.messages import Row, Words
    from engine.spi.contracts import DocumentView, Message
    from engine.spi.host import Plugins

NO_DELIVERY = FaultKind("no_delivery", "there is no delivery {id}", "`factotum show NUMBER` tells those of a document")
ON_ITS_WAY = FaultKind("delivery_on_its_way", "delivery {id} is {state}", "what is sent cannot be worded any more")
NO_TEMPLATE = FaultKind("no_template", "there is no template {code!r} of kind {kind} for {company}", "{remedy}")
BAD_RECIPIENT = FaultKind("bad_recipient", "{words}", "write one address each")
CUSTOMISE = "mail.customise"
"""The capability of a plugin whose channels take words."""
LISTS = ("recipients", "copies", "hidden_copies")
Told = dict[str, Any]


def words_of(house: House, context: Context) -> Words:
    """What makes the messages of this house."""
    from engine.outbox.messages import Words

    return Words(house.catalog, kinds_of(house.plugins), context.clock, house.messages)


def kinds_of(plugins: Plugins) -> dict[str, str]:
    """Which kind of template each channel takes that has one of its own."""
    from engine.outbox import templates
    from engine.spi.contracts import PluginKind

    kinds = {}
    for name in plugins.channels:
        owner = plugins.manifests.get(plugins.owners.get(("channels", name), ""))
        if owner and owner.kind is PluginKind.SMS:
            kinds[name] = templates.SMS
        elif owner and CUSTOMISE in owner.capabilities:
            kinds[name] = templates.EMAIL
    return kinds


def names() -> list[Told]:
    """Every shortcode. Shape: {"name": "line.net", "within": "lines", "is": "its amount"}"""
    from engine.outbox.facts import LISTS as BLOCKS
    from engine.outbox.facts import NAMES

    single = [{"name": name, "within": "", "is": words} for name, words in NAMES.items()]
    return single + [
        {"name": name, "within": block, "is": words}
        for block, inside in BLOCKS.items()
        for name, words in inside.items()
    ]


def preview(
    house: House,
    context: Context,
    called: str,
    template: str,
    *,
    kind: str = "email",
    language: str = "",
    company: str = "",
    series: str = "",
) -> Told:
    """What a template would say of a document, and how it was chosen. Errors: Faulty(no_template)."""
    from engine.outbox import templates
    from engine.parametrization.definitions import Template
    from engine.posting.view import document_view

    stored = stored_document(house, context, called, company, series)
    view, words = document_view(stored.document, stored.lines, stored.taxes), words_of(house, context)
    chosen = words.choose(view, template, kind, language)
    if chosen.template is None:
        known = {one.code for one in house.catalog().table(Template).values() if one.kind == kind}
        facts = {"code": template, "kind": kind, "company": view.company.code}
        raise Faulty([NO_TEMPLATE.at("template", remedy=nearest(template, known, "define it in a pack"), **facts)])
    said = templates.say(chosen.template, view, words.url(view))
    return {"template": chosen.template.key, "steps": list(chosen.steps), **told_of(said)}


def message(house: House, context: Context, id: int) -> Told:
    """A delivery as it goes out, or went: to whom, in which words, and what was reported since. Errors: Faulty."""
    row = delivery(house, context, id, "read")
    said = words_of(house, context).of(row, house.deliveries.view(row["document"]))
    held = json.loads(row["message"]) if row["message"] else {}
    events = [
        {"at": one["at"].isoformat(), "recipient": one["recipient"], "kind": one["kind"], "code": one["code"],
         "detail": one["detail"]}
        for one in house.messages.events(id)
    ]  # fmt: skip
    return {
        "id": id, "number": house.messages.document(row)["number"], "channel": row["channel"], "state": row["state"],
        "detail": row["detail"], "template": row["template"], "edited_by": held.get("edited_by", ""),
        "formats": [one for one in (row["format"], *json.loads(row["formats"])) if one],
        **{name: json.loads(row[name]) for name in LISTS}, "message": told_of(said) if said else None, "events": events,
    }  # fmt: skip


def edit_message(house: House, context: Context, id: int, texts: Told, lists: Told) -> Told:
    """Word a delivery that is not sent yet, or change whom it goes to.

    `texts` may hold subject, text, html; their shortcodes are filled now, once, and what comes out is sent as it is.
    `lists` may hold recipients, copies, hidden_copies. A text without html is sent without html. Who did it is audited.
    Errors: Faulty(delivery_on_its_way, unknown_shortcode, bad_shortcode, bad_recipient).
    """
    from engine.outbox.messages import write

    row = delivery(house, context, id, "deliver")
    faults = [*_list_faults(lists), *_text_faults(texts)]
    if faults:
        raise Faulty(faults)
    now = context.clock.now()
    values: Told = {}
    if texts:
        said = _worded(house, context, row, texts)
        values["message"] = write(said, context.actor.name, now.isoformat())
    for name, those in lists.items():
        values[name] = json.dumps(list(dict.fromkeys(those)), ensure_ascii=False)
    values["changed_at"] = now
    fields = {name: {"before": row[name], "after": value} for name, value in values.items() if name != "changed_at"}
    if not house.messages.edit(id, values, audit_row(house, context, row, "message", {"fields": fields})):
        raise Faulty([ON_ITS_WAY.at("delivery", id=id, state=row["state"])])
    return message(house, context, id)


def _worded(house: House, context: Context, row: Row, texts: Told) -> Message:
    from dataclasses import replace

    from engine.outbox import templates
    from engine.spi.contracts import Message

    view, words = house.deliveries.view(row["document"]), words_of(house, context)
    before = words.of(row, view) or _own_words(words, view)
    filled = templates.filled(texts, view, view.language, words.url(view))
    if "text" in filled and "html" not in filled:
        filled["html"] = ""
    return replace(before or Message(""), **filled)


def _own_words(words: Words, view: DocumentView) -> Message | None:
    """The default, for what a person does not word."""
    from engine.outbox import templates

    chosen = words.choose(view, templates.DEFAULT, templates.EMAIL).template
    return templates.say(chosen, view, words.url(view)) if chosen else None


def _text_faults(texts: Told) -> Iterable[Any]:
    from engine.outbox import templates

    return templates.text_faults(texts, "message")


def _list_faults(lists: Told) -> Iterable[Any]:
    for name, those in lists.items():
        if name == "recipients" and not those:
            yield BAD_RECIPIENT.at(name, words="somebody has to get it")
        for one in those:
            if words := bad_recipient(one):
                yield BAD_RECIPIENT.at(name, words=words)


def bad_recipient(word: str) -> str:
    """Why a word is no recipient; "" when it is one."""
    from typing import get_args

    from engine.parametrization.words import Recipient

    try:
        get_args(Recipient)[1].check(word)
    except ValueError as wrong:
        return str(wrong)
    return "" if word else "a recipient is not blank"


def delivery(house: House, context: Context, id: int, action: str) -> Row:
    """A delivery row, if the caller may. Errors: Faulty(no_delivery, not_allowed)."""
    row = house.messages.delivery(id)
    if row is None:
        raise Faulty([NO_DELIVERY.at("delivery", id=id)])
    allowed(context, action, row["company"])
    return row


def told_of(said: Message) -> Told:
    """A message as data; what is blank is left out."""
    fields = ("subject", "text", "html", "sender_name", "sender_address", "reply_to")
    return {name: getattr(said, name) for name in fields if getattr(said, name)}


def audit_row(house: House, context: Context, row: Row, action: str, detail: Told) -> Told:
    """The audit row of what was done to a delivery; no document's hash holds it."""
    from engine.posting.canon import json_text

    return {
        "id": house.posting.next_id("audit"), "at": context.clock.now(), "actor": context.actor.name,
        "action": action, "company": row["company"], "subject": f"delivery {row['id']}", "document": None,
        "detail": json_text(detail),
    }  # fmt: skip
