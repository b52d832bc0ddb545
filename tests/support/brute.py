"""Documents by chance alone, of every tax category, module and sign, drafted for real: what proofs are held against.

Nothing here knows what a proof looks for; it shares no generator with the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from functools import cache
from random import Random
from typing import Any

from engine.drafting import facts
from engine.drafting.draft import draft
from engine.drafting.request import read_request
from engine.kernel.codes import CREDITS, TAX_CATEGORIES
from engine.kernel.faults import Faulty
from engine.kernel.money import EXACT
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from tests.support import packs

RATES = {"S": ("20", "10", "5.5", "2.1"), "B": ("22", "10"), "L": ("7",), "M": ("4", "0.5")}
ADDRESS = {"country": "FR"}
PARTY = {"name": "P", "country": "FR", "vat_number": "FR1", "address": ADDRESS}
EXPONENTS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}


def _tax(code: str, percent: str, category: str, due: Any) -> d.Tax:
    assessed = (d.Rate(percent=Decimal("22")),) if category in ("AE", "K") else ()
    return packs.tax(code, percent, category, due=due, text={"en": "x"}, self_assessed=assessed)


@cache
def catalog() -> Catalog:
    """Every category with several rates, due at once, at payment, or as a formula says."""
    taxes = [
        _tax(f"{category}{number}{due[:1].upper()}", percent, category, due)
        for category in TAX_CATEGORIES
        for number, percent in enumerate(RATES.get(category, ("0", "0")))
        for due in ("invoice", "payment", "")
    ]
    terms = d.PaymentTerms(
        code="THIRDS",
        part=tuple(d.TermsPart(percent=Decimal(percent), days=30) for percent in ("33.33", "33.33", "33.34")),
    )
    withheld = [d.Withholding(code=f"W{rate}", rate=(d.Rate(percent=Decimal(rate)),)) for rate in ("20", "4", "0")]
    by_nature = 'if line.nature = "service" then "payment" else "invoice"'
    formula = d.NamedFormula(code="tax_due", text=by_nature)
    return packs.catalog(*taxes, *withheld, terms, formula)


def any_document(dice: Random) -> tuple[dict[str, Any], d.Company, d.InvoiceType]:
    module = dice.choice(("sales", "purchase"))
    category = dice.choice(("invoice", "invoice", "invoice", "credit_note", "debit_note", "credit_memo"))
    currency = dice.choice(("EUR", "EUR", "EUR", "JPY", "KWD"))
    places, credit = EXPONENTS[currency], category in CREDITS
    taxes = sorted(catalog().table(d.Tax))
    codes = [key.split("/")[0] for key in dice.sample(taxes, dice.choice((1, 2, 4)))]

    def amount(most: int = 1_000) -> str:
        return str(round(Decimal(dice.randrange(most * 1_000)).scaleb(-3), places))

    def line() -> dict[str, Any]:
        quantity = Decimal(dice.choice(("1", "1", "2", "0.333", "12", "-1", "-2.5")))
        made: dict[str, Any] = {
            "description": "x", "quantity": str(abs(quantity) if credit else quantity), "unit_price": amount(),
            "tax_code": dice.choice(codes), "nature": dice.choice(("goods", "service")),
            "product": dice.choice(("", "P1", "P2")), "account": dice.choice(("", "707")),
        }  # fmt: skip
        if dice.random() < 0.3:
            made["discounts"] = [dice.choice(({"percent": "12.5"}, {"percent": "3"}, {"amount": "0.05"}))]
        return made

    def charge() -> dict[str, Any]:
        how = (
            {"percent": dice.choice(("1", "12.345"))}
            if dice.random() < 0.4
            else {"amount": amount(dice.choice((50, 4_000)))}
        )
        kind = dice.choice(("charge", "allowance"))
        return {"kind": kind, "description": "x", **how, "tax_code": dice.choice(codes)}

    asked: dict[str, Any] = {
        "company": "ACME", "date": dice.choice(("2026-03-01", "2027-01-01", "2027-03-01")), "category": category,
        "customer" if module == "sales" else "supplier": PARTY | {"kind": dice.choice(("business", "public_body"))},
        "lines": [line() for _ in range(dice.choice((1, 1, 2, 4)))],
        "charges": [charge() for _ in range(dice.choice((0, 0, 1, 2)))],
    }  # fmt: skip
    if dice.random() < 0.4:
        withheld = {"code": dice.choice(("W20", "W4", "W0"))}
        asked["withholdings"] = [withheld | dice.choice(({}, {"base": amount(100)}, {"rate": "7.5"}))]
    if dice.random() < 0.4:
        asked["prepaid"] = [{"amount": amount(30)} for _ in range(dice.choice((1, 2)))]
        asked["prepaid"][0]["tax"] = str(round(Decimal(asked["prepaid"][0]["amount"]) / 7, places))
    due = dice.choice(("", "due_date", "due_dates", "payment_terms"))
    percents = dice.choice((("100",), ("50", "50"), ("33.3", "66.7"), ("0", "100")))
    dues: dict[str, dict[str, Any]] = {
        "": {},
        "due_date": {"due_date": "2026-04-01"},
        "due_dates": {"due_dates": [{"date": "2026-04-01", "percent": percent} for percent in percents]},
        "payment_terms": {"payment_terms": "THIRDS"},
    }
    asked |= dues[due]
    if credit:
        asked["references"] = [{"kind": "corrects", "number": "X", "date": "2026-01-01"}]
    if currency != "EUR":
        asked |= {"currency": currency, "exchange_rate": "1.5"}
    kind = packs.invoice_type("T", module=module, category=category, cash_vat=dice.random() < 0.2)
    law, regime = dice.choice(("FRA", "ITA")), dice.choice(("", "RF17"))
    company = packs.company(legislation=law, vat_on_debits=dice.random() < 0.5, tax_regime=regime)
    return asked, company, kind


def values_of(
    asked: dict[str, Any], company: d.Company, kind: d.InvoiceType, world: Catalog | None = None
) -> Mapping[str, Any] | None:
    """What formulas see of it; None where it has a fault, such as a total below 0."""
    records = world or catalog()
    try:
        with localcontext(EXACT):
            return facts.of(draft(read_request(asked).request, company, kind, records), records)
    except Faulty:
        return None


@cache
def documents(count: int, seed: int = 7) -> tuple[Mapping[str, Any], ...]:
    """So many documents without fault, always the same."""
    dice, found = Random(seed), list[Mapping[str, Any]]()  # noqa: S311 - no secret
    while len(found) < count:
        values = values_of(*any_document(dice))
        if values is not None:
            found.append(values)
    return tuple(found)
