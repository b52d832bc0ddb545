"""The one mapping: every term of EN 16931 we fill, its place in CII, and how it is read from a document.

In: an Invoice. Out: `walk`, each term with its value, in the order the CII schema wants: the declaration is the order.
The writer (cii) and the check for compulsory terms (checks) walk it; a reader can, its paths are XPath.

Paths are relative to the group around them. A name without prefix is `ram:`. `[@x='y']` is an attribute the writer
sets; any other bracket only tells elements of one name apart. A group starts a new element each time,
the elements on the way to it are shared.

Not EN 16931 terms, hence on the page only: withholding tax and net to pay, national type codes (TD01), the Italian
Natura, unit-price VAT, several due dates (told in BT-20), payment method codes. BT-115 is the amount before
withholding; tax of a split payment counts as settled in BT-113 (see Invoice.due). Written nowhere, for a DocumentView
does not hold them: BT-7, 14, 18, 19, 28, 41, 45, 59-65, 82, 86-91, 121 of lines, 127, 128, 133-135, 147, 148, 156-161.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.spi import ChargeView, CompanyView, LineView, NoteView
from plugins.facturx.invoice import (
    CREDIT_TRANSFERS,
    Invoice,
    address,
    clean,
    country,
    establishment,
    legal_id,
    price,
    trimmed,
    vat_id,
    written,
)
from plugins.facturx.lists import exponent, lists
from plugins.facturx.words import Words

PROFILE = "urn:cen.eu:en16931:2017"
Value = str | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Term:
    id: str  # BT-n; "" for what CII asks and EN 16931 does not name
    name: str
    path: str
    read: Callable[[Invoice, Any], Value]
    field: str = ""  # of the document, as its users know it
    rule: str = ""  # the rule that makes it compulsory


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str
    path: str
    each: Callable[[Invoice, Any], Iterable[Any]]
    parts: tuple[Term | Group, ...]
    empty: bool = False  # written even when nothing is in it


def fixed(path: str, value: str) -> Term:
    return Term("", "", path, lambda i, x: value)


def once(path: str, *parts: Term | Group, id: str = "", name: str = "", empty: bool = False) -> Group:
    return Group(id, name, path, lambda i, x: (x,), parts, empty)


# -- how values read ---------------------------------------------------------------------------------------------------


def amount(value: Decimal, currency: str) -> str:
    """An amount at its currency's exponent; a third decimal that is zero goes, as EN 16931 takes two (BR-DEC)."""
    text = f"{value + 0:.{exponent(currency)}f}"  # + 0: zero has no sign
    return text[:-1] if exponent(currency) == 3 and text.endswith("0") else text


def money(read: Callable[[Invoice, Any], Decimal | None]) -> Callable[[Invoice, Any], str | None]:
    def text(invoice: Invoice, item: Any) -> str | None:
        value = read(invoice, item)
        return None if value is None else amount(value, invoice.document.currency)

    return text


def rate(category: str, value: Decimal) -> Decimal | None:
    return None if category == "O" else value  # BR-O-05


def price_decimals(invoice: Invoice) -> int | None:
    limit: int | None = lists(invoice.document.company.legislation).get("price_decimals")
    return limit


def sold(invoice: Invoice, line: LineView) -> tuple[Decimal, Decimal, Decimal]:
    return price(line, price_decimals(invoice))


def price_base(invoice: Invoice, line: LineView) -> Decimal | None:
    base = sold(invoice, line)[2]
    return None if base == 1 else base


def item_name(line: LineView) -> str:
    first = clean(line.description).partition("\n")[0]
    return clean(first) or clean(line.product) or clean(line.sku)


def line_order(line: LineView) -> str:
    return next((r.line for r in line.references if r.kind == "order" and r.line), "")


@dataclass(frozen=True, slots=True)
class Discount:
    percent: Decimal | None
    base: Decimal | None
    amount: Decimal


def discounts(line: LineView) -> Iterator[Discount]:
    """A percent is taken of what the discounts before it left."""
    left = line.gross
    for given in line.discounts:
        if given.amount:
            yield Discount(given.percent, None if given.percent is None else left, given.amount)
        left -= given.amount


def legal_form(invoice: Invoice) -> str:
    seller = invoice.seller
    if not isinstance(seller, CompanyView):
        return ""
    return " - ".join(filter(None, map(clean, (seller.legal_form, seller.share_capital, seller.trade_register))))


def buyer_codes(invoice: Invoice) -> tuple[str, str, str]:
    """(our code, scheme, global id): BT-46 has room for one. A fiscal code goes there where its scheme is known."""
    buyer = invoice.buyer
    if establishment(buyer):
        return "", "0009", establishment(buyer)
    scheme = lists("fiscal_code_schemes").get(country(buyer), "")
    if scheme and clean(buyer.fiscal_code) and clean(buyer.fiscal_code) not in vat_id(buyer):
        return "", scheme, clean(buyer.fiscal_code)
    return buyer.code, "", ""


def seller_code(invoice: Invoice) -> str:
    return "" if establishment(invoice.seller) else invoice.seller_id


def reason(item: ChargeView) -> str:
    return clean(item.description) or clean(item.code)


def accounts(invoice: Invoice) -> tuple[tuple[str, str], ...]:
    """BG-16 once per account to pay to; once without account where none is needed."""
    if not invoice.means:
        return ()
    return (invoice.accounts if invoice.means in (*CREDIT_TRANSFERS, "42", "57") else ()) or (("", ""),)


def foreign_tax(invoice: Invoice) -> Iterable[Decimal]:
    doc = invoice.document
    return (doc.tax_company_currency,) if doc.currency != doc.company.currency else ()


# -- parties -----------------------------------------------------------------------------------------------------------


def place(role: str, who: str, terms: tuple[int, ...], rule: str) -> tuple[Term, ...]:
    """A postal address; `terms` are line 1, line 2, city, post code, subdivision, country."""
    at = "PostalTradeAddress/"
    one, two, city, post, part, land = (f"BT-{n}" for n in terms)
    return (
        Term(post, f"{role} post code", at + "PostcodeCode", lambda i, p: p.address.postcode,
             who + ".address.postcode"),
        Term(one, f"{role} address line 1", at + "LineOne", lambda i, p: p.address.street, who + ".address.street"),
        Term(two, f"{role} address line 2", at + "LineTwo", lambda i, p: p.address.street2, who + ".address.street2"),
        Term(city, f"{role} city", at + "CityName", lambda i, p: p.address.city, who + ".address.city"),
        Term(land, f"{role} country code", at + "CountryID", lambda i, p: country(p), who + ".address.country", rule),
        Term(part, f"{role} country subdivision", at + "CountrySubDivisionName", lambda i, p: p.address.region,
             who + ".address.region"),
    )  # fmt: skip


def contact(role: str, who: str, group: str, terms: tuple[int, int]) -> Group:
    phone, mail = (f"BT-{n}" for n in terms)
    return once(
        "DefinedTradeContact",
        Term(phone, f"{role} contact telephone", "TelephoneUniversalCommunication/CompleteNumber",
             lambda i, p: p.phone, who + ".phone"),
        Term(mail, f"{role} contact email", "EmailURIUniversalCommunication/URIID", lambda i, p: p.email,
             who + ".email"),
        id=group,
        name=f"{role} contact",
    )  # fmt: skip


def electronic(role: str, who: str, term: str, rule: str) -> tuple[Term, ...]:
    at = "URIUniversalCommunication/URIID"
    return (
        Term(term, f"{role} electronic address", at, lambda i, p: address(p)[1], who + ".electronic_address"),
        Term(term + "-1", f"{role} electronic address scheme", at + "/@schemeID", lambda i, p: address(p)[0],
             who + ".electronic_address_scheme"),
    )  # fmt: skip


def registered(role: str, who: str, term: str) -> tuple[Term, ...]:
    at = "SpecifiedLegalOrganization/ID"
    return (
        Term(term, f"{role} legal registration", at, lambda i, p: legal_id(p)[1], who + ".registration_id"),
        Term(term + "-1", f"{role} legal registration scheme", at + "/@schemeID", lambda i, p: legal_id(p)[0],
             who + ".registration_scheme"),
    )  # fmt: skip


def taxes_of(role: str, who: str, vat: str) -> Term:
    return Term(vat, f"{role} VAT identifier", "SpecifiedTaxRegistration[ram:ID/@schemeID='VA']/ID[@schemeID='VA']",
                lambda i, p: "" if i.outside_scope else vat_id(p), who + ".vat_number")  # fmt: skip


def referenced_document(term: str, name: str, path: str, kind: str) -> Term:
    return Term(term, name, path + "/IssuerAssignedID", lambda i, x: i.first_number(kind), f"references, {kind}")


SELLER = Group("BG-4", "Seller", "SellerTradeParty", lambda i, x: (i.seller,), (
    Term("BT-29", "Seller identifier", "ID", lambda i, p: seller_code(i), "{seller}.fiscal_code"),
    Term("BT-29", "Seller identifier, SIRET", "GlobalID[@schemeID='0009']", lambda i, p: establishment(p),
         "{seller}.registration_id"),
    Term("BT-27", "Seller name", "Name", lambda i, p: p.name, "{seller}.name", "BR-06"),
    Term("BT-33", "Seller additional legal information", "Description", lambda i, p: legal_form(i),
         "{seller}.legal_form, .share_capital, .trade_register"),
    *registered("Seller", "{seller}", "BT-30"),
    contact("Seller", "{seller}", "BG-6", (42, 43)),
    *place("Seller", "{seller}", (35, 36, 37, 38, 39, 40), "BR-09"),
    *electronic("Seller", "{seller}", "BT-34", "BR-62"),
    taxes_of("Seller", "{seller}", "BT-31"),
    Term("BT-32", "Seller tax registration", "SpecifiedTaxRegistration[ram:ID/@schemeID='FC']/ID[@schemeID='FC']",
         lambda i, p: i.seller_tax_id, "{seller}.fiscal_code"),
))  # fmt: skip

BUYER = Group("BG-7", "Buyer", "BuyerTradeParty", lambda i, x: (i.buyer,), (
    Term("BT-46", "Buyer identifier", "ID", lambda i, p: buyer_codes(i)[0], "{buyer}.code"),
    Term("BT-46", "Buyer identifier in a scheme", "GlobalID", lambda i, p: buyer_codes(i)[2], "{buyer}.fiscal_code"),
    Term("BT-46-1", "Buyer identifier scheme", "GlobalID/@schemeID", lambda i, p: buyer_codes(i)[1]),
    Term("BT-44", "Buyer name", "Name", lambda i, p: p.name, "{buyer}.name", "BR-07"),
    *registered("Buyer", "{buyer}", "BT-47"),
    contact("Buyer", "{buyer}", "BG-9", (57, 58)),
    *place("Buyer", "{buyer}", (50, 51, 52, 53, 54, 55), "BR-11"),
    *electronic("Buyer", "{buyer}", "BT-49", "BR-63"),
    taxes_of("Buyer", "{buyer}", "BT-48"),
))  # fmt: skip

SHIP_TO = Group("BG-13", "Delivery", "ShipToTradeParty", lambda i, x: (i.ship_to,) if i.ship_to else (), (
    Term("BT-71", "Deliver to location", "GlobalID[@schemeID='0009']", lambda i, p: establishment(p),
         "ship_to.registration_id"),
    Term("BT-70", "Deliver to name", "Name", lambda i, p: p.name, "ship_to.name"),
    *place("Deliver to", "ship_to", (75, 76, 77, 78, 79, 80), "BR-57"),
))  # fmt: skip

# -- lines -------------------------------------------------------------------------------------------------------------


def tax_terms(category: str, percent: str, rule: str) -> tuple[Term, ...]:
    return (
        fixed("TypeCode", "VAT"),
        Term(category, "VAT category", "CategoryCode", lambda i, x: written(x.tax_category), "tax_category", rule),
        Term(percent, "VAT rate", "RateApplicablePercent", lambda i, x: rate(x.tax_category, x.tax_rate), "tax_rate"),
    )


LINES = Group("BG-25", "Invoice line", "IncludedSupplyChainTradeLineItem", lambda i, x: i.document.lines, (
    Term("BT-126", "Line identifier", "AssociatedDocumentLineDocument/LineID", lambda i, x: str(x.position),
         "position", "BR-21"),
    Term("BT-155", "Item seller's identifier", "SpecifiedTradeProduct/SellerAssignedID",
         lambda i, x: clean(x.sku) or x.product, "sku"),
    Term("BT-153", "Item name", "SpecifiedTradeProduct/Name", lambda i, x: item_name(x), "description", "BR-25"),
    Term("BT-154", "Item description", "SpecifiedTradeProduct/Description",
         lambda i, x: clean(x.description).partition("\n")[2], "description"),
    Term("BT-132", "Purchase order line", "SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument/LineID",
         lambda i, x: line_order(x), "references, order, line"),
    Term("BT-146", "Item net price", "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount",
         lambda i, x: sold(i, x)[1], "unit_price", "BR-26"),
    Term("BT-149", "Item price base quantity", "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity",
         lambda i, x: price_base(i, x)),
    Term("BT-150", "Item price base unit",
         "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity/@unitCode",
         lambda i, x: x.unit if price_base(i, x) else ""),
    Term("BT-129", "Invoiced quantity", "SpecifiedLineTradeDelivery/BilledQuantity", lambda i, x: sold(i, x)[0],
         "quantity", "BR-22"),
    Term("BT-130", "Invoiced quantity unit", "SpecifiedLineTradeDelivery/BilledQuantity/@unitCode",
         lambda i, x: x.unit, "unit", "BR-23"),
    once("SpecifiedLineTradeSettlement/ApplicableTradeTax", *tax_terms("BT-151", "BT-152", "BR-CO-04"), id="BG-30",
         name="Line VAT information"),
    Group("BG-27", "Line allowance", "SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge",
          lambda i, x: discounts(x), (
        fixed("ChargeIndicator/udt:Indicator", "false"),
        Term("BT-138", "Line allowance percentage", "CalculationPercent", lambda i, x: x.percent, "discounts, percent"),
        Term("BT-137", "Line allowance base", "BasisAmount", money(lambda i, x: x.base), "gross"),
        Term("BT-136", "Line allowance amount", "ActualAmount", money(lambda i, x: x.amount), "discounts, amount"),
        fixed("ReasonCode", "95"),  # BT-140, UNTDID 5189: discount
        Term("BT-139", "Line allowance reason", "Reason", lambda i, x: Words(i.document.language)("discount")),
    )),
    Term("BT-131", "Line net amount",
         "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
         money(lambda i, x: x.net), "net", "BR-24"),
))  # fmt: skip

# -- header ------------------------------------------------------------------------------------------------------------

AGREEMENT = once(
    "ApplicableHeaderTradeAgreement",
    Term("BT-10", "Buyer reference", "BuyerReference", lambda i, x: i.document.buyer_reference, "buyer_reference"),
    SELLER,
    BUYER,
    referenced_document("BT-13", "Purchase order reference", "BuyerOrderReferencedDocument", "order"),
    referenced_document("BT-12", "Contract reference", "ContractReferencedDocument", "contract"),
    Group("BG-24", "Tender or lot", "AdditionalReferencedDocument[ram:TypeCode='50']",
          lambda i, x: i.referenced("tender")[:1], (
        Term("BT-17", "Tender or lot reference", "IssuerAssignedID", lambda i, x: x.number, "references, tender"),
        fixed("TypeCode", "50"),
    )),
    Group("BG-24", "Supporting document", "AdditionalReferencedDocument[ram:TypeCode='916']",
          lambda i, x: i.supporting, (
        Term("BT-122", "Supporting document reference", "IssuerAssignedID", lambda i, x: x.number, "references"),
        fixed("TypeCode", "916"),
    )),
    Term("BT-11", "Project reference", "SpecifiedProcuringProject/ID", lambda i, x: i.first_number("project"),
         "references, project"),
    Term("", "Project name, which CII asks for", "SpecifiedProcuringProject/Name",
         lambda i, x: i.first_number("project")),
)  # fmt: skip

DELIVERY = once(
    "ApplicableHeaderTradeDelivery",
    SHIP_TO,
    Term("BT-72", "Actual delivery date",
         "ActualDeliverySupplyChainEvent/OccurrenceDateTime/udt:DateTimeString[@format='102']",
         lambda i, x: i.supply_date, "supply_date"),
    referenced_document("BT-16", "Despatch advice reference", "DespatchAdviceReferencedDocument", "delivery_note"),
    referenced_document("BT-15", "Receiving advice reference", "ReceivingAdviceReferencedDocument", "goods_receipt"),
    empty=True,
)  # fmt: skip

PAYMENT = Group("BG-16", "Payment instructions", "SpecifiedTradeSettlementPaymentMeans", lambda i, x: accounts(i), (
    Term("BT-81", "Payment means", "TypeCode", lambda i, x: i.means, "payment_means"),
    Term("BT-84", "Payment account", "PayeePartyCreditorFinancialAccount/IBANID", lambda i, x: x[0],
         "company.bank_accounts"),
    Term("BT-86", "Payment service provider", "PayeeSpecifiedCreditorFinancialInstitution/BICID", lambda i, x: x[1],
         "company.bank_accounts"),
))  # fmt: skip

TAXES = Group("BG-23", "VAT breakdown", "ApplicableTradeTax", lambda i, x: i.tax_sums, (
    Term("BT-117", "VAT category tax amount", "CalculatedAmount", money(lambda i, x: x.amount), "taxes, amount"),
    fixed("TypeCode", "VAT"),
    Term("BT-120", "VAT exemption reason", "ExemptionReason", lambda i, x: x.reason, "taxes, reason"),
    Term("BT-116", "VAT category taxable amount", "BasisAmount", money(lambda i, x: x.base), "taxes, base"),
    Term("BT-118", "VAT category", "CategoryCode", lambda i, x: x.category, "taxes, category", "BR-47"),
    Term("BT-121", "VAT exemption reason code", "ExemptionReasonCode", lambda i, x: x.exemption_code,
         "taxes, exemption_code"),
    Term("BT-8", "VAT point date code: paid to date", "DueDateTypeCode", lambda i, x: "72" if i.paid_later else "",
         "taxes, due"),
    Term("BT-119", "VAT category rate", "RateApplicablePercent", lambda i, x: rate(x.category, x.rate), "taxes, rate"),
))  # fmt: skip


def document_charges(group: str, name: str, kind: str, terms: tuple[int, ...]) -> Group:
    """BG-20 and BG-21; `terms` are amount, base, percent, category, rate, reason, reason code."""
    taken, base, percent, category, tax, why, code = (f"BT-{n}" for n in terms)
    sign, rule = ("true", "BR-37") if kind == "charge" else ("false", "BR-32")
    return Group(group, name, f"SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='{sign}']",
                 lambda i, x: (c for c in i.document.charges if c.kind == kind), (
        fixed("ChargeIndicator/udt:Indicator", sign),
        Term(percent, f"{name} percentage", "CalculationPercent", lambda i, x: x.percent, "percent"),
        Term(base, f"{name} base", "BasisAmount", money(lambda i, x: x.base), "base"),
        Term(taken, f"{name} amount", "ActualAmount", money(lambda i, x: x.amount), "amount"),
        Term(code, f"{name} reason code", "ReasonCode", lambda i, x: x.reason_code, "reason_code"),
        Term(why, f"{name} reason", "Reason", lambda i, x: reason(x), "description"),
        once("CategoryTradeTax", *tax_terms(category, tax, rule)),
    ))  # fmt: skip


TOTALS = once(
    "SpecifiedTradeSettlementHeaderMonetarySummation",
    Term("BT-106", "Sum of line net amounts", "LineTotalAmount", money(lambda i, x: i.document.totals.lines),
         "totals.lines", "BR-12"),
    Term("BT-108", "Sum of charges", "ChargeTotalAmount",
         money(lambda i, x: i.document.totals.charges if any(c.kind == "charge" for c in i.document.charges) else None),
         "totals.charges"),
    Term("BT-107", "Sum of allowances", "AllowanceTotalAmount",
         money(lambda i, x:
               i.document.totals.allowances if any(c.kind == "allowance" for c in i.document.charges) else None),
         "totals.allowances"),
    Term("BT-109", "Total without VAT", "TaxBasisTotalAmount", money(lambda i, x: i.document.totals.net),
         "totals.net", "BR-13"),
    Term("BT-110", "Total VAT", "TaxTotalAmount[1]", money(lambda i, x: i.document.totals.tax), "totals.tax"),
    Term("", "Currency of the total VAT", "TaxTotalAmount[1]/@currencyID", lambda i, x: i.document.currency),
    Group("BT-111", "Total VAT in accounting currency", "TaxTotalAmount[2]", lambda i, x: foreign_tax(i), (
        Term("BT-111", "Total VAT in accounting currency", ".", lambda i, x: amount(x, i.document.company.currency),
             "tax_company_currency"),
        Term("BT-6", "VAT accounting currency", "@currencyID", lambda i, x: i.document.company.currency),
    )),
    Term("BT-114", "Rounding amount", "RoundingAmount", money(lambda i, x: i.document.totals.rounding or None),
         "totals.rounding"),
    Term("BT-112", "Total with VAT", "GrandTotalAmount", money(lambda i, x: i.document.totals.gross), "totals.gross",
         "BR-14"),
    Term("BT-113", "Paid amount", "TotalPrepaidAmount", money(lambda i, x: i.settled or None), "totals.prepaid"),
    Term("BT-115", "Amount due", "DuePayableAmount", money(lambda i, x: i.due), "totals.payable", "BR-15"),
    id="BG-22",
    name="Document totals",
)  # fmt: skip

SETTLEMENT = once(
    "ApplicableHeaderTradeSettlement",
    Term("BT-83", "Remittance information", "PaymentReference",
         lambda i, x: i.document.number if i.means in CREDIT_TRANSFERS else "", "number"),
    Term("BT-6", "VAT accounting currency", "TaxCurrencyCode",
         lambda i, x: i.document.company.currency if any(True for _ in foreign_tax(i)) else "", "company.currency"),
    Term("BT-5", "Invoice currency", "InvoiceCurrencyCode", lambda i, x: i.document.currency, "currency", "BR-05"),
    PAYMENT,
    TAXES,
    once(
        "BillingSpecifiedPeriod",
        Term("BT-73", "Invoicing period start", "StartDateTime/udt:DateTimeString[@format='102']",
             lambda i, x: i.document.period[0] if i.document.period else None, "period"),
        Term("BT-74", "Invoicing period end", "EndDateTime/udt:DateTimeString[@format='102']",
             lambda i, x: i.document.period[1] if i.document.period else None, "period"),
        id="BG-14",
        name="Invoicing period",
    ),
    document_charges("BG-20", "Document allowance", "allowance", (92, 93, 94, 95, 96, 97, 98)),
    document_charges("BG-21", "Document charge", "charge", (99, 100, 101, 102, 103, 104, 105)),
    Term("BT-20", "Payment terms", "SpecifiedTradePaymentTerms/Description", lambda i, x: i.terms, "payment_terms"),
    Term("BT-9", "Payment due date", "SpecifiedTradePaymentTerms/DueDateDateTime/udt:DateTimeString[@format='102']",
         lambda i, x: i.due_date, "due_dates"),
    TOTALS,
    Group("BG-3", "Preceding invoice", "InvoiceReferencedDocument", lambda i, x: i.preceding, (
        Term("BT-25", "Preceding invoice number", "IssuerAssignedID", lambda i, x: x.number, "references, corrects",
             "BR-55"),
        Term("BT-26", "Preceding invoice date", "FormattedIssueDateTime/qdt:DateTimeString[@format='102']",
             lambda i, x: x.date, "references, corrects, date"),
    )),
)  # fmt: skip

ROOT = once(
    "rsm:CrossIndustryInvoice",
    once(
        "rsm:ExchangedDocumentContext",
        Term("BT-23", "Business process", "BusinessProcessSpecifiedDocumentContextParameter/ID",
             lambda i, x: i.document.process_code, "process_code"),
        Term("BT-24", "Specification identifier", "GuidelineSpecifiedDocumentContextParameter/ID",
             lambda i, x: PROFILE, "", "BR-01"),
        id="BG-2",
        name="Process control",
    ),
    once(
        "rsm:ExchangedDocument",
        Term("BT-1", "Invoice number", "ID", lambda i, x: i.document.number, "number", "BR-02"),
        Term("BT-3", "Invoice type code", "TypeCode", lambda i, x: i.document.untdid_code, "untdid_code", "BR-04"),
        Term("BT-2", "Invoice issue date", "IssueDateTime/udt:DateTimeString[@format='102']",
             lambda i, x: i.document.date, "date", "BR-03"),
        Group("BG-1", "Invoice note", "IncludedNote",
              lambda i, x: (n for n in (NoteView(i.document.subject, ""), *i.document.notes) if clean(n.text)), (
            Term("BT-22", "Invoice note", "Content", lambda i, x: x.text, "notes, subject"),
            Term("BT-21", "Invoice note subject", "SubjectCode", lambda i, x: x.subject_code, "notes, subject_code"),
        )),
    ),
    once("rsm:SupplyChainTradeTransaction", LINES, AGREEMENT, DELIVERY, SETTLEMENT),
)  # fmt: skip


# -- walking -----------------------------------------------------------------------------------------------------------


def text_of(value: Value) -> str:
    """A value as CII writes it: dates as format 102, numbers plain and without trailing zeros, text cleaned."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value.year:04}{value:%m%d}"
    return clean(value) if isinstance(value, str) else f"{trimmed(value):f}"


def walk(group: Group, invoice: Invoice, item: Any = None) -> Iterator[tuple[Term, str, Any]]:
    """Each term with its value ("" when the document has none) and the item it was read from."""
    for each in group.each(invoice, item):
        for part in group.parts:
            if isinstance(part, Group):
                yield from walk(part, invoice, each)
            else:
                yield part, text_of(part.read(invoice, each)), each


def terms(group: Group = ROOT) -> Iterator[Term]:
    """Every term declared, in order."""
    for part in group.parts:
        if isinstance(part, Group):
            yield from terms(part)
        elif part.id:
            yield part
