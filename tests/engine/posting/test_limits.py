"""What the wall lets through fits the database, on both alike; what does not is a fault, never an error of a driver."""

from typing import Any

import pytest

from tests.support.house import CUSTOMER, House, invoice, line

MANY = [line(unit_price="9999999999.00", quantity=quantity, tax_code="FREXP") for quantity in ("9999", "-9999")]


EMAILS = ";".join(f"{'e' * 50}{place}@client.example" for place in range(3))


@pytest.mark.parametrize(
    "changes",
    [
        {"references": [{"kind": "order", "id": 10**30}]},
        {"references": [{"kind": "order", "id": True}]},
        {"lines": [line(references=[{"kind": "order", "id": 424242}])]},
        {"customer": CUSTOMER | {"name": ""}},
        {"lines": [line(description="")]},
        {"lines": [one for one in MANY for _ in range(20)]},
    ],
    ids=[
        "an id beyond 64 bits",
        "a yes for an id",
        "an id of a line",
        "no name",
        "no words",
        "lines of 16 digits that cancel out",
    ],
)
def test_what_does_not_fit_is_a_fault(house: House, changes: dict[str, Any]) -> None:
    assert house.refusal(invoice(**changes))
    assert house.counts()["document"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"customer": CUSTOMER | {"code": "C" * 60}},
        {"customer": CUSTOMER | {"name": "N" * 200, "vat_number": "V" * 200, "email": EMAILS}},
        {"key": "k" * 200, "subject": "s" * 200, "buyer_reference": "b" * 200},
        {"lines": [line(description="d" * 2000, product="p" * 200, sku="s" * 200)]},
        {"currency": "USD", "exchange_rate": "0.00000001"},
        {"references": [{"kind": "order", "number": str(number)} for number in range(2000)]},
        {"customer": CUSTOMER | {"name": "🧾 \u202e العربية"}},
    ],
    ids=["code", "texts of the customer", "texts of the document", "texts of a line", "rate", "references", "scripts"],
)
def test_the_longest_that_is_allowed_posts_and_reads_back(house: House, changes: dict[str, Any]) -> None:
    document = invoice() | {"key": "LONGEST"} | changes
    answer = house.post(document)
    assert house.post(document) == answer
    assert not house.verify()
