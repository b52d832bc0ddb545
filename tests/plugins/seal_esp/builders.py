"""Spanish documents, records and chains for these tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.spi import DocumentView, Sealed, SealKind, SealRecord
from plugins.seal_esp.ready import ReadySpanishSeal
from plugins.seal_esp.seal import SpanishSeal
from plugins.seal_esp.settings import SpanishSettings
from tests.plugins.facturx import views

COMPANY = replace(
    views.FRENCH,
    code="ES01", name="Talleres Peña, S.L.", legislation="ESP", vat_number="ESB85905495", country="ES",
    address=views.address("Calle Mayor 1", "28013", "Madrid", "ES"),
)  # fmt: skip
AT = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
Chain = list[tuple[SealRecord, Sealed]]


def document(tax: str = "21.00", net: str = "100.00", **changes: Any) -> DocumentView:
    """An invoice F1; `tax` and `net` are positive, as credits have them too."""
    base = views.document(COMPANY, views.partner(), language="es", national_code="F1", date=AT.date())
    totals = replace(base.totals, tax=Decimal(tax), net=Decimal(net), gross=Decimal(tax) + Decimal(net))
    return replace(base, totals=totals, tax_company_currency=Decimal(tax), **changes)


def settings(**changes: Any) -> SpanishSettings:
    return SpanishSettings.model_validate({"installation": "MADRID-1"} | changes)


def ready(**changes: Any) -> ReadySpanishSeal:
    loaded = SpanishSeal().load(settings(**changes))
    assert isinstance(loaded, ReadySpanishSeal)
    return loaded


def record(view: DocumentView | None = None, **changes: Any) -> SealRecord:
    given = SealRecord(SealKind.ISSUE, view or document(), "ES01/FV/2027", 1, AT, None)
    return replace(given, **changes)


def chained(records: Sequence[SealRecord], seal: ReadySpanishSeal | None = None) -> Chain:
    """Seal records one after another, each after the one before."""
    used, chain, previous = seal or ready(), [], None
    for one in records:
        linked = replace(one, previous=previous)
        sealed = used.seal(linked)
        chain.append((linked, sealed))
        previous = sealed.link
    return chain


def invoices(count: int, cancelled: Sequence[int] = ()) -> list[SealRecord]:
    """Invoices FV-1 … a minute apart; those of `cancelled` are annulled right after."""
    found = []
    for value in range(1, count + 1):
        at = AT + timedelta(minutes=value)
        one = record(document(tax=f"{value}.21", number=f"FV-{value}"), value=value, at=at)
        found.append(one)
        if value in cancelled:
            found.append(replace(one, kind=SealKind.CANCELLATION, at=at + timedelta(seconds=20)))
    return found
