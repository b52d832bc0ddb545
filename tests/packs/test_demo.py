"""What the demo posts, and the sample documents: no floats, no faults, the same for one seed."""

import json
from collections import Counter, defaultdict
from importlib.resources import files
from typing import Any

import pytest

from engine.edge.demo.sample import samples
from engine.parametrization import definitions as d
from tests.packs.shipped import catalog_of, drafted, entries

DEMO = files("engine.edge.demo")
DOCUMENTS: list[dict[str, Any]] = json.loads((DEMO / "documents.json").read_text(encoding="utf-8"))


def numbers(value: object) -> list[object]:
    """Every number that is not written as text."""
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        return [found for each in value for found in numbers(each)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_demo_documents_hold_no_json_number() -> None:
    assert not numbers(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["key"])
def test_a_demo_document_posts_and_balances(document: dict[str, Any]) -> None:
    for entry in entries(catalog_of("DEMO"), document):
        assert sum(line.balance for line in entry.lines) == 0


def test_demo_documents_come_in_order_each_with_a_key_and_show_every_kind() -> None:
    assert [one["date"] for one in DOCUMENTS] == sorted(one["date"] for one in DOCUMENTS)
    assert len({one["key"] for one in DOCUMENTS}) == len(DOCUMENTS)
    made = [drafted(catalog_of("DEMO"), one) for one in DOCUMENTS]
    assert {one.type.category for one in made} == {"invoice", "credit_note", "debit_note", "proforma"}
    assert {one.company.code for one in made} == set(catalog_of("DEMO").table(d.Company))
    assert {"S", "G", "AE", "B", "O"} <= {row.category for one in made for row in one.taxes}
    assert {one.currency for one in made} == {"EUR", "USD"}


def test_a_proforma_of_the_demo_is_not_posted() -> None:
    (proforma,) = [one for one in DOCUMENTS if one.get("category") == "proforma"]
    assert entries(catalog_of("DEMO"), proforma) == ()


def test_samples_are_the_same_for_one_seed_and_others_for_another() -> None:
    catalog = catalog_of("DEMO")
    first, again, other = (json.dumps([*samples(catalog, 50, seed)]) for seed in (7, 7, 8))
    assert first == again != other


def test_samples_are_as_many_as_asked_post_without_fault_and_hold_no_json_number() -> None:
    catalog = catalog_of("DEMO")
    made = [*samples(catalog, 400, 3)]
    assert len({one["key"] for one in made}) == 400
    assert not numbers(made)
    categories: Counter[str] = Counter()
    for document in json.loads(json.dumps(made)):
        categories[document["category"]] += 1
        for entry in entries(catalog, document):
            assert sum(line.balance for line in entry.lines) == 0
    assert categories["invoice"] > 250 and categories["credit_note"] > 20 and categories["proforma"] > 5


def test_samples_of_each_company_come_in_order_of_date_within_2026() -> None:
    dates = defaultdict(list)
    for one in samples(catalog_of("DEMO"), 400, 5):
        dates[one["company"]].append(one["date"])
    assert set(dates) == set(catalog_of("DEMO").table(d.Company))
    assert all(days == sorted(days) and days[0] >= "2026" and days[-1] < "2027" for days in dates.values())


def test_samples_of_one_company_only() -> None:
    assert {one["company"] for one in samples(catalog_of("DEMO"), 20, 1, "TORINO")} == {"TORINO"}
    assert not [*samples(catalog_of("DEMO"), 20, 1, "NOWHERE")]


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return digits.isdigit() and sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def test_identifiers_of_companies_and_customers_pass_their_checks() -> None:
    catalog = catalog_of("DEMO")
    samples_by_country = json.loads((DEMO / "sample.json").read_text(encoding="utf-8")).values()
    parties = [one.get("customer") or one["supplier"] for one in DOCUMENTS]
    parties += [party for texts in samples_by_country for party in texts["customers"]]
    vat_numbers = [one.vat_number for one in catalog.table(d.Company).values()]
    vat_numbers += [party["vat_number"] for party in parties if "vat_number" in party]
    for number in vat_numbers:
        body = number[2:]
        if number.startswith("FR"):
            assert luhn(body[2:]) and int(body[:2]) == (12 + 3 * (int(body[2:]) % 97)) % 97, number
        elif number.startswith("IT"):
            assert luhn(body) and len(body) == 11, number
        else:
            assert number.startswith("BE") and 97 - int(body[:8]) % 97 == int(body[8:]), number
    for party in parties:
        if party["country"] == "FR":
            assert party["registration"] == {"scheme": "0002", "id": party["vat_number"][4:]}
            assert party["electronic_address"]["scheme"] == "0225"
    for company in catalog.table(d.Company).values():
        for account in company.bank_accounts:
            turned = account.iban[4:] + account.iban[:4]
            assert int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1, account.iban
