"""The row generators of the document vocabulary: a request with the rows that are wished, and what else it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

from engine.journal.specimens.wishes import GROSS, NET, Dice, Wishes, both, is_empty
from engine.journal.specimens.world import UNSETTLED, Document, Specimen, World
from engine.kernel.codes import CREDITS, ZERO_RATED
from engine.kernel.money import ZERO, exponent, plain
from engine.parametrization import definitions as d
from engine.parametrization.vocabulary import DOCUMENT
from rules import BOOLEAN, DATE, TEXT, CodeSet, Type
from rules.cells import Among, Range

DAY = date(2026, 3, 1)
CATEGORIES = ("invoice", "credit_note", "debit_note", "credit_memo")
CURRENCIES = ("EUR", "EUR", "JPY", "KWD")
UNTAXED = Among(ZERO_RATED)
LARGE = Decimal(100_000)
HALF, WHOLE = Decimal("0.5"), Decimal(1)
SETTLED = (UNSETTLED, (ZERO, HALF), (ZERO, WHOLE), (HALF, WHOLE), (WHOLE, WHOLE))
TAXED_AT = 20  # one of the rates of category S
TYPED = {"charges": ("amount",), "withholdings": ("base",), "prepaid": ("amount", "tax")}
"""What is typed as money in a request, to the cent."""
Row = tuple[str, Wishes]
"""The kind of a row, and what is wished of it."""


class Maker:
    """Every choice that is not wished is chance. `module` is that of the journal, "" for both."""

    def __init__(self, world: World, dice: Dice, module: str) -> None:
        self.world, self.dice = world, dice
        self.modules = [module] if module else ["sales", "purchase"]
        self._rows: dict[str, Callable[[Document, Wishes, bool], None]] = {
            "line": self._line, "charge": self._charge, "tax": self._line, "due_date": self._due_date,
            "withholding": self._withholding, "prepaid": self._prepaid,
        }  # fmt: skip

    def make(self, wishes: Wishes, rows: Sequence[Row], large: bool, rich: bool) -> Specimen:
        """`large`: with a large line beside the rows; `rich`: with discounts, odd quantities, any category."""
        dice = self.dice
        module = dice.text("document.module", wishes, self.modules)
        category = self._category(wishes, rich)
        company = self._company(wishes)
        asked: Document = {
            "company": company.code,
            "category": category,
            "date": dice.day("document.date", wishes, DAY).isoformat(),
            "customer" if module == "sales" else "supplier": self._party(wishes),
            "lines": [],
        }
        if category in CREDITS:
            asked["references"] = [{"kind": "corrects", "number": "X-1", "date": DAY.isoformat()}]
        asked |= self._texts("document", ("subject", "supplier_number", "language"), wishes)
        currency = dice.text("document.currency", wishes, CURRENCIES if rich else CURRENCIES[:1])
        asked |= {} if currency == "EUR" else {"currency": currency, "exchange_rate": "1.25"}
        if "document.due_date" in wishes:
            asked["due_date"] = dice.day("document.due_date", wishes, DAY).isoformat()
        more: dict[str, tuple[Any, ...]] = {}
        for row, wish in rows:
            if row in self._rows:
                self._rows[row](asked, wish, rich)
            else:
                key = DOCUMENT.collections[row].key
                more[key] = (*more.get(key, ()), self.imagined(row, wish))
        if large or not asked["lines"]:
            self._line(asked, {"line.net": _point(LARGE)}, False)
        settled = dice.one(SETTLED) if "settlement" in dice.hints.rows else UNSETTLED
        kind = self._type(wishes, module, category)
        return Specimen(_to_the_cent(asked, exponent(currency)), company, kind, more, settled)

    def any(self, wishes: Wishes) -> Specimen:
        """Any document, of many rows."""
        dice = self.dice
        kinds = ["line"] * dice.one((1, 2, 3, 5))
        for kind in DOCUMENT.collections:
            if kind not in ("line", "tax") and kind in {*self._rows, *dice.hints.rows}:
                kinds += [kind] * dice.one((0, 0, 1, 2))
        rows: list[Row] = [(kind, {}) for kind in kinds]
        return self.make(wishes, rows, large=dice.chance(0.4), rich=dice.chance(0.7))

    def totals(self, wishes: Wishes) -> list[Row]:
        """Lines that come to the totals wished: one untaxed, or where they must differ by tax, one taxed besides."""
        same = both(wishes.get(NET), wishes.get(GROSS))
        if not is_empty(same):
            return [("line", {"line.net": same, "line.tax_category": UNTAXED})]
        net, gross = (self.dice.amount(name, {name: both(wishes.get(name), None)}) for name in (NET, GROSS))
        taxed = (gross - net) * 100 / TAXED_AT
        fifth = Range(Fraction(TAXED_AT), True, Fraction(TAXED_AT), True)
        return [
            ("line", {"line.net": _point(net - taxed), "line.tax_category": UNTAXED}),
            ("line", {"line.net": _point(taxed), "line.tax_category": Among(frozenset({"S"})), "line.tax_rate": fifth}),
        ]

    def imagined(self, kind: str, wishes: Wishes) -> Any:
        """A row that drafting does not make, such as one of a payment: its fields by their types alone."""
        record = DOCUMENT.collections[kind].record.fields
        return SimpleNamespace(**{name: self._value(f"{kind}.{name}", of, wishes) for name, of in record.items()})

    def _value(self, name: str, kind: Type, wishes: Wishes) -> Any:
        if isinstance(kind, CodeSet):
            return self.dice.text(name, wishes, kind.codes)
        if kind == TEXT:
            return self.dice.text(name, wishes, [""])
        if kind == DATE:
            return self.dice.day(name, wishes, DAY)
        if kind == BOOLEAN:
            return self.dice.truth(name, wishes, 0.5)
        return self.dice.amount(name, wishes)

    # Whose document it is

    def _category(self, wishes: Wishes, rich: bool) -> str:
        """One of the usual categories, if the wish leaves any of them."""
        wish = wishes.get("document.category")
        if isinstance(wish, Among) and wish.texts is not None:
            wishes = {"document.category": Among(wish.texts & frozenset(CATEGORIES) or wish.texts)}
        return self.dice.text("document.category", wishes, CATEGORIES if rich else CATEGORIES[:1])

    def _company(self, wishes: Wishes) -> d.Company:
        dice = self.dice
        return d.Company(
            code=dice.text("company.code", wishes, ["TRIAL"]),
            name="Trial",
            legislation=dice.text("company.legislation", wishes, [self.world.legislation]),
            currency=dice.text("company.currency", wishes, ["EUR"]),
            language=dice.text("company.language", wishes, ["fr"]),
            tax_regime=dice.text("company.tax_regime", wishes, [""]),
            vat_on_debits=dice.truth("company.vat_on_debits", wishes, 0.3),
            vat_number=dice.text("company.vat_number", wishes, ["FR1"]),
            address=d.Address(country=dice.text("company.country", wishes, ["FR"])),
        )

    def _type(self, wishes: Wishes, module: Any, category: Any) -> d.InvoiceType:
        dice = self.dice
        return d.InvoiceType(
            code=dice.text("type.code", wishes, ["TRIAL"]),
            module=module,
            category=category,
            cash_vat=dice.truth("type.cash_vat", wishes, 0.2),
            self_billed=dice.truth("type.self_billed", wishes, 0.1),
            untdid_code=dice.text("type.untdid_code", wishes, [""]),
            national_code=dice.text("type.national_code", wishes, [""]),
        )

    def _party(self, wishes: Wishes) -> Document:
        usual = {"name": "Partner", "country": "FR", "vat_number": "FR2", "kind": "business"}
        names = ("code", "name", "kind", "country", "vat_number", "fiscal_code", "email", "language")
        said = self._texts("partner", names, wishes, usual)
        return said | {"address": {"country": said["country"]}}

    def _texts(self, owner: str, names: Sequence[str], wishes: Wishes, usual: Document | None = None) -> Document:
        """Texts for some names, those that are not blank."""
        said = {name: self.dice.text(f"{owner}.{name}", wishes, [(usual or {}).get(name, "")]) for name in names}
        return {name: text for name, text in said.items() if text}

    # Its rows

    def _line(self, asked: Document, wishes: Wishes, rich: bool) -> None:
        dice = self.dice
        net = dice.amount("line.net", wishes)
        quantity = Decimal(dice.one(("1", "2", "0.5")) if rich else 1)
        free = "line.net" not in wishes and asked["category"] not in CREDITS
        below = net < 0 or (rich and free and dice.chance(0.15))
        line: Document = {
            "description": dice.text("line.description", wishes, ["thing"]),
            "quantity": plain(-quantity if below else quantity),
            "unit_price": plain(abs(net) / quantity),
            "tax_code": self._tax_code("line" if any(name.startswith("line.") for name in wishes) else "tax", wishes),
            "nature": dice.text("line.nature", wishes, ["goods", "service"]),
        }
        if rich:
            line["discounts"] = [{"percent": "10"}, {"amount": "0.01"}][: dice.one((0, 1, 2))]
        asked["lines"].append(line | self._texts("line", ("product", "account", "unit"), wishes))

    def _charge(self, asked: Document, wishes: Wishes, rich: bool) -> None:
        amount = self.dice.amount("charge.amount", wishes)
        kind = self.dice.text("charge.kind", wishes, ["charge", "allowance"])
        by_percent = rich and self.dice.chance(0.4)
        if isinstance(wishes.get("charge.amount"), Range) and (amount < 0) != (kind == "allowance"):
            by_percent = True  # only a percent of less than nothing turns the sign
            self._line(asked, {"line.net": _point(-10 * abs(amount))}, False)
            self._charge(asked, {"charge.kind": Among(frozenset({"charge"})), "charge.tax_category": UNTAXED}, False)
            asked["charges"][-1]["amount"] = plain(20 * abs(amount))
        how = {"percent": self.dice.one(("10", "3.33"))} if by_percent else {"amount": plain(abs(amount))}
        charge = {"kind": kind, "description": "x", **how, "tax_code": self._tax_code("charge", wishes)}
        asked.setdefault("charges", []).append(charge | self._texts("charge", ("code",), wishes))

    def _tax_code(self, row: str, wishes: Wishes) -> str:
        """A tax like the one wished for a line, a charge or a tax row."""
        prefix = "" if row == "tax" else "tax_"
        code, category, due, rate = (
            wishes.get(f"{row}.{prefix}{name}") for name in ("code", "category", "due", "rate")
        )
        found = [
            tax.code
            for tax in self.world.taxes.values()
            if _may_be(code, tax.code) and _may_be(category, tax.category) and _may_be(due, tax.due or "invoice")
            if not isinstance(rate, Range) or "=" in rate.positions(Fraction(tax.rate[0].percent))
        ]
        return self.dice.one(found or list(self.world.taxes))

    def _withholding(self, asked: Document, wishes: Wishes, rich: bool) -> None:
        code = self.dice.text("withholding.code", wishes, list(self.world.withholdings))
        base = {"base": plain(self.dice.amount("withholding.base", wishes))} if rich else {}
        asked.setdefault("withholdings", []).append({"code": code, **base})

    def _prepaid(self, asked: Document, wishes: Wishes, rich: bool) -> None:
        row = {"amount": plain(self.dice.amount("prepaid.amount", wishes))}
        if self.dice.chance(0.5):
            row["tax"] = plain(min(self.dice.amount("prepaid.tax", wishes), Decimal(row["amount"])))
        asked.setdefault("prepaid", []).append(row | self._texts("prepaid", ("reference",), wishes))

    def _due_date(self, asked: Document, wishes: Wishes, rich: bool) -> None:
        """Equal parts, but for the first, which takes what is left of 100 %."""
        asked.pop("due_date", None)
        day = self.dice.day("due_date.date", wishes, DAY + timedelta(days=30))
        parts = asked.setdefault("due_dates", [])
        parts.append({"date": day.isoformat()} | self._texts("due_date", ("method",), wishes))
        share = 100 // len(parts)
        for place, part in enumerate(parts):
            part["percent"] = str(share if place else 100 - share * (len(parts) - 1))


def _point(amount: Decimal) -> Range:
    return Range(Fraction(amount), True, Fraction(amount), True)


def _may_be(wish: Any, text: str) -> bool:
    if not isinstance(wish, Among):
        return True
    return text in wish.texts if wish.texts is not None else text not in wish.but


def _to_the_cent(asked: Document, decimals: int) -> Document:
    """Amounts that are typed as money, rounded to what the currency has."""
    for key, names in TYPED.items():
        for row in asked.get(key, ()):
            row.update({name: plain(round(Decimal(row[name]), decimals)) for name in names if name in row})
    return asked
