"""Invoices that arrive: for PARIS of pack DEMO, from a supplier who writes good CII."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.spi import CompanyView, DocumentView, File, LineView
from engine.spi.host import Plugins
from plugins.facturx.cii import write
from plugins.facturx.importers import CiiImporter, FacturXImporter
from plugins.facturx.invoice import Invoice
from tests.plugins.facturx import views
from tests.support.fakes import MemoryChannel, PlainFormat
from tests.support.house import House

SUPPLIER: CompanyView = views.FRENCH
BUYER = views.partner("Maison Beaulieu SAS", vat_number="FR01820043784", registration_id="820043784")
GOODS = (views.line("Presse P40", "2", "150.00"), views.line("Huile", "3", "12.50", "10"))


def bill(*lines: LineView, number: str = "S-1001", **changes: Any) -> DocumentView:
    """An invoice to PARIS of 2026-03-02: 300.00 at 20 % and 37.50 at 10 %, 401.25 in all."""
    customer = changes.pop("customer", BUYER)
    told = {"date": date(2026, 3, 2), "supply_date": None, "due_dates": (), "process_code": ""} | changes
    return views.document(SUPPLIER, customer, lines or GOODS, number=number, **told)


def cii(*lines: LineView, name: str = "invoice.xml", **changes: Any) -> File:
    return File(name, "application/xml", write(Invoice(bill(*lines, **changes))))


def plugins(**more: Any) -> Plugins:
    """What a House of tests offers, and our importers."""
    return Plugins(
        formats={"facturx": PlainFormat("facturx"), "plain": PlainFormat()}, channels={"email": MemoryChannel("email")},
        importers={"facturx": FacturXImporter(), "cii": CiiImporter()}, **more,
    )  # fmt: skip


def inbox_house(url: str, **more: Any) -> House:
    return House(url, plugins(**more))


def settings_of(house: House, folder: Path, company: str = "PARIS", **extra: str) -> None:
    """Say in a pack how the company wants its inbox."""
    told = ", ".join(f'{name} = "{value}"' for name, value in extra.items())
    override = f'[[override]]\ntable = "company"\nkey = "{company}"\nset = {{ extra = {{ {told} }} }}\n'
    house.apply(folder, "INBOXED", override, requires=("DEMO",))


TOTAL = Decimal("401.25")
