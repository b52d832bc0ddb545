"""Parametrizations for tests: a small world of records, changed record by record, and packs as folders of TOML."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.parametrization.packs import Located, ReadPack

DAY = date(2026, 3, 1)
ADDRESS = d.Address(street="1 rue A", postcode="75001", city="Paris", country="FR")
HEADER = '[pack]\ncode = "TEST"\nversion = "1"\n'
Kind = TypeVar("Kind", bound=d.Record)


def company(code: str = "ACME", legislation: str = "FRA", **more: Any) -> d.Company:
    return d.Company(code=code, name=code.title(), legislation=legislation, address=ADDRESS, **more)


def invoice_type(code: str = "FAC", **more: Any) -> d.InvoiceType:
    return d.InvoiceType(**{"code": code, "module": "sales", "category": "invoice", "automatic_journal": "SIHI"} | more)


def part(position: int, kind: Any, length: int = 0, value: str = "") -> d.CounterComponent:
    return d.CounterComponent(position=position, kind=kind, length=length, value=value)


def counter(code: str = "FV", *parts: d.CounterComponent, **more: Any) -> d.Counter:
    """`FV-2026-00007` unless the parts are given."""
    usual = (part(1, "constant", value=f"{code}-"), part(2, "year", 4), part(3, "constant", value="-"))
    return d.Counter(code=code, component=parts or (*usual, part(4, "sequence", 5)), **{"reset": "annual"} | more)


def tax(code: str, percent: str = "20", category: Any = "S", **more: Any) -> d.Tax:
    given = {"rate": (d.Rate(percent=Decimal(percent)),)} | more
    return d.Tax(code=code, category=category, **given)


def journal_line(
    id: str, side: str, account: str | tuple[str, ...], amount: str, **more: Any
) -> d.AutomaticJournalLine:
    sources = (account,) if isinstance(account, str) else account
    return d.AutomaticJournalLine(id=id, side=side, account=sources, amount=amount, **more)


SALES = (
    journal_line("customer", "debit", "customer.control", "document.gross"),
    journal_line("revenue", "credit", "sales.goods", "line.net", each="line"),
    journal_line("charges", "credit", "sales.goods", "charge.amount", each="charge"),
    journal_line("tax", "credit", "tax.output", "tax.amount", each="tax"),
)
"""Lines of a sales journal that balances: gross = net + tax."""


def sihi(*lines: d.AutomaticJournalLine, **more: Any) -> d.AutomaticJournal:
    given = {"code": "SIHI", "entry_type": "FAC", "reverse": "document.is_credit"} | more
    return d.AutomaticJournal(line=lines or SALES, **given)


def world() -> tuple[d.Record, ...]:
    """One French company that can post one type: nothing more than it takes."""
    return (
        d.Folder(language="en"),
        d.LegislationRecord(code="FRA", country="FR", currency="EUR", language="fr"),
        d.LegislationRecord(code="ITA", country="IT", currency="EUR", language="it"),
        d.LegislationRecord(code="PRT", country="PT", currency="EUR", language="pt"),
        d.Chart(code="PCG"),
        d.Ledger(code="PCG", chart="PCG"),
        d.Account(chart="PCG", code="411", partner=True),
        d.Account(chart="PCG", code="707"),
        d.Account(chart="PCG", code="44571"),
        d.AccountingCode(kind="customer", accounts={"control": "411"}),
        d.AccountingCode(kind="sales", accounts={"goods": "707"}),
        d.AccountingCode(kind="tax", accounts={"output": "44571"}),
        d.Journal(code="VTE", kind="sales"),
        counter(),
        d.EntryType(code="FAC", counter="FV", default_journal="VTE", ledgers={"PCG": "mandatory"}),
        tax("FR20"),
        tax("FR10", "10"),
        sihi(),
        invoice_type(),
        company(),
    )


def name_of(record: d.Record) -> tuple[str, str]:
    return record.TABLE, record.key


def catalog(*records: d.Record, base: Iterable[d.Record] | None = None, without: Iterable[d.Record] = ()) -> Catalog:
    """The world with these records in it, each in the place of its like; `base=()` for these alone."""
    bodies: dict[str, dict[str, d.Record | str]] = defaultdict(dict)
    gone = {name_of(record) for record in without}
    for record in (*(world() if base is None else base), *records):
        if name_of(record) not in gone:
            bodies[record.TABLE][record.key] = record
    return Catalog(bodies)


def of_world(kind: type[Kind], key: str, **changes: Any) -> Kind:
    """A record of the world, changed."""
    found = next(one for one in world() if isinstance(one, kind) and one.key == key)
    return replace(found, **changes)


def read_pack(code: str, *records: d.Record) -> ReadPack:
    """A pack as reading its folder would give it."""
    header = d.Pack(code=code, version="1")
    located = tuple(Located(one, f"{code}/all.toml {one.TABLE} {one.key}") for one in (header, *records))
    return ReadPack(code, "1", (), located)


def pack_folder(parent: Path, name: str = "TEST", *, header: str | None = HEADER, **texts: str) -> Path:
    """A folder with one file per text, and a pack.toml unless `header` is None."""
    folder = parent / name
    folder.mkdir()
    if header is not None:
        (folder / "pack.toml").write_text(header, encoding="utf-8")
    for file, text in texts.items():
        (folder / f"{file}.toml").write_text(text, encoding="utf-8")
    return folder


def codes(faults: Iterable[Fault]) -> list[str]:
    return [fault.code for fault in faults]
