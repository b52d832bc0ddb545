"""The parametrization may change between plan and write: the plan is made anew, and nobody notices."""

import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from engine.posting.ports import PostingStore, StalePlan
from engine.storage import tables
from tests.engine.posting.test_post import COUNTER_SALE, LATE
from tests.support.fakes import InterruptedStore
from tests.support.house import House, invoice, line

CLOSED = COUNTER_SALE.replace("[[invoice_type]]", "[[invoice_type]]\nactive = false")
GLASSES = [line(description="Verre", tax_code="FREXP")]


@pytest.fixture
def apply(house: House, tmp_path: Path) -> Callable[[str], Callable[[], int]]:
    """Somebody else's `factotum apply`, to be run at a bad moment."""
    other = house.beside()
    return lambda text: lambda: other.apply(tmp_path, "SHOP", text)


def interrupted(*happens: Callable[[], object], late: bool = False) -> Callable[[PostingStore], InterruptedStore]:
    return lambda store: InterruptedStore(store, [*happens], late)


Apply = Callable[[str], Callable[[], int]]
MOMENTS = pytest.mark.parametrize("late", [False, True], ids=["before_the_series_opens", "before_the_transaction"])


@MOMENTS
def test_the_first_document_of_a_series_posts_under_the_new_revision(house: House, apply: Apply, late: bool) -> None:
    apply(LATE)()
    working = house.interrupted(interrupted(apply(LATE.replace("of {partner.name}", "for {partner.name}")), late=late))
    answer = working.post(invoice(), invoice_type="KIOSK", lines=GLASSES)
    assert working.posting.attempts == 2
    assert (answer["number"], answer["revision"]) == ("FV-2026-00001", house.parametrization.head())
    assert answer["entries"][0]["lines"][0]["description"] == "FV-2026-00001 for Épicerie Horizon SARL"
    assert not house.verify()


@MOMENTS
def test_a_type_closed_at_the_last_moment_is_refused(house: House, apply: Apply, late: bool) -> None:
    apply(COUNTER_SALE)()
    house.post(invoice(), invoice_type="KIOSK")
    working = house.interrupted(interrupted(apply(CLOSED), late=late))
    assert working.refusal(invoice(), invoice_type="KIOSK") == ["type_not_offered"]
    assert house.value("FV/FRA") == house.counts()["document"] == 1


def test_a_house_that_never_looks_again_still_posts_under_the_newest_revision(house: House, apply: Apply) -> None:
    house.post(invoice())
    head = apply(COUNTER_SALE)()
    assert house.post(invoice())["revision"] == head


def test_three_revisions_in_a_row_are_followed(house: House, apply: Apply) -> None:
    versions = [apply(LATE.replace("of {", f"{number} {{")) for number in range(3)]
    working = house.interrupted(interrupted(*versions, late=True))
    assert working.post(invoice())["number"] == "FV-2026-00001"
    assert working.posting.attempts == 4


def test_a_parametrization_that_never_rests_is_told(house: House, apply: Apply) -> None:
    versions = [apply(LATE.replace("of {", f"{number} {{")) for number in range(4)]
    working = house.interrupted(interrupted(*versions, late=True))
    with pytest.raises(StalePlan):
        working.post(invoice())
    assert house.counts()["document"] == house.value("FV/FRA") == 0
    assert house.post(invoice())["number"] == "FV-2026-00001"


def test_a_twin_posted_in_between_gives_the_first_answer(house: House) -> None:
    first: list[object] = []
    working = house.interrupted(interrupted(lambda: first.append(house.beside().post(invoice(), key="K1"))))
    assert [working.post(invoice(), key="K1")] == first
    assert house.value("FV/FRA") == 1


def test_a_twin_with_other_content_posted_in_between_is_refused(house: House) -> None:
    working = house.interrupted(interrupted(lambda: house.beside().post(invoice(2), key="K1")))
    assert working.refusal(invoice(), key="K1") == ["key_other_content"]
    assert house.value("FV/FRA") == 1


def test_a_twin_and_a_later_date_posted_in_between_give_the_first_answer(house: House) -> None:
    first: list[object] = []

    def twin_and_later() -> None:
        first.append(house.post(invoice(), key="K1"))
        house.post(invoice(), date="2026-06-30")

    working = house.interrupted(interrupted(twin_and_later, late=True))
    assert [working.post(invoice(), key="K1")] == first
    assert house.value("FV/FRA") == 2


def test_applying_while_others_post_loses_no_number(house: House, tmp_path: Path) -> None:
    """Each company's first document of its series, and those after, while revision follows revision."""
    over, wrong = threading.Event(), []

    def apply_on_and_on() -> None:
        other = house.beside()
        for number in count():
            if over.is_set():
                break
            other.apply(tmp_path, "SHOP", LATE.replace("of {", f"{number} {{"))
        other.close()

    def post_some(company: str) -> None:
        working = house.beside()
        try:
            for _ in range(8):
                for _ in range(20):  # an apply at every try is legitimate bad luck
                    try:
                        working.post(invoice(), company=company)
                        break
                    except StalePlan:
                        continue
        except Exception as error:
            wrong.append(error)
        working.close()

    applying = threading.Thread(target=apply_on_and_on)
    posting = [threading.Thread(target=post_some, args=[company]) for company in ("PARIS", "LILLE", "LYON")]
    for thread in (applying, *posting):
        thread.start()
    for thread in posting:
        thread.join()
    over.set()
    applying.join()
    assert not wrong
    for company in ("PARIS", "LILLE", "LYON"):
        rows = sorted(house.rows(tables.document, company=company), key=lambda row: row["value"])
        assert [row["value"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert [row["revision"] for row in rows] == sorted(row["revision"] for row in rows)
    assert not house.verify()
