"""Documents and parcels for these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from engine.spi import (
    AddressView,
    CompanyView,
    DocumentView,
    DueDateView,
    File,
    Parcel,
    PartyView,
    TotalsView,
)
from plugins.email_smtp.settings import EmailSettings
from tests.support.fakes import plugin_context

ZERO = Decimal("0.00")
HERE = plugin_context()
PDF = File("FV-2026-00007.pdf", "application/pdf", b"%PDF-1.7\n" + bytes(range(256)) + b"\n.\n..\nFrom x\n%%EOF")
ADDRESS = AddressView("1 rue Haute", "", "75001", "Paris", "", "FR")

COMPANY = CompanyView(
    code="ACME", name="Acmé Société, S.A.S.", legislation="FRA", address=ADDRESS, country="FR", currency="EUR",
    vat_number="FR00123456789", fiscal_code="", registration_scheme="0002", registration_id="123456789",
    electronic_address_scheme="", electronic_address="", email="office@acme.example", phone="", legal_form="SAS",
    share_capital="", trade_register="", tax_regime="", bank_accounts=(),
)  # fmt: skip

PARTNER = PartyView(
    code="C1", name="Rossi & Figli <S.r.l.>", kind="business", address=ADDRESS, country="IT", vat_number="",
    fiscal_code="", registration_scheme="", registration_id="", electronic_address_scheme="", electronic_address="",
    email="anna@client.example", phone="", language="it",
)  # fmt: skip

DOCUMENT = DocumentView(
    id=7, number="FV-2026-00007", module="sales", category="invoice", is_credit=False, invoice_type="FACT",
    type_description="Facture", untdid_code="380", national_code="", self_billed=False, date=date(2026, 3, 1),
    supply_date=None, period=None, currency="EUR", exchange_rate=Decimal(1), tax_company_currency=Decimal("200.00"),
    language="fr", subject="", buyer_reference="", process_code="", company=COMPANY, partner=PARTNER, ship_to=None,
    lines=(), charges=(), taxes=(), withholdings=(), prepaid=(),
    totals=TotalsView(
        lines=Decimal("1000.50"), charges=ZERO, allowances=ZERO, net=Decimal("1000.50"), tax=Decimal("200.10"),
        gross=Decimal("1200.60"), withholding=ZERO, prepaid=ZERO, rounding=ZERO, payable=Decimal("1200.60"),
    ),
    due_dates=(DueDateView(date(2026, 3, 31), Decimal("1200.60"), "transfer"),), payment_method="transfer",
    payment_means="58", payment_terms="", references=(), notes=(),
)  # fmt: skip


def document(**changes: Any) -> DocumentView:
    return replace(DOCUMENT, **changes)


def connection(port: int = 25, **changes: Any) -> EmailSettings:
    given = {
        "host": "127.0.0.1", "port": port, "sender_address": "invoices@acme.example", "starttls": "none",
        "timeout": 20, "local_hostname": "erp.acme.example",
    } | changes  # fmt: skip
    return EmailSettings.model_validate(given)


def parcel(settings: EmailSettings | None = None, **changes: Any) -> Parcel:
    given: dict[str, Any] = {
        "key": "0d3adb33-7f1e-5c7c-9d3f-1f0a2b3c4d5e", "document": DOCUMENT, "files": (PDF,),
        "recipients": ("anna@client.example",), "settings": settings or connection(),
    } | changes  # fmt: skip
    return Parcel(**given)
