"""A posted document as plugins see it, rebuilt from its rows alone: what is rendered is what was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from engine.kernel.money import plain, rounded
from engine.spi.contracts import (
    AddressView,
    ChargeView,
    CompanyView,
    DiscountView,
    DocumentView,
    DueDateView,
    LineView,
    NoteView,
    PartyView,
    PrepaidView,
    ReferenceView,
    TaxView,
    TotalsView,
    WithholdingView,
)

Row = Mapping[str, Any]
Money = Callable[[Decimal], Decimal]
"""Rounds to the document's currency."""


def document_view(document: Row, lines: Sequence[Row], taxes: Sequence[Row]) -> DocumentView:
    """Shape: the rows of `document`, `document_line`, `document_tax`; a document without number has ""."""
    content = json.loads(document["content"])
    money = partial(rounded, currency=document["currency"])
    kind, period = content["type"], content["period"]
    details = json.loads(f"[{','.join(row['detail'] for row in lines)}]")
    told = list(zip(lines, details, strict=True))
    return DocumentView(
        id=document["id"], number=document.get("number", ""), module=document["module"], category=document["category"],
        is_credit=kind["is_credit"], invoice_type=document["invoice_type"], type_description=kind["description"],
        untdid_code=kind["untdid_code"], national_code=kind["national_code"], self_billed=kind["self_billed"],
        date=document["date"], supply_date=_day(content["supply_date"]),
        period=(date.fromisoformat(period[0]), date.fromisoformat(period[1])) if period else None,
        currency=document["currency"], exchange_rate=_short(document["exchange_rate"]),
        tax_company_currency=Decimal(content["tax_company_currency"]), language=content["language"],
        subject=content["subject"], buyer_reference=content["buyer_reference"], process_code=content["process_code"],
        company=_company(document["company"], content["company"]), partner=_party(content["partner"]),
        ship_to=_party(content["ship_to"]) if content["ship_to"] else None,
        lines=tuple(_line(row, detail, money) for row, detail in told if row["kind"] == "line"),
        charges=tuple(_charge(row, detail, money) for row, detail in told if row["kind"] != "line"),
        taxes=tuple(
            TaxView(
                tax_code=row["tax_code"], category=row["category"], rate=_short(row["rate"]), due=row["due"],
                base=money(row["base"]), amount=money(row["amount"]), exemption_code=row["exemption_code"],
                reason=row["reason"],
                national_code=row["national_code"],
            )
            for row in taxes
        ),
        withholdings=tuple(
            WithholdingView(one["code"], Decimal(one["base"]), Decimal(one["rate"]), Decimal(one["amount"]))
            for one in content["withholdings"]
        ),
        prepaid=tuple(
            PrepaidView(Decimal(one["amount"]), _day(one["date"]), one["reference"]) for one in content["prepaid"]
        ),
        totals=TotalsView(**{name: money(document[name]) for name in TotalsView.__dataclass_fields__}),
        due_dates=tuple(
            DueDateView(date.fromisoformat(one["date"]), Decimal(one["amount"]), one["method"])
            for one in content["due_dates"]
        ),
        payment_method=content["payment_method"], payment_means=content["payment_means"],
        payment_terms=content["payment_terms"],
        references=tuple(_reference(one) for one in content["references"]),
        notes=tuple(NoteView(one["text"], one["subject_code"]) for one in content["notes"]),
    )  # fmt: skip


def view_of(document: Row, lines: Sequence[Row], taxes: Sequence[Row], content: Row) -> DocumentView:
    """The same, made as far as it is looked at: a posting asks channels whom they reach, which the partner tells.

    `content` is what the document's column of that name says.
    """
    seen = object.__new__(_Later)
    object.__setattr__(seen, "_rows", (document, lines, taxes, content))
    return seen


class _Later(DocumentView):
    """A view whose fields are missing until they are asked for."""

    __slots__ = ("_rows",)
    _rows: tuple[Row, Sequence[Row], Sequence[Row], Row]

    def __getattr__(self, name: str) -> Any:
        if name not in DocumentView.__dataclass_fields__:
            raise AttributeError(name)
        document, lines, taxes, content = self._rows
        if name == "id":
            return document["id"]
        if name == "partner":
            object.__setattr__(self, name, _party(content["partner"]))
        else:
            whole = document_view(document, lines, taxes)
            for field in DocumentView.__dataclass_fields__:
                object.__setattr__(self, field, getattr(whole, field))
        return object.__getattribute__(self, name)


def _line(row: Row, detail: Row, money: Money) -> LineView:
    return LineView(
        position=row["position"], description=row["description"], quantity=_short(row["quantity"]), unit=row["unit"],
        unit_price=_short(row["unit_price"]), gross=money(row["gross"]),
        discounts=tuple(DiscountView(_number(one["percent"]), Decimal(one["amount"])) for one in detail["discounts"]),
        net=money(row["net"]), nature=row["nature"], product=detail["product"], sku=detail["sku"],
        tax_code=row["tax_code"],
        tax_category=row["tax_category"], tax_rate=_short(row["tax_rate"]),
        references=tuple(_reference(one) for one in detail["references"]),
    )  # fmt: skip


def _charge(row: Row, detail: Row, money: Money) -> ChargeView:
    return ChargeView(
        kind=row["kind"], code=detail["code"], description=row["description"], reason_code=detail["reason_code"],
        percent=_number(detail["percent"]), base=_number(detail["base"]), amount=money(abs(row["net"])),
        tax_code=row["tax_code"], tax_category=row["tax_category"], tax_rate=_short(row["tax_rate"]),
    )  # fmt: skip


def _company(code: str, one: Row) -> CompanyView:
    return CompanyView(
        code=code, name=one["name"], legislation=one["legislation"], address=AddressView(**one["address"]),
        country=one["country"], currency=one["currency"], vat_number=one["vat_number"], fiscal_code=one["fiscal_code"],
        registration_scheme=one["registration"][0], registration_id=one["registration"][1],
        electronic_address_scheme=one["electronic_address"][0], electronic_address=one["electronic_address"][1],
        email=one["email"], phone=one["phone"], legal_form=one["legal_form"], share_capital=one["share_capital"],
        trade_register=one["trade_register"], tax_regime=one["tax_regime"],
        bank_accounts=tuple((iban, bic) for iban, bic in one["bank_accounts"]),
    )  # fmt: skip


def _party(one: Row) -> PartyView:
    return PartyView(
        code=one["code"], name=one["name"], kind=one["kind"], address=AddressView(**one["address"]),
        country=one["country"], vat_number=one["vat_number"], fiscal_code=one["fiscal_code"],
        registration_scheme=one["registration"][0], registration_id=one["registration"][1],
        electronic_address_scheme=one["electronic_address"][0], electronic_address=one["electronic_address"][1],
        email=one["email"], phone=one["phone"], language=one["language"],
    )  # fmt: skip


def _reference(one: Row) -> ReferenceView:
    return ReferenceView(one["kind"], one["number"], _day(one["date"]), one["line"], one["reason"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _short(number: Decimal) -> Decimal:
    """A rate, price or quantity without trailing zeros: the same before it was written and after."""
    return Decimal(plain(number))


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
