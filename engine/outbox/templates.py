"""Templates: which one is meant for a document, what is wrong in one, and what it says of a document.

The reader's language comes before whose words they are: first the document's language, then the company's, the
folder's, English; within a language the template of company and type, of the company, of the type, of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.kernel.faults import Fault, FaultKind, nearest
from engine.outbox import facts, shortcodes
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, Record, Template
from engine.spi.contracts import DocumentView, Message

UNKNOWN_SHORTCODE = FaultKind("unknown_shortcode", "line {line}, column {column}: {words}", "{remedy}")
BAD_SHORTCODE = FaultKind(
    "bad_shortcode", "line {line}, column {column}: {words}", "mend it; `factotum message names` lists what there is"
)
TEMPLATE_SHAPE = FaultKind("template_shape", "{words}", "{remedy}")

EMAIL, SMS = "email", "sms"
DEFAULT = "new_document"
"""The template of a rule that names none."""
FIELDS = ("subject", "text", "html")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The template meant, or None; and each step on the way there, as data."""

    template: Template | None
    steps: tuple[Mapping[str, str], ...]


def choose(
    catalog: Catalog, company: Company, code: str, kind: str, *, language: str, invoice_type: str, on: date
) -> Chosen:
    """Which template a code means for a document of a company.

    Shape of a step: {"language": "it", "of": "document", "scope": "company PARIS", "template": "new_document/email/…"}
    or with "reason" where that one may not be used.
    """
    asked: dict[str, str] = {}
    for of, each in (("document", language[:2].lower()), ("company", catalog.language_of(company)),
                     ("folder", catalog.language), ("everybody", facts.OTHERWISE)):  # fmt: skip
        asked.setdefault(each, of)
    steps: list[Mapping[str, str]] = []
    for each, of in asked.items():
        for scope, own, type in _scopes(company.code, invoice_type):
            found = catalog.meant(Template, (code, kind, each, own, type), company, on)
            step = {"language": each, "of": of, "scope": scope}
            if isinstance(found.record, Template):
                return Chosen(found.record, (*steps, step | {"template": found.record.key}))
            steps.append(step | {"reason": found.verdict.reason if found.verdict else "unknown"})
    return Chosen(None, tuple(steps))


def _scopes(company: str, invoice_type: str) -> Iterator[tuple[str, str, str]]:
    yield f"company {company}, type {invoice_type}", company, invoice_type
    yield f"company {company}", company, ""
    yield f"type {invoice_type}", "", invoice_type
    yield "all", "", ""


def say(template: Template, document: DocumentView, url: str = "") -> Message:
    """The message a template makes of a document."""
    texts = {name: getattr(template, name) for name in FIELDS}
    sender = {name: getattr(template, name) for name in ("sender_name", "sender_address", "reply_to")}
    said = filled(texts, document, template.language, url)
    if template.kind == SMS:
        said["text"] = said["text"].strip()
    return Message(**said, **sender)


def filled(texts: Mapping[str, str], document: DocumentView, language: str, url: str = "") -> dict[str, str]:
    """Texts with their shortcodes filled, each as its place needs it: text, html escaped, subject on one line."""
    values, rows = facts.values(document, language, url), facts.rows(document, language)
    told = {}
    for name, text in texts.items():
        parsed = _parsed(text)
        told[name] = shortcodes.fill(parsed.pieces, values, rows, _ESCAPES[name])
    if "subject" in told:
        told["subject"] = facts.in_line(told["subject"])
    return told


@lru_cache(maxsize=64)
def _parsed(text: str) -> shortcodes.Parsed:
    return shortcodes.parse(text, facts.VOCABULARY)


_ESCAPES: Mapping[str, Callable[[str], str]] = {"subject": facts.in_line, "text": str, "html": facts.in_html}


def faults(catalog: Catalog, place: Callable[[Record], str]) -> Iterator[Fault]:
    """Everything that is wrong in the templates of a catalog, each with file, field, line and column."""
    for template in catalog.table(Template).values():
        where = place(template)
        yield from text_faults({name: getattr(template, name) for name in FIELDS}, where)
        said = [name for name in ("subject", "html", "sender_address", "reply_to") if getattr(template, name)]
        if template.kind == SMS and said:
            words, remedy = f"an SMS has a text only, no {', no '.join(said)}", f"remove {', '.join(said)}"
            yield TEMPLATE_SHAPE.at(f"{where} {said[0]}", words=words, remedy=remedy)
        if template.kind == EMAIL and not template.subject:
            yield TEMPLATE_SHAPE.at(f"{where} subject", words="a mail has a subject", remedy="add `subject`")


def text_faults(texts: Mapping[str, str], where: str) -> Iterator[Fault]:
    """What is wrong in texts with shortcodes, by field."""
    for name, text in texts.items():
        for problem in shortcodes.parse(text, facts.VOCABULARY).problems:
            line, column = shortcodes.position(text, problem.at)
            told: dict[str, Any] = {"line": line, "column": column, "words": problem.words}
            if problem.known:
                remedy = nearest(problem.name, problem.known, "`factotum message names` lists what there is")
                yield UNKNOWN_SHORTCODE.at(f"{where} {name}", remedy=remedy, **told)
            else:
                yield BAD_SHORTCODE.at(f"{where} {name}", **told)
