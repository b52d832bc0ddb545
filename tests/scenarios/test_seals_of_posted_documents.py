"""A seal is put on a document before its row is written, and verified against the row that was: both must say the same.

So here: the view from the rows of a plan is the view read back, and a chain sealed on the first verifies on the second.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine.drafting.request import read_request
from engine.posting.post import picked, plan
from engine.posting.rows import build
from engine.posting.view import document_view
from engine.spi import DocumentView, ReadySeal, Seal, Sealed, SealKind, SealRecord
from plugins.seal_esp.seal import SpanishSeal
from plugins.seal_prt.seal import PortugueseSeal
from tests.plugins.seal_esp import builders as spanish
from tests.plugins.seal_prt import builders as portuguese
from tests.support.house import House, invoice, line

LINES = [
    line(quantity="3", unit_price="33.333", discounts=[{"percent": "7.5"}, {"amount": "1.10"}]),
    line(description="Livre; *relié*:\n«A&B=C»", quantity="12.125", unit_price="9.1234", tax_code="FR55"),
]
DOCUMENTS: list[dict[str, Any]] = [
    {},
    {"lines": LINES},
    {"lines": LINES, "currency": "USD", "exchange_rate": "0.91235"},
    {"supply_date": "2026-02-27", "subject": "a;b*c&d=e\n"},
]


def planned_view(house: House, document: dict[str, Any]) -> DocumentView:
    """What posting sees of a document that has no number yet."""
    catalog = house.catalog()
    asked = read_request(document)
    company, kind = picked(asked, catalog, house.context.actor.name)
    made = plan(asked, company, kind, catalog)
    rows = build(made, catalog, document_id=0, key="K", actor="clerk", now=house.clock.now())
    return document_view(rows.document, rows.children["document_line"], rows.children["document_tax"])


def in_spain(view: DocumentView, place: int) -> DocumentView:
    return replace(view, company=spanish.COMPANY, national_code="F1")


def in_portugal(view: DocumentView, place: int) -> DocumentView:
    return replace(view, company=portuguese.COMPANY, national_code="FT", number=f"FT 2026A/{place}")


TAXES = {"FR20": {"level": "normal"}, "FR55": {"level": "reduced"}}
CASES: dict[str, tuple[Seal, ReadySeal, Any, Any]] = {
    "esp": (SpanishSeal(), spanish.ready(), spanish.settings(), in_spain),
    "prt": (PortugueseSeal(), portuguese.ready(taxes=TAXES), portuguese.settings(), in_portugal),
}


@pytest.mark.parametrize("case", CASES)
def test_a_chain_sealed_before_the_rows_were_written_verifies_on_what_is_read_back(house: House, case: str) -> None:
    seal, ready, settings, abroad = CASES[case]
    chain: list[tuple[SealRecord, Sealed]] = []
    previous = None
    for place, changes in enumerate(DOCUMENTS, 1):
        before = planned_view(house, invoice() | changes)
        assert before.number == "" and not seal.seals(before)
        posted = house.post(invoice() | changes)
        after = house.deliveries.view(posted["id"])
        before = replace(before, id=after.id, number=posted["number"])
        assert before == after

        at = house.clock.now() + timedelta(minutes=place)
        record = SealRecord(SealKind.ISSUE, abroad(before, place), "series", place, at, previous)
        assert seal.seals(record.document) and ready.problems(record) == []
        sealed = ready.seal(record)
        chain.append((replace(record, document=abroad(after, place)), sealed))
        previous = sealed.link
    assert [*seal.verify_chain(chain, settings, previous)] == []
