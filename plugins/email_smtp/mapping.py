"""Parcel -> mail: its message, else words of our own; its files attached; identity from its key.

Pure: the same parcel gives the same bytes, MIME boundaries included, but for `Date`, which client.py adds.
No text of a document can make a header: names and subjects pass `one_line`, then `_encoded`; addresses are checked.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from engine.spi import DocumentView, File, Parcel, Rejected
from plugins.email_smtp.addresses import address, one_line, sorted_out

_OTHERWISE = "en"
_WITHOUT_AMOUNTS = {"delivery_note", "goods_receipt", "return"}
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLAIN_WORDS = re.compile(r"[A-Za-z0-9 '*+/_-]{0,60}")
_MEDIA_TYPE = re.compile(r"(application|text|image)/([A-Za-z0-9][A-Za-z0-9.+-]{0,80})")


class _AsWritten(EmailPolicy):
    """Sends Subject, From and Message-ID as we wrote them.

    `EmailMessage` reads a text it is given before it folds it. Up to Python 3.11.9 at least that decodes an encoded
    word in it, line break included (`=?utf-8?q?=0D=0ABcc:_...?=`, CVE-2024-6923), and loses or adds blanks between the
    encoded words of a long text (gh-92081). Can go when the oldest Python we support has neither.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        if name in ("Subject", "From", "Message-ID"):
            return name, value
        return super().header_store_parse(name, value)


POLICY = _AsWritten(linesep="\r\n", refold_source="none")


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says, before it is laid out as text or HTML."""

    language: str
    subject: str
    greeting: str
    opening: str
    rows: tuple[tuple[str, str], ...]  # label, value
    closing: str
    company: str


@dataclass(frozen=True, slots=True)
class Said:
    """What goes into the mail: from the parcel's message, else in words of our own."""

    subject: str
    text: str
    html: str
    language: str


def compose(parcel: Parcel) -> EmailMessage:
    """The message, all but its Date. What is no address is left out of `To` and `Cc`; hidden copies are in no header.

    Errors: Rejected when the message's own sender or reply address is none.
    """
    settings, said, name, given = parcel.settings, what_is_said(parcel), identity(parcel.key), parcel.message
    message = EmailMessage(policy=POLICY)
    shown_as = (given and one_line(given.sender_name)) or settings.sender_name
    sender = _own(given.sender_address if given else "", "sender_address") or settings.sender_address
    message["From"] = f"{_encoded(shown_as or one_line(parcel.document.company.name), 'From')}\r\n <{sender}>".lstrip()
    for header, those in (("To", parcel.recipients), ("Cc", parcel.copies)):
        if found := sorted_out(those)[0]:
            message[header] = tuple(Address(addr_spec=one) for one in found)
    if reply_to := _own(given.reply_to if given else "", "reply_to") or settings.reply_to:
        message["Reply-To"] = Address(addr_spec=reply_to)
    message["Subject"] = _encoded(said.subject, "Subject")
    message["Message-ID"] = f"<{name}@{settings.sender_address.rpartition('@')[2]}>"
    message["X-Factotum-Parcel"] = name
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    # Quoted-printable and base64 never yield "=_", so a boundary that starts with it cannot occur in a part.
    message.set_content(said.text, cte="quoted-printable")
    if said.html:
        message.add_alternative(said.html, subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_alternative_{_digest(name)}")
    for number, file in enumerate(parcel.files):
        _attach(message, file, [one.name for one in parcel.files[:number]])
    if parcel.files:
        message.set_boundary(f"=_mixed_{_digest(name)}")
    message["Content-Language"] = said.language  # last: making a multipart moves Content-* headers into its part
    return message


def what_is_said(parcel: Parcel) -> Said:
    """The parcel's message as it may go into a mail, else words of our own in the document's language."""
    given, document = parcel.message, parcel.document
    if given is None:
        words = write(document, parcel.file is not None)
        return Said(words.subject, as_text(words), as_html(words), words.language)
    subject = one_line(given.subject) or one_line(document.number)
    text, html = (one.encode("utf-8", "replace").decode().replace("\x00", "") for one in (given.text, given.html))
    if html and not html.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        html = (
            f'<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>{escape(subject)}</title></head>\n<body>\n'
            f"{html}\n</body>\n</html>\n"
        )
    return Said(
        subject, text if text.endswith("\n") else text + "\n", html, one_line(document.language, 20) or _OTHERWISE
    )


def _own(text: str, field: str) -> str:
    """An address of the message itself, "" when it has none. Errors: Rejected."""
    found = address(text) if text else ""
    if found is None:
        raise Rejected(f"{one_line(text)} is no e-mail address", {f"message.{field}": "not an e-mail address"})
    return found


def identity(key: str) -> str:
    """The key as a name that fits a Message-ID: itself when it is plain, else its digest."""
    return key if _PLAIN_KEY.fullmatch(key) else _digest(key)


def write(document: DocumentView, attached: bool) -> Words:
    """What is said about a document, in its language, else in English."""
    language = _language(document.language)
    speech = _templates()[language]
    facts = {
        "type": one_line(document.type_description),
        "number": one_line(document.number),
        "date": day(document.date, language),
        "company": one_line(document.company.name),
        "partner": one_line(document.partner.name),
    }
    return Words(
        language=language,
        subject=Template(speech["subject"]).substitute(facts),
        greeting=speech["greeting"],
        opening=Template(speech["attached" if attached else "told"]).substitute(facts),
        rows=tuple(_rows(document, language, speech["label"])),
        closing=speech["closing"],
        company=facts["company"],
    )


def as_text(words: Words) -> str:
    table = "".join(f"{label}: {value}\n" for label, value in words.rows)
    parts = (words.greeting, words.opening, table.rstrip("\n"), f"{words.closing}\n{words.company}")
    return "\n\n".join(part for part in parts if part) + "\n"


def as_html(words: Words) -> str:
    rows = "".join(
        f'<tr><td style="padding-right:2em">{escape(label)}</td><td align="right">{escape(value)}</td></tr>\n'
        for label, value in words.rows
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{words.language}">\n<head><meta charset="utf-8"><title>{escape(words.subject)}'
        f"</title></head>\n<body>\n<p>{escape(words.greeting)}</p>\n<p>{escape(words.opening)}</p>\n"
        + (f"<table>\n{rows}</table>\n" if rows else "")
        + f"<p>{escape(words.closing)}<br>{escape(words.company)}</p>\n</body>\n</html>\n"
    )


def money(amount: Decimal, currency: str, language: str) -> str:
    """fr `1 234,50 EUR` (narrow no-break space), it `1.234,50 EUR`, en `EUR 1,234.50`; no digit is ever dropped."""
    speech = _templates()[language]
    shown = f"{amount:f}".partition(".")[2].rstrip("0")
    digits = f"{amount:,.{max(len(shown), _decimals(currency))}f}"
    local = digits.translate(str.maketrans({",": speech["thousands"], ".": speech["decimal"]}))
    return Template(speech["money"]).substitute(amount=local, currency=one_line(currency))


def day(on: date, language: str) -> str:
    """fr `1er mars 2026`, it `1º marzo 2026`, en `1 March 2026`."""
    speech = _templates()[language]
    number = speech["first"] if on.day == 1 else str(on.day)
    return Template(speech["day"]).substitute(day=number, month=speech["months"][on.month - 1], year=on.year)


def _rows(document: DocumentView, language: str, label: Mapping[str, str]) -> list[tuple[str, str]]:
    """Amounts, what is to be paid where that says more than the total, and when; not on what only moves goods."""
    if document.category in _WITHOUT_AMOUNTS:
        return []

    def shown(amount: Decimal) -> str:
        return money(amount, document.currency, language)

    totals, dues = document.totals, document.due_dates
    rows = [(label[name], shown(getattr(totals, name))) for name in ("net", "tax", "gross")]
    if dues or totals.payable != totals.gross:
        rows.append((label["credited" if document.is_credit else "payable"], shown(totals.payable)))
    for due in dues:
        part = f" ({shown(due.amount)})" if len(dues) > 1 else ""
        rows.append((label["due"], day(due.date, language) + part))
    return rows


def _attach(message: EmailMessage, file: File, before: Sequence[str]) -> None:
    name = re.sub(r'[/\\:*?"<>|]', "-", one_line(file.name, 120)).lstrip(". ") or "document"
    if twins := before.count(file.name):
        stem, dot, ending = name.rpartition(".")
        name = f"{stem}-{twins + 1}{dot}{ending}" if dot else f"{name}-{twins + 1}"
    known = _MEDIA_TYPE.fullmatch(file.media_type)
    maintype, subtype = (known[1], known[2]) if known else ("application", "octet-stream")
    message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=name)


def _encoded(text: str, header: str) -> str:
    """RFC 2047, unless the text is short and of letters, digits and harmless signs; blanks are kept as they are."""
    if _PLAIN_WORDS.fullmatch(text):
        return text
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _language(code: str) -> str:
    asked = code[:2].lower()
    return asked if asked in ("fr", "it", "en") and not code[2:3].isalpha() else _OTHERWISE


def _decimals(currency: str) -> int:
    return next((int(many) for many, codes in _templates()["decimals"].items() if currency in codes.split()), 2)


@cache
def _templates() -> Mapping[str, Any]:
    return tomllib.loads(files("plugins.email_smtp").joinpath("templates.toml").read_text("utf-8"))
