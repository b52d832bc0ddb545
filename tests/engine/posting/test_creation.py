"""Two numbers on one document: the second is of a series of its own, as gapless as the first."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.posting import canon
from engine.storage import tables
from tests.support.attacker import attacking
from tests.support.house import House, invoice, written

COUNTERS = """
[[counter]]
code = "ATELIER"
legislation = "FRA"
level = "company"
reset = "annual"
component = [{ position = 1, kind = "constant", value = "AT" }, { position = 2, kind = "year" },
             { position = 3, kind = "sequence", length = 4 }]

[[counter]]
code = "BOUTIQUE"
legislation = "FRA"
level = "company"
reset = "annual"
component = [{ position = 1, kind = "constant", value = "BO" }, { position = 2, kind = "year" },
             { position = 3, kind = "sequence", length = 4 }]

[[invoice_type]]
code = "TWO"
legislation = "FRA"
module = "sales"
category = "invoice"
description = { fr = "Deux numéros" }
entry_type = "FAC"
automatic_journal = "SIHI"
counter = "BOUTIQUE"
creation_counter = "ATELIER"
"""


@pytest.fixture
def two(house: House, tmp_path: Path) -> House:
    house.apply(tmp_path, "TWO", COUNTERS, requires=("DEMO",))
    return house


def both(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["number"], answer["creation_number"]


def post_two(house: House, **changes: Any) -> dict[str, Any]:
    return house.post(invoice(invoice_type="TWO"), **changes)


def test_a_document_takes_both_numbers_and_shows_them(two: House) -> None:
    answers = [post_two(two), post_two(two)]
    assert [both(one) for one in answers] == [("BO20260001", "AT20260001"), ("BO20260002", "AT20260002")]
    assert [flow.show(two, two.context, both(one)[1])["number"] for one in answers] == ["BO20260001", "BO20260002"]
    assert not two.verify()


def test_a_credit_may_name_either_number(two: House) -> None:
    sold = post_two(two)
    for number in both(sold):
        references = [{"kind": "corrects", "number": number}]
        credit = two.post(invoice(), category="credit_note", references=references)
        (named,) = two.deliveries.view(credit["id"]).references
        assert (named.number, str(named.date)) == (sold["number"], "2026-03-02")


def test_other_types_have_one_number(two: House) -> None:
    answer = two.post(invoice())
    assert "creation_number" not in answer
    assert two.row(tables.document)["creation_number"] is None


def test_a_refused_document_takes_neither(two: House) -> None:
    post_two(two, key="K")
    assert two.refusal(invoice(2, invoice_type="TWO"), key="K") == ["key_other_content"]
    assert both(post_two(two)) == ("BO20260002", "AT20260002")
    assert two.value("ATELIER/FRA!created") == two.value("BOUTIQUE/FRA") == 2


def test_a_batch_gives_both_in_order(two: House) -> None:
    documents = [invoice(invoice_type="TWO"), invoice(), invoice(invoice_type="TWO", date="2026-03-01")]
    first, other, earlier = two.post_batch(documents)
    assert both(earlier) == ("BO20260001", "AT20260001")
    assert both(first) == ("BO20260002", "AT20260002")
    assert "creation_number" not in other and not two.verify()


def test_many_at_once_leave_no_gap_in_either(two: House) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda _: post_two(two), range(12))]
    for place in (0, 1):
        assert sorted(both(one)[place][-4:] for one in answers) == [f"{value:04}" for value in range(1, 13)]
    assert not two.verify()


def test_a_dry_run_tells_both_and_takes_none(two: House) -> None:
    assert both(post_two(two, dry_run=True)) == ("BO20260001", "AT20260001")
    assert both(post_two(two)) == ("BO20260001", "AT20260001")


def test_the_explanation_tells_where_the_second_comes_from(two: House) -> None:
    answer = flow.post(two, two.context, invoice(invoice_type="TWO"), explain=True)
    assert answer["explanation"]["creation_numbering"]["series"] == "PARIS/ATELIER/FRA!created/2026"
    (step,) = answer["explanation"]["creation_numbering"]["steps"]
    assert step["code"] == "ATELIER"


def test_the_register_lists_the_second_numbers(two: House) -> None:
    post_two(two)
    post_two(two)
    listed = list(flow.register(two, two.context, series="ATELIER"))
    assert [(one["value"], one["number"], one["state"]) for one in listed] == [
        (1, "AT20260001", "issued"), (2, "AT20260002", "issued")
    ]  # fmt: skip


def test_documents_of_before_are_hashed_as_they_were() -> None:
    """Version 2 knows no second number: nothing of it is in the link of a document without one."""
    known = ("0" * 64, 1, 7, "FV-2026-00007", ["text"], "f" * 64, 2)
    whole = json.dumps([2, "0" * 64, 1, 7, "FV-2026-00007", ["text"], "f" * 64], separators=(",", ":"))
    assert canon.link(*known) == hashlib.sha256(whole.encode()).hexdigest()
    assert canon.link(*known, (), (2, 1, "AT20260001")) != canon.link(*known)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("creation_number = 'AT20260009'", {"link_broken", "number_differs"}),
        ("creation_value = 9", {"link_broken", "number_differs", "value_missing", "series_head"}),
        (
            "creation_number = NULL, creation_value = NULL, creation_series = NULL",
            {"link_broken", "series_head"},
        ),
    ],
)
def test_a_second_number_that_was_changed_is_found(two: House, change: str, found: set[str]) -> None:
    post_two(two)
    last = post_two(two)
    with attacking(two) as attacker:
        attacker.run(f"UPDATE document SET {change} WHERE id = {last['id']}")  # noqa: S608
        assert attacker.codes() == found


@pytest.mark.parametrize(
    ("counter", "changes", "why"),
    [
        ("BOUTIQUE", "", "it gives the first number"),
        ("ATELIER", "manual = true", "its numbers are typed"),
        ("ATELIER", 'mode = "fast"\nchronological = false', "it is fast"),
    ],
)
def test_a_counter_that_cannot_give_second_numbers_is_refused(
    house: House, tmp_path: Path, counter: str, changes: str, why: str
) -> None:
    text = COUNTERS.replace('creation_counter = "ATELIER"', f'creation_counter = "{counter}"')
    text = text.replace('code = "ATELIER"\nlegislation', f'code = "ATELIER"\n{changes}\nlegislation')
    planned = flow.plan_packs(house, house.context, [str(written(tmp_path, "TWO", text, requires=("DEMO",)))])
    (fault,) = {fault.code: fault for fault in planned.faults}.values()
    assert fault.code == "creation_counter_not_usable" and why in fault.message
