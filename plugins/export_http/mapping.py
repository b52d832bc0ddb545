"""Parcel -> request: the same parcel gives the same body, so that a receiver can drop the twin. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from engine.spi import DocumentView, File, Parcel, Rejected, one_line
from plugins.export_http.settings import HttpSettings

PROBE: Mapping[str, str] = {"test": "connector"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `headers` hold the login, so they are never shown."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def request_of(parcel: Parcel, at: datetime) -> Request:
    """Errors: Rejected, when a parcel has not the files its form needs."""
    settings: HttpSettings = parcel.settings
    form, body = _body(parcel, settings.body)
    headers = {**settings.headers, **form, "Idempotency-Key": parcel.key, "Content-Digest": digest(body)}
    return Request(body, headers | login(settings, parcel.key, at, body))


def probe_of(settings: HttpSettings, at: datetime) -> Request:
    """What a test sends: no document, and it says so."""
    body = _json(PROBE)
    headers = {**settings.headers, "Content-Type": "application/json", "X-Connector-Test": "1"}
    return Request(body, headers | login(settings, "test", at, body))


def login(settings: HttpSettings, name: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that say who we are. `name` is what a signature calls the request."""
    secret = settings.secret.get_secret_value()
    match settings.login:
        case "basic":
            return {"Authorization": f"Basic {_basic(settings)}"}
        case "bearer":
            return {"Authorization": f"Bearer {secret}"}
        case "api_key":
            return {settings.login_header: secret}
        case "signature":
            seconds = str(int(at.timestamp()))
            return {
                "webhook-id": name,
                "webhook-timestamp": seconds,
                "webhook-signature": signature(secret, name, seconds, body),
            }
    return {}


def signature(secret: str, name: str, seconds: str, body: bytes) -> str:
    """Shape: "v1," and the base64 of HMAC-SHA256 over name.seconds.body."""
    key = b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    return "v1," + b64encode(hmac.digest(key, f"{name}.{seconds}.".encode() + body, "sha256")).decode()


def hidden(settings: HttpSettings) -> tuple[str, ...]:
    """What must never be repeated, in every form we send it in."""
    secret = settings.secret.get_secret_value()
    return (secret, _basic(settings), quote(secret, safe="")) if secret else ()


def digest(body: bytes) -> str:
    """Shape: sha-256=:base64:  Source: RFC 9530."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def envelope(parcel: Parcel, with_files: bool) -> dict[str, Any]:
    """Shape: {"key", "document": {…}, "recipients", "files": [{"name", "media_type", "size", "sha256", "content"?}]}"""
    return {
        "key": parcel.key,
        "document": _facts(parcel.document),
        "recipients": list(parcel.recipients),
        "files": [_described(one, with_files) for one in parcel.files],
    }


def _facts(document: DocumentView) -> dict[str, Any]:
    partner, totals = document.partner, document.totals
    return {
        "id": document.id, "number": document.number, "date": document.date.isoformat(), "module": document.module,
        "category": document.category, "invoice_type": document.invoice_type, "company": document.company.code,
        "partner": {"code": partner.code, "name": partner.name, "country": partner.country,
                    "vat_number": partner.vat_number},
        "currency": document.currency, "net": f"{totals.net:f}", "tax": f"{totals.tax:f}",
        "gross": f"{totals.gross:f}", "payable": f"{totals.payable:f}",
    }  # fmt: skip


def _described(file: File, with_content: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": file.name, "media_type": file.media_type, "size": len(file.content),
        "sha256": hashlib.sha256(file.content).hexdigest(),
    }  # fmt: skip
    return {**told, "content": b64encode(file.content).decode()} if with_content else told


def _body(parcel: Parcel, form: str) -> tuple[dict[str, str], bytes]:
    """The headers that describe the body, and the body. Errors: Rejected."""
    if form == "json":
        return {"Content-Type": "application/json"}, _json(envelope(parcel, True))
    if form == "multipart":
        line = hashlib.sha256(parcel.key.encode("utf-8", "replace")).hexdigest()[:32]
        return {"Content-Type": f"multipart/form-data; boundary={line}"}, _multipart(parcel, line.encode())
    if len(parcel.files) != 1:
        raise Rejected(f"this connection sends one file as it is, and there are {len(parcel.files)}")
    (file,) = parcel.files
    return {"Content-Type": _media_type(file), "Content-Disposition": _attached("attachment", file)}, file.content


def _multipart(parcel: Parcel, line: bytes) -> bytes:
    """RFC 7578: part `envelope` in JSON, then a part `file` for each. The boundary is a hash, so nothing holds it."""
    head = b'Content-Disposition: form-data; name="envelope"\r\nContent-Type: application/json\r\n\r\n'
    parts = [head + _json(envelope(parcel, False))]
    for file in parcel.files:
        shown = _attached('form-data; name="file"', file)
        parts.append(
            f"Content-Disposition: {shown}\r\nContent-Type: {_media_type(file)}\r\n\r\n".encode() + file.content
        )
    return b"".join(b"--" + line + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + line + b"--\r\n"


def _attached(kind: str, file: File) -> str:
    """A name in ASCII for old readers, and the whole of it as RFC 8187 writes it."""
    name = one_line(file.name, 120).replace("/", "-").replace("\\", "-").lstrip(". ") or "document"
    plain = "".join(sign if sign.isascii() and sign not in '"%' else "_" for sign in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _media_type(file: File) -> str:
    good = file.media_type.isascii() and file.media_type.isprintable() and "/" in file.media_type
    return file.media_type if good else "application/octet-stream"


def _basic(settings: HttpSettings) -> str:
    return b64encode(f"{settings.user}:{settings.secret.get_secret_value()}".encode()).decode()


def _json(value: object) -> bytes:
    """Lone halves of characters become question marks: no receiver could read them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
