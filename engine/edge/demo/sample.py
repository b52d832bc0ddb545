"""As many realistic documents as are wanted, always the same for one seed: for trying, replaying and measuring.

In: a Catalog, for its companies. Out: documents as CONTRACT §3 writes them, ready for JSON. The words, customers and
prices are in sample.json, by legislation; a company whose legislation has none there gets no documents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company

Document = dict[str, Any]

FIRST_DAY, DAYS = date(2026, 1, 2), 364
CATEGORIES = ("invoice",) * 16 + ("credit_note",) * 3 + ("proforma",)
LINE_COUNTS = (1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12)
DISCOUNTS = ("2.5", "5", "10", "15")
CORRECTED_ON = "2025-12-15"


def samples(catalog: Catalog, count: int, seed: int, company: str = "") -> Iterator[Document]:
    """`count` documents of the companies that have sample data, or of one of them, spread over 2026 in order of date.

    Shape: {"key": "S7-1", "company": "PARIS", "invoice_type": "FACT", "category": "invoice", "date": "2026-01-02", …}
    Parties are shared between documents: write them out or copy them, do not change them.
    """
    known = sorted(catalog.table(Company).values(), key=lambda one: one.code)
    companies = [one for one in known if one.legislation in _texts() and company in ("", one.code)]
    if not companies:
        return
    chance = Random(seed)  # noqa: S311  not for secrets: the same seed must give the same documents
    for index in range(count):
        day = FIRST_DAY + timedelta(days=index * DAYS // count)
        yield {"key": f"S{seed}-{index + 1}"} | _document(chance, chance.choice(companies), day)


@cache
def _texts() -> dict[str, Any]:
    text = (files("engine.edge.demo") / "sample.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _document(chance: Random, company: Company, day: date) -> Document:
    texts = _texts()[company.legislation]
    category = chance.choice(CATEGORIES)
    regime = texts["tax_codes"].get(company.tax_regime, "")
    customer = chance.choice([one for one in texts["customers"] if not (regime and one["tax_code"])])
    tax_code = regime or customer["tax_code"]
    party = {name: value for name, value in customer.items() if name != "tax_code"}
    lines = _lines(chance, texts["products"], tax_code, only_goods=bool(customer["tax_code"]))
    document: Document = {
        "company": company.code,
        "invoice_type": texts["types"][category],
        "category": category,
        "date": day.isoformat(),
        "customer": party,
        "lines": lines,
        "payment_terms": chance.choice(texts["terms"]),
    }
    if category == "credit_note":
        number = f"EXT-2025-{chance.randint(1, 99_999):05d}"
        corrected = {"kind": "corrects", "number": number, "date": CORRECTED_ON, "reason": texts["reason"]}
        return document | {"lines": lines[:3], "payment_terms": "NET0", "references": [corrected]}
    goods = [line for line in lines if line["nature"] == "goods"]
    if goods and chance.random() < 0.2:
        document["charges"] = [chance.choice(texts["charges"]) | {"tax_code": chance.choice(goods)["tax_code"]}]
    if customer["tax_code"]:
        document |= {"supply_date": day.isoformat(), "ship_to": party}
    if category == "invoice":
        document["payment_method"] = chance.choice(("SEPA", "SEPA", "TRF", "CARD"))
    return document


def _lines(chance: Random, products: Sequence[Document], tax_code: str, *, only_goods: bool) -> list[Document]:
    """`tax_code` stands for the products' own, where customer or company has one for everything."""
    offered = [product for product in products if product["nature"] == "goods" or not only_goods]
    lines = []
    for product in chance.sample(offered, min(chance.choice(LINE_COUNTS), len(offered))):
        whole = product["unit"] in ("C62", "DAY", "MON")
        quantity = str(chance.randint(1, 40)) if whole else f"{chance.randint(1, 400)}.{chance.choice('05')}"
        line = product | {"quantity": quantity, "tax_code": tax_code or product["tax_code"]}
        if chance.random() < 0.2:
            line["discounts"] = [{"percent": chance.choice(DISCOUNTS)}]
        lines.append(line)
    return lines
