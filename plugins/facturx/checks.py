"""Our own checks, run before anything is written: cheap, and they name the field a person can fill.

In: an Invoice. Out: every Problem at once. `european` are rules of EN 16931: with one broken there is no e-invoice.
`national` are a country's rules on top: the invoice is valid, yet that country's platforms would refuse it.
The official rules say the last word; they are not run here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from typing import Any

from engine.spi import ChargeView, DocumentView, LineView
from plugins.facturx.invoice import CREDIT_TRANSFERS, Invoice, address, clean, legal_id, trimmed, vat_id, written
from plugins.facturx.lists import lists
from plugins.facturx.mapping import ROOT, reason, walk

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Problem:
    rule: str
    field: str  # the document's own name of it
    words: str

    def __str__(self) -> str:
        return f"{self.words} ({self.rule})"


def no_invoice(document: DocumentView) -> str:
    """Why this document is no e-invoice at all, though a page of it may go out; "" when it may be one."""
    code, country = document.untdid_code, document.company.legislation
    known = lists("en16931")
    if not code:
        return "its type has no UNTDID 1001 code, so it is no invoice for EN 16931"
    if code in known["not_invoices"]:
        return f"type code {code} asks for no payment: it is no invoice"
    if code not in known["types"]:
        return f"type code {code} is not among the invoice types of EN 16931 (BR-CL-01)"
    law = lists(country)
    if code not in law.get("types", known["types"]):
        allowed = ", ".join(law["types"])
        return f"type code {code} is not among the invoice types of {country}: {allowed} ({law['types_rule']})"
    return ""


def european(invoice: Invoice) -> list[Problem]:
    return [
        *_compulsory(invoice),
        *_parties(invoice),
        *_categories(invoice),
        *_sums(invoice),
        *_lines(invoice),
        *_payment(invoice),
        *_period(invoice),
    ]


def place_of(item: Any) -> str:
    if isinstance(item, LineView):
        return f"line {item.position}: "
    return f"{item.kind} {item.code}: " if isinstance(item, ChargeView) else ""


def _compulsory(invoice: Invoice) -> Iterator[Problem]:
    for term, value, item in walk(ROOT, invoice):
        if term.rule and not value:
            field = invoice.field(term.field)
            yield Problem(term.rule, field, f"{place_of(item)}{field} is empty: {term.name.lower()} ({term.id})")
    if not invoice.document.lines:
        yield Problem("BR-16", "lines", "the document has no line")


def _parties(invoice: Invoice) -> Iterator[Problem]:
    who = {"{seller}": invoice.seller, "{buyer}": invoice.buyer}
    for role, party in who.items():
        scheme, at = address(party)
        if at and not scheme:
            field = invoice.field(role + ".electronic_address_scheme")
            yield Problem("BR-62", field, f"{field} is empty, and an electronic address needs its scheme, such as 0225")
        number = vat_id(party)
        if number and not invoice.outside_scope and not re.fullmatch("[A-Z]{2}.+", number):
            field = invoice.field(role + ".vat_number")
            yield Problem("BR-CO-09", field, f"{field} {number!r} must start with a country code")
    if not (legal_id(invoice.seller)[1] or invoice.seller_id or vat_id(invoice.seller)):
        field = invoice.field("{seller}.registration_id")
        words = f"fill {field}, or the VAT number or fiscal code beside it: nothing identifies the seller"
        yield Problem("BR-CO-26", field, words)


# -- VAT categories ----------------------------------------------------------------------------------------------------

# Rule numbers differ by category only: BR-IC is K, BR-AF is L, BR-AG is M.
FAMILY = {"K": "IC", "L": "AF", "M": "AG"}


def _taxed(invoice: Invoice) -> Iterator[tuple[str, str, Decimal]]:
    """(where, category, rate) of everything that carries VAT."""
    doc = invoice.document
    for item in chain[LineView | ChargeView](doc.lines, doc.charges):
        yield place_of(item), item.tax_category, item.tax_rate


def _categories(invoice: Invoice) -> Iterator[Problem]:
    known = lists("categories")
    used = invoice.categories - {""}
    for category in sorted(used - set(known["known"])):
        words = f"VAT category {category} is none of {', '.join(known['known'])}; correct the tax that carries it"
        yield Problem("BR-CL-17", "tax_category", words)
    if "O" in used and len(used) > 1:
        yield _out_of_scope_alone(invoice)
    for where, category, rate in _taxed(invoice):
        rule = f"BR-{FAMILY.get(category, category)}-05"
        if category in ("S", "L", "B") and rate <= 0:
            yield Problem(rule, "tax_rate", f"{where}tax_rate is {rate}; category {category} needs one above 0")
        elif category in ("Z", "E", "AE", "K", "G") and rate:
            yield Problem(rule, "tax_rate", f"{where}tax_rate is {rate}; category {category} goes with 0 only")
    yield from _identified(invoice, used)
    for tax in invoice.tax_sums:
        if tax.category in known["reasoned"] and not (tax.reason or tax.exemption_code):
            words = f"the tax of category {tax.category} has no exemption reason: fill reason or exemption_code of it"
            yield Problem(f"BR-{FAMILY.get(tax.category, tax.category)}-10", "taxes.reason", words)


def _out_of_scope_alone(invoice: Invoice) -> Problem:
    outside = [where for where, category, _ in _taxed(invoice) if category == "O"]
    words = (
        f"VAT category O (out of scope) must be alone in an invoice, and it is here with "
        f"{', '.join(sorted(invoice.categories - {'O', ''}))}. Out of scope: {', '.join(w[:-2] for w in outside)}. "
        "Bill those apart, or give them a tax of category E with its reason (a disbursement: VATEX-EU-79-C)"
    )
    return Problem("BR-O-11", "tax_category", words)


def _identified(invoice: Invoice, used: frozenset[str]) -> Iterator[Problem]:
    """Who needs which tax number; out of scope forbids them, and then we leave them out."""
    vat, fiscal = vat_id(invoice.seller), invoice.seller_tax_id
    seller, buyer = (invoice.field(role + ".vat_number") for role in ("{seller}", "{buyer}"))
    for category in sorted(used & {"S", "Z", "E", "AE", "L", "M", "K", "G"}):
        family = FAMILY.get(category, category)
        if not vat and (category in ("K", "G") or not fiscal):
            yield Problem(f"BR-{family}-02", seller, f"{seller} is empty; category {category} needs it")
        if category == "K" and not vat_id(invoice.buyer):
            yield Problem("BR-IC-02", buyer, f"{buyer} is empty; an intra-Community supply needs it")
        if category == "AE" and not (vat_id(invoice.buyer) or legal_id(invoice.buyer)[1]):
            words = f"{buyer} and the registration beside it are empty; reverse charge needs one"
            yield Problem("BR-AE-02", buyer, words)


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _sums(invoice: Invoice) -> Iterator[Problem]:
    doc, t = invoice.document, invoice.document.totals
    charges = sum((c.amount for c in doc.charges if c.kind == "charge"), Decimal())
    allowances = sum((c.amount for c in doc.charges if c.kind == "allowance"), Decimal())
    stated = (
        ("BR-CO-10", "totals.lines", t.lines, sum((line.net for line in doc.lines), Decimal())),
        ("BR-CO-11", "totals.allowances", t.allowances, allowances),
        ("BR-CO-12", "totals.charges", t.charges, charges),
        ("BR-CO-13", "totals.net", t.net, t.lines + t.charges - t.allowances),
        ("BR-CO-14", "totals.tax", t.tax, sum((x.amount for x in doc.taxes), Decimal())),
        ("BR-CO-15", "totals.gross", t.gross, t.net + t.tax),
        ("BR-CO-16", "totals.payable", t.payable, invoice.due - t.withholding),
    )
    for rule, field, given, computed in stated:
        if given != computed:
            yield Problem(rule, field, f"{field} is {given}, its parts make {computed}")
    yield from _tax_sums(invoice)
    if invoice.exponent > 2 and any(x % CENT for *_, x, _ in stated):
        words = f"amounts in {doc.currency} have three decimals here, and EN 16931 takes two"
        yield Problem("BR-DEC-12", "currency", words)


def _tax_sums(invoice: Invoice) -> Iterator[Problem]:
    doc = invoice.document
    bases: dict[tuple[str, Decimal], Decimal] = {}
    for line in doc.lines:
        _add(bases, line.tax_category, line.tax_rate, line.net)
    for charge in doc.charges:
        sign = 1 if charge.kind == "charge" else -1
        _add(bases, charge.tax_category, charge.tax_rate, sign * charge.amount)
    for tax in invoice.tax_sums:
        name, family = f"taxes, {tax.category} at {trimmed(tax.rate):f} %", FAMILY.get(tax.category, tax.category)
        base = bases.pop((tax.category, tax.rate), Decimal())
        if base != tax.base:
            yield Problem(f"BR-{family}-08", "taxes.base", f"{name}: base is {tax.base}, lines and charges make {base}")
        want = (tax.base * tax.rate / 100).quantize(CENT, ROUND_HALF_UP)
        if abs(want - tax.amount) >= 1:
            yield Problem("BR-CO-17", "taxes.amount", f"{name}: amount is {tax.amount}, base and rate make {want}")
    for (category, rate), base in bases.items():
        words = f"no row of taxes for category {category} at {trimmed(rate):f} %, though {base} is billed under it"
        yield Problem(f"BR-{FAMILY.get(category, category)}-01", "taxes", words)


def _add(bases: dict[tuple[str, Decimal], Decimal], category: str, rate: Decimal, amount: Decimal) -> None:
    key = (written(category), rate)
    bases[key] = bases.get(key, Decimal()) + amount


def _lines(invoice: Invoice) -> Iterator[Problem]:
    """EN 16931 states BT-131 = quantity x price - allowances and its Schematron does not test it: we do."""
    for line in invoice.document.lines:
        taken = sum((d.amount for d in line.discounts), Decimal())
        computed = line.quantity * line.unit_price - taken
        if abs(computed - line.net) > 2 * CENT:
            words = f"line {line.position}: net is {line.net}; quantity, unit price and discounts make {computed:f}"
            yield Problem("BT-131", "lines.net", words)


def _payment(invoice: Invoice) -> Iterator[Problem]:
    doc = invoice.document
    if invoice.means in CREDIT_TRANSFERS and not invoice.accounts:
        words = f"payment_means {invoice.means} is a credit transfer and company.bank_accounts has no account for it"
        yield Problem("BR-61", "company.bank_accounts", words)
    for charge in doc.charges:
        if not reason(charge) and not charge.reason_code:
            rule = "BR-38" if charge.kind == "charge" else "BR-33"
            yield Problem(rule, "charges.description", f"a {charge.kind} of {charge.amount} has no description")


def _period(invoice: Invoice) -> Iterator[Problem]:
    period = invoice.document.period
    if period and period[1] < period[0]:
        yield Problem("BR-29", "period", f"period ends {period[1]}, before it starts")


def advice(invoice: Invoice) -> list[Problem]:
    """What EN 16931 asks and its official rules for CII let pass: told, never a reason to refuse."""
    doc = invoice.document
    if invoice.due > 0 and not doc.is_credit and not doc.due_dates and not clean(doc.payment_terms):
        return [Problem("BR-CO-25", "due_dates", "there is an amount due but neither due_dates nor payment_terms")]
    return []


# -- a country's own rules ---------------------------------------------------------------------------------------------


def national(invoice: Invoice) -> list[Problem]:
    """Rules of the company's country beyond EN 16931; today those of France (BR-FR, flow 2)."""
    return list(_french(invoice, lists("FRA"))) if invoice.document.company.legislation == "FRA" else []


def _french(invoice: Invoice, law: dict[str, Any]) -> Iterator[Problem]:
    doc = invoice.document
    numbers = [("BR-FR-02", "number", doc.number)]
    numbers += [("BR-FR-02", "references, corrects", ref.number) for ref in invoice.preceding]
    for rule, field, number in numbers:
        if not re.fullmatch(law["number"], clean(number)):
            yield Problem(rule, field, f"{field} {number!r} must be 1 to 35 of A-Z a-z 0-9 + - _ /")
    codes = [n.subject_code for n in doc.notes if clean(n.text)]
    for code in law["notes"]:
        if codes.count(code) != 1:
            words = f"notes hold {codes.count(code)} of subject {code}, exactly one is compulsory"
            yield Problem("BR-FR-05", "notes", words)
    if doc.process_code not in law["process_codes"]:
        words = f"process_code {doc.process_code!r} is none of {', '.join(law['process_codes'])}"
        yield Problem("BR-FR-08", "process_code", words)
    yield from _french_parties(invoice, law)
    yield from _french_numbers(invoice, law)
    yield from _french_types(invoice, law)


def _french_parties(invoice: Invoice, law: dict[str, Any]) -> Iterator[Problem]:
    doc = invoice.document
    treatments = {clean(n.text) for n in doc.notes if n.subject_code == "BAR"}
    for text in sorted(treatments - set(law["treatments"])):
        yield Problem("BR-FR-20", "notes", f"note BAR says {text!r}, none of {', '.join(law['treatments'])}")
    for role, party in (("{seller}", invoice.seller), ("{buyer}", invoice.buyer)):
        scheme, siren = legal_id(party)
        domestic = role == "{seller}" or "B2B" in treatments
        field = invoice.field(role + ".registration_id")
        if (domestic or scheme == "0002") and not (scheme == "0002" and re.fullmatch(law["siren"], siren)):
            yield Problem("BR-FR-10", field, f"{field} must be a SIREN of 9 digits, registration_scheme 0002")
        kind, at = address(party)
        field = invoice.field(role + ".electronic_address")
        if not at:
            yield Problem("BR-FR-12", field, f"{field} is empty")
        elif kind == "0225" and not re.fullmatch(law["address"], at):
            yield Problem("BR-FR-23", field, f"{field} {at!r} must be up to 125 of A-Z a-z 0-9 + - _ .")
        receiver = "{seller}" if doc.untdid_code in law["self_billed_types"] else "{buyer}"
        if "B2B" in treatments and role == receiver and not (kind == "0225" and siren and at.startswith(siren)):
            yield Problem("BR-FR-21", field, f"{field} must be of scheme 0225 and start with the SIREN")


def _french_numbers(invoice: Invoice, law: dict[str, Any]) -> Iterator[Problem]:
    doc = invoice.document
    for where, category, rate in _taxed(invoice):
        if written(category) not in law["categories"]:
            yield Problem("BR-FR-15", "tax_category", f"{where}VAT category {category} is unknown in France")
        if f"{trimmed(rate):f}" not in law["rates"]:
            yield Problem("BR-FR-16", "tax_rate", f"{where}rate {trimmed(rate):f} % is none of the French rates")
    for line in doc.lines:
        if line.quantity != round(line.quantity, law["quantity_decimals"]):
            words = f"line {line.position}: quantity {trimmed(line.quantity):f} has more than 4 decimals"
            yield Problem("BR-FR-DEC-02", "lines.quantity", words)
    if doc.currency != "EUR" and doc.company.currency != "EUR":
        yield Problem("BR-FR-CO-12", "currency", "the VAT must be stated in EUR, and company.currency is another")


def _french_types(invoice: Invoice, law: dict[str, Any]) -> Iterator[Problem]:
    doc, code, process = invoice.document, invoice.document.untdid_code, invoice.document.process_code
    if code in law["corrective_types"] and len(invoice.preceding) != 1:
        yield Problem("BR-FR-CO-04", "references", f"type {code} corrects exactly one invoice")
    if code in law["credit_types"] and not any(ref.date for ref in invoice.preceding):
        words = f"type {code} must name the invoice it credits, with its date, in references of kind corrects"
        yield Problem("BR-FR-CO-05", "references", words)
    if code in law["rebate_types"] and not (invoice.first_number("contract") and doc.period):
        yield Problem("BR-FR-CO-03", "references", f"type {code} needs a reference to a contract, and a period")
    early = invoice.due_date is not None and invoice.due_date < doc.date
    paid = process in law["paid_processes"]
    if early and not paid and code not in law["advance_types"]:
        yield Problem("BR-FR-CO-07", "due_dates", "due_dates end before the date of the document")
    if process in law["final_processes"] and code in law["advance_types"]:
        yield Problem("BR-FR-CO-08", "process_code", f"process {process} does not go with type {code}")
    if paid and not (invoice.settled == doc.totals.gross and invoice.due == 0 and invoice.due_date):
        words = f"process {process} says it is paid: prepaid must be all of it, and due_dates hold the day"
        yield Problem("BR-FR-CO-09", "totals.prepaid", words)
