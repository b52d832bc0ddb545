"""Format `json`: everything in a document, under the names of the views. Pure.

Shape: {"format": "factotum.document", "version": 1, "document": {"id": 7, "number": "FV-7", "date": "2026-03-01", …}}
Units: amounts, quantities and rates are strings of decimal digits, never JSON numbers; dates are ISO 8601; unknown text
is "", an unknown date null. The same document gives the same bytes. document.schema.json says it in full.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.spi import CompanyView, DocumentView, File

VERSION = 1
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Json:
    name = "json"
    extension = "json"

    def render(self, document: DocumentView) -> File:
        told = {"format": "factotum.document", "version": VERSION, "document": plain(document)}
        content = json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
        return File(file_name(document, self.extension), "application/json", content)


def plain(value: Any) -> Any:
    """A view as JSON has it. The two pairs of a view have names: a period from and to, an account IBAN and BIC."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if not is_dataclass(value):
        return value
    told = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, DocumentView) and value.period:
        told["period"] = dict(zip(("from", "to"), told["period"], strict=True))
    if isinstance(value, CompanyView):
        told["bank_accounts"] = [dict(zip(("iban", "bic"), one, strict=True)) for one in told["bank_accounts"]]
    return told


def file_name(document: DocumentView, extension: str) -> str:
    return f"{_UNSAFE.sub('-', document.number).strip('-.') or document.id}.{extension}"
