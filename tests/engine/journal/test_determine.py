"""Automatic journal, entry type and journal: three chains, every step recorded, every broken one a fault."""

from dataclasses import replace
from typing import Any

import pytest

from engine.journal.determine import Determination, determine, journal_code
from engine.parametrization import definitions as d
from tests.support.packs import DAY, catalog, codes, company, invoice_type, of_world, sihi

ACME = company()
FAC = of_world(d.EntryType, "FAC/*")
BOOKS = [d.Journal(code=code, kind="sales") for code in ("T", "R", "VTE")]
OTHER = d.EntryType(code="AVC", default_journal="VTE")


def found(kind: d.InvoiceType, *records: d.Record, kinds: frozenset[str] = frozenset()) -> Determination:
    return determine(catalog(*BOOKS, OTHER, *records), ACME, kind, DAY, kinds)


def told(made: Determination) -> tuple[str, str, str]:
    records = (made.automatic_journal, made.entry_type, made.journal)
    return tuple(one.code if one else "" for one in records)  # type: ignore[return-value]


# --- automatic journal ----------------------------------------------------------------------------------------------

DIRECT = invoice_type(automatic_journal="SIHI", automatic_journal_direct="DIR")


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ([], "DIR"), (["corrects"], "DIR"), (["contract", "project"], "DIR"), (["order"], "SIHI"),
        (["delivery_note", "corrects"], "SIHI"), (["goods_receipt"], "SIHI"),
    ],
)  # fmt: skip
def test_documents_keyed_directly_take_the_direct_journal(kinds: list[str], code: str) -> None:
    assert told(found(DIRECT, sihi(code="DIR"), kinds=frozenset(kinds)))[0] == code


def test_a_blank_direct_journal_means_the_usual_one() -> None:
    assert told(found(invoice_type()))[0] == "SIHI"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"module": "purchase", "purchase_kind": "invoice"}, "PIHI"),
        ({"module": "purchase", "category": "goods_receipt"}, "PIHI"),
        ({"module": "purchase", "category": "order"}, ""),
        ({"category": "proforma"}, ""),
        ({"category": "quote"}, ""),
        ({"category": "order"}, ""),
        ({"category": "delivery_note"}, ""),
        ({"category": "delivery_note", "automatic_journal": "BL"}, "BL"),
        ({"category": "invoice"}, ""),
    ],
)
def test_a_blank_journal_is_pihi_on_purchases_and_none_where_nothing_is_posted(more: dict[str, Any], code: str) -> None:
    assert journal_code(invoice_type(**{"automatic_journal": ""} | more), direct=True) == code


def test_a_type_that_is_not_posted_leads_nowhere_without_a_fault() -> None:
    made = found(invoice_type("PRO", category="proforma", automatic_journal=""))
    assert told(made) == ("", "", "") and not made.faults


def test_a_type_that_is_not_posted_may_still_name_an_entry_type_for_its_counter() -> None:
    assert told(found(invoice_type("PRO", category="proforma", automatic_journal="", entry_type="AVC"))) == (
        "",
        "AVC",
        "",
    )


# --- entry type and journal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "recipe", "entry", "wanted"),
    [
        ({}, {}, {}, ("SIHI", "FAC", "VTE")),
        ({"entry_type": "AVC"}, {}, {}, ("SIHI", "AVC", "VTE")),
        ({"journal": "T"}, {"journal": "R"}, {}, ("SIHI", "FAC", "T")),
        ({}, {"journal": "R"}, {}, ("SIHI", "FAC", "R")),
        ({"entry_type": "AVC", "journal": "T"}, {"entry_type": ""}, {}, ("SIHI", "AVC", "T")),
    ],
)
def test_each_chain_takes_the_nearest_that_names_one(
    kind: dict[str, Any], recipe: dict[str, Any], entry: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    made = found(invoice_type(**kind), sihi(**recipe), replace(FAC, **entry))
    assert told(made) == wanted and not made.faults


def test_every_step_is_recorded_also_those_that_name_nothing() -> None:
    own = replace(FAC, legislation="FRA")
    assert found(invoice_type(), own).steps == (
        {"from": "type", "table": "automatic_journal", "code": "SIHI", "record": "SIHI/*"},
        {"table": "entry_type", "from": "type", "code": ""},
        {"from": "automatic_journal", "table": "entry_type", "code": "FAC", "record": "FAC/FRA", "hides": "FAC/*"},
        {"table": "journal", "from": "type", "code": ""},
        {"table": "journal", "from": "automatic_journal", "code": ""},
        {"from": "entry_type", "table": "journal", "code": "VTE", "record": "VTE/*"},
    )


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "records", "words"),
    [
        ({"automatic_journal": "NO"}, [], "automatic_journal NO, which ACME may not use on 2026-03-01"),
        ({"entry_type": "NO"}, [], "entry_type NO"),
        ({"journal": "NO"}, [], "journal NO"),
        ({}, [replace(FAC, active=False)], "it is not active"),
        ({}, [replace(FAC, legislation="FRA", company_group="G")], "group"),
        ({}, [replace(FAC, legislation="FRA", valid_to=DAY.replace(year=2025))], "not in force"),
        ({"journal": "IT"}, [d.Journal(code="IT", kind="sales", legislation="ITA")], "other legislations"),
    ],
)
def test_a_record_named_that_may_not_be_used_is_a_fault_and_the_chain_stops(
    kind: dict[str, Any], records: list[d.Record], words: str
) -> None:
    made = found(invoice_type(**kind), *records)
    assert codes(made.faults)[0] == "reference_not_usable" and words in made.faults[0].message
    assert made.journal is None


def test_a_named_journal_that_may_not_be_used_does_not_fall_back_to_the_next() -> None:
    made = found(invoice_type(journal="NO"), sihi(journal="R"))
    assert codes(made.faults) == ["reference_not_usable"] and made.journal is None


def test_a_type_that_leads_to_nothing_is_a_fault() -> None:
    made = found(invoice_type(), sihi(entry_type=""))
    assert codes(made.faults) == ["nothing_named"] and "entry_type" in made.faults[0].message
    made = found(invoice_type(), replace(FAC, default_journal=""))
    assert codes(made.faults) == ["nothing_named"] and "no journal" in made.faults[0].message
    made = found(invoice_type(automatic_journal=""))
    assert codes(made.faults)[0] == "nothing_named"
