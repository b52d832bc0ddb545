"""What `post` and `show` say of a document, from its rows: the same words the first time and every time after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from engine.drafting.totals import Totals
from engine.kernel.money import money_text, plain
from engine.posting.ports import Row, Stored


def answer(stored: Stored) -> dict[str, Any]:
    """CONTRACT §3. Amounts are text in the currency of what they stand in."""
    document = stored.document
    currency = document["currency"]
    content = json.loads(document["content"]) if stored.content is None else stored.content
    return {
        "id": document["id"],
        "key": document["key"],
        "number": document.get("number"),
        **({"creation_number": document["creation_number"]} if document.get("creation_number") else {}),
        "status": "posted" if document.get("number") else "draft",
        "company": document["company"],
        "module": document["module"],
        "date": document["date"].isoformat(),
        "currency": currency,
        "partner": document["partner_name"],
        "revision": document["revision"],
        "invoice_type": {"code": document["invoice_type"], "legislation": document["type_legislation"] or None},
        "totals": {name: money_text(document[name], currency) for name in Totals.__dataclass_fields__},
        "taxes": [_tax(row, currency) for row in stored.taxes],
        "due_dates": [
            {"date": str(one["date"]), "amount": money_text(Decimal(one["amount"]), currency)}
            for one in content["due_dates"]
        ],
        "entries": entries(stored.entries, stored.entry_lines),
        "deliveries": [_delivery(row) for row in stored.deliveries],
        "seals": {row["seal"]: json.loads(row["printed"]) for row in stored.seals if row["kind"] == "issue"},
        "hash": document.get("hash"),
    }  # fmt: skip


def entries(heads: Sequence[Row], lines: Sequence[Row]) -> list[dict[str, Any]]:
    """Entries as CONTRACT §3 shows them; what is usual or empty is left out."""
    told = []
    for one in heads:
        shown = {
            "ledger": one["ledger"], "journal": one["journal"], "entry_type": one["entry_type"],
            "automatic_journal": one["automatic_journal"], "date": one["date"].isoformat(),
            "currency": one["currency"], "description": one["description"],
            "lines": [_line(row, one["currency"]) for row in lines if row["entry"] == one["position"]],
        }  # fmt: skip
        usual = {"category": "actual", "status": "final"}
        told.append(shown | {name: one[name] for name, value in usual.items() if one[name] != value})
    return told


def _delivery(row: Row) -> dict[str, Any]:
    shown = {
        name: row[name]
        for name in ("id", "rule", "channel", "format", "connection", "state", "tries", "detail", "reference")
    }
    sent = row["sent_at"]
    return shown | {
        "recipients": json.loads(row["recipients"]), "copies": json.loads(row["copies"]), "held": row["held"],
        "sent_at": sent.isoformat() if sent else None, "resent_of": row["resent_of"],
    }  # fmt: skip


def _tax(row: Row, currency: str) -> dict[str, Any]:
    shown = {
        "tax_code": row["tax_code"], "category": row["category"], "rate": plain(row["rate"]), "due": row["due"],
        "base": money_text(row["base"], currency), "amount": money_text(row["amount"], currency),
    }  # fmt: skip
    for name in ("reason", "exemption_code", "national_code"):
        if row[name]:
            shown[name] = row[name]
    return shown


def _line(row: Row, currency: str) -> dict[str, Any]:
    shown = {
        "account": row["account"], "debit": money_text(row["debit"], currency),
        "credit": money_text(row["credit"], currency), "description": row["description"],
        "currency": row["currency"], "amount_currency": money_text(row["amount_currency"], row["currency"]),
    }  # fmt: skip
    for name in ("partner", "tax_code", "due_date", "reference", "matching"):
        value = row[name]
        if value:
            shown[name] = value.isoformat() if isinstance(value, date) else value
    if row["quantity"] is not None:
        shown["quantity"] = plain(row["quantity"])
    if row["analytic"]:
        shown["analytic"] = [
            {"dimensions": one["dimensions"], "amount": money_text(Decimal(one["amount"]), row["currency"])}
            for one in json.loads(row["analytic"])
        ]
    return shown
