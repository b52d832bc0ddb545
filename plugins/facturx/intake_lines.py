"""Lines, document charges and allowances of a CII invoice, so that our arithmetic comes to the file's figures.

A line of ours has a quantity, a price and discounts; CII has more ways to say the same. What has no place in a line
becomes a line of its own: a charge on a line, the sums of a file without lines (MINIMUM, BASIC WL).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from plugins.facturx.invoice import trimmed
from plugins.facturx.lists import exponent

if TYPE_CHECKING:
    from lxml.etree import _Element

    from plugins.facturx.reading import Reader

Told = dict[str, Any]
FINE = Decimal("0.00000001")
"""What a quantity or a price can hold."""
TAX = ("tax_category", "tax_rate", "tax_exemption")
NOT_COUNTED = frozenset({"GROUP", "INFORMATION"})
"""Lines of EXTENDED that head others, or only tell something."""


def plain(number: Decimal) -> str:
    return f"{trimmed(number):f}"


class Sold:
    """`sign` -1 turns a negative invoice into a credit."""

    def __init__(
        self, reader: Reader, deal: _Element | None, settlement: _Element | None, totals: Mapping[str, Decimal],
        currency: str, sign: int,
    ) -> None:  # fmt: skip
        self.reader, self.settlement, self.totals, self.sign = reader, settlement, totals, sign
        self.items = reader.each(deal, "IncludedSupplyChainTradeLineItem")
        self.cent = Decimal(1).scaleb(-exponent(currency))
        self.nets: list[Decimal | None] = []

    def told(self) -> dict[str, str]:
        """The nets the file gives for our lines, beside its totals: `lines.0`, `lines.1` …"""
        return {f"lines.{n}": plain(net) for n, net in enumerate(self.nets) if net is not None}

    def lines(self) -> list[Told]:
        found: list[Told] = []
        for item in self.items:
            for line, net in self._lines_of(item, f"lines.{len(found)}"):
                found.append(line)
                self.nets.append(net)
        return found if self.items else list(self._summed())

    def _lines_of(self, item: _Element, field: str) -> Iterator[tuple[Told, Decimal | None]]:
        reader = self.reader
        product = reader.one(item, "SpecifiedTradeProduct")
        name, more = reader.text(product, "Name"), reader.text(product, "Description")
        note = reader.each(item, "AssociatedDocumentLineDocument/IncludedNote/Content")
        reader.mark(item, "AssociatedDocumentLineDocument/LineID", "AssociatedDocumentLineDocument/ParentLineID")
        status = reader.word(item, "AssociatedDocumentLineDocument/LineStatusReasonCode")
        words = "\n".join(filter(None, (name, more, *(reader.value(one) for one in note))))[:2000]
        if status in NOT_COUNTED:
            reader.mark(item, "SpecifiedLineTradeAgreement", "SpecifiedLineTradeDelivery")
            reader.mark(item, "SpecifiedLineTradeSettlement", "SpecifiedTradeProduct")
            reader.warnings.append(f"a line that is not counted ({status}) is left out: {name[:60]}")
            return
        settled = reader.one(item, "SpecifiedLineTradeSettlement")
        tax = self._tax(reader.one(settled, "ApplicableTradeTax"), field)
        net = reader.number(settled, "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount", f"{field}.net")
        discounts, charges = self._allowances(settled, field)
        own = None if net is None else self.sign * net - sum((amount for _, amount in charges), Decimal(0))
        line = {"description": words or "?", **self._sold(item, own, discounts, field), **tax}
        line |= self._identified(product) | self._references(item)
        yield line, own
        for reason, amount in charges:
            yield self._flat(reason, amount, tax), amount

    def _sold(self, item: _Element, net: Decimal | None, discounts: list[Told], field: str) -> Told:
        """Quantity, price and discounts that come to the net of the file, if any way of telling them does."""
        reader = self.reader
        agreed, delivered = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice", "SpecifiedLineTradeDelivery"
        reader.mark(item, "SpecifiedLineTradeAgreement/GrossPriceProductTradePrice")
        price = reader.number(item, f"{agreed}/ChargeAmount", f"{field}.unit_price")
        base = reader.number(item, f"{agreed}/BasisQuantity", f"{field}.unit_price")
        quantity = reader.number(item, f"{delivered}/BilledQuantity", f"{field}.quantity")
        unit = next((one.get("unitCode", "") for one in reader.each(item, f"{delivered}/BilledQuantity")), "")
        if price is None or quantity is None:
            price, quantity, base, discounts = net or Decimal(0), Decimal(self.sign), None, []
        if base == 0:
            reader.wrong(f"{field}.unit_price", "number", "the price is per 0 units")
            base = None
        quantity *= self.sign
        if price < 0:
            price, quantity = -price, -quantity
        best: Told = {}
        for many, each in _ways(quantity, price, base or Decimal(1)):
            for given in _tellings(discounts):
                best = best or _line(many, each, given)
                if net is not None and self._comes_to(many, each, given) == net:
                    return _line(many, each, given) | _unit(unit)
        return best | _unit(unit)

    def _comes_to(self, quantity: Decimal, price: Decimal, discounts: list[Told]) -> Decimal:
        left = quantity * price
        for one in discounts:
            left -= left * Decimal(one["percent"]) / 100 if "percent" in one else Decimal(one["amount"])
        return self._cents(left)

    def _cents(self, amount: Decimal) -> Decimal:
        return amount.quantize(self.cent, ROUND_HALF_UP)

    def _allowances(self, settled: _Element | None, field: str) -> tuple[list[Told], list[tuple[str, Decimal]]]:
        """Discounts of a line as {"percent"?, "amount"}; charges on it as (why, amount)."""
        reader = self.reader
        discounts: list[Told] = []
        charges: list[tuple[str, Decimal]] = []
        for one in reader.each(settled, "SpecifiedTradeAllowanceCharge"):
            amount = reader.number(one, "ActualAmount", f"{field}.discounts") or Decimal(0)
            percent = reader.number(one, "CalculationPercent", f"{field}.discounts")
            reader.mark(one, "BasisAmount", "ReasonCode")
            why = reader.text(one, "Reason")
            if reader.yes(one, "ChargeIndicator/udt:Indicator"):
                charges.append((why or "charge", self.sign * amount))
                continue
            worth, by_rate = self.sign * amount, percent is not None and 0 < percent <= 100
            if worth < 0 and not by_rate:
                charges.append((why or "discount taken back", -worth))
            elif worth:
                told = {"amount": plain(worth)}
                discounts.append(told | ({"percent": plain(percent)} if by_rate and percent is not None else {}))
        return discounts, charges

    def _tax(self, at: _Element | None, field: str) -> Told:
        reader = self.reader
        reader.mark(at, "TypeCode", "ExemptionReason")
        category, code = reader.word(at, "CategoryCode"), reader.word(at, "ExemptionReasonCode").upper()
        rate = reader.number(at, "RateApplicablePercent", f"{field}.tax_rate")
        if not category:
            return {}
        code = code or self.exemptions.get(category, "")
        told = {"tax_category": category, "tax_rate": plain(rate or Decimal(0))}
        return told | ({"tax_exemption": code} if code else {})

    @cached_property
    def exemptions(self) -> dict[str, str]:
        """BT-121 by category; one category has one reason in EN 16931."""
        reader = self.reader
        rows = reader.each(self.settlement, "ApplicableTradeTax")
        told = [(reader.word(one, "CategoryCode"), reader.word(one, "ExemptionReasonCode").upper()) for one in rows]
        return {category: code for category, code in told if code}

    def _identified(self, product: _Element | None) -> Told:
        reader = self.reader
        told = {"sku": reader.word(product, "SellerAssignedID"), "product": reader.word(product, "BuyerAssignedID")}
        return {name: text for name, text in told.items() if text}

    def _references(self, item: _Element) -> Told:
        reader, at = self.reader, "SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument"
        line, number = reader.word(item, f"{at}/LineID"), reader.word(item, f"{at}/IssuerAssignedID")
        if line and not number:
            header = self.reader.root.iterfind(
                ".//{*}ApplicableHeaderTradeAgreement/{*}BuyerOrderReferencedDocument/{*}IssuerAssignedID"
            )
            number = next(((one.text or "").strip() for one in header), "")
        if not number:
            return {}
        return {"references": [{"kind": "order", "number": number} | ({"line": line} if line else {})]}

    def _flat(self, words: str, amount: Decimal, tax: Told) -> Told:
        """A line that is nothing but its amount."""
        sign = -1 if amount < 0 else 1
        return {"description": words[:2000], "quantity": str(sign), "unit_price": plain(abs(amount)), **tax}

    # --- without lines ----------------------------------------------------------------------------------------------

    def _summed(self) -> Iterator[Told]:
        """One line per row of the VAT breakdown, less the charges told apart; else one line for the whole."""
        reader = self.reader
        reader.warnings.append("the file has no lines (MINIMUM or BASIC WL): one line stands for each sum of its VAT")
        rows: list[tuple[Told, Decimal]] = []
        for one in reader.each(self.settlement, "ApplicableTradeTax"):
            base = reader.number(one, "BasisAmount", "taxes")
            tax = self._tax(one, "taxes")
            if base is not None and tax:
                rows.append((tax, self.sign * base))
        charges = list(self._signed())
        rows = [(tax, base - sum((worth for on, worth in charges if on == tax), Decimal(0))) for tax, base in rows]
        if not rows:
            net = self.totals.get("net", self.totals.get("gross", Decimal(0)))
            rows = [(self._guessed(net), net)]
        for tax, net in rows:
            called = " ".join(filter(None, ("VAT", tax.get("tax_category", ""), tax.get("tax_rate", ""))))
            yield self._flat(f"{called} %" if tax else "total without VAT", net, tax)
            self.nets.append(net)

    def _guessed(self, net: Decimal) -> Told:
        """The one rate that gives the tax, where only sums are told."""
        tax = self.totals.get("tax")
        if not net or tax is None:
            return {}
        rate = (tax / net * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if not rate or self._cents(net * rate / 100) != tax:
            return {}
        return {"tax_category": "S", "tax_rate": plain(rate)}

    def _signed(self) -> Iterator[tuple[Told, Decimal]]:
        for one in self.charges:
            tax: Told = {name: one[name] for name in TAX if name in one}
            amount = Decimal(one["amount"])
            yield tax, amount if one["kind"] == "charge" else -amount

    # --- on the document --------------------------------------------------------------------------------------------

    @cached_property
    def charges(self) -> list[Told]:
        """BG-20, BG-21, and what EXTENDED calls logistics; amounts are positive, a negative one changes sides."""
        reader, found = self.reader, []
        for n, one in enumerate(reader.each(self.settlement, "SpecifiedTradeAllowanceCharge")):
            field = f"charges.{n}"
            added = reader.yes(one, "ChargeIndicator/udt:Indicator")
            amount = reader.number(one, "ActualAmount", f"{field}.amount")
            reader.mark(one, "CalculationPercent", "BasisAmount", "SequenceNumeric")
            tax = self._tax(reader.one(one, "CategoryTradeTax"), field)
            reason, code = reader.text(one, "Reason"), reader.word(one, "ReasonCode")
            found.append(self._charge(added, amount, reason, code, tax))
        for one in reader.each(self.settlement, "SpecifiedLogisticsServiceCharge"):
            amount = reader.number(one, "AppliedAmount", "charges")
            tax = self._tax(reader.one(one, "AppliedTradeTax"), "charges")
            found.append(self._charge(True, amount, reader.text(one, "Description"), "", tax))
        for one in reader.each(self.settlement, "ApplicableTradeTax"):  # they follow from the lines; totals compare
            reader.mark(one, "CalculatedAmount", "BasisAmount", "TypeCode", "CategoryCode", "RateApplicablePercent")
            reader.mark(one, "ExemptionReason", "ExemptionReasonCode", "DueDateTypeCode", "LineTotalBasisAmount")
            reader.mark(one, "AllowanceChargeBasisAmount")
        return found

    def _charge(self, added: bool, amount: Decimal | None, reason: str, code: str, tax: Told) -> Told:
        worth = self.sign * (amount or Decimal(0))
        kind = "charge" if added == (worth >= 0) else "allowance"
        told = {"kind": kind, "description": reason or kind, "amount": plain(abs(worth)), **tax}
        return told | ({"reason_code": code} if code else {})


def _ways(quantity: Decimal, price: Decimal, base: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """A price per `base` units: as a price per unit, as fewer units, or rounded to what a price can hold."""
    for many, each in ((quantity, price / base), (quantity / base, price)):
        if many == many.quantize(FINE) and each == each.quantize(FINE):
            yield many, each
    yield quantity.quantize(FINE, ROUND_HALF_UP), (price / base).quantize(FINE, ROUND_HALF_UP)


def _tellings(discounts: list[Told]) -> Iterator[list[Told]]:
    """By percent where there is one, else by amount."""
    yield [{"percent": one["percent"]} if "percent" in one else {"amount": one["amount"]} for one in discounts]
    if not any(one["amount"].startswith("-") for one in discounts):
        yield [{"amount": one["amount"]} for one in discounts]


def _line(quantity: Decimal, price: Decimal, discounts: list[Told]) -> Told:
    told: Told = {"quantity": plain(quantity), "unit_price": plain(price)}
    return told | ({"discounts": discounts} if discounts else {})


def _unit(code: str) -> Told:
    return {"unit": code.upper()} if code and len(code) <= 3 and code.isalnum() else {}
