"""What a document is drafted on: the request, the company, the type, the catalog; and where faults are gathered.

Every part of drafting asks the desk for records and leaves its faults there, so that all are told at once.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.drafting import facts
from engine.drafting.request import Party, Request
from engine.kernel.codes import CREDITS
from engine.kernel.faults import Fault, FaultKind, choices, clipped
from engine.parametrization.catalog import WHY, Catalog
from engine.parametrization.definitions import Company, InvoiceType, NamedFormula, Scoped
from rules import FormulaFailed
from rules.errors import FAILURES

UNKNOWN_REFERENCE = FaultKind(
    "unknown_reference", "{company} may not use {table} {code!r} on {date}: {why}", "{remedy}"
)
RATE_MISSING = FaultKind(
    "exchange_rate_missing",
    "the document is in {currency}, the company in {own}",
    "add `exchange_rate`: {own} per {currency}",
)
RATE_UNEXPECTED = FaultKind(
    "exchange_rate_unexpected", "document and company are both in {currency}", "leave `exchange_rate` out"
)

if TYPE_CHECKING:
    from engine.drafting.taxation import TaxUse

Kind = TypeVar("Kind", bound=Scoped)


@lru_cache(maxsize=64)
def _instead(code: str, usable: frozenset[str]) -> str:
    """What the company may use: looked out once, though ten thousand lines may have the same slip."""
    return choices(code, usable, "define one in a pack: the company may use none on that date")


class Desk:
    """`origin` is the tax point of the document that this one corrects, when it is one of ours."""

    def __init__(
        self, request: Request, company: Company, invoice_type: InvoiceType, catalog: Catalog, origin: date | None
    ) -> None:
        self.request, self.company, self.type, self.catalog = request, company, invoice_type, catalog
        self.faults: list[Fault] = []
        self.is_credit = invoice_type.category in CREDITS
        self.tax_uses: dict[tuple[str, str, str, date], TaxUse] = {}  # taxation: alike lines bear the same
        self.wanted = "customer" if invoice_type.module == "sales" else "supplier"
        self.partner: Party | None = getattr(request, self.wanted)
        self.own_currency = catalog.currency_of(company)
        self.currency = request.currency or self.own_currency
        partners = self.partner.language if self.partner else ""
        self.language = request.language or partners or catalog.language_of(company)
        self.tax_point = origin or self._corrected_date() or request.supply_date or request.date

    @cached_property
    def nature(self) -> str:
        """That of the lines when they have but one; a mixed document counts as goods."""
        natures = {line.nature for line in self.request.lines}
        return next(iter(natures)) if len(natures) == 1 else "goods"

    @cached_property
    def known(self) -> dict[str, Any]:
        """What formulas may name before anything is computed."""
        return facts.before_amounts(self.company, self.type, self.partner, self.catalog)

    def record(self, kind: type[Kind], code: str, path: str, on: date) -> Kind | None:
        """The record a code means here; a fault with the reason when there is none."""
        meant = self.catalog.meant(kind, code, self.company, on)
        if meant.record is None:
            usable = {record.key.split("/")[0] for record in self.catalog.all_meant(kind, self.company, on)}
            why = WHY[meant.verdict.reason] if meant.verdict else ""
            told = {"table": kind.TABLE, "code": code, "company": self.company.code, "date": on, "why": why}
            remedy = _instead(code, frozenset(usable))
            self.faults.append(UNKNOWN_REFERENCE.at(path, remedy=remedy, **told))
        return cast("Kind | None", meant.record)

    def formula(self, code: str) -> NamedFormula | None:
        """A formula the engine asks by its code, for this company."""
        return self.catalog.one(NamedFormula, code, self.company, self.request.date)

    def exchange_rate(self) -> Decimal:
        """Company currency per unit of the document's."""
        given = self.request.exchange_rate
        if self.currency == self.own_currency:
            if given is not None and given != 1:
                self.faults.append(RATE_UNEXPECTED.at("exchange_rate", currency=self.currency))
            return Decimal(1)
        if given is None:
            self.faults.append(RATE_MISSING.at("exchange_rate", currency=self.currency, own=self.own_currency))
        return given or Decimal(1)

    def failed(self, where: str, failure: FormulaFailed, path: str) -> None:
        self.faults.append(formula_fault(where, failure, path))

    def _corrected_date(self) -> date | None:
        """What corrects a document takes that document's rates: the date given for one from outside."""
        return next((one.date for one in self.request.references if one.kind == "corrects" and one.date), None)


def formula_fault(where: str, failed: FormulaFailed, path: str) -> Fault:
    """A formula that fails on this document, with its operands."""
    operands = "; ".join(f"{name} = {clipped(str(value), 60)}" for name, value in failed.operands)
    words = f"{where} cannot be computed: {FAILURES[failed.code]}" + (f" ({operands})" if operands else "")
    return Fault(failed.code, path, words, f"mend the document, or the formula {clipped(failed.text, 200)}")
