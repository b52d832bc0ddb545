"""Whose document it is, and which of the company's taxes its lines mean.

A company is found by what the file says of its buyer: VAT number, registration, electronic address; one of them is
enough, and two companies that fit are a fault. A tax is found by category and rate at the tax point, then by its
exemption code; several that fit are a fault too, for a wrong tax code is worse than a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.drafting.facts import rate_on
from engine.kernel.faults import Fault, FaultKind
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, PaymentMethod, Tax

COMPANY_UNKNOWN = FaultKind(
    "import_company_unknown",
    "no company of ours is the buyer {buyer}",
    "say which with `--set company=…`, or dismiss it",
)
COMPANY_AMBIGUOUS = FaultKind(
    "import_company_ambiguous", "the buyer {buyer} fits {companies}", "say which with `--set company=…`"
)
TAX_UNKNOWN = FaultKind(
    "import_tax_unknown",
    "{company} has no tax of category {category} at {rate} % on {date}",
    "name one with `--set {path}=CODE`, or add it to a pack",
)
TAX_AMBIGUOUS = FaultKind(
    "import_tax_ambiguous",
    "category {category} at {rate} % may be {candidates}",
    "name one with `--set {path}=CODE`",
)
TAX_UNSAID = FaultKind("import_tax_unsaid", "the file does not say its tax", "name it with `--set {path}=CODE`")

SAID = ("tax_category", "tax_rate", "tax_exemption")
"""How a file names a tax."""


def company_of_buyer(catalog: Catalog, buyer: Mapping[str, str]) -> Company | Fault:
    """Shape: {"vat_number": "FR01820043784"} -> <PARIS>. What names a company most surely is asked first."""
    known = catalog.table(Company).values()
    shown = ", ".join(buyer[name] for name in ("name", "vat_number", "registration") if buyer.get(name)) or "(unnamed)"
    for name, keys in (("vat_number", _vat), ("registration", _registered), ("electronic_address", _addressed)):
        wanted = _bare(buyer.get(name, ""))
        fits = [one for one in known if wanted and wanted in map(_bare, keys(one))]
        if len(fits) > 1:
            return COMPANY_AMBIGUOUS.at("company", buyer=shown, companies=", ".join(one.code for one in fits))
        if fits:
            return fits[0]
    return COMPANY_UNKNOWN.at("company", buyer=shown)


def _vat(company: Company) -> Iterable[str]:
    return (company.vat_number, company.fiscal_code)


def _registered(company: Company) -> Iterable[str]:
    """A SIREN is also found by any of its SIRETs, and the reverse."""
    one = company.registration
    return (f"{one.scheme}:{one.id}",) if one else ()


def _addressed(company: Company) -> Iterable[str]:
    one = company.electronic_address
    return (f"{one.scheme}:{one.id}", *((f"EM:{company.email}",) if company.email else ())) if one else ()


def _bare(text: str) -> str:
    """Without spaces, dots and hyphens; a SIRET as its SIREN."""
    plain = re.sub(r"[\s.\-]", "", text).upper()
    found = re.fullmatch(r"000[29]:(\d{9})\d{0,5}", plain)
    return f"0002:{found[1]}" if found else plain


def taxes_named(request: Mapping[str, Any], catalog: Catalog, company: Company) -> tuple[dict[str, Any], list[Fault]]:
    """The request with `tax_code` on each line and charge in place of category and rate; and what was not found."""
    on, faults, named = _tax_point(request), [], dict(request)
    for part in ("lines", "charges"):
        rows = []
        for place, row in enumerate(request.get(part, ())):
            told = {name: value for name, value in row.items() if name not in SAID}
            if not told.get("tax_code"):
                found = _tax(row, catalog, company, on, f"{part}.{place}.tax_code")
                if isinstance(found, Fault):
                    faults.append(found)
                else:
                    told["tax_code"] = found
            rows.append(told)
        if rows:
            named[part] = rows
    return named, faults


def _tax(row: Mapping[str, Any], catalog: Catalog, company: Company, on: date | None, path: str) -> str | Fault:
    category = row.get("tax_category", "")
    try:
        rate = Decimal(row.get("tax_rate", "0"))
    except (InvalidOperation, TypeError):
        category = ""
    if not category or on is None:
        return TAX_UNSAID.at(path, path=path)
    fits = [
        one for one in catalog.all_meant(Tax, company, on) if one.category == category and rate_on(one.rate, on) == rate
    ]
    if exemption := row.get("tax_exemption"):
        fits = [one for one in fits if one.exemption_code == exemption] or fits
    codes = sorted({one.code for one in fits})
    told = {"category": category, "rate": rate, "path": path}
    if not codes:
        return TAX_UNKNOWN.at(path, company=company.code, date=on, **told)
    if len(codes) > 1:
        return TAX_AMBIGUOUS.at(path, candidates=", ".join(codes), **told)
    return codes[0]


def _tax_point(request: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(request.get("supply_date") or request.get("date", ""))
    except (ValueError, TypeError):
        return None


def method_meant(means: str, catalog: Catalog, company: Company, on: date | None) -> str:
    """The company's payment method for UNTDID 4461, when exactly one fits."""
    if not means or on is None:
        return ""
    codes = {one.code for one in catalog.all_meant(PaymentMethod, company, on) if one.means == means}
    return codes.pop() if len(codes) == 1 else ""
