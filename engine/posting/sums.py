"""Do the amounts of a posted document agree with each other? Each is computed again from the rows it comes from.

Lines from quantity, price and discounts; tax rows from the lines of their tax; totals from lines, charges, tax rows,
withholdings and prepayments; due dates and entries against the totals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from engine.drafting.totals import SPLIT_PAYMENT, TaxGroup, taxes
from engine.kernel.faults import Fault
from engine.kernel.money import EXACT, ZERO, plain, rounded
from engine.posting.findings import ENTRY_INCOMPLETE, LINE_DIFFERS, OUT_OF_BALANCE, TAX_DIFFERS, TOTAL_DIFFERS
from engine.posting.ports import Row, Stored

Content = Mapping[str, Any]
"""The parsed JSON of a column."""


def wrong_amounts(stored: Stored, content: Content, details: Sequence[Content]) -> Iterator[Fault]:
    """What does not add up. `content` is the document's, `details` those of its lines, in their order."""
    currency = stored.document["currency"]
    for row, detail in zip(stored.lines, details, strict=True):
        yield from _line(row, detail, currency)
    yield from _taxes(stored.lines, stored.taxes, currency)
    yield from _totals(stored, content)
    yield from _entries(stored)


def _line(row: Row, detail: Content, currency: str) -> Iterator[Fault]:
    """A charge or allowance is its own amount; a line is quantity times price, less its discounts, each rounded."""
    gross = row["net"]
    if row["kind"] == "line":
        gross = rounded(EXACT.multiply(row["quantity"], row["unit_price"]), currency)
    discounts = detail.get("discounts")
    net = row["gross"] - _sum(discounts, "amount") if discounts else row["gross"]
    for column, expected in (("gross", gross), ("net", net)):
        if row[column] != expected:
            told = {"column": column, "found": plain(row[column]), "expected": plain(expected)}
            yield LINE_DIFFERS.at("document_line", position=row["position"], **told)


def _taxes(lines: Sequence[Row], rows: Sequence[Row], currency: str) -> Iterator[Fault]:
    """The rows that the lines give, in their order (drafting.totals)."""
    bases: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for row in lines:
        bases[row["tax_code"], row["tax_category"], row["tax_rate"], row["tax_due"]] += row["net"]
    expected = taxes(((TaxGroup(*group), base) for group, base in bases.items()), currency)
    if len(expected) != len(rows):
        yield TOTAL_DIFFERS.at("document_tax", total="number of tax rows", found=len(rows), expected=len(expected))
    for row, (group, base, amount) in zip(rows, expected, strict=False):
        found = (row["tax_code"], row["category"], row["rate"], row["due"], row["base"], row["amount"])
        wanted = (group.code, group.category, group.rate, group.due, base, amount)
        if found != wanted:
            told = {"found": _shown(found), "expected": _shown(wanted)}
            yield TAX_DIFFERS.at("document_tax", position=row["position"], **told)


def _totals(stored: Stored, content: Content) -> Iterator[Fault]:
    document, taxed = stored.document, stored.taxes
    others = [row["net"] for row in stored.lines if row["kind"] != "line"]
    tax = sum([row["amount"] for row in taxed], ZERO)
    split = sum([row["amount"] for row in taxed if row["category"] == SPLIT_PAYMENT], ZERO)
    kept_back = document["withholding"] + document["prepaid"] + split
    expected = (
        ("lines", sum([row["net"] for row in stored.lines if row["kind"] == "line"], ZERO)),
        ("charges", sum([amount for amount in others if amount > 0], ZERO)),
        ("allowances", -sum([amount for amount in others if amount < 0], ZERO)),
        ("net", document["lines"] + document["charges"] - document["allowances"]),
        ("tax", tax),
        ("gross", document["net"] + document["tax"]),
        ("withholding", _sum(content["withholdings"], "amount")),
        ("prepaid", _sum(content["prepaid"], "amount")),
        ("payable", document["gross"] - kept_back + document["rounding"]),
    )
    for name, amount in expected:
        if document[name] != amount:
            yield _total(name, document[name], amount)
    due = _sum(content["due_dates"], "amount")
    if due != document["payable"]:
        yield _total("payable", document["payable"], due)
    own = rounded(EXACT.multiply(document["tax"], document["exchange_rate"]), content["company"]["currency"])
    if Decimal(content["tax_company_currency"]) != own:
        yield _total("tax in the company's currency", Decimal(content["tax_company_currency"]), own)


def _entries(stored: Stored) -> Iterator[Fault]:
    """Every entry balances, in its ledger's currency and in the document's."""
    own: dict[int, Decimal] = defaultdict(lambda: ZERO)
    foreign: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in stored.entry_lines:
        entry = row["entry"]
        own[entry] += row["debit"] - row["credit"]
        foreign[entry] += row["amount_currency"]
    currencies = {row["position"]: row["currency"] for row in stored.entries}
    for entry in sorted(currencies.keys() - own.keys()):
        yield ENTRY_INCOMPLETE.at("entry", entry=entry, lacks="no lines")
    for entry in sorted(own.keys() - currencies.keys()):
        yield ENTRY_INCOMPLETE.at("entry_line", entry=entry, lacks="lines, and is not there itself")
    currency = stored.document["currency"]
    for entry, rest in own.items():
        if rest:
            told = {"difference": plain(rest), "currency": currencies.get(entry, "")}
            yield OUT_OF_BALANCE.at("entry_line", entry=entry, **told)
        elif foreign[entry]:
            yield OUT_OF_BALANCE.at("entry_line", entry=entry, difference=plain(foreign[entry]), currency=currency)


def _total(name: str, found: Decimal, expected: Decimal) -> Fault:
    return TOTAL_DIFFERS.at("document", total=name, found=plain(found), expected=plain(expected))


def _sum(parts: Iterable[Content], name: str) -> Decimal:
    return sum([Decimal(part[name]) for part in parts], ZERO)


def _shown(values: Iterable[Any]) -> str:
    return " ".join(plain(value) if isinstance(value, Decimal) else str(value) for value in values)
