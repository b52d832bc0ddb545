"""Documents the kit tries plugins with: a plain invoice, a credit note, hostile texts, many lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from engine.spi.contracts import (
    AddressView,
    CompanyView,
    DocumentView,
    DueDateView,
    LineView,
    NoteView,
    PartyView,
    ReferenceView,
    TaxView,
    TotalsView,
)

ZERO = Decimal("0.00")
HOSTILE = "Ærø 株式会社 \u202e \r\nBcc: evil@example.com\t<script>alert(1)</script> {{ x }} ${y} ../../evil '; -- \x00"
_ADDRESS = AddressView("1 rue Haute", "", "35000", "Rennes", "", "FR")
_COMPANY = CompanyView(
    code="ACME", name="Acmé SAS", legislation="FRA", address=_ADDRESS, country="FR", currency="EUR",
    vat_number="FR74999900012", fiscal_code="", registration_scheme="0002", registration_id="999900012",
    electronic_address_scheme="0225", electronic_address="999900012", email="office@acme.example", phone="+33299000000",
    legal_form="SAS", share_capital="10000", trade_register="RCS Rennes 999 900 012", tax_regime="",
    bank_accounts=(("FR7630006000011234567890189", "AGRIFRPP"),),
)  # fmt: skip
_PARTNER = PartyView(
    code="C0001", name="Épicerie Horizon SARL", kind="business", address=_ADDRESS, country="FR",
    vat_number="FR40303265045", fiscal_code="", registration_scheme="0002", registration_id="303265045",
    electronic_address_scheme="0225", electronic_address="303265045", email="achats@horizon.example",
    phone="+33612345678", language="fr",
)  # fmt: skip


def line(position: int, net: Decimal, description: str = "Lampe de bureau") -> LineView:
    return LineView(
        position=position, description=description, quantity=Decimal("2.00000000"), unit="C62", unit_price=net / 2,
        gross=net, discounts=(), net=net, nature="goods", product="", sku="LAMP-1", tax_code="FR20", tax_category="S",
        tax_rate=Decimal(20), references=(),
    )  # fmt: skip


def invoice(lines: int = 1, number: str = "FV-2026-00007", identity: int = 7) -> DocumentView:
    """An invoice of 100.00 a line, VAT 20 %."""
    net = Decimal("100.00") * lines
    tax = (net * Decimal("0.20")).quantize(Decimal("0.01"))
    totals = TotalsView(
        lines=net, charges=ZERO, allowances=ZERO, net=net, tax=tax, gross=net + tax, withholding=ZERO, prepaid=ZERO,
        rounding=ZERO, payable=net + tax,
    )  # fmt: skip
    taxes = TaxView(
        tax_code="FR20", category="S", rate=Decimal(20), due="invoice", base=net, amount=tax, exemption_code="",
        reason="", national_code="",
    )  # fmt: skip
    return DocumentView(
        id=identity, number=number, module="sales", category="invoice", is_credit=False, invoice_type="FACT",
        type_description="Facture", untdid_code="380", national_code="", self_billed=False, date=date(2026, 3, 2),
        supply_date=date(2026, 3, 1), period=None, currency="EUR", exchange_rate=Decimal(1), tax_company_currency=tax,
        language="fr", subject="", buyer_reference="", process_code="S1", company=_COMPANY, partner=_PARTNER,
        ship_to=None, lines=tuple(line(place, Decimal("100.00")) for place in range(1, lines + 1)), charges=(),
        taxes=(taxes,), withholdings=(), prepaid=(), totals=totals,
        due_dates=(DueDateView(date(2026, 4, 1), net + tax, "transfer"),), payment_method="transfer",
        payment_means="58", payment_terms="30 jours", references=(), notes=(NoteView("Merci", "AAI"),),
    )  # fmt: skip


def credit_note() -> DocumentView:
    of = ReferenceView("corrects", "FV-2026-00007", date(2026, 3, 2), "", "retour")
    return replace(
        invoice(number="AV-2026-00003", identity=8), category="credit_note", is_credit=True, invoice_type="AVF",
        type_description="Avoir", untdid_code="381", references=(of,), due_dates=(),
    )  # fmt: skip


def hostile() -> DocumentView:
    """Texts that break what is careless: line breaks, direction marks, tags, quotes, templates, paths."""
    plain = invoice(number="FV/2026-00009", identity=9)
    return replace(
        plain, subject=HOSTILE, buyer_reference=HOSTILE, payment_terms=HOSTILE,
        partner=replace(plain.partner, name=HOSTILE), company=replace(plain.company, name=HOSTILE),
        lines=tuple(replace(one, description=HOSTILE, sku="=cmd()") for one in plain.lines),
        notes=(NoteView(HOSTILE, ""),),
    )  # fmt: skip


def all_documents() -> Iterator[tuple[str, DocumentView]]:
    yield "an invoice", invoice()
    yield "a credit note", credit_note()
    yield "an invoice of 200 lines", invoice(200)
    yield "an invoice with hostile texts", hostile()


def pdf() -> bytes:
    """A PDF of one empty A4 page: the smallest there is, with a true table of its objects."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89] /Resources << >> >>",
    )
    text, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(text))
        text += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(text)
    count = len(objects) + 1
    text += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n" % (count, table)
    return text + b"<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
