"""Which documents are sealed, what their record says, and what is told before a number is taken."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.kernel.faults import Faulty
from engine.spi import ChainScope, SealKind, SealRefused
from engine.spi.seals import in_use
from plugins.seal_esp import huella
from plugins.seal_esp.seal import SpanishSeal
from tests.plugins.facturx import views
from tests.plugins.seal_esp.builders import COMPANY, document, ready, record, settings

SUPPLIER = replace(views.partner("Granja Sol", "IT"), country="ES", vat_number="ES12345678Z")


@pytest.mark.parametrize(
    ("changes", "sealed"),
    [
        ({}, True),
        ({"category": "credit_note"}, True), ({"category": "debit_note"}, True), ({"category": "credit_memo"}, True),
        ({"category": "proforma"}, False), ({"category": "delivery_note"}, False), ({"category": "quote"}, False),
        ({"category": "receipt"}, True), ({"category": "receipt", "national_code": ""}, False),
        ({"self_billed": True}, False), ({"module": "purchase"}, False),
        ({"module": "purchase", "self_billed": True, "partner": SUPPLIER}, True),
        ({"module": "purchase", "self_billed": True}, False),
        ({"company": views.FRENCH}, False),
    ],
)  # fmt: skip
def test_what_is_sealed_is_an_invoice_of_spain_that_the_company_makes_out(
    changes: dict[str, Any], sealed: bool
) -> None:
    assert SpanishSeal().seals(document(number="", **changes)) is sealed


def test_one_chain_for_each_issuer_and_installation() -> None:
    self_billed = document(module="purchase", self_billed=True, partner=SUPPLIER)
    assert SpanishSeal().chain_scope is ChainScope.ISSUER
    assert ready().chain(document(), "ES01/FV/2027") == "B85905495/MADRID-1" == ready().chain(document(number=""), "X")
    assert ready(installation="2").chain(self_billed, "ES01/AF/2027") == "12345678Z/2"
    facts = ready().seal(record(self_billed)).facts
    assert facts[huella.ISSUER] == "12345678Z"


@pytest.mark.parametrize("written", ["ESB85905495", "B85905495", " es-b85905495 ", "B-85.905.495"])
def test_a_nif_is_known_however_it_is_written(written: str) -> None:
    seen = document(company=replace(COMPANY, vat_number=written))
    assert ready().seal(record(seen)).facts[huella.ISSUER] == "B85905495"
    seen = document(company=replace(COMPANY, vat_number="", fiscal_code=written))
    assert ready().seal(record(seen)).facts[huella.ISSUER] == "B85905495"


def test_the_type_is_the_settings_word_else_the_national_code() -> None:
    simplified = ready(types={"FACT": "F2"})
    assert simplified.seal(record(document(invoice_type="FACT"))).facts[huella.KIND] == "F2"
    assert ready().seal(record(document(invoice_type="FACT"))).facts[huella.KIND] == "F1"


def test_another_currency_is_told_in_euro_with_the_tax_that_was_printed() -> None:
    abroad = document("21.00", "100.00", currency="USD", exchange_rate=Decimal("0.91235"))
    facts = ready().seal(record(replace(abroad, tax_company_currency=Decimal("19.16")))).facts
    assert (facts[huella.TAX], facts[huella.TOTAL]) == ("19.16", "110.40")  # 91.235 -> 91.24


def test_a_credit_of_nothing_is_nothing() -> None:
    facts = ready().seal(record(document("0.00", "0.00", is_credit=True, national_code="R1"))).facts
    assert (facts[huella.TAX], facts[huella.TOTAL]) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"company": replace(COMPANY, vat_number="")}, "company.vat_number", "there is none"),
        ({"company": replace(COMPANY, vat_number="B8590549")}, "company.vat_number", "9 letters and digits"),
        ({"company": replace(COMPANY, vat_number="B8590549&")}, "company.vat_number", "'B8590549&'"),
        ({"module": "purchase", "partner": replace(SUPPLIER, vat_number="")}, "supplier.vat_number", "none"),
        ({"number": "A=1"}, "number", "NumSerieFactura"), ({"number": "FV\n1"}, "number", "plain signs"),
        ({"number": "FÑ-1"}, "number", "plain signs"), ({"number": " FV-1"}, "number", "outer blanks"),
        ({"number": "FV-1 "}, "number", "outer blanks"), ({"number": "x" * 61}, "number", "1 to 60"),
        ({"number": ""}, "number", "1 to 60"), ({"number": "F<1>"}, "number", "plain signs"),
        ({"national_code": ""}, "invoice_type", "has no TipoFactura"),
        ({"national_code": "TD01"}, "invoice_type", "has no TipoFactura"),
        ({"is_credit": True}, "invoice_type", "a credit is a rectificativa"),
        ({"currency": "USD", "company": replace(COMPANY, currency="GBP")}, "currency", "USD"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared_is_told_before_the_number_and_refused_after(
    changes: dict[str, Any], field: str, word: str
) -> None:
    bad = record(document(**changes))
    (problem,) = ready().problems(bad)
    assert problem.field == field and word in problem.reason and problem.remedy
    with pytest.raises(SealRefused):
        ready().seal(bad)


def test_everything_wrong_is_told_at_once() -> None:
    bad = record(document(number="a=b", national_code="", company=replace(COMPANY, vat_number="x")))
    used = in_use(SpanishSeal(), {"installation": "1"})
    assert [fault.path for fault in used.faults(bad)] == ["company.vat_number", "number", "invoice_type"]
    assert {fault.code for fault in used.faults(bad)} == {"seal_refuses"}
    assert used.faults(record()) == []


def test_an_annulment_needs_only_what_names_the_invoice() -> None:
    assert ready().problems(record(document(national_code=""), kind=SealKind.CANCELLATION)) == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_names_and_texts_reach_no_record(name: str, subject: str) -> None:
    """Nor do they stop one: separators, line breaks and marks in a name are nobody's business here."""
    hostile = document(
        partner=views.partner(name), subject=subject, company=replace(COMPANY, name=name), buyer_reference=subject
    )
    assert ready().seal(record(hostile)) == ready().seal(record(document()))


@given(st.text(max_size=70))
def test_a_number_is_sealed_whole_or_refused(number: str) -> None:
    """What is hashed can be read back: no number can pass for another field."""
    seen = record(document(number=number))
    if ready().problems(seen):
        return
    facts = ready().seal(seen).facts
    text = huella.hashed_text(SealKind.ISSUE, facts)
    assert facts[huella.NUMBER] == number and text.count("=") == len(huella.HASHED[SealKind.ISSUE])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("installation", ""), ("installation", "a\nb"), ("installation", "é"), ("installation", "x" * 101),
        ("installation", None), ("service", "prod"), ("time_zone", "Madrid"), ("time_zone", "../etc/passwd"),
        ("types", {"FACT": "F9"}), ("nif", "B85905495"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**{field: value})
    assert refused.value.errors()[0]["loc"][0] == field
    with pytest.raises(Faulty) as faulty:
        in_use(SpanishSeal(), {"installation": "1"} | {field: value})
    assert faulty.value.faults[0].code == "seal_not_ready"
