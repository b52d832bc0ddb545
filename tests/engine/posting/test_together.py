"""Many post at once: one key posts once, and a gapless series has neither gap nor twin."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.storage import tables
from tests.support.house import House, invoice

THREADS = 8


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """`work` in eight threads that begin at the same moment."""
    gate = threading.Barrier(THREADS)

    def begin(number: int) -> Any:
        gate.wait(120)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return [*pool.map(begin, range(THREADS))]


@pytest.mark.parametrize("houses", [1, 4], ids=["one_process", "as_if_four_processes"])
def test_one_key_posted_by_eight_at_once_is_one_document(house: House, houses: int) -> None:
    working = [house, *(house.beside() for _ in range(houses - 1))]
    answers = at_once(lambda number: json.dumps(working[number % houses].post(invoice(2), key="K1")))
    assert len(set(answers)) == 1
    assert house.value("FV/FRA") == house.counts()["document"] == house.counts()["audit"] == 1
    assert house.counts()["document_line"] == 2
    assert house.post(invoice())["number"] == "FV-2026-00002"
    assert not house.verify()


def test_one_key_with_eight_contents_is_one_document_and_seven_faults(house: House) -> None:
    def post(number: int) -> list[str]:
        try:
            return house.refusal(invoice(number + 1), key="K1")
        except KeyError:
            return []

    answers = at_once(post)
    assert sorted(answers) == [[]] + [["key_other_content"]] * 7
    assert house.value("FV/FRA") == house.counts()["document"] == 1


@pytest.mark.parametrize("houses", [1, 4], ids=["one_process", "as_if_four_processes"])
def test_eight_that_post_twenty_five_each_get_1_to_200(house: House, houses: int) -> None:
    working = [house, *(house.beside() for _ in range(houses - 1))]
    numbers = at_once(
        lambda number: [
            working[number % houses].post(invoice(), key=f"T{number}-{each}")["number"] for each in range(25)
        ]
    )
    given = sorted(number for some in numbers for number in some)
    assert given == [f"FV-2026-{value:05d}" for value in range(1, 201)]
    assert [row["value"] for row in sorted(house.rows(tables.document), key=lambda row: row["value"])] == [
        *range(1, 201)
    ]
    assert house.value("FV/FRA") == 200
    assert not house.verify()


def test_good_and_bad_documents_at_once_leave_no_gap(house: House) -> None:
    """Half of them fail after the number was taken: their key is used already."""
    house.post(invoice(), key="TAKEN")

    def post(number: int) -> None:
        for each in range(10):
            if number % 2:
                assert house.refusal(invoice(2), key="TAKEN") == ["key_other_content"]
            else:
                house.post(invoice(), key=f"T{number}-{each}")

    at_once(post)
    assert house.value("FV/FRA") == house.counts()["document"] == 41
    assert not house.verify()


def test_several_series_at_once_each_count_for_themselves(house: House) -> None:
    companies = ("PARIS", "LILLE", "LYON", "PARIS")
    at_once(lambda number: [house.post(invoice(), company=companies[number % 4]) for _ in range(5)])
    assert [house.value("FV/FRA", company) for company in ("PARIS", "LILLE", "LYON")] == [20, 10, 10]
    assert not house.verify()
