"""Which documents are signed, what their seal says, and what is told before a number is taken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spi import ChainScope, SealKind, SealRecord, SealRefused
from engine.spi.seals import SealInUse
from plugins.seal_prt import fields, qr, signature
from plugins.seal_prt.seal import PortugueseSeal
from tests.plugins.facturx import views
from tests.plugins.seal_prt.builders import BUYER, COMPANY, document, ready, record, tax

SUPPLIER = replace(BUYER, name="Quinta do Vale", vat_number="PT503504564")
AUTO: dict[str, Any] = {"module": "purchase", "self_billed": True, "partner": SUPPLIER}


@pytest.mark.parametrize(
    ("changes", "signed"),
    [
        ({}, True),
        *(({"category": kind}, True) for kind in ("credit_note", "debit_note", "proforma", "quote", "order")),
        *(({"category": kind}, True) for kind in ("delivery_note", "return", "credit_memo")),
        ({"category": "receipt", "national_code": ""}, False), ({"category": "receipt", "national_code": "RG"}, False),
        ({"category": "receipt", "national_code": "FS"}, True),
        ({"category": "receipt", "national_code": "", "invoice_type": "FR"}, True),
        ({"national_code": "RC"}, False), ({"invoice_type": "RG", "national_code": ""}, False),
        ({"self_billed": True}, False), ({"module": "purchase"}, False), (AUTO, True),
        (AUTO | {"partner": views.partner()}, False), (AUTO | {"category": "goods_receipt"}, False),
        ({"company": views.FRENCH}, False),
    ],
)  # fmt: skip
def test_what_is_signed_is_what_the_company_hands_to_the_other_side(changes: dict[str, Any], signed: bool) -> None:
    assert PortugueseSeal().seals(document(**{"number": ""} | changes)) is signed


def test_a_chain_is_a_series() -> None:
    seal = PortugueseSeal()
    assert seal.chain_scope is ChainScope.SERIES and seal.kinds == {SealKind.ISSUE}
    assert ready().chain(document(number=""), "PT01/FT/2026") == "PT01/FT/2026"


def code_of(record_: SealRecord, **changes: Any) -> dict[str, str]:
    return qr.parsed(ready(**changes).seal(record_).printed["qr"])


def test_the_type_is_the_settings_word_else_the_national_code_else_its_own() -> None:
    assert code_of(record(document(invoice_type="FAT")))["D"] == "FT"
    assert code_of(record(document(invoice_type="FAT")), types={"FAT": "FR"})["D"] == "FR"
    assert code_of(record(document(invoice_type="FS", national_code="")))["D"] == "FS"


def test_a_self_billed_document_is_of_the_supplier() -> None:
    found = code_of(record(document(**AUTO)))
    assert (found["A"], found["B"], found["E"]) == ("503504564", "123456789", "S")


@pytest.mark.parametrize(
    ("partner", "number", "country"),
    [
        ({}, "500000000", "PT"), ({"vat_number": "500000000"}, "500000000", "PT"),
        ({"vat_number": "PT 500 000 000"}, "500000000", "PT"), ({"vat_number": "", "fiscal_code": "245123453"},
                                                              "245123453", "PT"),
        ({"vat_number": "", "kind": "person"}, "999999990", "PT"),
        ({"vat_number": "", "country": ""}, "999999990", "Desconhecido"),
        ({"vat_number": "EL123456789", "country": "GR"}, "123456789", "GR"),
        ({"vat_number": "IE1234567+A", "country": "IE"}, "1234567+A", "IE"),
        ({"vat_number": "esb85905495", "country": "ES"}, "B85905495", "ES"),
    ],
)  # fmt: skip
def test_the_buyers_number_is_written_without_its_country(partner: dict[str, Any], number: str, country: str) -> None:
    found = code_of(record(document(partner=replace(BUYER, **partner))))
    assert (found["B"], found["C"]) == (number, country)


def test_taxes_go_where_region_and_rate_say() -> None:
    view = document(
        tax("100.00", "6.00", "6"), tax("100.00", "13.00", "13"), tax("10.00", "2.30"), tax("20.00", "4.60", code="X"),
        tax("5.00", "0.00", "0", "AE"), tax("6.00", "0.00", "0", "K"), tax("7.00", "0.00", "0", "O"),
    )  # fmt: skip
    found = code_of(record(view))
    assert {name: found[name] for name in found if name[0] in "IJKLNO"} == {
        "I1": "PT", "I2": "11.00", "I3": "100.00", "I4": "6.00", "I5": "100.00", "I6": "13.00", "I7": "30.00",
        "I8": "6.90", "L": "7.00", "N": "25.90", "O": "273.90",
    }  # fmt: skip
    islands = code_of(record(document(tax("100.00", "4.00", "4"))), region="PT-MA")
    assert (islands["I1"], islands["I3"], islands["I4"]) == ("PT-MA", "100.00", "4.00")


def test_stamp_duty_is_a_tax_whose_base_is_exempt() -> None:
    found = code_of(record(document(tax("1000.00", "8.00", "0.8", "E", "IS"))), taxes={"IS": {"level": "stamp_duty"}})
    assert (found["I2"], found["M"], found["N"], found["O"]) == ("1000.00", "8.00", "8.00", "1008.00")


def test_another_currency_is_told_in_euro_and_adds_up() -> None:
    view = document(
        tax("10.01", "0.60", "6"),
        tax("33.33", "7.67"),
        currency="USD",
        exchange_rate=Decimal("0.91237"),
        withheld="1.00",
    )
    sealed = ready().seal(record(view))
    found = qr.parsed(sealed.printed["qr"])
    assert (found["I3"], found["I4"], found["I7"], found["I8"]) == ("9.13", "0.55", "30.41", "7.00")
    assert (found["N"], found["O"], found["P"]) == ("7.55", "47.09", "0.91")
    assert sealed.facts["GrossTotal"] == "47.09" and qr.is_whole(sealed.printed["qr"])


@given(st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["6", "13", "23"])), min_size=1, max_size=6),
       st.decimals("0.00000001", 1000, places=8))  # fmt: skip
def test_what_is_printed_always_adds_up_to_what_is_signed(rows: list[tuple[int, str]], rate: Decimal) -> None:
    taxes = [tax(f"{cents / 100:.2f}", f"{cents * int(percent) // 100 / 100:.2f}", percent) for cents, percent in rows]
    sealed = ready().seal(record(document(*taxes, currency="USD", exchange_rate=rate)))
    found = qr.parsed(sealed.printed["qr"])
    assert qr.is_whole(sealed.printed["qr"]) and found["O"] == sealed.facts["GrossTotal"]


OTHER_HOUSE = replace(COMPANY, currency="GBP")


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"number": "FT2026A/1"}, "number", "does not read as TYPE SERIES/7"), ({"number": ""}, "number", "read as"),
        ({"number": "FT 2026A-1"}, "number", "read as"), ({"number": "FT 2026A/1a"}, "number", "read as"),
        ({"number": "FT 2026;A/1"}, "number", "without ;"), ({"number": "FT 20*26/1"}, "number", "without ;"),
        ({"number": "FT A:1/1"}, "number", "without ;"), ({"number": "FT 2026\n/1"}, "number", "read as"),
        ({"number": "FT 2026Á/1"}, "number", "read as"), ({"number": "FT  2026A/1"}, "number", "read as"),
        ({"number": f"FT {'x' * 60}/1"}, "number", "60"), ({"number": "FT A/B/1"}, "number", "read as"),
        ({"number": "FT 2026A/\u0661"}, "number", "read as"),
        ({"number": "FT 2026A/2"}, "number", "ends in 2 and is number 1"),
        ({"number": "FT 2026B/1"}, "number", "series 'FT 2026B' has no validation code"),
        ({"national_code": ""}, "invoice_type", "has no SAF-T code"),
        ({"is_credit": True}, "invoice_type", "is FT, and the document is a credit"),
        ({"national_code": "NC"}, "invoice_type", "is NC, and the document is no credit"),
        ({"company": replace(COMPANY, vat_number="")}, "company.vat_number", "there is none"),
        ({"company": replace(COMPANY, vat_number="12345678")}, "company.vat_number", "9 digits"),
        ({"partner": replace(BUYER, vat_number="PT1234")}, "customer.vat_number", "9 digits"),
        ({"partner": replace(BUYER, vat_number="1*C:ES", country="FR")}, "customer.vat_number", "plain letters"),
        ({"partner": replace(BUYER, vat_number="FR" + "1" * 31, country="FR")}, "customer.vat_number", "30"),
        ({"partner": replace(BUYER, vat_number="FR1", country="F*")}, "customer.country", "no country"),
        (AUTO | {"partner": replace(SUPPLIER, vat_number="")}, "supplier.vat_number", "there is none"),
        ({"currency": "USD", "company": OTHER_HOUSE}, "currency", "USD"),
    ],
)  # fmt: skip
def test_what_cannot_be_signed_is_told_before_the_number_and_refused_after(
    changes: dict[str, Any], field: str, word: str
) -> None:
    bad = record(document(**changes))
    (problem,) = ready().problems(bad)
    assert problem.field == field and word in problem.reason and problem.remedy
    with pytest.raises(SealRefused):
        ready().seal(bad)


def test_taxes_that_cannot_be_placed_are_told() -> None:
    def reasons(*rows: Any, **changes: Any) -> list[str]:
        return [one.reason for one in ready(**changes).problems(record(document(*rows)))]

    assert reasons(tax("1.00", "0.21", "21")) == ["tax S21 of 21 % (category S) has no level in PT"]
    assert reasons(tax("1.00", "0.21", "21"), taxes={"S21": {"level": "normal"}}) == []
    assert reasons(tax("1.00", "0.07", "7", "L")) == ["tax L7 of 7 % (category L) has no level in PT"]
    assert reasons(tax("-1.00", "-0.23")) == ["the total is -1.23, below zero"]
    abroad = {f"X{place}": {"region": region} for place, region in enumerate(("FR", "ES", "IT"))}
    rows = [tax("1.00", "0.20", "20", code=code) for code in abroad]
    assert reasons(*rows, taxes=abroad) == []
    assert reasons(*rows, tax("1.00", "0.23"), taxes=abroad) == ["taxes of 4 regions: ES, FR, IT, PT"]


def test_totals_that_are_not_those_of_the_taxes_are_told() -> None:
    view = document()
    wrong = replace(view, totals=replace(view.totals, gross=Decimal("123.01")))
    assert [one.reason for one in ready().problems(record(wrong))] == ["taxes add up to 123.00, the total is 123.01"]


def test_everything_wrong_is_told_at_once() -> None:
    bad = record(document(number="x", national_code="", company=replace(COMPANY, vat_number="x")))
    used = SealInUse("prt", ChainScope.SERIES, PortugueseSeal.kinds, ready())
    assert [fault.path for fault in used.faults(bad)] == ["number", "invoice_type", "company.vat_number"]
    assert {fault.code for fault in used.faults(bad)} == {"seal_refuses"}


@given(st.text(max_size=80), st.text(max_size=80))
def test_names_and_texts_reach_no_seal(name: str, subject: str) -> None:
    """Nor do they stop one: separators, line breaks and marks in a name are nobody's business here."""
    partner = replace(BUYER, name=name, email=subject)
    hostile = document(partner=partner, subject=subject, company=replace(COMPANY, name=name), buyer_reference=subject)
    assert ready().seal(record(hostile)) == ready().seal(record())


@given(st.text(max_size=40), st.text("0123456789ABCPT*:; +\n", max_size=20), st.sampled_from(["PT", "FR", ""]))
def test_what_is_sealed_can_be_read_back(series: str, nif: str, country: str) -> None:
    """No number and no tax number can pass for another field, in the message or in the QR code."""
    seal = ready(series={f"FT {series}": {"validation_code": "CSDF7T5H"}})
    seen = record(document(number=f"FT {series}/1", partner=replace(BUYER, vat_number=nif, country=country)))
    if seal.problems(seen):
        return
    sealed = seal.seal(seen)
    assert signature.message(sealed.facts, "").split(";") == [
        sealed.facts[name] for name in signature.SIGNED_FIELDS
    ] + [""]
    found = qr.parsed(sealed.printed["qr"])
    assert [*found] == ["A", "B", "C", "D", "E", "F", "G", "H", "I1", "I7", "I8", "N", "O", "Q", "R"]
    assert found["G"] == f"FT {series}/1" and found["B"] == fields.buyer(seen.document)[0]
