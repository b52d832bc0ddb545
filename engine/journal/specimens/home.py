"""A specimen among the records a catalog really has: its companies, types, taxes. So it can be tried as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

from engine.drafting.facts import rate_on
from engine.journal.determine import journal_code
from engine.journal.specimens.search import Found, Search
from engine.journal.specimens.world import Document, Specimen, World
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

MOST_HOMES = 12  # companies and types that are tried


def at_home(found: Found, search: Search, journal: d.AutomaticJournal, catalog: Catalog) -> Found | None:
    """The same document with records of the catalog, if it still does not balance there."""
    if found.specimen.is_imagined:
        return None
    homes = islice(_homes(found.specimen, search.maker.world, journal, catalog), MOST_HOMES)
    return next((one for home in homes if (one := search.attempt(home, catalog))), None)


def _homes(specimen: Specimen, world: World, journal: d.AutomaticJournal, catalog: Catalog) -> Iterator[Specimen]:
    made_up = specimen.type
    for company in catalog.table(d.Company).values():
        if company.legislation != specimen.company.legislation:
            continue
        day = date.fromisoformat(specimen.request["date"])
        request = _translated(specimen.request, world, catalog, company, day)
        for kind in catalog.all_meant(d.InvoiceType, company, day) if request else ():
            alike = (kind.module, kind.category) == (made_up.module, made_up.category)
            if alike and journal_code(kind, direct=True) == journal.code and not kind.cancellation:
                asked = {key: value for key, value in (request or {}).items() if key != "category"}
                asked |= {"company": company.code, "invoice_type": kind.code}
                for nature in ("", "service"):  # when tax is due may depend on it
                    lines = [line | {"nature": nature or line["nature"]} for line in asked["lines"]]
                    yield replace(specimen, request=asked | {"lines": lines}, company=company, type=kind)


def _translated(request: Document, world: World, catalog: Catalog, company: d.Company, day: date) -> Document | None:
    """With taxes and withholdings that the company has; None where it has none like them."""
    taxes = {one["tax_code"] for one in (*request["lines"], *request.get("charges", ()))}
    known = {code: _like(world.taxes[code], catalog, company, day) for code in sorted(taxes)}
    withheld = [one.code for one in catalog.all_meant(d.Withholding, company, day)]
    if None in known.values() or ("withholdings" in request and not withheld):
        return None

    def rows(key: str) -> list[Document]:
        return [{**row, "tax_code": known[row["tax_code"]]} for row in request[key]]

    changed: dict[str, Any] = {key: rows(key) for key in ("lines", "charges") if key in request}
    if "withholdings" in request:
        changed["withholdings"] = [{**row, "code": withheld[0]} for row in request["withholdings"]]
    return request | changed


def _like(made_up: d.Tax, catalog: Catalog, company: d.Company, day: date) -> str | None:
    """The code of a tax of the same category, due at the same moment if it says so, best with the same rate."""
    percent = made_up.rate[0].percent
    found = [
        (rate_on(tax.rate, day) != percent, tax.due != made_up.due, tax.code)
        for tax in catalog.all_meant(d.Tax, company, day)
        if tax.category == made_up.category and tax.due in ("", made_up.due) and rate_on(tax.rate, day) is not None
    ]
    return min(found)[2] if found else None
