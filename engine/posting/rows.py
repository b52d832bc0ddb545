"""A draft and its entries as the rows that are written: the one place that says what a posted document consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from engine.drafting.desk import formula_fault
from engine.drafting.drafted import Draft, DraftCharge, DraftLine
from engine.drafting.request import Party, Reference
from engine.journal.entries import Entry, LateText
from engine.kernel.faults import Faulty
from engine.kernel.money import ZERO, rounded
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, SchemedId
from engine.posting import canon
from engine.posting.post import Plan
from rules import FormulaFailed

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of one posting. `late` names what prints the number: written after it."""

    document: Row
    children: dict[str, list[Row]]
    content: Row  # what the document's column of that name says, before it became text
    late: tuple[tuple[str, int, str, LateText], ...] = ()  # (table, row, column, text)
    _completed: dict[str, dict[str, list[Row]]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def waiting(self) -> frozenset[str]:
        """Tables that are written after the number."""
        return frozenset(table for table, *_ in self.late)

    @property
    def body_hash(self) -> str:
        """Over everything that does not depend on the number."""
        return canon.body_hash({"document": [self.document], **self.children})

    def completed(self, number: str) -> dict[str, list[Row]]:
        """The children with the texts that print the number."""
        if not self.late:
            return self.children
        if number in self._completed:
            return self._completed[number]
        children = self.children | {table: [*self.children[table]] for table in self.waiting}
        try:
            for table, row, column, text in self.late:
                children[table][row] = children[table][row] | {column: text.given(number)}
        except FormulaFailed as failed:
            raise Faulty([formula_fault("a description", failed, "invoice_type")]) from failed
        self._completed.clear()  # a number that was not given after all
        self._completed[number] = children
        return children


def build(planned: Plan, catalog: Catalog, *, document_id: int, key: str, actor: str, now: datetime) -> Rows:
    """The rows of a document that has no number yet."""
    draft, asked = planned.draft, planned.asked
    kind, totals, company = draft.type, draft.totals, draft.company.code
    content = _content(draft, catalog)
    document = {
        "id": document_id, "company": company, "module": kind.module, "category": kind.category,
        "invoice_type": kind.code, "type_legislation": kind.legislation, "date": draft.date,
        "accounting_date": draft.accounting_date, "partner_code": draft.partner.code,
        "partner_name": draft.partner.name,
        "currency": draft.currency, "exchange_rate": draft.exchange_rate,
        **_flat(totals),
        "content": canon.json_text(content), "request": asked.text, "content_hash": asked.content_hash,
        "key": key, "revision": catalog.revision, "posted_at": now, "actor": actor,
    }  # fmt: skip
    late: list[tuple[str, int, str, LateText]] = []
    entry_rows, entry_lines = entry_rows_of(planned.generated.entries, document_id, company, late)
    children = {
        "document_line": [
            *[_line(line, document_id, company) for line in draft.lines],
            *[_charge(charge, document_id, company) for charge in draft.charges],
        ],
        "document_tax": [
            {
                "document": document_id, "company": company,
                "position": place + 1, "tax_code": row.code, "category": row.category, "rate": row.rate, "due": row.due,
                "base": row.base, "amount": row.amount, "self_assessed": row.self_assessed,
                "exemption_code": row.exemption_code, "reason": row.reason,
                "national_code": row.national_code,
            }
            for place, row in enumerate(draft.taxes)
        ],
        "entry": entry_rows,
        "entry_line": entry_lines,
    }  # fmt: skip
    return Rows(document, children, content, tuple(late))


def entry_rows_of(
    entries: Sequence[Entry], document: int, company: str, late: list[tuple[str, int, str, LateText]]
) -> tuple[list[Row], list[Row]]:
    """(entry rows, line rows); texts that wait for the number are left empty and put into `late`."""
    heads: list[Row] = []
    lines: list[Row] = []

    def text(table: str, row: int, value: str | LateText) -> str:
        if isinstance(value, LateText):
            late.append((table, row, "description", value))
            return ""
        return value

    for place, one in enumerate(entries):
        heads.append(
            {
                "document": document, "company": company, "position": place + 1,
                "ledger": one.ledger, "journal": one.journal, "entry_type": one.entry_type,
                "automatic_journal": one.automatic_journal, "date": one.date, "currency": one.currency,
                "description": text("entry", place, one.description), "category": one.category, "status": one.status,
            }
        )  # fmt: skip
        for number, line in enumerate(one.lines):
            parts = [{"dimensions": dict(names), "amount": amount} for names, amount in line.analytic]
            lines.append(
                {
                    "document": document, "company": company,
                    "entry": place + 1, "position": number + 1, "account": line.account, "debit": line.debit,
                    "credit": line.credit, "currency": one.document_currency, "amount_currency": line.amount_currency,
                    "description": line.description if isinstance(line.description, str)
                    else text("entry_line", len(lines), line.description),
                    "partner": line.partner, "tax_code": line.tax_code, "due_date": line.due_date,
                    "quantity": line.quantity, "reference": line.reference,
                    "analytic": canon.json_text(parts) if parts else "", "open_item": line.open_item,
                    "matching": line.matching,
                }
            )  # fmt: skip
    return heads, lines


def audit_row(document: Row, audit_id: int) -> Row:
    """Who posted what, and when."""
    return {
        "id": audit_id, "at": document["posted_at"], "actor": document["actor"], "action": "post",
        "company": document["company"], "subject": f"document {document['id']}", "document": document["id"],
        "detail": canon.json_text({"invoice_type": document["invoice_type"], "request": document["content_hash"]}),
    }  # fmt: skip


def _line(line: DraftLine, document: int, company: str) -> Row:
    discounts = [{"percent": percent, "amount": amount} for percent, amount in line.discounts]
    detail = {
        "discounts": discounts, "product": line.product, "sku": line.sku, "account": line.account,
        "references": [_reference(one) for one in line.references],
        **({"analytic": dict(line.analytic)} if line.analytic else {}),
    }  # fmt: skip
    return {
        "document": document, "company": company,
        "position": line.position, "kind": "line", "description": line.description, "quantity": line.quantity,
        "unit": line.unit, "unit_price": line.unit_price, "gross": line.gross, "net": line.net, "nature": line.nature,
        "tax_code": line.tax_code, "tax_category": line.tax_category, "tax_rate": line.tax_rate,
        "tax_due": line.tax_due, "detail": canon.json_text(detail),
    }  # fmt: skip


def _charge(charge: DraftCharge, document: int, company: str) -> Row:
    detail = {"code": charge.code, "reason_code": charge.reason_code, "percent": charge.percent, "base": charge.base}
    return {
        "document": document, "company": company,
        "position": charge.position, "kind": charge.kind, "description": charge.description, "quantity": Decimal(1),
        "unit": "C62", "unit_price": ZERO, "gross": charge.amount, "net": charge.amount, "nature": "",
        "tax_code": charge.tax_code, "tax_category": charge.tax_category, "tax_rate": charge.tax_rate,
        "tax_due": charge.tax_due, "detail": canon.json_text(detail),
    }  # fmt: skip


def _reference(one: Reference) -> Row:
    return {
        "kind": one.kind, "id": one.id, "number": one.number, "date": one.date, "line": one.line, "reason": one.reason
    }  # fmt: skip


def _content(draft: Draft, catalog: Catalog) -> Row:
    """What the columns do not hold, frozen as it is now: parties, texts, terms."""
    request, kind, company = draft.request, draft.type, draft.company
    return {
        "company": catalog.once(("content", company.code), lambda: _company(company, draft.company_currency)),
        "partner": _party(draft.partner),
        "ship_to": _party(request.ship_to) if request.ship_to else None,
        "type": {
            "description": catalog.text(kind.description, draft.language) or kind.code, "is_credit": draft.is_credit,
            "untdid_code": kind.untdid_code, "national_code": kind.national_code, "self_billed": kind.self_billed,
        },
        "site": request.site, "supply_date": request.supply_date, "tax_point": draft.tax_point,
        "period": list(request.period) if request.period else None,
        "tax_company_currency": rounded(draft.totals.tax * draft.exchange_rate, draft.company_currency),
        "language": draft.language, "subject": request.subject, "buyer_reference": request.buyer_reference,
        "supplier_number": request.supplier_number, "process_code": draft.process_code,
        "withholdings": [_flat(row) for row in draft.withholdings],
        "prepaid": [
            {"amount": one.amount, "tax": one.tax, "date": one.date, "reference": one.reference}
            for one in draft.prepaid
        ],
        "due_dates": [_flat(row) for row in draft.due_dates],
        "payment_method": draft.payment_method, "payment_means": draft.payment_means,
        "payment_terms": draft.payment_terms,
        "references": [_reference(one) for one in request.references],
        "notes": [{"text": note.text, "subject_code": note.subject_code} for note in draft.notes],
    }  # fmt: skip


def _company(company: Company, currency: str) -> Row:
    return {
        "name": company.name, "legislation": company.legislation, "currency": currency,
        "vat_number": company.vat_number, "fiscal_code": company.fiscal_code,
        "registration": _schemed(company.registration), "electronic_address": _schemed(company.electronic_address),
        "email": company.email, "phone": company.phone, "legal_form": company.legal_form,
        "share_capital": company.share_capital, "trade_register": company.trade_register,
        "tax_regime": company.tax_regime, "address": _flat(company.address),
        "bank_accounts": [[account.iban, account.bic] for account in company.bank_accounts],
        "country": company.address.country,
    }  # fmt: skip


def _party(party: Party) -> Row:
    address = _flat(party.address)
    return {
        "code": party.code, "name": party.name, "kind": party.kind, "country": party.country,
        "vat_number": party.vat_number, "fiscal_code": party.fiscal_code, "registration": _schemed(party.registration),
        "electronic_address": _schemed(party.electronic_address), "recipient_code": party.recipient_code,
        "pec": party.pec, "email": party.email, "phone": party.phone, "language": party.language,
        "address": address | {"country": address["country"] or party.country},
    }  # fmt: skip


def _schemed(one: SchemedId | None) -> list[str]:
    return [one.scheme, one.id] if one else ["", ""]


def _flat(one: Any) -> Row:
    """The fields of a dataclass that holds plain values."""
    kind: Any = type(one)
    return {name: getattr(one, name) for name in _names(kind)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))
