"""What EN 16931 asks of a document that a DocumentView does not say word for word.

In: a DocumentView. Out: an Invoice, which mapping, checks and page read. Pure, no third-party import.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import chain

from engine.spi import CompanyView, DocumentView, LineView, PartyView, ReferenceView
from plugins.facturx.lists import exponent, lists

Party = PartyView | CompanyView
CREDIT_TRANSFERS = ("30", "58")
# Directive 2006/112/EC calls Greece EL in VAT numbers; ISO 3166 calls it GR.
VAT_PREFIX = {"GR": "EL"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Text without the control characters that XML 1.0 forbids, trimmed. They have no glyph, so nothing is lost."""
    return _NOT_XML.sub("", text).strip()


@dataclass(frozen=True, slots=True)
class TaxSum:
    """BG-23: one row per (category, rate) as EN 16931 counts them."""

    category: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    exemption_code: str
    reason: str


@dataclass(frozen=True)
class Invoice:
    document: DocumentView

    @property
    def seller(self) -> Party:
        """Who supplies: the company, or the partner when we hold the document of a purchase (self-billing too)."""
        return self.document.partner if self.document.module == "purchase" else self.document.company

    @property
    def buyer(self) -> Party:
        return self.document.company if self.document.module == "purchase" else self.document.partner

    def field(self, name: str) -> str:
        """The document's own name of a field: seller and buyer are roles, company and partner are what people fill."""
        purchase = self.document.module == "purchase"
        return name.format(seller="partner" if purchase else "company", buyer="company" if purchase else "partner")

    @cached_property
    def exponent(self) -> int:
        return exponent(self.document.currency)

    @cached_property
    def outside_scope(self) -> bool:
        """Category O forbids the VAT numbers of both sides and every other category (BR-O-02, BR-O-11)."""
        return "O" in self.categories

    @cached_property
    def categories(self) -> frozenset[str]:
        doc = self.document
        billed = chain((x.tax_category for x in doc.lines), (x.tax_category for x in doc.charges))
        return frozenset((*billed, *(t.category for t in doc.taxes)))

    @cached_property
    def tax_sums(self) -> tuple[TaxSum, ...]:
        """Rows of one (category, rate) added up; two exemption reasons of one category share one row (BR-E-01)."""
        groups: dict[tuple[str, Decimal], list[int]] = {}
        for n, tax in enumerate(self.document.taxes):
            groups.setdefault((written(tax.category), tax.rate), []).append(n)
        sums = []
        for (category, rate), members in groups.items():
            rows = [self.document.taxes[n] for n in members]
            codes = unique(r.exemption_code for r in rows)
            reasons = unique(r.reason for r in rows)
            explained = category in lists("categories")["reasoned"]
            sums.append(
                TaxSum(
                    category,
                    rate,
                    sum((r.base for r in rows), Decimal()),
                    sum((r.amount for r in rows), Decimal()),
                    codes[0] if explained and len(codes) == 1 else "",
                    "; ".join(reasons if len(codes) < 2 else (*reasons, *codes)) if explained else "",
                )
            )
        return tuple(sums)

    @cached_property
    def split_tax(self) -> Decimal:
        """Tax of category B: the buyer pays it to the treasury, not to us (Italy, DPR 633/1972 art. 17-ter)."""
        return sum((t.amount for t in self.document.taxes if t.category == "B"), Decimal())

    @property
    def settled(self) -> Decimal:
        """BT-113, which EN 16931 takes off the total: what was prepaid, and the tax of a split payment."""
        return self.document.totals.prepaid + self.split_tax

    @property
    def due(self) -> Decimal:
        """BT-115. Withholding tax has no term in EN 16931: the customer owes it still, to the treasury in our name."""
        return self.document.totals.gross - self.settled + self.document.totals.rounding

    @cached_property
    def references(self) -> tuple[ReferenceView, ...]:
        """Of the document and of its lines, each number once."""
        found: dict[tuple[str, str], ReferenceView] = {}
        for ref in (*self.document.references, *chain.from_iterable(line.references for line in self.document.lines)):
            known = found.get((ref.kind, ref.number))
            if clean(ref.number) and (known is None or known.date is None):
                found[ref.kind, ref.number] = ref
        return tuple(found.values())

    def referenced(self, *kinds: str) -> tuple[ReferenceView, ...]:
        return tuple(r for r in self.references if r.kind in kinds)

    def first_number(self, kind: str) -> str:
        return next((r.number for r in self.referenced(kind)), "")

    @cached_property
    def preceding(self) -> tuple[ReferenceView, ...]:
        """BG-3: what this one corrects; without that, the invoices and advances it builds on."""
        return self.referenced("corrects") or self.referenced("invoice", "advance")

    @cached_property
    def supporting(self) -> tuple[ReferenceView, ...]:
        """BG-24: the references for which EN 16931 has a single place that is taken, or no place at all."""
        single = ("order", "contract", "delivery_note", "goods_receipt", "project", "tender")
        more = chain.from_iterable(self.referenced(kind)[1:] for kind in single)
        return (*more, *self.referenced("return", "proforma"))

    @property
    def due_date(self) -> date | None:
        """BT-9 holds one date, the last one: by then all is due. Instalments are told in BT-20."""
        return max((d.date for d in self.document.due_dates), default=None)

    @property
    def terms(self) -> str:
        due = self.document.due_dates
        parts = [f"{d.date.isoformat()}: {d.amount:.{self.exponent}f} {self.document.currency}" for d in due]
        return "\n".join((*unique((self.document.payment_terms,)), *(parts if len(due) > 1 else ())))

    @property
    def supply_date(self) -> date:
        """BT-72. Unsaid, it is the end of the period or the date of the document: Directive 2006/112/EC art. 226(7)
        asks to state it only when it differs, and CII has no room for saying nothing (an intra-Community supply
        needs a date: BR-IC-11; an empty delivery is warned about)."""
        doc = self.document
        return doc.supply_date or (doc.period[1] if doc.period else doc.date)

    @property
    def ship_to(self) -> Party | None:
        """BG-13. An intra-Community supply needs it (BR-IC-12); unsaid, goods go to the buyer."""
        return self.document.ship_to or (self.buyer if "K" in self.categories else None)

    @property
    def means(self) -> str:
        """BT-81, UNTDID 4461. None on a credit note: the account to pay to would be the customer's."""
        doc = self.document
        if doc.is_credit or doc.payment_means:
            return "" if doc.is_credit else doc.payment_means
        ibans = [iban for iban, _ in self.accounts]
        if not ibans:
            return "1"  # instrument not defined
        sepa = doc.currency == "EUR" and all(iban[:2] in lists("sepa")["countries"] for iban in ibans)
        return "58" if sepa else "30"

    @cached_property
    def accounts(self) -> tuple[tuple[str, str], ...]:
        """(IBAN, BIC) of the seller; those of a supplier are not in a DocumentView."""
        if self.document.module == "purchase" or self.document.is_credit:
            return ()
        plain = [
            (clean(iban).replace(" ", ""), clean(bic).replace(" ", ""))
            for iban, bic in self.document.company.bank_accounts
        ]
        return tuple(account for account in plain if account[0])

    @property
    def seller_tax_id(self) -> str:
        """BT-32: the tax number beside the VAT number; out of scope it stands in for it (BR-O-02)."""
        code = clean(self.seller.fiscal_code)
        if self.outside_scope:
            return code or vat_id(self.seller)
        return "" if code in vat_id(self.seller) else code

    @property
    def seller_id(self) -> str:
        """BT-29, only where nothing else names the seller (BR-CO-26)."""
        if legal_id(self.seller)[1] or (vat_id(self.seller) and not self.outside_scope):
            return ""
        return self.seller_tax_id

    @property
    def paid_later(self) -> bool:
        """BT-8: whether all tax of this document falls due when it is paid."""
        taxed = [t for t in self.document.taxes if t.amount]
        return bool(taxed) and all(t.due == "payment" for t in taxed)


def written(category: str) -> str:
    """The category as the XML says it."""
    replaced: dict[str, str] = lists("categories")["written_as"]
    return replaced.get(category, category)


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for t in map(clean, texts) if t))


def country(party: Party) -> str:
    return party.address.country or party.country


def vat_id(party: Party) -> str:
    """A VAT number with the country prefix that BR-CO-09 wants."""
    number = re.sub(r"[\s.\-]", "", clean(party.vat_number)).upper()
    if number and not number[:2].isalpha():
        return VAT_PREFIX.get(country(party), country(party)) + number
    return number


def legal_id(party: Party) -> tuple[str, str]:
    """(scheme, number) of BT-30 and BT-47. A SIRET names an establishment: its first nine digits are the company."""
    scheme, number = clean(party.registration_scheme), clean(party.registration_id).replace(" ", "")
    return ("0002", number[:9]) if scheme == "0009" else (scheme, number)


def establishment(party: Party) -> str:
    """The SIRET, for BT-29, BT-46 and BT-71."""
    return clean(party.registration_id).replace(" ", "") if clean(party.registration_scheme) == "0009" else ""


def address(party: Party) -> tuple[str, str]:
    """(scheme, electronic address) of BT-34 and BT-49: the one given, else the e-mail address."""
    if clean(party.electronic_address):
        return clean(party.electronic_address_scheme), clean(party.electronic_address)
    return ("EM", clean(party.email)) if clean(party.email) else ("", "")


def price(line: LineView, decimals: int | None) -> tuple[Decimal, Decimal, Decimal]:
    """(quantity, price, price base) of BT-129, BT-146 and BT-149.

    A price is never negative (BR-27): the sign moves to the quantity. A price with more decimals than a country takes
    is told per 10, 100 … units, which loses nothing.
    """
    sign = -1 if line.unit_price < 0 else 1
    quantity, amount, base = line.quantity * sign, line.unit_price * sign, Decimal(1)
    if decimals is not None:
        while -trimmed(amount).as_tuple().exponent > decimals:  # type: ignore[operator]
            amount, base = amount * 10, base * 10
    return quantity, amount, base


def trimmed(number: Decimal) -> Decimal:
    """Without trailing zeros, never in exponent form, and zero without a sign."""
    short = number.normalize() + 0
    return short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]
