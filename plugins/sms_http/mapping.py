"""Parcel -> text, and text -> the gateway's request. Pure."""

from __future__ import annotations

import json
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import urlencode

from engine.spi import DocumentView, FieldIssue, Parcel, Rejected, Validation, one_line
from plugins.sms_http.phones import phone
from plugins.sms_http.segments import segments
from plugins.sms_http.settings import SmsSettings

_WITHOUT_AMOUNTS = {"delivery_note", "goods_receipt", "return"}


@dataclass(frozen=True, slots=True)
class Request:
    """One message. Neither its headers, which hold the login, nor its body are ever shown."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def text_of(parcel: Parcel) -> str:
    """The words of the message. Errors: Validation, when they take more messages than the settings allow."""
    settings: SmsSettings = parcel.settings
    given = parcel.message.text.strip() if parcel.message else ""
    text = "".join(one for one in given or own_words(parcel.document) if one == "\n" or one.isprintable())
    size = segments(text)
    if size.count > settings.most_segments:
        words = (
            f"the text takes {size.count} messages ({size.units} units of {size.alphabet}), "
            f"and {settings.most_segments} are allowed"
        )
        raise Validation(words, [FieldIssue("message.text", "too_long", words)])
    return text


def own_words(document: DocumentView) -> str:
    """A short default, in the document's language where we have it, else in English."""
    speech = _texts().get(document.language[:2].lower(), _texts()["en"])
    plain = document.category in _WITHOUT_AMOUNTS
    return Template(speech["without_amount" if plain else "text"]).substitute(
        company=one_line(document.company.name, 40), type=one_line(document.type_description, 30),
        number=one_line(document.number, 40), date=document.date.strftime(speech["date"]),
        amount=f"{document.totals.payable:f}".replace(".", speech["decimal"]), currency=document.currency,
    )  # fmt: skip


def phones_of(parcel: Parcel, owed: frozenset[str] = frozenset()) -> tuple[dict[str, str], dict[str, str]]:
    """({number in E.164: as it was written}, {what is no number: why}).

    `owed` are those a hand-over before could not reach: when this one is for nobody else, the connection's own
    recipients are served only if they are among them.
    """
    settings: SmsSettings = parcel.settings
    found: dict[str, str] = {}
    refused: dict[str, str] = {}
    for written in (*parcel.recipients, *parcel.copies, *parcel.hidden_copies):
        if number := phone(written, settings.prefix):
            found.setdefault(number, written)
        else:
            refused[written] = "not a phone number"
    again = bool(owed) and owed.issuperset(found)
    for written in settings.recipients:
        number = phone(written, settings.prefix)
        if number and (number in owed or not again):
            found.setdefault(number, written)
    return found, refused


def sender_for(number: str, settings: SmsSettings, wanted: str = "") -> str:
    """Who is shown to this number: what was asked for if it is allowed there, else the first that is.

    Errors: Rejected, when nobody is allowed there, or not the one asked for.
    """
    prefixes = [one for one in settings.senders if number.startswith(one)]
    if not prefixes:
        raise Rejected(f"no sender is allowed for {number}: add its country to senders")
    allowed = settings.senders[max(prefixes, key=len)]
    if wanted and wanted not in allowed:
        raise Rejected(f"sender {one_line(wanted, 40)!r} is not allowed for {number}; allowed: {', '.join(allowed)}")
    return wanted or allowed[0]


def request_of(number: str, sender: str, text: str, key: str, settings: SmsSettings) -> Request:
    headers = {**login(settings), "Accept": "application/json", "Idempotency-Key": f"{key}-{number[1:]}"}
    if settings.preset == "twilio":
        origin = "MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From"
        return _form(settings, headers, {"To": number, origin: sender, "Body": text})
    if settings.preset == "skebby":
        told = {"message_type": settings.quality, "message": text, "recipient": [number], "sender": sender}
        if segments(text).alphabet == "ucs2":
            told["encoding"] = "ucs2"
        return _json(settings, headers, told)
    fields = {
        **settings.more_fields, settings.to_field: number, settings.sender_field: sender, settings.text_field: text,
    }  # fmt: skip
    return (_form if settings.body == "form" else _json)(settings, headers, fields)


def login(settings: SmsSettings) -> dict[str, str]:
    """The headers that say who we are."""
    secret = settings.secret.get_secret_value()
    if settings.preset == "skebby":
        return {"user_key": settings.user, "Access_token": secret}
    kind = "basic" if settings.preset == "twilio" else settings.login
    if kind == "basic":
        return {"Authorization": f"Basic {_basic(settings)}"}
    return {"Authorization": f"Bearer {secret}"} if kind == "bearer" else {settings.login_header: secret}


def hidden(settings: SmsSettings) -> tuple[str, ...]:
    """What must never be repeated, in every form we send it in."""
    return settings.secret.get_secret_value(), _basic(settings)


def reference_in(content: bytes, settings: SmsSettings) -> str:
    """The gateway's name for a message, "" when its answer has none."""
    path = {"twilio": "sid", "skebby": "order_id"}.get(settings.preset, settings.reference)
    try:
        found: Any = json.loads(content)
        for part in path.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return one_line(str(found), 100) if isinstance(found, str | int) else ""


def _form(settings: SmsSettings, headers: dict[str, str], fields: Mapping[str, str]) -> Request:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(settings.send_url, headers | kind, urlencode(fields, errors="replace").encode())


def _json(settings: SmsSettings, headers: dict[str, str], fields: Mapping[str, Any]) -> Request:
    body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
    return Request(settings.send_url, headers | {"Content-Type": "application/json"}, body)


def _basic(settings: SmsSettings) -> str:
    return b64encode(f"{settings.user}:{settings.secret.get_secret_value()}".encode()).decode()


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("plugins.sms_http").joinpath("texts.toml").read_text("utf-8"))
