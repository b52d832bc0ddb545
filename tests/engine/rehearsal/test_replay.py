"""Posted documents, posted again under what might be: the same, or exactly what changed."""

from collections import Counter as Count
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from engine.parametrization.definitions import (
    AccountingCode,
    Company,
    Counter,
    CounterComponent,
    EntryType,
    InvoiceType,
    Rate,
    Tax,
    User,
)
from engine.rehearsal.rehearse import no_origins
from engine.rehearsal.replay import Replayed, replay
from tests.engine.rehearsal.candidates import candidate, of_demo
from tests.engine.rehearsal.conftest import SAMPLES, Posted
from tests.packs.shipped import catalog_of

FRENCH = {"PARIS", "LILLE", "LYON"}


def changes(one: Replayed) -> list[str]:
    return [difference.change for difference in one.differences]


def masked(*parts: CounterComponent) -> Counter:
    return of_demo(Counter, "FV/FRA", component=parts)


def part(position: int, kind: Any, length: int = 0, value: str = "") -> CounterComponent:
    return CounterComponent(position=position, kind=kind, length=length, value=value)


def test_under_the_packs_they_were_posted_with_all_are_the_same(posted: Posted) -> None:
    steps: list[int] = []
    found = [*replay(catalog_of("DEMO"), posted.documents, posted.series, posted.origins, steps.append)]
    assert [one for one in found if not one.same] == []
    assert len(found) == SAMPLES + 4 and steps == [*range(1, SAMPLES + 5)]
    assert {one.company for one in found} == {"PARIS", "LILLE", "LYON", "MILANO", "TORINO"}
    assert all(one.aspects == () and one.as_json()["same"] for one in found)


def test_replaying_takes_documents_one_by_one(posted: Posted) -> None:
    asked = iter(posted.documents)
    next(replay(catalog_of("DEMO"), asked, posted.series, posted.origins))
    assert len([*asked]) == len(posted.documents) - 1


def test_another_account_changes_entries_line_by_line_and_nothing_else(posted: Posted) -> None:
    sales = of_demo(AccountingCode, "sales/STD/FRA")
    changed = candidate(replace(sales, accounts={**sales.accounts, "goods": "701"}))
    assert changes(posted.one(changed, "PICKED")) == ["entries[PCG].lines[707].account: 707 → 701"]
    found = posted.replayed(changed)
    assert {one.aspects for one in found} == {(), ("entries",)}
    assert {one.company for one in found if not one.same} <= FRENCH


def test_another_rate_changes_totals_taxes_due_dates_and_entries(posted: Posted) -> None:
    changed = candidate(of_demo(Tax, "FR20/FRA", rate=(Rate(percent=Decimal(21)),)))
    assert changes(posted.one(changed, "USD")) == [
        "totals.tax: 20.00 → 21.00",
        "totals.gross: 120.00 → 121.00",
        "totals.payable: 120.00 → 121.00",
        "taxes[FR20].rate: 20 → 21",
        "taxes[FR20].amount: 20.00 → 21.00",
        "due_dates[0].amount: 120.00 → 121.00",
        "entries[PCG].lines[411].debit: 109.20 → 110.11",
        "entries[PCG].lines[411].amount_currency: 120.00 → 121.00",
        "entries[PCG].lines[44571].credit: 18.20 → 19.11",
        "entries[PCG].lines[44571].amount_currency: -20.00 → -21.00",
    ]
    taxed = [one for one in posted.replayed(changed) if not one.same]
    aspects = ("totals", "taxes", "due_dates", "entries")
    assert {one.aspects for one in taxed} == {aspects, aspects[:-1]}, "a proforma has no entries"
    assert {one.company for one in taxed} == FRENCH


def test_a_rate_from_a_day_changes_documents_whose_tax_point_is_later(posted: Posted) -> None:
    """A credit takes the tax point of the document of ours that it corrects."""
    tax = of_demo(Tax, "FR20/FRA")
    until = replace(tax.rate[-1], valid_to=date(2026, 12, 30))
    after = Rate(percent=Decimal(21), valid_from=date(2026, 12, 31))
    changed = candidate(replace(tax, rate=(*tax.rate[:-1], until, after)))
    assert posted.one(changed, "CREDIT").same and posted.one(changed, "ORIGIN").same
    assert not posted.one(changed, "PICKED").same


def test_another_mask_gives_the_same_value_another_text(posted: Posted) -> None:
    changed = candidate(
        masked(
            part(1, "constant", value="F"), part(2, "year", 2), part(3, "constant", value="/"), part(4, "sequence", 4)
        )
    )
    found = [one for one in posted.replayed(changed) if not one.same]
    assert {one.aspects for one in found} == {("number", "entries")}
    assert all(one.number.startswith("FV-2026-") for one in found)
    for one in found:
        new = f"F26/{one.number[-4:]}"
        number, printed = one.differences
        assert number.change == f"number: {one.number} → {new}"
        assert printed.path == "entries[PCG].description"
        assert printed.found == printed.expected.replace(one.number, new)


def test_a_mask_that_is_too_short_refuses(posted: Posted) -> None:
    changed = candidate(masked(part(1, "constant", value="F"), part(2, "year", 2), part(3, "sequence", 1)))
    found = posted.replayed(changed)
    refused = [one for one in found if one.faults]
    assert {fault.code for one in refused for fault in one.faults} == {"counter_exhausted"}
    assert {one.aspects for one in refused} == {("faults",)}
    assert all(int(one.number[-5:]) > 9 for one in refused)


def test_another_counter_is_another_series(posted: Posted) -> None:
    changed = candidate(of_demo(EntryType, "FAC/FRA", counter="AV"))
    one = posted.one(changed, "PICKED")
    assert one.aspects == ("series", "number", "entries")
    assert changes(one)[:2] == [
        "series: PARIS/FV/FRA/2026 → PARIS/AV/FRA/2026",
        f"number: {one.number} → AV{one.number[2:]}",
    ]


def test_an_inactive_type_refuses_its_documents_and_no_others(posted: Posted) -> None:
    found = posted.replayed(candidate(of_demo(InvoiceType, "sales/FACT/FRA", active=False)))
    for one in found:
        assert one.same == (one.invoice_type != "FACT")
    refused = [one for one in found if not one.same]
    codes = Count(fault.code for one in refused for fault in one.faults)
    assert codes["type_not_offered"] > 50
    assert codes["type_ambiguous"] == 3, "those for which it was picked"
    fault = refused[0].as_json()["faults"][0]
    assert "it is not active" in fault["message"] and fault["remedy"]


def test_another_default_picks_another_type(posted: Posted) -> None:
    paris = of_demo(Company, "PARIS")
    companys = candidate(replace(paris, default_type={"sales": {"invoice": "CTD"}}))
    users = candidate(User(code="clerk", default_type={"sales": "CTD"}))
    for changed in (companys, users):
        one = posted.one(changed, "PICKED")
        assert "invoice_type.code: FACT → CTD" in changes(one) and "invoice_type" in one.aspects


def test_a_company_that_is_gone_refuses(posted: Posted) -> None:
    found = posted.replayed(candidate(without=[of_demo(Company, "TORINO")]))
    refused = [one for one in found if not one.same]
    assert {one.company for one in refused} == {"TORINO"}
    assert {fault.code for one in refused for fault in one.faults} == {"unknown_company"}


def test_an_origin_that_nobody_knows_is_told(posted: Posted) -> None:
    stored = [one for one in posted.documents if one.document["key"] == "CREDIT"]
    (one,) = replay(catalog_of("DEMO"), stored, posted.series, no_origins)
    assert [fault.code for fault in one.faults] == ["unknown_origin"]
