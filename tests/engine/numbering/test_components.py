"""Every kind of component, level, reset and mode; numbers that people type; a register of what was taken."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import flow
from engine.journal.check import check
from engine.kernel.faults import Faulty
from engine.numbering import mask
from engine.numbering.counters import Circumstances, Series, fiscal_period, numbering
from engine.numbering.mask import CounterExhausted, NumberTooLong
from engine.parametrization import definitions as d
from engine.parametrization.coherence import incoherences
from engine.storage import tables
from tests.support.drafts import document, planned
from tests.support.house import House, invoice
from tests.support.packs import ADDRESS, DAY, catalog, codes, company, counter, invoice_type, of_world, part

SITE = d.Site(code="NORD", company="ACME", name="Nord", address=ADDRESS)
YEAR = d.FiscalYear(
    company="ACME", code="FY26", valid_from=date(2025, 7, 1), valid_to=date(2026, 6, 30),
    period=tuple(
        d.Period(code=f"{number:02d}", valid_from=first, valid_to=last)
        for number, (first, last) in enumerate(
            [(date(2025, 7, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 6, 30))], 1
        )
    ),
)  # fmt: skip


def series(made: d.Counter, *records: d.Record, **asked: Any) -> Series:
    kind = invoice_type("OWN", entry_type="FAC", counter=made.code)
    return planned(catalog(made, kind, SITE, YEAR, *records), document(invoice_type="OWN", **asked)).series


def number(*parts: d.CounterComponent, value: int = 7, site: str = "", **more: Any) -> str:
    made = counter("N", *parts, **{"reset": "never"} | more)
    return series(made, **({"site": site} if site else {})).number(DAY, value)


# --- how it reads ---------------------------------------------------------------------------------------------------

SEQUENCE = part(9, "sequence", 3)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (part(1, "constant", value="A"), "A007"), (part(1, "year", 1), "6007"), (part(1, "year", 2), "26007"),
        (part(1, "year"), "2026007"), (part(1, "month"), "03007"), (part(1, "month", 3), "MAR007"),
        (part(1, "week"), "09007"), (part(1, "day", 1), "7007"), (part(1, "day", 2), "01007"),
        (part(1, "day", 3), "060007"), (part(1, "company"), "ACME007"), (part(1, "company", 2), "ME007"),
        (part(1, "site"), "NORD007"), (part(1, "fiscal_year"), "FY26007"), (part(1, "period"), "02007"),
        (part(1, "complement"), "VTE007"), (part(1, "complement", value="partner.country"), "FR007"),
        (part(1, "formula", value='"{document.category}"', length=4), "oice007"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.kind}{value.length or ''}",
)  # fmt: skip
def test_each_kind_of_component(shown: d.CounterComponent, text: str) -> None:
    assert number(shown, SEQUENCE, site="NORD") == text


def test_a_series_may_start_at_zero() -> None:
    assert series(counter("N", SEQUENCE, reset="never", start=0)).counter.start == 0


@pytest.mark.parametrize(("value", "error"), [(1000, CounterExhausted), (7, NumberTooLong)])
def test_a_number_that_does_not_fit_is_refused(value: int, error: type[Exception]) -> None:
    wide = part(1, "constant", value="X" * 20)
    with pytest.raises(error):
        number(wide, SEQUENCE, value=value, length=22 if error is NumberTooLong else 0)


def test_a_formula_that_cannot_be_computed_numbers_nothing() -> None:
    made = counter("N", part(1, "formula", value="text(document.gross / document.prepaid)"), SEQUENCE, reset="never")
    with pytest.raises(Faulty) as caught:
        series(made)
    (fault,) = caught.value.faults
    assert fault.code == "no_counter" and "component 1 cannot be computed: a division by zero" in fault.message


def test_what_a_number_prints_is_checked_and_never_itself() -> None:
    for value, code in (("document.number", "counter_names_number"), ("document.nett", "formula_unknown_name")):
        made = counter("N", part(1, "formula", value=value), SEQUENCE, reset="never")
        assert [fault.code for fault in check(catalog(made), DAY, lambda record: record.key)] == [code]


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(1, 999), st.data())
def test_every_number_reads_as_its_pattern(on: date, value: int, data: st.DataObject) -> None:
    kinds: list[Any] = ["constant", "year", "month", "week", "day", "company"]
    lengths = {"year": (0, 1, 2, 4), "month": (0, 3), "day": (0, 1, 2, 3)}
    parts = [
        part(place, kind, data.draw(st.sampled_from(lengths.get(kind, (0,)))), value="-" if kind == "constant" else "")
        for place, kind in enumerate(data.draw(st.lists(st.sampled_from(kinds), max_size=4)), 1)
    ]
    made = counter("N", *parts, part(10, "sequence", data.draw(st.sampled_from((0, 3)))), reset="never")
    assert mask.pattern(made, "ACME").fullmatch(mask.text(made, "ACME", on, value))


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ([part(1, "constant", value="A")], {}),
        ([part(1, "month", 3)], {}),
        ([part(1, "company")], {}),
        ([], {"mode": "fast", "chronological": True, "kind": "alphanumeric"}),
    ],
)
def test_a_numeric_counter_prints_digits_and_a_fast_one_has_no_order(parts: list[Any], more: dict[str, Any]) -> None:
    made = counter("N", *parts, SEQUENCE, **{"reset": "never", "kind": "numeric"} | more)
    assert "counter_shape" in {fault.code for fault in incoherences(catalog(made), lambda record: record.key)}


# --- which series ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"level": "folder"}, "N/*/2026"), ({"level": "company"}, "ACME/N/*/2026"),
        ({"level": "site"}, "ACME/N/*@NORD/2026"), ({"reset": "never"}, "ACME/N/*"),
        ({"reset": "monthly"}, "ACME/N/*/2026-03"), ({"reset": "fiscal_year"}, "ACME/N/*/FY26"),
        ({"reset": "period"}, "ACME/N/*/FY26/02"),
    ],
)  # fmt: skip
def test_level_and_reset_make_series(more: dict[str, Any], name: str) -> None:
    assert series(counter("N", **more), site="NORD").name == name


def test_a_complement_makes_a_series_of_each_value() -> None:
    made = counter("N", part(1, "complement", value="partner.country"), SEQUENCE)
    assert series(made).name == "ACME/N/*#FR/2026"


@pytest.mark.parametrize(("more", "words"), [
    ({"level": "site"}, "the document names none"), ({"reset": "fiscal_year"}, "no fiscal year"),
    ({"reset": "period"}, "no period"),
])  # fmt: skip
def test_what_a_document_lacks_for_its_series_is_said(more: dict[str, Any], words: str) -> None:
    kind = invoice_type("OWN", entry_type="FAC", counter="N")
    with pytest.raises(Faulty) as caught:
        planned(catalog(counter("N", **more), kind), document(invoice_type="OWN"))
    (fault,) = caught.value.faults
    assert fault.code == "no_counter" and words in fault.message


def test_a_series_with_a_name_beyond_its_column_is_refused() -> None:
    made = counter("N" * 20, part(1, "complement", value='"{partner.name}{partner.name}{partner.name}"'), SEQUENCE)
    kind = invoice_type("OWN", entry_type="FAC", counter="N" * 20)
    party = document()["customer"] | {"name": "X" * 40}
    with pytest.raises(Faulty) as caught:
        planned(catalog(made, kind), document(invoice_type="OWN", customer=party))
    assert "longer than" in caught.value.faults[0].message


def test_an_assignment_may_be_for_one_site() -> None:
    rows = [d.CounterAssignment(counter="FV"), d.CounterAssignment(counter="S", site="NORD")]
    packs = catalog(counter("S"), SITE, *rows)
    for site, code in (("NORD", "S"), ("", "FV")):
        found = numbering(packs, company(), invoice_type(), None, DAY, Circumstances(site))
        assert found.series and found.series.counter.code == code


def test_a_day_is_in_the_year_and_the_period_that_hold_it() -> None:
    packs = catalog(YEAR)
    assert fiscal_period(packs, company(), date(2026, 1, 31)) == ("FY26", "01")
    assert fiscal_period(packs, company(), date(2026, 7, 1)) == ("", "")


# --- typed numbers --------------------------------------------------------------------------------------------------


def typed(number: str, *records: d.Record, **kind: Any) -> Series:
    own = invoice_type("OWN", **{"entry_type": "FAC", "counter": "FV"} | kind)
    asked = document(invoice_type="OWN", **({"number": number} if number else {}))
    return planned(catalog(own, *records), asked).series


def refused(number: str, *records: d.Record, **kind: Any) -> list[str]:
    with pytest.raises(Faulty) as caught:
        typed(number, *records, **kind)
    return codes(caught.value.faults)


def test_a_number_is_typed_where_type_entry_type_or_counter_allow_it() -> None:
    assert typed("K-1", manual_number=True).number(DAY, 1) == "K-1"
    assert typed("K-1", of_world(d.EntryType, "FAC/*", manual_number=True)).name == "ACME/FV/*!typed/2026"
    assert typed("FV-2026-00031", counter("FV", manual=True)).typed == "FV-2026-00031"


def test_typed_numbers_are_checked() -> None:
    assert refused("K-1") == ["manual_number"]
    assert refused("", counter("FV", manual=True)) == ["number_needed"]
    assert refused("K-1", counter("FV", manual=True)) == ["manual_number_format"]
    assert refused("FV-2031-00001", manual_number=True) == ["manual_number_collides"]
    assert refused("K" * 61, manual_number=True) == ["manual_number_length"]


HAND = """
[[invoice_type]]
code = "HAND"
legislation = "FRA"
module = "sales"
category = "invoice"
entry_type = "FAC"
automatic_journal = "SIHI"
manual_number = true
"""


def test_typed_and_automatic_numbers_live_apart_without_holes(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", HAND, requires=("DEMO",))
    hand = invoice(invoice_type="HAND")
    numbers = [house.post(one)["number"] for one in (invoice(), hand | {"number": "K-9"}, invoice(),
                                                      hand | {"number": "K-2"}, hand)]  # fmt: skip
    assert numbers == ["FV-2026-00001", "K-9", "FV-2026-00002", "K-2", "FV-2026-00003"]
    assert house.refusal(hand | {"number": "K-9"}) == ["manual_number_taken"]
    assert house.value("FV/FRA") == 3 and house.value("FV/FRA!typed") == 2
    assert not house.verify()


# --- fast series ----------------------------------------------------------------------------------------------------

FAST = """
[[counter]]
code = "FAST"
legislation = "FRA"
mode = "fast"
component = [{ position = 1, kind = "constant", value = "Q" }, { position = 2, kind = "sequence" }]
[[invoice_type]]
code = "QUICK"
legislation = "FRA"
module = "sales"
category = "quote"
counter = "FAST"
"""


def test_a_fast_series_keeps_the_cause_of_every_number_that_is_not_used(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FAST, requires=("DEMO",))
    quick = invoice(invoice_type="QUICK", category="quote")
    assert house.post(quick)["number"] == "Q1"
    house.post(quick | {"key": "K"})
    taken = house.posting.take_ahead(
        flow_series(house), date(2026, 3, 2), house.parametrization.head(), at=house.clock.now(), actor="a", key="L"
    )
    house.posting.give_up(taken, "the program was told to stop")
    assert house.post(quick)["number"] == "Q4"
    (lost,) = house.documents.taken_ahead(taken.series)
    assert (lost["value"], lost["key"], lost["cause"]) == (3, "L", "the program was told to stop")
    assert house.row(tables.series, counter="FAST/FRA")["fast"]
    assert not house.verify()


def test_a_fast_series_gives_a_key_that_was_used_no_value(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "OURS", FAST, requires=("DEMO",))
    quick = invoice(invoice_type="QUICK", category="quote", key="K")
    assert house.post(quick) == house.post(quick)
    assert house.refusal(quick | {"subject": "other"}) == ["key_other_content"]
    assert house.value("FAST/FRA", period="") == 1


def flow_series(house: House) -> Series:
    packs = house.catalog()
    whose = packs.company("PARIS")
    kind = packs.table(d.InvoiceType)["sales/QUICK/FRA"]
    assert whose
    found = numbering(packs, whose, kind, None, date(2026, 3, 2)).series
    assert found
    return found


# --- the numbers that would come ------------------------------------------------------------------------------------


def test_the_next_three_numbers_are_told_and_none_is_used(house: House) -> None:
    house.post(invoice())
    told = flow.next_numbers(house, house.context, "PARIS", "FACT", on=date(2026, 3, 2))
    assert told["numbers"] == ["FV-2026-00002", "FV-2026-00003", "FV-2026-00004"]
    assert told["series"] == "PARIS/FV/FRA/2026" and house.value("FV/FRA") == 1
    with pytest.raises(Faulty) as caught:
        flow.next_numbers(house, house.context, "PARIS", "FACTO")
    assert codes(caught.value.faults) == ["type_not_offered_here"]
