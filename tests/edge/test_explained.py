"""`post --explain` and `--dry-run`: where the due dates and the deliveries come from, and whom nobody reaches."""

from pathlib import Path
from typing import Any

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import CUSTOMER, House, invoice, without

DUE = [
    ({}, "company", "payment terms of the company"),
    ({"payment_terms": "EOM45"}, "payment_terms", "payment terms of the document EOM45 → EOM45"),
    ({"due_date": "2026-05-01"}, "due_date", "due_date of the document"),
    ({"due_dates": [{"date": "2026-05-01", "percent": "100"}]}, "due_dates", "due_dates of the document"),
]


@pytest.mark.parametrize(("said", "source", "words"), DUE, ids=lambda one: one if isinstance(one, str) else "")
def test_where_due_dates_come_from_is_explained(
    factotum: Terminal, said: dict[str, Any], source: str, words: str
) -> None:
    file = factotum.file(invoice(**said))
    assert f"Due dates: {words}" in factotum("post", file, "--dry-run", "--explain").done().out
    told = factotum("post", file, "--explain", "--json").done().json["explanation"]["due_dates"]
    assert told["from"] == source and bool(told["code"]) == bool(told["record"])


def test_a_purchase_without_terms_is_due_on_its_day(factotum: Terminal) -> None:
    bought = without(invoice(), "customer") | {"supplier": CUSTOMER, "supplier_number": "4711"}
    assert "Due dates: the day of the document" in factotum("post", factotum.file(bought), "--explain").done().out


def test_the_rule_of_each_delivery_is_explained(factotum: Terminal) -> None:
    said = factotum("post", factotum.file(invoice()), "--explain").done().out
    (told,) = factotum("show", "FV-2026-00001", "--json").done().json["deliveries"]
    assert told["rule"] and f"Delivery by email to {CUSTOMER['email']}: rule {told['rule']}\n" in said


def test_a_trial_has_no_id_and_nobody_is_named_as_such(factotum: Terminal, sqlite_house: House, tmp_path: Path) -> None:
    rule = '[[delivery_rule]]\nid = "ALWAYS"\nchannel = "email"\nformat = "facturx"\nconnection = "DEMO-MAIL"\n'
    sqlite_house.apply(tmp_path, "OURS", rule, requires=("DEMO",))
    unreached = invoice(customer=without(CUSTOMER, "email"))
    said = factotum("post", factotum.file(unreached), "--dry-run").done().out
    assert "\n  email facturx to nobody: rejected (" in said
    assert [one["id"] for one in sqlite_house.post(invoice(), dry_run=True)["deliveries"]] == [None, None]
