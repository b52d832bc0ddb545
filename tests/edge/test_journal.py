"""`factotum journal` and `run-due`: what a journal, a payment, a deadline would make, shown and not written."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import invoice, line


@pytest.fixture
def document(factotum: Terminal) -> str:
    return factotum.file(invoice([line(nature="service"), line(quantity="2", tax_code="FR55")]))


def payments(folder: Path, *given: dict[str, Any]) -> str:
    place = folder / "payments.json"
    place.write_text(json.dumps(list(given)), encoding="utf-8")
    return str(place)


def booked(entry: dict[str, Any]) -> list[str]:
    return [f"{one['account']} {one['debit']} {one['credit']}" for one in entry["lines"]]


def test_the_entry_a_journal_would_make_whatever_the_type_names(factotum: Terminal, document: str) -> None:
    found = factotum("journal", "SADV", "--document", document, "--json").done().json
    (entry,) = found["entries"]
    assert (entry["automatic_journal"], entry["journal"]) == ("SADV/FRA", "VTE")
    assert booked(entry)[1] == "4191 0.00 300.00"
    assert entry["description"] == "Acompte (number) Client SA" or "(number)" in entry["description"]
    assert found["determination"][0] == {
        "from": "type", "table": "automatic_journal", "code": "SADV", "record": "SADV/FRA",
    }  # fmt: skip


def test_a_line_is_explained_with_conditions_and_the_source_of_each_digit(factotum: Terminal, document: str) -> None:
    found = factotum("journal", "SIHI", "--document", document, "--json").done().json["explanation"]
    by_line = {(one["line"], one["row"]): one for one in found["lines"]}
    service = by_line["services", 0]
    assert service["conditions"] == [
        {"formula": 'line.nature = "service"', "value": "true", "operands": [["line.nature", "service"]]}
    ]
    assert [(one["source"], one["positions"]) for one in service["sources"]] == [
        ("line.account", []), ("sales.service", [1, 2, 3]),
    ]  # fmt: skip
    assert service["parts"]["value"] == "100.00"
    told = factotum("journal", "SIHI", "--document", document, "--explain").done().out
    assert "because line.nature" in told and "not line goods #1" in told


def test_a_payment_settles_and_moves_the_tax_that_waits(factotum: Terminal, document: str, tmp_path: Path) -> None:
    paid = payments(tmp_path, {"company": "PARIS", "date": "2026-04-01", "amount": "165.50"})
    found = factotum("journal", "SPAY", "--document", document, "--payments", paid, "--json").done().json
    (step,) = found["steps"]
    assert (step["why"], step["settled"]) == ("payment", {"before": "0.00", "after": "165.50", "whole": "331.00"})
    assert [booked(one) for one in step["entries"]] == [
        ["512 165.50 0.00", "411 0.00 165.50"], ["44574 10.00 0.00", "44571 0.00 10.00"],
    ]  # fmt: skip
    shown = factotum("journal", "SPAY", "--document", document, "--payments", paid).done().out
    assert "settled 165.50 of 331.00, 0.00 before" in shown


def test_a_journal_that_does_not_exist_is_a_fault_with_the_nearest(factotum: Terminal, document: str) -> None:
    said = factotum("journal", "SIHX", "--document", document)
    assert said.exit == 1 and "unknown_automatic_journal" in said.err and "SIHI" in said.err


def test_until_needs_payments(factotum: Terminal, document: str) -> None:
    assert factotum("journal", "SPAY", "--document", document, "--until", "2026-12-31").exit == 2


def test_nothing_is_due_where_no_tax_waits(factotum: Terminal) -> None:
    assert "Nothing is due until 2027-06-30" in factotum("run-due", "--until", "2027-06-30").done().out


def test_cash_vat_is_due_at_its_deadline_for_what_is_not_paid(factotum: Terminal, tmp_path: Path) -> None:
    ours = tmp_path / "OURS"
    ours.mkdir()
    (ours / "pack.toml").write_text(
        '[pack]\ncode = "OURS"\nversion = "1"\nrequires = ["DEMO"]\n'
        '[[override]]\ntable = "company"\nkey = "MILANO"\nset = { tax_regime = "RF17" }\n',
        encoding="utf-8",
    )
    factotum("apply", str(ours)).done()
    document = invoice([line(tax_code="IT22")]) | {"company": "MILANO", "invoice_type": "FATT", "date": "2026-03-01"}
    number = factotum("post", factotum.file(document), "--json").done().json["number"]
    paid = payments(tmp_path, {
        "company": "MILANO", "date": "2026-06-01", "amount": "61.00",
        "allocations": [{"document": number, "amount": "61.00"}],
    })  # fmt: skip
    (due,) = factotum("run-due", "--until", "2027-03-01", "--payments", paid, "--json").done().json
    assert (due["number"], due["date"], due["settled"]["before"]) == (number, "2027-03-01", "61.00")
    assert booked(due["entries"][0]) == ["2601S 11.00 0.00", "2601 0.00 11.00"]
    assert factotum("run-due", "--until", "2027-02-28", "--json").done().json == []
    later = factotum("run-due", "--until", "2028-01-01", "--since", "2027-03-02", "--json").done().json
    assert later == []
