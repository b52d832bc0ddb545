"""What a posted document says, as people read it: lines, references, who posted it, what corrects it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from engine.edge.cli.output import table
from engine.kernel.clock import moment

Told = Mapping[str, Any]
ONE = "C62"
"""The unit of what is counted: nobody writes it behind a number."""
TEXTS = {
    "subject": "subject", "buyer_reference": "buyer reference", "supplier_number": "number of the supplier",
    "supply_date": "supplied on", "site": "site", "payment_terms": "payment terms", "payment_method": "paid by",
    "exchange_rate": "exchange rate",
}  # fmt: skip


def print_particulars(told: Told) -> None:
    """Head, lines, charges, notes."""
    for line in _head(told):
        click.echo(f"  {line}")
    rows = [
        [
            one["description"], one["quantity"] + (f" {one['unit']}" if one["unit"] not in ("", ONE) else ""),
            one["unit_price"], ", ".join(_discount(each) for each in one.get("discounts", ())), one["net"],
            one["tax_code"], f"{one['tax_rate']} %",
        ]
        for one in told["lines"]
    ] + [
        [f"{one['kind']}: {one['description']}", "", "", "", _signed(one), one["tax_code"], f"{one['tax_rate']} %"]
        for one in told.get("charges", ())
    ]  # fmt: skip
    table("", ["description", "quantity", "price", "discount", "net", "tax", "rate"], rows, right=(1, 2, 3, 4, 6))
    for note in told.get("notes", ()):
        click.echo(f"  note: {note['text']}")


def _head(told: Told) -> Iterator[str]:
    yield f"{told['description']}; posted by {told['posted_by']} at {moment(told['posted_at'])}"
    if told["accounting_date"] != told["date"]:
        yield f"in the ledger on {told['accounting_date']}"
    for name, words in TEXTS.items():
        if name in told:
            yield f"{words}: {told[name]}"
    for one in told.get("references", ()):
        yield _reference(one)
    for place, line in enumerate(told["lines"]):
        for one in line.get("references", ()):
            yield f"line {place + 1} {_reference(one)}"
    for one in told.get("corrected_by", ()):
        yield f"corrected by {one['number']} of {one['date']}, id {one['id']}"


def _reference(one: Told) -> str:
    """corrects FV-2026-00001 of 2026-03-02, id 7: wrong price"""
    kind = one["kind"].replace("_", " ")
    facts = [f"of {one['date']}" if "date" in one else "", f"line {one['line']}" if "line" in one else ""]
    called = " ".join([one.get("number", ""), *filter(None, facts)]).strip()
    return f"{kind} {called}" + (f", id {one['id']}" if "id" in one else "") + (
        f": {one['reason']}" if "reason" in one else ""
    )  # fmt: skip


def _discount(one: Told) -> str:
    return f"{one['percent']} %" if "percent" in one else one["amount"]


def _signed(one: Told) -> str:
    return f"-{one['amount']}" if one["kind"] == "allowance" else str(one["amount"])
