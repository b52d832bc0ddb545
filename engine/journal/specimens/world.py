"""What specimens live in: made-up taxes and withholdings, a company and a type; and the real drafting of a specimen.

There is a tax for every category and moment it is due, so that every document the vocabulary allows can be had. Only a
tax that the journal names by its code is the catalog's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal, localcontext
from typing import Any

from engine.drafting import facts
from engine.drafting.draft import draft
from engine.drafting.request import read_request
from engine.drafting.taxation import SELF_ASSESSED
from engine.journal.specimens.wishes import Hints
from engine.kernel.codes import TAX_CATEGORIES
from engine.kernel.faults import Faulty
from engine.kernel.money import EXACT, ZERO, plain, rounded
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.parametrization.words import Code

RATES = {"S": ("20", "5.5"), "B": ("22",), "L": ("7",), "M": ("4",)}
ASSESSED_AT = 20
USUAL_LEGISLATION = "FRA"
TAX_NAMES = ("line.tax_code", "charge.tax_code", "tax.code")
UNSETTLED = (ZERO, ZERO)
Document = dict[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A document as it is asked for, and whose it is.

    `more` are rows that drafting does not make, by their key; `settled` is how much of the document is settled before
    and after what runs now, as shares of the whole.
    """

    request: Document
    company: d.Company
    type: d.InvoiceType
    more: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    settled: tuple[Decimal, Decimal] = UNSETTLED

    @property
    def is_imagined(self) -> bool:
        """Is it more than drafting makes?"""
        return bool(self.more) or self.settled != UNSETTLED


class World:
    """`hints` are what a journal knows; `catalog` where taxes that it names are looked for."""

    def __init__(self, hints: Hints, legislation: str, catalog: Catalog | None) -> None:
        self.legislation = legislation or USUAL_LEGISLATION
        self.taxes = {tax.code: tax for tax in _taxes(hints)}
        named = {code for name in TAX_NAMES for code in hints.texts.get(name, ()) if code}
        self.taxes.update((code, _named_tax(code, catalog)) for code in sorted(named))
        self.withholdings = {code: _withholding(code, percent) for code, percent in (("W20", "20"), ("W4", "4"))}
        self.withholdings.update((code, _withholding(code, "20")) for code in hints.texts.get("withholding.code", ()))
        methods = [d.PaymentMethod(code=code) for code in hints.texts.get("due_date.method", ()) if code]
        self._records: list[d.Record] = [*self.taxes.values(), *self.withholdings.values(), *methods]
        self._catalogs: dict[str, Catalog] = {}

    def catalog(self, legislation: str) -> Catalog:
        """The same records under a legislation."""
        if legislation not in self._catalogs:
            law = d.LegislationRecord(code=legislation, country="FR", currency="EUR", language="fr")
            bodies: dict[str, dict[str, d.Record | str]] = {}
            for record in (*self._records, law):
                bodies.setdefault(record.TABLE, {})[record.key] = record
            self._catalogs[legislation] = Catalog(bodies)
        return self._catalogs[legislation]

    def facts(self, specimen: Specimen) -> Values | None:
        return facts_of(specimen, self.catalog(specimen.company.legislation))

    def setting(self, specimen: Specimen) -> Document:
        """What a specimen rests on besides its request, as data: company, type, taxes, withholdings."""
        codes = {one["tax_code"] for one in (*specimen.request["lines"], *specimen.request.get("charges", ()))}
        taxes = {
            code: {"category": tax.category, "percent": plain(tax.rate[0].percent), "due": tax.due}
            | ({"self_assessed": plain(tax.self_assessed[0].percent)} if tax.self_assessed else {})
            for code, tax in self.taxes.items()
            if code in codes
        }
        withheld = {one["code"] for one in specimen.request.get("withholdings", ())}
        withholdings = {code: plain(one.rate[0].percent) for code, one in self.withholdings.items() if code in withheld}
        told = {"company": _said(specimen.company), "invoice_type": _said(specimen.type), "taxes": taxes}
        told |= {"withholdings": withholdings} if withholdings else {}
        more: Document = {
            key: [{name: str(value) for name, value in vars(row).items()} for row in specimen.more[key]]
            for key in specimen.more
        }
        if specimen.settled != UNSETTLED:
            more["settlement"] = dict(zip(("before", "after"), map(plain, specimen.settled), strict=True))
        return told | more


def facts_of(specimen: Specimen, catalog: Catalog) -> Values | None:
    """What formulas see of a specimen, drafted as any document is; None where there can be no such document."""
    try:
        request = read_request(specimen.request).request
        with localcontext(EXACT):
            values = facts.of(draft(request, specimen.company, specimen.type, catalog), catalog)
    except Faulty:
        return None
    settlement, currency = values["settlement"], values["document"].currency
    before, after = (rounded(settlement.whole * share, currency) for share in specimen.settled)
    settled = replace(settlement, before=before, after=after, exigible_before=before, exigible_after=after)
    return {**values, "settlement": settled, **specimen.more}


def _said(record: d.Record) -> Document:
    """The plain fields of a record that are not as when nothing is said."""
    values = {one.name: getattr(record, one.name) for one in fields(record)}
    return {name: value for name, value in values.items() if isinstance(value, str | bool) and value}


def _taxes(hints: Hints) -> list[d.Tax]:
    found = []
    for category in TAX_CATEGORIES:
        percents = [Decimal(percent) for percent in RATES.get(category, ("0",))]
        percents += [percent for percent in hints.percents if category in RATES and percent <= 100]
        for percent in dict.fromkeys(percents):
            for due, mark in (("invoice", ""), ("payment", "P")):
                found.append(_tax(f"{category}{plain(percent)}{mark}", category, percent, due))
    return found


def _tax(code: str, category: Any, percent: Decimal, due: Any) -> d.Tax:
    rate = (d.Rate(percent=percent),)
    assessed = (d.Rate(percent=Decimal(ASSESSED_AT)),) if category in SELF_ASSESSED else ()
    return d.Tax(code=code, category=category, due=due, rate=rate, text={"en": "x"}, self_assessed=assessed)


def _named_tax(code: Code, catalog: Catalog | None) -> d.Tax:
    """The catalog's tax of a code, in force always and everywhere; one made up where it has none."""
    known = catalog.table(d.Tax).values() if catalog else ()
    tax = next((one for one in known if one.code == code and one.rate), None)
    if tax is None:
        return _tax(code, "S", Decimal(20), "invoice")
    rate = replace(tax.rate[-1], valid_from=None, valid_to=None)
    made = replace(tax, legislation="", company_group="", active=True, valid_from=None, valid_to=None, rate=(rate,))
    return made if made.text or made.exemption_code else replace(made, text={"en": "x"})


def _withholding(code: str, percent: str) -> d.Withholding:
    return d.Withholding(code=code, rate=(d.Rate(percent=Decimal(percent)),))
