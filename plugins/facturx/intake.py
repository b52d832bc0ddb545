"""CII as a document of ours (CONTRACT §3): whose, from whom, what, under which taxes, how much it says it is.

In: an XML root from the wall. Out: an ImportedDocument. What the file cannot know stays away: company, type, tax codes.
Source: EN 16931-1, Factur-X 1.09; terms are named by their BT numbers.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any

from engine.spi import ImportedDocument, Rejected, Validation
from plugins.facturx import intake_lines
from plugins.facturx.cii import NAMESPACES
from plugins.facturx.invoice import trimmed
from plugins.facturx.reading import Reader

if TYPE_CHECKING:
    from lxml.etree import _Element

ROOT = f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice"
CREDITS = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"})
DEBITS = frozenset({"80", "82", "84", "383"})
CORRECTED = "384"
PROFORMA = "325"
DAY = "udt:DateTimeString"
SHORT = 200
_INSTALMENT = re.compile(r"(\d{4}-\d\d-\d\d): (-?\d{1,14}(?:\.\d{1,3})?) [A-Z]{3}", re.ASCII)
_PLACES = {
    "street": "LineOne", "street2": "LineTwo", "postcode": "PostcodeCode", "city": "CityName",
    "region": "CountrySubDivisionName", "country": "CountryID",
}  # fmt: skip
TOTALS = {
    "lines": "LineTotalAmount", "charges": "ChargeTotalAmount", "allowances": "AllowanceTotalAmount",
    "net": "TaxBasisTotalAmount", "gross": "GrandTotalAmount", "prepaid": "TotalPrepaidAmount",
    "rounding": "RoundingAmount", "payable": "DuePayableAmount",
}  # fmt: skip


def read(root: _Element, syntax: str) -> ImportedDocument:
    """Errors: Validation with every field that cannot be read; Rejected when it is no CII invoice."""
    if root.tag != ROOT:
        raise Rejected(_other(str(root.tag)))
    with localcontext(Context(prec=80)):
        return _Intake(Reader(root)).document(syntax)


def _other(tag: str) -> str:
    name = tag.rpartition("}")[2][:60]
    if name == "CrossIndustryDocument":
        return "it is ZUGFeRD 1, which no longer counts as an e-invoice; ask for ZUGFeRD 2 or Factur-X"
    if name.startswith("SCRDM"):
        return "it is an order (Order-X), not an invoice"
    return f"its root is {name!r}, not a CII invoice"


def plain(number: Decimal) -> str:
    return f"{trimmed(number):f}"


class _Intake:
    """The parts of one invoice, read in order."""

    def __init__(self, reader: Reader) -> None:
        self.reader, root = reader, reader.root
        self.head = reader.one(root, "rsm:ExchangedDocument")
        deal = reader.one(root, "rsm:SupplyChainTradeTransaction")
        self.deal = deal
        self.agreement = reader.one(deal, "ApplicableHeaderTradeAgreement")
        self.delivery = reader.one(deal, "ApplicableHeaderTradeDelivery")
        self.settlement = reader.one(deal, "ApplicableHeaderTradeSettlement")
        self.summed = reader.one(self.settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")

    def document(self, syntax: str) -> ImportedDocument:
        reader = self.reader
        code, number = reader.word(self.head, "TypeCode"), reader.word(self.head, "ID")
        issued = reader.day(self.head, f"IssueDateTime/{DAY}", "date")
        currency = reader.word(self.settlement, "InvoiceCurrencyCode").upper()
        totals = self._totals(currency)
        self._needed(number, code, issued, currency, totals)
        flipped = totals.get("gross", Decimal(0)) < 0
        category = self._category(code, flipped)
        if flipped:
            totals = {name: -amount if amount else amount for name, amount in totals.items()}
            reader.warnings.append("its total is negative: it is taken as the opposite, with positive amounts")
        sold = intake_lines.Sold(reader, self.deal, self.settlement, totals, currency, -1 if flipped else 1)
        lines, charges = sold.lines(), sold.charges
        supplier = self._party(self.reader.one(self.agreement, "SellerTradeParty"), "supplier")
        buyer = self._party(self.reader.one(self.agreement, "BuyerTradeParty"), "buyer")
        request: dict[str, Any] = {
            "module": "purchase", "category": category, "date": issued.isoformat() if issued else "",
            "supplier": supplier, "supplier_number": number, "currency": currency, "lines": lines, "charges": charges,
            "ship_to": self._party(reader.one(self.delivery, "ShipToTradeParty"), "ship_to", issued_to=buyer),
            **self._dates(issued), **self._due(totals, currency),
            "buyer_reference": reader.word(self.agreement, "BuyerReference"),
            "process_code": reader.word(
                reader.root, "rsm:ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID"
            ),
            "references": self._references(category, code), "prepaid": self._prepaid(totals),
        }  # fmt: skip
        request["notes"] = self._notes() + self._terms
        means, accounts = self._payment()
        self._known()
        if reader.issues:
            raise Validation(f"{len(reader.issues)} fields of it cannot be read", reader.issues)
        return ImportedDocument(
            syntax=syntax, request={name: value for name, value in request.items() if value not in (None, "", [], {})},
            buyer=_told(buyer), number=number, warnings=(*reader.warnings, *reader.left()),
            totals={name: plain(amount) for name, amount in totals.items()} | sold.told(), payment_means=means,
            accounts=accounts,
        )  # fmt: skip

    def _needed(self, number: str, code: str, issued: date | None, currency: str, totals: dict[str, Decimal]) -> None:
        reader = self.reader
        for field, there, term in (
            ("supplier_number", number, "BT-1, its number"),
            ("category", code, "BT-3, its type"),
            ("date", issued or any(one.path == "date" for one in reader.issues), "BT-2, its date"),
            ("currency", currency, "BT-5, its currency"),
            ("supplier.name", reader.each(self.agreement, "SellerTradeParty/Name"), "BT-27, the name of the seller"),
            ("totals.gross", "gross" in totals or reader.issues, "BT-112, its total"),
        ):
            if not there:
                reader.wrong(field, "missing", f"it has no {term}")

    def _category(self, code: str, flipped: bool) -> str:
        """By UNTDID 1001. A credit that names what it corrects is a credit note, else a credit memo."""
        corrects = bool(self.reader.each(self.settlement, "InvoiceReferencedDocument/IssuerAssignedID"))
        if (code in CREDITS) is not flipped:
            return "credit_note" if corrects else "credit_memo"
        if code == PROFORMA:
            return "proforma"
        return "debit_note" if code in DEBITS else "invoice"

    def _totals(self, currency: str) -> dict[str, Decimal]:
        reader, found = self.reader, {}
        for name, path in TOTALS.items():
            amount = reader.number(self.summed, path, f"totals.{name}")
            if amount is not None:
                found[name] = amount
        taxes = reader.each(self.summed, "TaxTotalAmount")
        own = [one for one in taxes if one.get("currencyID", currency).upper() == currency]
        amount = reader.decimal(own[0], "totals.tax") if own else None
        if amount is not None:
            found["tax"] = amount
        for one in taxes:  # BT-111: the same in another currency
            reader.value(one)
        return found

    def _dates(self, issued: date | None) -> dict[str, Any]:
        """BT-72, else BT-7, is the day taxes look at; unsaid when it is the day of the document."""
        reader = self.reader
        supplied = reader.day(self.delivery, f"ActualDeliverySupplyChainEvent/OccurrenceDateTime/{DAY}", "supply_date")
        points = reader.each(self.settlement, "ApplicableTradeTax/TaxPointDate/udt:DateString")
        reader.mark(self.settlement, "ApplicableTradeTax/TaxPointDate")
        if points and not supplied:
            supplied = _plain_day(points[0].text or "")
        first, last = (
            reader.day(self.settlement, f"BillingSpecifiedPeriod/{name}/{DAY}", f"period.{key}")
            for name, key in (("StartDateTime", "from"), ("EndDateTime", "to"))
        )
        period = {"from": first.isoformat(), "to": last.isoformat()} if first and last and first <= last else None
        if (first or last) and not period:
            reader.warnings.append("its period has no beginning, no end, or ends before it begins")
        return {"supply_date": supplied.isoformat() if supplied and supplied != issued else None, "period": period}

    def _due(self, totals: dict[str, Decimal], currency: str) -> dict[str, Any]:
        """BT-9, or instalments; BT-20 as our own writer tells instalments, else as a note."""
        reader, due, words = self.reader, [], []
        for terms in reader.each(self.settlement, "SpecifiedTradePaymentTerms"):
            on = reader.day(terms, f"DueDateDateTime/{DAY}", "due_date")
            part = reader.number(terms, "PartialPaymentAmount", "due_dates")
            due += [(on, part)] if on else []
            words.append(reader.text(terms, "Description"))
        payable = totals.get("payable")
        self._terms = []
        for text in filter(None, words):
            rest, parts = _instalments(text)
            if parts and sum((amount for _, amount in parts), Decimal(0)) == payable:
                due, text = [(on, amount) for on, amount in parts], rest
            if text:
                self._terms.append({"text": text, "subject_code": "AAB"})
        if len(due) > 1 and payable is not None and sum((amount or 0 for _, amount in due), Decimal(0)) == payable:
            return {"due_dates": [{"date": on.isoformat(), "amount": plain(amount)} for on, amount in due if amount]}
        if len(due) > 1:
            reader.warnings.append("several due dates without amounts that sum up: the last one is taken")
        return {"due_date": max(on for on, _ in due).isoformat()} if due else {}

    def _notes(self) -> list[dict[str, str]]:
        notes = []
        for note in self.reader.each(self.head, "IncludedNote"):
            text, code = self.reader.text(note, "Content", 100_000), self.reader.word(note, "SubjectCode")
            notes += [
                {"text": text[at : at + 2000]} | ({"subject_code": code} if code else {})
                for at in range(0, len(text), 2000)
            ]
        return notes

    def _references(self, category: str, code: str) -> list[dict[str, str]]:
        reader, found = self.reader, []
        singles = (
            ("order", self.agreement, "BuyerOrderReferencedDocument"),
            ("contract", self.agreement, "ContractReferencedDocument"),
            ("delivery_note", self.delivery, "DespatchAdviceReferencedDocument"),
            ("goods_receipt", self.delivery, "ReceivingAdviceReferencedDocument"),
        )
        for kind, at, path in singles:
            number = reader.word(at, f"{path}/IssuerAssignedID")
            day = reader.day(at, f"{path}/FormattedIssueDateTime/qdt:DateTimeString", f"references.{kind}")
            found.append((kind, number, day))
        corrects = category == "credit_note" or code == CORRECTED
        for one in reader.each(self.settlement, "InvoiceReferencedDocument"):
            day = reader.day(one, "FormattedIssueDateTime/qdt:DateTimeString", "references")
            found.append(("corrects" if corrects else "invoice", reader.word(one, "IssuerAssignedID"), day))
        for one in reader.each(self.agreement, "AdditionalReferencedDocument"):
            if [(code.text or "").strip() for code in reader.each(one, "TypeCode")] == ["50"]:
                reader.mark(one, "TypeCode")
                found.append(("tender", reader.word(one, "IssuerAssignedID"), None))
        found.append(("project", reader.word(self.agreement, "SpecifiedProcuringProject/ID"), None))
        return [
            {"kind": kind, "number": number} | ({"date": day.isoformat()} if day else {})
            for kind, number, day in found
            if number
        ]

    def _prepaid(self, totals: dict[str, Decimal]) -> list[dict[str, str]]:
        """BT-113, in one sum."""
        paid = totals.get("prepaid")
        return [{"amount": plain(paid)}] if paid and paid > 0 else []

    def _payment(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """(BT-81, ((BT-84, BT-86), …))."""
        reader, means, accounts = self.reader, "", []
        for one in reader.each(self.settlement, "SpecifiedTradeSettlementPaymentMeans"):
            means = reader.word(one, "TypeCode") or means
            iban = reader.word(one, "PayeePartyCreditorFinancialAccount/IBANID").replace(" ", "")
            iban = iban or reader.word(one, "PayeePartyCreditorFinancialAccount/ProprietaryID")
            bic = reader.word(one, "PayeeSpecifiedCreditorFinancialInstitution/BICID")
            accounts += [(iban, bic)] if iban else []
        return means, tuple(dict.fromkeys(accounts))

    def _party(self, at: _Element | None, field: str, issued_to: dict[str, Any] | None = None) -> dict[str, Any] | None:
        if at is None:
            return None
        reader = self.reader
        address = {key: reader.word(at, f"PostalTradeAddress/{tag}") for key, tag in _PLACES.items()}
        third = reader.word(at, "PostalTradeAddress/LineThree")
        address["street2"] = ", ".join(filter(None, (address["street2"], third)))[:SHORT]
        address["country"] = address["country"].upper()
        ids = {
            one.get("schemeID", ""): " ".join(reader.value(one, SHORT).split())
            for one in reader.each(at, "SpecifiedTaxRegistration/ID")
        }
        contacts = reader.each(at, "DefinedTradeContact")[:1]
        contact = contacts[0] if contacts else None
        vat = ids.get("VA", "")
        party: dict[str, Any] = {
            "name": reader.word(at, "Name") or (issued_to or {}).get("name", ""),
            "country": address["country"] or {"EL": "GR"}.get(vat[:2], vat[:2]),
            "vat_number": vat, "fiscal_code": ids.get("FC", ""), "registration": self._registration(at),
            "electronic_address": _schemed(reader.one(at, "URIUniversalCommunication/URIID"), reader),
            "email": reader.word(contact, "EmailURIUniversalCommunication/URIID"),
            "phone": reader.word(contact, "TelephoneUniversalCommunication/CompleteNumber"),
        }  # fmt: skip
        reached = party["electronic_address"]
        if reached and reached["scheme"] == "EM" and party["email"] in ("", reached["id"]):
            party["email"], party["electronic_address"] = reached["id"], None
        told = {name: value for name, value in party.items() if value}
        told["address"] = {name: value for name, value in address.items() if value}
        return told

    def _registration(self, at: _Element) -> dict[str, str] | None:
        """BT-30; a SIRET among the identifiers says more than the SIREN it begins with."""
        reader = self.reader
        legal = _schemed(reader.one(at, "SpecifiedLegalOrganization/ID"), reader)
        for one in reader.each(at, "GlobalID"):
            number = "".join((one.text or "").split())
            siren = legal is None or (legal["scheme"] == "0002" and number.startswith(legal["id"]))
            if one.get("schemeID") == "0009" and siren:
                reader.value(one)
                return {"scheme": "0009", "id": number[:SHORT]}
        return legal

    def _known(self) -> None:
        """What follows from the rest, or says how the file is made."""
        reader = self.reader
        reader.mark(reader.root, "rsm:ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter")
        reader.mark(self.settlement, "TaxCurrencyCode", "PaymentReference")
        reader.mark(self.agreement, "SpecifiedProcuringProject/Name")


def _schemed(element: _Element | None, reader: Reader) -> dict[str, str] | None:
    """An identifier with its scheme; without one nobody can tell what it is, and it is told as left out."""
    if element is None or not element.get("schemeID"):
        return None
    number = " ".join(reader.value(element, SHORT).split())
    return {"scheme": element.get("schemeID", "")[:20], "id": number} if number else None


def _told(buyer: dict[str, Any] | None) -> dict[str, str]:
    """Shape: {"vat_number": "FR…", "registration": "0002:820043784", "electronic_address": "0225:…", "name": …}"""
    found = {}
    for name in ("name", "vat_number", "fiscal_code", "registration", "electronic_address"):
        value = (buyer or {}).get(name)
        if value:
            found[name] = f"{value['scheme']}:{value['id']}" if isinstance(value, dict) else str(value)
    return found


def _plain_day(text: str) -> date | None:
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text.strip(), re.ASCII)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _instalments(text: str) -> tuple[str, list[tuple[date, Decimal]]]:
    """Lines as our writer tells instalments, `2026-12-02: 60.00 EUR`, and the other lines."""
    rest, parts = [], []
    for row in text.splitlines():
        found = _INSTALMENT.fullmatch(row.strip())
        try:
            parts += [(date.fromisoformat(found[1]), Decimal(found[2]))] if found else []
        except ValueError:
            found = None
        rest += [] if found else [row]
    return "\n".join(rest).strip(), parts
