"""Our own rules: each is provoked once, and all problems are told at once, by the field to fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.spi import DocumentView, DueDateView, NoteView, PartyView, Rejected
from plugins.facturx.checks import advice, european, national, no_invoice
from plugins.facturx.formats import Cii, FacturX
from plugins.facturx.invoice import Invoice
from tests.plugins.facturx import views
from tests.plugins.facturx.views import document, line, partner

D = Decimal


def rules(problems: list[Any]) -> set[str]:
    return {problem.rule for problem in problems}


def with_line(**changes: Any) -> DocumentView:
    doc = document()
    return replace(doc, lines=(replace(doc.lines[0], **changes),))


def with_totals(**changes: Any) -> DocumentView:
    doc = document()
    return replace(doc, totals=replace(doc.totals, **changes))


def with_tax(category: str = "E", rate: str = "0", **changes: Any) -> DocumentView:
    doc = document(lines=(line(rate=rate, category=category),))
    return replace(doc, taxes=(replace(doc.taxes[0], **changes),))


def nowhere(**changes: Any) -> PartyView:
    return replace(partner(), address=views.address("", "", "", ""), **changes)


EUROPEAN: dict[str, Callable[[], DocumentView]] = {
    "BR-02": lambda: document(number=" \x01 "),
    "BR-05": lambda: replace(document(), currency=""),
    "BR-06": lambda: document(replace(views.FRENCH, name="")),
    "BR-07": lambda: document(customer=partner(name="")),
    "BR-09": lambda: document(replace(views.FRENCH, country="", address=views.address("", "", "", "")), partner()),
    "BR-11": lambda: document(customer=replace(partner(), country="", address=views.address("", "", "", ""))),
    "BR-16": lambda: replace(document(), lines=()),
    "BR-23": lambda: with_line(unit=""),
    "BR-25": lambda: with_line(description="", product="", sku=""),
    "BR-29": lambda: document(period=(date(2026, 2, 1), date(2026, 1, 1))),
    "BR-33": lambda: document(charges=(views.charge("allowance", "1", code="", description="", reason_code=""),)),
    "BR-38": lambda: document(charges=(views.charge("charge", "1", code="", description="", reason_code=""),)),
    "BR-61": lambda: document(replace(views.FRENCH, bank_accounts=()), payment_means="58"),
    "BR-62": lambda: document(customer=partner(electronic_address_scheme="")),
    "BR-CO-04": lambda: with_line(tax_category=""),
    "BR-CO-09": lambda: document(customer=nowhere(country="", vat_number="12345")),
    "BR-CO-10": lambda: with_totals(lines=D(99)),
    "BR-CO-11": lambda: with_totals(allowances=D(1)),
    "BR-CO-12": lambda: with_totals(charges=D(1)),
    "BR-CO-13": lambda: with_totals(net=D(1)),
    "BR-CO-14": lambda: with_totals(tax=D(1)),
    "BR-CO-15": lambda: with_totals(gross=D(1)),
    "BR-CO-16": lambda: with_totals(payable=D(1)),
    "BR-CO-17": lambda: with_tax("S", "20", amount=D(25)),
    "BR-CO-26": lambda: document(
        replace(views.FRENCH, vat_number="", registration_id="", fiscal_code=""), lines=(line(rate="0", category="Z"),)
    ),
    "BR-CL-17": lambda: with_line(tax_category="XX"),
    "BR-DEC-12": lambda: replace(document(lines=(line(price="10"),)), currency="KWD",
                                 totals=replace(document().totals, lines=D("0.005"))),
    "BR-S-01": lambda: replace(document(), taxes=()),
    "BR-S-02": lambda: document(replace(views.FRENCH, vat_number="")),
    "BR-S-05": lambda: document(lines=(line(rate="0"),)),
    "BR-S-08": lambda: with_tax("S", "20", base=D(90)),
    "BR-E-05": lambda: document(lines=(line(rate="20", category="E"),)),
    "BR-E-10": lambda: with_tax(reason="", exemption_code=""),
    "BR-AE-02": lambda: document(customer=nowhere(vat_number="", registration_id=""),
                                 lines=(line(rate="0", category="AE"),)),
    "BR-IC-02": lambda: document(customer=partner(vat_number=""), lines=(line(rate="0", category="K"),)),
    "BR-IC-10": lambda: with_tax("K", reason="", exemption_code=""),
    "BR-G-02": lambda: document(replace(views.FRENCH, vat_number="", fiscal_code="1"),
                                lines=(line(rate="0", category="G"),)),
    "BR-O-11": lambda: document(lines=(line(), line(rate="0", category="O"))),
    "BT-131": lambda: with_line(unit_price=D(90)),
}  # fmt: skip


@pytest.mark.parametrize("rule", EUROPEAN)
def test_a_broken_rule_is_found(rule: str) -> None:
    assert rule in rules(european(Invoice(EUROPEAN[rule]())))


@pytest.mark.parametrize("name", [*views.FRENCH_SET, *views.OTHER_SET])
def test_a_good_document_breaks_no_rule(name: str) -> None:
    invoice = Invoice({**views.FRENCH_SET, **views.OTHER_SET}[name]())
    assert european(invoice) == [] == national(invoice)


def test_all_problems_come_at_once_with_the_fields_to_fill() -> None:
    broken = document(
        replace(views.FRENCH, name=""),
        replace(partner(), name="", country="", address=views.address("", "", "", "")),
        lines=(line(unit=""),),
    )
    with pytest.raises(Rejected) as refusal:
        FacturX().render(broken)
    assert {"company.name", "partner.name", "partner.address.country", "unit"} <= set(refusal.value.details)
    assert "line 1: unit is empty" in refusal.value.reason
    assert "BR-11" in refusal.value.reason


def test_out_of_scope_beside_other_categories_says_which_lines_and_the_way_out() -> None:
    mixed = document(lines=(line(), line("Bollo", rate="0", category="O")))
    with pytest.raises(Rejected, match=r"Out of scope: line 2\. Bill those apart.*BR-O-11"):
        Cii().render(mixed)


def test_a_purchase_names_the_partner_as_the_seller() -> None:
    (problem,) = european(Invoice(replace(views.self_billed(), partner=partner(name=""))))
    assert problem.field == "partner.name"


FRENCH: dict[str, Callable[[], DocumentView]] = {
    "BR-FR-02": lambda: document(number="FA 42"),
    "BR-FR-05": lambda: document(notes=views.FRENCH_NOTES[:2]),
    "BR-FR-08": lambda: document(process_code=""),
    "BR-FR-10": lambda: document(replace(views.FRENCH, registration_id="123")),
    "BR-FR-12": lambda: document(customer=partner(electronic_address="", email="")),
    "BR-FR-15": lambda: document(lines=(line(category="L"),)),
    "BR-FR-16": lambda: document(lines=(line(rate="19"),)),
    "BR-FR-20": lambda: document(notes=(*views.FRENCH_NOTES, NoteView("BTB", "BAR"))),
    "BR-FR-21": lambda: document(customer=partner(electronic_address="999"),
                                 notes=(*views.FRENCH_NOTES, NoteView("B2B", "BAR"))),
    "BR-FR-23": lambda: document(customer=partner(electronic_address="a b")),
    "BR-FR-CO-03": lambda: document(untdid_code="262"),
    "BR-FR-CO-04": lambda: document(untdid_code="384"),
    "BR-FR-CO-05": lambda: replace(views.french_credit(), references=()),
    "BR-FR-CO-07": lambda: document(due_dates=(DueDateView(date(2026, 1, 1), D(1), ""),)),
    "BR-FR-CO-08": lambda: document(untdid_code="386", process_code="S4"),
    "BR-FR-CO-09": lambda: document(process_code="B2"),
    "BR-FR-CO-12": lambda: document(replace(views.FRENCH, currency="USD"), currency="USD"),
    "BR-FR-DEC-02": lambda: document(lines=(line(quantity="0.00005", price="1000000"),)),
}  # fmt: skip


@pytest.mark.parametrize("rule", FRENCH)
def test_a_broken_french_rule_is_told_and_refuses_nothing(rule: str) -> None:
    broken = FRENCH[rule]()
    assert rule in rules(national(Invoice(broken)))
    assert rule in Cii().render(broken).verdict


def test_other_countries_have_no_rules_of_their_own_here() -> None:
    assert national(Invoice(views.british())) == []


def test_an_amount_due_without_a_date_is_advised_against() -> None:
    open_end = document(due_dates=())
    assert rules(advice(Invoice(open_end))) == {"BR-CO-25"}
    assert "BR-CO-25" in Cii().render(open_end).verdict


@pytest.mark.parametrize(
    ("code", "company", "words"),
    [
        ("", views.BRITISH, "no UNTDID 1001 code"),
        ("325", views.BRITISH, "asks for no payment"),
        ("310", views.BRITISH, "BR-CL-01"),
        ("383", views.FRENCH, "BR-FR-04"),
        ("383", views.ITALIAN, ""),
        ("380", views.FRENCH, ""),
    ],
)
def test_only_an_invoice_becomes_an_e_invoice(code: str, company: Any, words: str) -> None:
    said = no_invoice(document(company, untdid_code=code))
    assert (words in said) if words else said == ""
