"""Documents for tests: a good one, changed where a test wants it wrong, and random ones of the demo companies."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.drafting.draft import draft
from engine.drafting.drafted import Draft
from engine.drafting.request import read_request
from engine.kernel.faults import Fault, Faulty
from engine.parametrization.catalog import Catalog
from engine.posting.origins import Named
from engine.posting.post import Plan, plan
from engine.selection import pick

Document = dict[str, Any]

ADDRESS = {"street": "1 rue A", "postcode": "75001", "city": "Paris", "country": "FR"}
PARTY: Document = {"code": "C1", "name": "Client", "country": "FR", "vat_number": "FR11999999998", "address": ADDRESS}
CORRECTS = {"kind": "corrects", "number": "FV-2025-00001", "date": "2025-12-01"}
RETURN = {"kind": "return", "number": "R-1", "date": "2025-12-01"}


def line(quantity: str = "1", price: str = "100.00", tax_code: str = "FR20", **more: Any) -> Document:
    return {"description": "thing", "quantity": quantity, "unit_price": price, "tax_code": tax_code} | more


def document(*lines: Document, **more: Any) -> Document:
    """A sales document of ACME; `None` takes a field away."""
    whole = {"company": "ACME", "date": "2026-03-01", "customer": PARTY, "lines": [*lines] or [line()]} | more
    return {name: value for name, value in whole.items() if value is not None}


def drafted(catalog: Catalog, asked: Document, origin_tax_point: date | None = None) -> Draft:
    """Read, picked and drafted. Errors: Faulty."""
    request = read_request(asked).request
    company = catalog.company(request.company)
    assert company is not None
    kind = pick(
        catalog, company, request.date, module=request.side, category=request.category, code=request.invoice_type
    )
    if isinstance(kind, Fault):
        raise Faulty([kind])
    return draft(request, company, kind, catalog, origin_tax_point)


def planned(catalog: Catalog, asked: Document, origins: Named | None = None) -> Plan:
    """Planned as `flow.post` would, without a database. Errors: Faulty."""
    read = read_request(asked)
    request = read.request
    company = catalog.company(request.company)
    assert company is not None
    kind = pick(
        catalog, company, request.date, module=request.side, category=request.category, code=request.invoice_type
    )
    if isinstance(kind, Fault):
        raise Faulty([kind])
    return plan(read, company, kind, catalog, origins)


def booked(made: Plan) -> dict[str, list[str]]:
    """Entry lines by ledger, sorted: `411 D 120.00`."""
    return {
        entry.ledger: sorted(
            f"{one.account} {'D' if one.debit else 'C'} {one.debit or one.credit}" for one in entry.lines
        )
        for entry in made.generated.entries
    }


TAXES = {
    "FRA": ("FR20", "FR10", "FR55", "FR21", "FRFRAN", "FREXP", "FRRC", "ZERO"),
    "ITA": ("IT22", "IT10", "IT4", "IT22S", "IT10S", "N4", "N3.1", "N6.9", "ZERO"),
}
TYPES = {
    "FRA": ("FACT", "AVF", "RFA", "NDB", "AUT", "PIN", "PCN"),
    "ITA": ("FATT", "PARC", "FDIF", "NC", "ND", "PIN", "PCN"),
}
COMPANIES = {"PARIS": "FRA", "LILLE": "FRA", "LYON": "FRA", "MILANO": "ITA", "TORINO": "ITA"}
SELF_ASSESSED = {"FRRC", "N6.9"}


def decimals(least: int, most: int, places: int) -> st.SearchStrategy[str]:
    """Numbers as documents write them."""
    scale = 10**places
    return st.integers(least * scale, most * scale).map(lambda number: format(Decimal(number).scaleb(-places), "f"))


@st.composite
def demo_documents(draw: st.DrawFn) -> Document:
    """A document that some company of the DEMO pack may post: every category, tax category and currency exponent."""
    company = draw(st.sampled_from(sorted(COMPANIES)))
    legislation = COMPANIES[company]
    kind = draw(st.sampled_from(TYPES[legislation]))
    purchase, credit = kind.startswith("P") and kind != "PARC", kind in ("AVF", "RFA", "NC", "PCN")
    allowed = [code for code in TAXES[legislation] if not (purchase and code in SELF_ASSESSED)]
    tax_codes = st.sampled_from(allowed)
    discount = st.one_of(
        decimals(0, 60, 2).map(lambda percent: {"percent": percent}),
        decimals(0, 1, 2).map(lambda amount: {"amount": amount}),
    )
    lines = draw(
        st.lists(
            st.builds(
                lambda quantity, price, tax_code, nature, discounts: line(
                    quantity, price, tax_code, nature=nature, discounts=discounts
                ),
                decimals(1, 40, draw(st.sampled_from((0, 3)))),
                decimals(5, 900, draw(st.sampled_from((0, 2, 4)))),
                tax_codes,
                st.sampled_from(("goods", "service")),
                st.lists(discount, max_size=2),
            ),
            min_size=1,
            max_size=6,
        )
    )
    charges = draw(
        st.lists(
            st.builds(
                lambda kind, how, value, tax_code: {
                    "kind": kind,
                    "description": "x",
                    how: value,
                    "tax_code": tax_code,
                },  # fmt: skip
                st.sampled_from(("charge", "allowance")),
                st.sampled_from(("percent", "amount")),
                decimals(0, 2, 2),
                tax_codes,
            ),
            max_size=2,
        )
    )
    asked = document(*lines, company=company, invoice_type=kind, charges=charges)
    currency = draw(st.sampled_from(("EUR", "EUR", "USD", "JPY", "KWD")))
    for charge in charges if currency == "JPY" else ():
        if "amount" in charge:
            charge["amount"] = charge["amount"].partition(".")[0]  # a yen has no cents
    if currency != "EUR":
        asked |= {"currency": currency, "exchange_rate": draw(decimals(1, 200, 5))}
    if credit:
        asked["references"] = [CORRECTS]
    if purchase:
        asked["supplier"] = asked.pop("customer")
    if kind == "PARC":
        asked["withholdings"] = [{"code": "RT01"}]
    if draw(st.booleans()):
        asked["prepaid"] = [{"amount": "1.00" if currency != "JPY" else "1"}]
    if draw(st.booleans()):
        asked["payment_terms"] = draw(st.sampled_from(("NET0", "EOM30", "N30-60")))
    return asked
