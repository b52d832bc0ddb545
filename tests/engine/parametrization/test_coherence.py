"""What can be known of records before any document comes: each kind of incoherence, by one record that has it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from engine.parametrization.coherence import REFERENCES, Reference, incoherences
from tests.support.packs import catalog, company, counter, invoice_type, journal_line, of_world, part, sihi, tax, world

GRP = d.CompanyGroup(code="GRP", companies=("ACME",))
FAR = d.CompanyGroup(code="FAR", companies=("ROMA",))
ROMA = company("ROMA", "ITA")


def faults(*records: d.Record) -> list[Fault]:
    return list(incoherences(catalog(*records), lambda record: f"{record.TABLE} {record.key}"))


def purchase(**more: Any) -> d.InvoiceType:
    given = {"module": "purchase", "automatic_journal": "", "purchase_kind": "invoice"} | more
    return invoice_type("PIN", **given)


def rates(*ends: tuple[str, str]) -> d.Tax:
    days = [tuple(date.fromisoformat(end) if end else None for end in pair) for pair in ends]
    return tax("T", rate=tuple(d.Rate(percent=Decimal(20), valid_from=since, valid_to=to) for since, to in days))


def terms(*percents: str) -> d.PaymentTerms:
    return d.PaymentTerms(code="T", part=tuple(d.TermsPart(percent=Decimal(percent)) for percent in percents))


YEAR = {"valid_from": date(2026, 1, 1), "valid_to": date(2025, 12, 31)}

INCOHERENT: dict[str, tuple[list[d.Record], str, str]] = {
    "a reference to nothing": (
        [invoice_type(counter="FX")], "unknown_record", "invoice_type sales/FAC/* counter",
    ),
    "a legislation that is not defined": (
        [invoice_type(legislation="ESP")], "unknown_record", "invoice_type sales/FAC/ESP legislation",
    ),
    "a group that is not defined": (
        [invoice_type(company_group="GRP")], "unknown_record", "invoice_type sales/FAC/* company_group",
    ),
    "a group without a company of the legislation": (
        [ROMA, FAR, invoice_type(legislation="FRA", company_group="FAR")], "group_without_company",
        "invoice_type sales/FAC/FRA company_group",
    ),
    "two groups that share no company": (
        [ROMA, GRP, FAR, invoice_type(company_group="GRP", counter="C"), counter("C", company_group="FAR")],
        "groups_apart", "invoice_type sales/FAC/* counter",
    ),
    "validity that ends before it begins": ([invoice_type(**YEAR)], "dates_cross", "invoice_type sales/FAC/* valid_to"),
    "an account's validity": ([of_world(d.Account, "PCG/707", **YEAR)], "dates_cross", "account PCG/707 valid_to"),
    "a rate's validity": ([rates(("2026-01-01", "2025-01-01"))], "dates_cross", "tax T/* rate"),
    "two rates at once": ([rates(("", "2026-01-01"), ("2026-01-01", ""))], "rates_overlap", "tax T/* rate"),
    "two rates without end": ([rates(("", ""), ("2026-01-01", ""))], "rates_overlap", "tax T/* rate"),
    "two rates without beginning": ([rates(("", "2026-01-01"), ("", ""))], "rates_overlap", "tax T/* rate"),
    "two rates of a withholding": (
        [d.Withholding(code="W", rate=(d.Rate(percent=Decimal(1)), d.Rate(percent=Decimal(2))))], "rates_overlap",
        "withholding W/* rate",
    ),
    "a purchase type without kind": (
        [purchase(purchase_kind="")], "purchase_kind_needed", "invoice_type purchase/PIN/* purchase_kind",
    ),
    "a sales type with a kind": (
        [invoice_type(purchase_kind="invoice")], "purchase_kind_forbidden", "invoice_type sales/FAC/* purchase_kind",
    ),
    "an invoice's kind on a credit": (
        [purchase(category="credit_note")], "purchase_kind_misfit", "invoice_type purchase/PIN/* purchase_kind",
    ),
    "a credit's kind on an invoice": (
        [purchase(purchase_kind="credit_note_on_return")], "purchase_kind_misfit",
        "invoice_type purchase/PIN/* purchase_kind",
    ),
    "a proforma that posts": (
        [invoice_type(category="proforma")], "category_not_posted", "invoice_type sales/FAC/* automatic_journal",
    ),
    "an invoice that does not post": (
        [invoice_type(automatic_journal="")], "automatic_journal_needed", "invoice_type sales/FAC/* automatic_journal",
    ),
    "a counter without sequence": (
        [counter("C", part(1, "year"))], "counter_shape", "counter C/* component",
    ),
    "a counter with two sequences": (
        [counter("C", part(1, "year"), part(2, "sequence"), part(3, "sequence"))], "counter_shape",
        "counter C/* component",
    ),
    "an annual series whose numbers repeat": (
        [counter("C", part(1, "sequence"))], "counter_shape", "counter C/* component",
    ),
    "a monthly series whose numbers repeat": (
        [counter("C", part(1, "year"), part(2, "sequence"), reset="monthly")], "counter_shape", "counter C/* component",
    ),
    "a rate on an exempt tax": ([tax("T", "20", "Z")], "tax_rate_misfit", "tax T/* rate"),
    "an exemption without reason": ([tax("T", "0", "E")], "tax_reason_needed", "tax T/* text"),
    "terms that are not 100 %": ([terms("50", "49.99")], "terms_sum", "payment_terms T/* part"),
    "a rate for the buyer of what the seller taxes": (
        [tax("T", self_assessed=(d.Rate(percent=Decimal(20)),))], "self_assessed_misfit", "tax T/* self_assessed",
    ),
    "a line that repeats no time": (
        [sihi(journal_line("a", "debit", "411", "document.gross", repeat=d.Repeat(first=3, last=2)))],
        "repeat_shape", "automatic_journal SIHI/* line[a] repeat",
    ),
    "a group that matches one line": (
        [d.AutomaticJournalGroup(code="G", members=("SIHI",), matching=({"SIHI": "customer"},))],
        "matching_shape", "automatic_journal_group G/* matching",
    ),
    "a group that matches a line nobody has": (
        [d.AutomaticJournalGroup(code="G", members=("SIHI",), matching=({"SIHI": "customer", "OTHER": "x"},))],
        "unknown_record", "automatic_journal_group G/* matching",
    ),
}  # fmt: skip


def test_the_world_of_tests_coheres() -> None:
    assert not faults()


@pytest.mark.parametrize(("records", "code", "path"), INCOHERENT.values(), ids=INCOHERENT)
def test_incoherent(records: list[d.Record], code: str, path: str) -> None:
    (fault,) = faults(*records)
    assert (fault.code, fault.path) == (code, path)
    assert fault.message and fault.remedy


COHERENT: dict[str, list[d.Record]] = {
    "rates that follow each other": [rates(("", "2025-12-31"), ("2026-01-01", ""))],
    "rates with a gap": [rates(("2020-01-01", "2020-12-31"), ("2026-01-01", ""))],
    "one day of validity": [invoice_type(valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 1))],
    "a group with one company of the legislation": [
        ROMA, d.CompanyGroup(code="GRP", companies=("ROMA", "ACME")),
        invoice_type(legislation="ITA", company_group="GRP"),
    ],
    "groups that share a company": [
        ROMA, GRP, d.CompanyGroup(code="BOTH", companies=("ROMA", "ACME")), counter("C", company_group="BOTH"),
        invoice_type(company_group="GRP", counter="C"),
    ],
    "a purchase type that leaves its journal to PIHI": [purchase()],
    "an additional debit note": [purchase(category="debit_note", purchase_kind="additional_invoice")],
    "a purchase credit": [purchase(category="credit_memo", purchase_kind="credit_note")],
    "a delivery note that posts": [invoice_type("BL", category="delivery_note")],
    "a delivery note that does not": [invoice_type("BL", category="delivery_note", automatic_journal="")],
    "a receipt of goods on purchase has no kind": [purchase(category="goods_receipt", purchase_kind="")],
    "a series that never restarts": [counter("C", part(1, "sequence"), reset="never")],
    "an exemption with a code": [tax("T", "0", "E", exemption_code="VATEX-EU-O")],
    "an exemption with a text": [tax("T", "0", "AE", text={"fr": "Autoliquidation"})],
    "zero rate needs no reason": [tax("T", "0", "Z")],
    "terms in three parts": [terms("33.33", "33.33", "33.34")],
}  # fmt: skip


@pytest.mark.parametrize("records", COHERENT.values(), ids=COHERENT)
def test_coherent(records: list[d.Record]) -> None:
    assert not faults(*records)


def test_every_incoherence_is_told_at_once_with_the_nearest_name() -> None:
    found = faults(invoice_type(counter="FV", entry_type="FACT", purchase_kind="invoice", **YEAR))
    assert {fault.code for fault in found} == {"unknown_record", "purchase_kind_forbidden", "dates_cross"}
    assert "did you mean 'FAC'?" in {fault.remedy for fault in found}


def test_a_reference_names_a_code_of_any_legislation() -> None:
    """Which record is meant, and whether there is one for the company, is asked at use."""
    assert not faults(counter("IT", legislation="ITA"), invoice_type(counter="IT"))


NOTHING = "NOWHERE"


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: f"{one.table.TABLE}.{one.field}")
def test_every_reference_between_tables_is_followed(reference: Reference) -> None:
    samples: list[d.Record] = [
        *world(), d.User(code="u"), GRP, d.CounterAssignment(counter="FV"), sihi(),
        d.DeliveryRule(id="R", channel="c", connection="C"),
        d.Template(code="hello", language="fr", text="T"),
        d.Site(code="S", company="ACME", name="Site", address=d.Address(country="FR")),
        d.FiscalYear(company="ACME", code="2026", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),
        d.SettlementAccount(code="BANK", account="512"),
        d.ChargeKind(code="PORT", kind="charge"),
        d.AutomaticJournalGroup(code="G", members=("SIHI",)),
    ]  # fmt: skip
    record = next(one for one in samples if isinstance(one, reference.table))
    was = getattr(record, reference.field)
    value: Any = (NOTHING,) if isinstance(was, tuple) else NOTHING if isinstance(was, str) else {NOTHING: "mandatory"}
    broken = replace(record, **{reference.field: value})
    found = [fault for fault in faults(broken) if fault.code == "unknown_record"]
    assert len(found) == 1
    assert found[0].path.endswith(f" {reference.field}") and reference.to.TABLE in found[0].message
