"""What a document says besides what is answered to its posting: lines, references, who posted it, what corrects it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.kernel.money import money_text, plain
from engine.posting.ports import Row, Stored

TEXTS = ("subject", "buyer_reference", "supplier_number", "payment_terms", "payment_method")


def particulars(stored: Stored, corrections: Sequence[Row]) -> dict[str, Any]:
    """By the names of CONTRACT §3; what is empty is left out, but for `lines`.

    Shape: {"category", "posted_at", "posted_by", "lines": [{"description", "quantity", "unit_price", "net", …}],
    "charges"?, "subject"?, "references"?: [REF], "corrected_by"?: [{"id", "number", "date"}] …}
    """
    document = stored.document
    content: Mapping[str, Any] = json.loads(document["content"])
    currency = document["currency"]
    told: dict[str, Any] = {
        "category": document["category"], "description": content["type"]["description"],
        "posted_at": document["posted_at"].isoformat(), "posted_by": document["actor"],
        "accounting_date": document["accounting_date"].isoformat(),
        "lines": [_line(row, currency) for row in stored.lines if row["kind"] == "line"],
    }  # fmt: skip
    if document["exchange_rate"] != 1:
        told["exchange_rate"] = plain(document["exchange_rate"])
    lists = {
        "charges": [_charge(row, currency) for row in stored.lines if row["kind"] != "line"],
        "references": [_reference(one) for one in content["references"]],
        "corrected_by": [
            {"id": one["id"], "number": one["number"], "date": one["date"].isoformat()} for one in corrections
        ],
        "notes": [{name: value for name, value in one.items() if value} for one in content["notes"]],
    }
    texts = {name: content[name] for name in ("site", "supply_date", *TEXTS)}
    return told | {name: value for name, value in (texts | lists).items() if value}


def _line(row: Row, currency: str) -> dict[str, Any]:
    detail = json.loads(row["detail"])
    shown: dict[str, Any] = {
        "description": row["description"], "quantity": plain(row["quantity"]), "unit": row["unit"],
        "unit_price": plain(row["unit_price"]), "net": money_text(row["net"], currency), "tax_code": row["tax_code"],
        "tax_rate": plain(row["tax_rate"]),
    }  # fmt: skip
    more = {
        "discounts": [_discount(one, currency) for one in detail["discounts"]],
        "product": detail["product"], "sku": detail["sku"], "nature": row["nature"], "account": detail["account"],
        "references": [_reference(one) for one in detail["references"]],
    }  # fmt: skip
    return shown | {name: value for name, value in more.items() if value}


def _discount(one: Row, currency: str) -> dict[str, str]:
    """What it takes off, and the percent it was given in, if it was."""
    percent = {} if one["percent"] is None else {"percent": plain(Decimal(one["percent"]))}
    return percent | {"amount": money_text(Decimal(one["amount"]), currency)}


def _charge(row: Row, currency: str) -> dict[str, Any]:
    """An allowance is told by its kind, its amount is positive, as it was asked for."""
    return {
        "kind": row["kind"], "description": row["description"], "amount": money_text(abs(row["net"]), currency),
        "tax_code": row["tax_code"], "tax_rate": plain(row["tax_rate"]),
    }  # fmt: skip


def _reference(one: Row) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value not in (None, "")}
