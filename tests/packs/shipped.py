"""Packs as a Catalog, and documents run through the pure steps: pick, draft, determine, generate."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from engine.drafting.draft import draft
from engine.drafting.drafted import Draft
from engine.drafting.request import read_request
from engine.journal.determine import determine
from engine.journal.entries import Entry
from engine.journal.generate import Books, run
from engine.kernel.faults import Fault
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Record
from engine.parametrization.packs import Located, read_packs
from engine.selection import pick
from rules import arithmetic

CODES = ("ALL", "FRA", "ITA", "DEMO")
SEED_FIRST = str(Path(__file__).parent / "seed_first")


@cache
def located(*names: str) -> tuple[Located, ...]:
    """Every record of packs and of what they require; the packs must be without fault."""
    packs, faults = read_packs(names)
    assert not faults, faults
    return tuple(one for pack in packs for one in pack.records)


@cache
def catalog_of(*names: str) -> Catalog:
    bodies: dict[str, dict[str, Record]] = defaultdict(dict)
    for one in located(*names):
        assert one.record.key not in bodies[one.record.TABLE], f"two owners: {one.place}"
        bodies[one.record.TABLE][one.record.key] = one.record
    return Catalog(bodies)


def drafted(catalog: Catalog, document: dict[str, Any]) -> Draft:
    """Raises Faulty where the document has faults."""
    request = read_request(document).request
    company = catalog.company(request.company)
    assert company is not None
    category = request.category or ("" if request.invoice_type else "invoice")
    kind = pick(catalog, company, request.date, module=request.side, category=category, code=request.invoice_type)
    assert not isinstance(kind, Fault), kind
    return draft(request, company, kind, catalog)


def entries(catalog: Catalog, document: dict[str, Any]) -> tuple[Entry, ...]:
    """The entries of a document; none for a type that is not posted."""
    made = drafted(catalog, document)
    found = determine(catalog, made.company, made.type, made.date)
    assert not found.faults, found.faults
    if not (found.automatic_journal and found.entry_type and found.journal):
        return ()
    with arithmetic():
        books = Books(found.entry_type, found.journal)
        return run(made, found.members, books, catalog, matching=found.matching).entries


def booked(catalog: Catalog, document: dict[str, Any]) -> list[str]:
    """The lines of the only entry, sorted: `411 D 120.00`."""
    (entry,) = entries(catalog, document)
    return sorted(f"{line.account} {'D' if line.debit else 'C'} {line.debit or line.credit}" for line in entry.lines)
