"""A request becomes a draft: rates, currencies, due dates, texts; and each fault that stops it, by one document."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.drafting.drafted import Draft
from engine.kernel.faults import Fault, Faulty, choices
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from tests.packs.shipped import catalog_of
from tests.support.drafts import CORRECTS, PARTY, Document, document, drafted, line
from tests.support.packs import catalog, codes, company, invoice_type, tax

D = Decimal
NOTE, MEMO = invoice_type("AVF", category="credit_note"), invoice_type("RFA", category="credit_memo")
PURCHASE = invoice_type("PIN", module="purchase", purchase_kind="invoice")
ON_RETURN = invoice_type("PCR", module="purchase", category="credit_memo", purchase_kind="credit_note_on_return")
CANCEL = invoice_type("CAN", category="debit_note", cancellation=True)
REVERSE, EXEMPT = tax("RC", "0", "AE", text={"fr": "x"}), tax("EX", "0", "E")
DATED = tax(
    "OLD",
    rate=(
        d.Rate(percent=D("19.6"), valid_to=date(2025, 12, 31)),
        d.Rate(percent=D(20), valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),
    ),
)
EOM = d.PaymentTerms(
    code="EOM30", part=(d.TermsPart(days=30, end_of_month=True),), text={"fr": "fin de mois", "en": "eom"}
)
THIRDS = d.PaymentTerms(
    code="THIRDS",
    part=(
        d.TermsPart(percent=D("33.33")),
        d.TermsPart(percent=D("33.33"), days=30),
        d.TermsPart(percent=D("33.34"), days=60),
    ),
)
METHOD = d.PaymentMethod(code="SEPA", means="58")
HELD = d.Withholding(code="RT", rate=(d.Rate(percent=D(20), valid_from=date(2026, 1, 1)),))
WORLD = catalog(
    NOTE, MEMO, PURCHASE, ON_RETURN, CANCEL, REVERSE, EXEMPT, DATED, METHOD, HELD, tax("BB", "22", "B"), EOM, THIRDS
)  # fmt: skip


def made(*lines: Document, packs: Catalog = WORLD, origin: date | None = None, **more: Any) -> Draft:
    return drafted(packs, document(*lines, **{"invoice_type": "FAC"} | more), origin)


def faults(*lines: Document, packs: Catalog = WORLD, **more: Any) -> list[Fault]:
    with pytest.raises(Faulty) as caught:
        made(*lines, packs=packs, **more)
    return list(caught.value.faults)


# --- faults ---------------------------------------------------------------------------------------------------------

PURCHASED: Document = {"invoice_type": "PIN", "customer": None, "supplier": PARTY, "module": "purchase"}
CREDIT: Document = {"invoice_type": "RFA", "category": "credit_memo"}
EXTRA: Document = {"kind": "charge", "description": "x", "tax_code": "FR20"}
DUE: Document = {"date": "2026-04-01"}

WRONG: dict[str, tuple[Document, str, str]] = {
    "no lines": ({"lines": []}, "no_lines", "lines"),
    "no customer": ({"customer": None}, "partner_missing", "customer"),
    "a supplier on a sale": ({"supplier": PARTY, "module": "sales"}, "partner_unexpected", "supplier"),
    "an unknown tax": ({"lines": [line(tax_code="FR21")]}, "unknown_reference", "lines[0].tax_code"),
    "an unknown tax on a charge": (
        {"charges": [EXTRA | {"amount": "1", "tax_code": "NO"}]}, "unknown_reference", "charges[0].tax_code",
    ),
    "an unknown withholding": ({"withholdings": [{"code": "RX"}]}, "unknown_reference", "withholdings[0].code"),
    "unknown terms": ({"payment_terms": "NET1"}, "unknown_reference", "payment_terms"),
    "an unknown method": ({"payment_method": "CASH"}, "unknown_reference", "payment_method"),
    "a tax without rate then": (
        {"lines": [line(tax_code="OLD")], "date": "2027-01-01"}, "tax_without_rate", "lines[0].tax_code",
    ),
    "a withholding without rate then": (
        {"withholdings": [{"code": "RT"}], "date": "2025-01-01"}, "tax_without_rate", "withholdings[0].code",
    ),
    "an exemption without reason": ({"lines": [line(tax_code="EX")]}, "exemption_reason_missing", "lines"),
    "reverse charge to nobody": (
        {"lines": [line(tax_code="RC")], "customer": PARTY | {"vat_number": ""}}, "partner_tax_id_missing",
        "lines[0].tax_code",
    ),
    "reverse charge bought without a rate": (
        PURCHASED | {"lines": [line(tax_code="RC")]}, "self_assessed_rate_missing", "lines[0].tax_code",
    ),
    "a site of nobody": ({"site": "NORD"}, "unknown_site", "site"),
    "more tax in an advance than the advance": (
        {"prepaid": [{"amount": "10.00", "tax": "10.01"}]}, "prepaid_tax_too_large", "prepaid[0].tax",
    ),
    "a credit note that corrects nothing": (
        {"invoice_type": "AVF", "category": "credit_note"}, "corrects_missing", "references",
    ),
    "a cancellation": ({"invoice_type": "CAN", "category": "debit_note"}, "not_yet", "invoice_type"),
    "a credit on return without return": (
        PURCHASED | {"invoice_type": "PCR", "category": "credit_memo"}, "return_missing", "references",
    ),
    "a reference to nothing": ({"references": [{"kind": "order"}]}, "reference_shape", "references[0]"),
    "a credit with a sign": (CREDIT | {"lines": [line("-1")]}, "credit_quantity", "lines[0].quantity"),
    "a credit of nothing": (CREDIT | {"lines": [line("0")]}, "credit_quantity", "lines[0].quantity"),
    "a discount twice said": (
        {"lines": [line(discounts=[{"percent": "1", "amount": "1"}])]}, "discount_shape", "lines[0].discounts[0]",
    ),
    "a discount of nothing": ({"lines": [line(discounts=[{}])]}, "discount_shape", "lines[0].discounts[0]"),
    "a discount over the price": (
        {"lines": [line(discounts=[{"amount": "100.01"}]), line()]}, "discount_too_large", "lines[0].discounts",
    ),
    "a charge twice said": (
        {"charges": [EXTRA | {"amount": "1", "percent": "1"}]}, "charge_shape", "charges[0]",
    ),
    "an invoice below zero": ({"lines": [line("-1")]}, "negative_total", "lines"),
    "a line of 15 digits": (
        {"lines": [line("9999999999", "9999999999")]}, "amount_too_large", "lines[0]",
    ),
    "a total of 15 digits": ({"lines": [line("9999999999", "9999")] * 2}, "amount_too_large", "lines"),
    "a total of 15 digits at home": (
        {"lines": [line("1000000", "1000000")], "currency": "USD", "exchange_rate": "1000"}, "amount_too_large",
        "lines",
    ),
    "a foreign currency without rate": ({"currency": "USD"}, "exchange_rate_missing", "exchange_rate"),
    "a rate for nothing": ({"exchange_rate": "1.1"}, "exchange_rate_unexpected", "exchange_rate"),
    "due twice": ({"due_date": "2026-04-01", "payment_terms": "EOM30"}, "due_dates_shape", "payment_terms"),
    "a part twice said": (
        {"due_dates": [DUE | {"amount": "120.00", "percent": "100"}]}, "due_dates_shape", "due_dates",
    ),
    "parts of two kinds": (
        {"due_dates": [DUE | {"amount": "60.00"}, DUE | {"percent": "50"}]}, "due_dates_shape", "due_dates",
    ),
    "a part that says nothing": ({"due_dates": [DUE]}, "due_dates_shape", "due_dates"),
    "parts that are not all": ({"due_dates": [DUE | {"amount": "119.99"}]}, "due_dates_sum", "due_dates"),
    "percents that are not all": (
        {"due_dates": [DUE | {"percent": "50"}, DUE | {"percent": "49"}]}, "due_dates_sum", "due_dates",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "code", "path"), WRONG.values(), ids=WRONG)
def test_refused(more: Document, code: str, path: str) -> None:
    (fault,) = faults(**more)
    assert (fault.code, fault.path) == (code, path)
    assert fault.message and fault.remedy and "{" not in fault.message


def test_all_faults_come_at_once() -> None:
    found = faults(line(tax_code="NO"), line(discounts=[{}]), customer=None, currency="USD", payment_method="X")
    assert sorted(codes(found)) == [
        "discount_shape", "exchange_rate_missing", "partner_missing", "unknown_reference", "unknown_reference",
    ]  # fmt: skip


def test_an_unknown_tax_is_told_with_the_nearest_and_why() -> None:
    (fault,) = faults(line(tax_code="FR2O"))
    assert fault.remedy.startswith("did you mean 'FR")
    packs = catalog(tax("FR20", legislation="FRA", active=False))
    (fault,) = faults(packs=packs)
    assert fault.code == "unknown_reference" and fault.message.endswith(": it is not active")


def test_what_may_be_used_instead_is_listed_the_nearest_first() -> None:
    packs = catalog(*(tax(f"FR{rate}", str(rate)) for rate in range(20, 35)), tax("OLD", "19", active=False))
    (fault,) = faults(line(tax_code="TVA20"), packs=packs)
    assert fault.remedy.startswith("usable: FR20, ") and fault.remedy.endswith(" and 4 more")
    assert fault.remedy.count(", ") == 11 and "OLD" not in fault.remedy
    (fault,) = faults(payment_terms="DAYS3O")
    assert "usable: " in fault.remedy
    assert choices("FR20", [], "define one") == "define one"


# --- taxes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        ({"date": "2026-01-01"}, "20"),
        ({"date": "2025-12-31"}, "19.6"),
        ({"date": "2026-01-15", "supply_date": "2025-12-31"}, "19.6"),
        ({"date": "2026-01-15", "accounting_date": "2025-12-31"}, "20"),
        ({**CREDIT, "date": "2026-01-15", "references": [CORRECTS]}, "19.6"),
        ({**CREDIT, "date": "2026-01-15", "references": [{"kind": "invoice", **DUE, "number": "X"}]}, "20"),
        ({"date": "2026-01-15", "references": [CORRECTS | {"kind": "invoice"}]}, "20"),
    ],
)
def test_the_rate_is_that_of_the_tax_point(more: Document, rate: str) -> None:
    draft = made(line(tax_code="OLD"), **more)
    assert draft.lines[0].tax_rate == draft.taxes[0].rate == D(rate)


def test_a_credit_of_a_document_of_ours_takes_its_tax_point() -> None:
    draft = made(
        line(tax_code="OLD"), **CREDIT, references=[CORRECTS | {"date": "2026-02-01"}], origin=date(2025, 6, 1)
    )
    assert draft.tax_point == date(2025, 6, 1) and draft.lines[0].tax_rate == D("19.6")


def test_amounts_of_a_credit_are_positive() -> None:
    draft = made(line("2"), **CREDIT)
    assert draft.is_credit and (draft.totals.gross, draft.totals.payable) == (D("240.00"), D("240.00"))


def test_split_payment_is_taxed_but_not_payable() -> None:
    totals = made(line(tax_code="BB")).totals
    assert (totals.tax, totals.gross, totals.payable) == (D("22.00"), D("122.00"), D("100.00"))


@pytest.mark.parametrize(("asked", "amount"), [({}, "20.00"), ({"base": "50"}, "10.00"), ({"rate": "5"}, "5.00")])
def test_what_is_withheld_is_a_share_of_the_net_unless_said_otherwise(asked: Document, amount: str) -> None:
    draft = made(withholdings=[{"code": "RT", **asked}])
    assert draft.withholdings[0].amount == draft.totals.withholding == D(amount)
    assert draft.totals.payable == D("120.00") - D(amount)


@pytest.mark.parametrize(
    ("currency", "net", "tax_amount"), [("JPY", "334", "67"), ("KWD", "333.667", "66.733"), ("EUR", "333.67", "66.73")]
)
def test_amounts_are_at_the_exponent_of_the_currency(currency: str, net: str, tax_amount: str) -> None:
    rate = {} if currency == "EUR" else {"currency": currency, "exchange_rate": "0.5"}
    totals = made(line("1", "333.6665"), **rate).totals
    assert (str(totals.net), str(totals.tax)) == (net, tax_amount)


def test_a_rate_of_1_may_be_said_where_none_is_needed() -> None:
    assert made(exchange_rate="1").exchange_rate == made(currency="EUR").exchange_rate == 1


def test_the_currency_is_the_companys_else_its_legislations() -> None:
    assert made().company_currency == "EUR"
    swiss = catalog(company(currency="CHF"))
    assert made(packs=swiss).currency == "CHF"
    assert codes(faults(packs=swiss, currency="EUR")) == ["exchange_rate_missing"]


# --- when it is due -------------------------------------------------------------------------------------------------


def due(draft: Draft) -> list[tuple[str, str]]:
    return [(str(row.date), str(row.amount)) for row in draft.due_dates]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, [("2026-03-01", "120.00")]),
        ({"due_date": "2026-05-05"}, [("2026-05-05", "120.00")]),
        ({"payment_terms": "EOM30"}, [("2026-03-31", "120.00")]),
        ({"payment_terms": "EOM30", "date": "2026-01-31"}, [("2026-03-31", "120.00")]),
        ({"payment_terms": "EOM30", "date": "9999-12-31"}, [("9999-12-31", "120.00")]),
        ({"payment_terms": "THIRDS"}, [("2026-03-01", "40.00"), ("2026-03-31", "39.99"), ("2026-04-30", "40.01")]),
        ({"due_dates": [DUE | {"amount": "20"}, {"date": "2026-05-01", "amount": "100.00"}]},
         [("2026-04-01", "20"), ("2026-05-01", "100.00")]),
        ({"due_dates": [DUE | {"percent": "33.3"}, {"date": "2026-05-01", "percent": "66.7"}]},
         [("2026-04-01", "39.96"), ("2026-05-01", "80.04")]),
        ({"prepaid": [{"amount": "120.00"}]}, []),
        ({"prepaid": [{"amount": "20.00"}]}, [("2026-03-01", "100.00")]),
    ],
)  # fmt: skip
def test_due_dates_follow_what_is_said_and_add_up_to_what_is_payable(
    more: Document, wanted: list[tuple[str, str]]
) -> None:
    draft = made(**more)
    assert due(draft) == wanted
    assert sum((row.amount for row in draft.due_dates), D(0)) == draft.totals.payable


def test_the_companys_terms_hold_on_sales_only() -> None:
    packs = catalog(company(payment_terms="EOM30"), PURCHASE, EOM)
    assert due(made(packs=packs)) == [("2026-03-31", "120.00")] and made(packs=packs).payment_terms == "fin de mois"
    assert made(packs=packs, language="it").payment_terms == "eom"
    assert due(made(packs=packs, **PURCHASED)) == [("2026-03-01", "120.00")]
    assert due(made(packs=packs, due_date="2026-03-09")) == [("2026-03-09", "120.00")]


def test_a_payment_method_gives_its_code_and_means() -> None:
    draft = made(payment_method="SEPA")
    assert (draft.payment_method, draft.payment_means, draft.due_dates[0].method) == ("SEPA", "58", "SEPA")


# --- charges --------------------------------------------------------------------------------------------------------


def test_a_percent_charge_is_of_the_sum_of_lines_and_an_allowance_is_negative() -> None:
    charges = [EXTRA | {"percent": "10"}, EXTRA | {"kind": "allowance", "percent": "5"}, EXTRA | {"amount": "1.00"}]
    draft = made(line(), line("2"), charges=charges)
    assert [(str(one.amount), one.base) for one in draft.charges] == [
        ("30.00", D("300.00")), ("-15.00", D("300.00")), ("1.00", None),
    ]  # fmt: skip
    assert [one.position for one in draft.charges] == [3, 4, 5]
    assert (draft.totals.charges, draft.totals.allowances, draft.totals.net) == (D("31.00"), D("15.00"), D("316.00"))


# --- formulas and texts ---------------------------------------------------------------------------------------------

BY_NATURE = d.NamedFormula(code="tax_due", text='if line.nature = "service" then "payment" else "invoice"')


def test_tax_falls_due_by_the_taxs_own_word_else_by_formula_else_at_invoice() -> None:
    lines = [line(nature="service"), line(nature="goods"), line(tax_code="NOW", nature="service")]
    now = tax("NOW", due="invoice")
    assert [one.tax_due for one in made(*lines, packs=catalog(now)).lines] == ["invoice"] * 3
    assert [one.tax_due for one in made(*lines, packs=catalog(now, BY_NATURE)).lines] == [
        "payment",
        "invoice",
        "invoice",
    ]


@pytest.mark.parametrize(
    ("natures", "falls"), [(["service"], "payment"), (["service", "goods"], "invoice"), (["goods"], "invoice")]
)
def test_a_charge_has_the_nature_of_the_lines_when_they_have_one(natures: list[str], falls: str) -> None:
    lines = [line(nature=nature) for nature in natures]
    draft = made(*lines, packs=catalog(BY_NATURE), charges=[EXTRA | {"amount": "1"}])
    assert draft.charges[0].tax_due == falls


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "Exonéré"), ("it", "Esente"), ("en", "Exempt"), ("de", "Exempt")]
)
def test_the_reason_of_an_exemption_is_in_the_documents_language(language: str, words: str) -> None:
    reason = tax("E", "0", "E", text={"fr": "Exonéré", "it": "Esente", "en": "Exempt"}, exemption_code="VATEX")
    (row,) = made(line(tax_code="E"), packs=catalog(reason), language=language).taxes
    assert (row.reason, row.exemption_code) == (words, "VATEX")


def test_a_taxed_row_says_no_reason() -> None:
    (row,) = made(packs=catalog(tax("FR20", text={"fr": "x"}, exemption_code="y"))).taxes
    assert (row.reason, row.exemption_code) == ("", "")


@pytest.mark.parametrize(
    ("more", "language"),
    [({}, "fr"), ({"customer": PARTY | {"language": "it"}}, "it"), ({"language": "en"}, "en")],
)
def test_the_language_is_the_documents_else_the_partners_else_the_companys(more: Document, language: str) -> None:
    assert made(**more).language == language


def test_mentions_follow_the_notes_typed_where_their_condition_holds() -> None:
    texts = {"fr": "Débits", "en": "Debits"}
    packs = catalog(
        d.Mention(code="A", text=texts, subject_code="TXD"),
        d.Mention(code="B", text={"fr": "non"}, when="document.gross < money(100.00)"),
        d.Mention(code="C", text={"fr": "oui"}, when='company.country = "FR" and any(line where line.quantity = 1)'),
        d.Mention(code="D", text={"fr": "passé"}, valid_to=date(2026, 2, 28)),
    )
    notes = made(packs=packs, notes=[{"text": "typed", "subject_code": "AAI"}]).notes
    assert [(note.text, note.subject_code) for note in notes] == [("typed", "AAI"), ("Débits", "TXD"), ("oui", "")]
    assert made(packs=packs, language="it").notes[0].text == "Debits"


def test_the_process_code_is_by_formula_unless_typed() -> None:
    packs = catalog(d.NamedFormula(code="process_code", text='if document.is_credit then "C" else "S1"'))
    assert made(packs=packs).process_code == "S1"
    assert made(packs=packs, process_code="B2").process_code == "B2"
    assert made().process_code == ""


def test_formulas_that_cannot_be_computed_are_faults_with_their_operands() -> None:
    packs = catalog(
        d.Mention(code="A", text={"fr": "x"}, when="document.net / (document.gross - document.gross) > 1"),
        d.NamedFormula(code="process_code", text='if 1 / count(line where line.quantity > 9) > 1 then "A" else "B"'),
    )
    found = faults(packs=packs)
    assert [(fault.code, fault.path) for fault in found] == [
        ("formula_division_by_zero", "notes"), ("formula_division_by_zero", "process_code"),
    ]  # fmt: skip
    assert "document.gross = 120.00" in found[0].message and "document.net / (document.gross" in found[0].remedy


def test_shipped_exemptions_and_mentions_speak_the_documents_language() -> None:
    demo = catalog_of("DEMO")
    asked = document(line(tax_code="FRFRAN"), company="LILLE", invoice_type="FACT")
    told = {language: drafted(demo, asked | {"language": language}) for language in ("fr", "it", "en")}
    assert [draft.taxes[0].reason for draft in told.values()] == [
        "TVA non applicable : franchise en base", "IVA non applicabile: regime di franchigia",
        "VAT not applicable: small business exemption",
    ]  # fmt: skip
    assert all(len({note.text for note in draft.notes}) == 4 for draft in told.values())
    assert len({draft.notes[0].text for draft in told.values()}) == 3


def test_a_draft_is_made_anew_from_the_same_request() -> None:
    first, second = made(), made()
    assert first == second and replace(first, currency="USD") != first
