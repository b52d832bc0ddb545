"""One supplier invoice comes twice, at once, around a stop, around a dismissal: it is posted once, and that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from engine import flow
from engine.flow.inbox import HELD, resume
from engine.flow.uploading import upload
from engine.kernel.faults import Faulty
from engine.posting.ports import PostingWork
from engine.spi import File
from engine.storage import tables
from engine.storage.database import DatabaseBusy
from tests.plugins.facturx import views
from tests.support.fakes import InterruptedStore
from tests.support.house import House
from tests.support.invoices_in import cii, inbox_house, settings_of

Told = dict[str, Any]


@pytest.fixture
def inbox(demo_url: str) -> Iterator[House]:
    opened = inbox_house(demo_url)
    yield opened
    opened.close()


class Stopped(BaseException):
    """The program ends here."""


class PostedThenStopped(InterruptedStore):
    """The document is committed; whoever posted it hears no more of it."""

    @contextmanager
    def transaction(self) -> Iterator[PostingWork]:
        with super().transaction() as work:
            yield work
        raise Stopped


def receive(house: House, file: File, **asked: Any) -> Told:
    (told,) = flow.receive(house, house.context, [file], **asked)
    return told


def take(house: House, told: Told) -> Told:
    return flow.take(house, house.context, told["id"])


def while_posting(house: House, happens: Callable[[], object]) -> House:
    """A house in which that happens once, between plan and write."""
    return house.interrupted(lambda store: InterruptedStore(store, [happens], late=True))


def stopping(house: House) -> House:
    return house.interrupted(lambda store: PostedThenStopped(store, []))


def purchases(house: House) -> list[int]:
    return [row["id"] for row in house.rows(tables.document) if row["module"] == "purchase"]


def now(house: House, told: Told) -> Told:
    return flow.show_received(house, house.context, told["id"])


def refusal(act: Callable[[], object]) -> set[str]:
    with pytest.raises(Faulty) as caught:
        act()
    return {one.code for one in caught.value.faults}


# --- at once --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "twin", [cii(name="again.xml"), cii(views.line("Other", "1", "5"))], ids=["same bytes", "number"]
)
def test_a_twin_that_comes_while_the_first_is_posted_is_a_duplicate(inbox: House, twin: File) -> None:
    other, came = inbox.beside(), list[Told]()
    working = while_posting(inbox, lambda: came.append(receive(other, twin, post=True)))
    first = receive(working, cii(), post=True)
    assert first["state"] == "imported" and len(purchases(inbox)) == 1
    assert came[0]["state"] == "duplicate" and f"id {first['id']}" in came[0]["words"]


def test_of_two_threads_one_posts(inbox: House, tmp_path: Path) -> None:
    settings_of(inbox, tmp_path, inbox_post="true")
    houses = (inbox.begun_anew(), inbox.begun_anew())
    with ThreadPoolExecutor(2) as pool:
        for number in range(6):
            gate = Barrier(2)

            def arrives(house: House, number: int = number, gate: Barrier = gate) -> str:
                gate.wait(60)
                return str(receive(house, cii(number=f"N-{number}"))["state"])

            assert sorted(pool.map(arrives, houses)) == ["duplicate", "imported"]
    assert len(purchases(inbox)) == 6


def test_with_a_warning_the_twin_waits_for_a_person(inbox: House, tmp_path: Path) -> None:
    settings_of(inbox, tmp_path, inbox_duplicates="warn")
    other, came = inbox.beside(), list[Told]()
    working = while_posting(inbox, lambda: came.append(receive(other, cii(), post=True)))
    assert receive(working, cii(), post=True)["state"] == "imported"
    assert came[0]["state"] == "new" and came[0]["faults"][0]["code"] == "import_duplicate"
    assert len(purchases(inbox)) == 1


def test_another_number_of_the_same_supplier_is_no_twin(inbox: House) -> None:
    other, came = inbox.beside(), list[Told]()
    working = while_posting(inbox, lambda: came.append(receive(other, cii(number="S-2"), post=True)))
    assert receive(working, cii(number="S-1"), post=True)["state"] == came[0]["state"] == "imported"


# --- one after the other --------------------------------------------------------------------------------------------


def test_the_later_one_is_the_duplicate_though_its_id_is_smaller(inbox: House) -> None:
    other = inbox.beside()
    inbox.posting.next_id("received")  # ids come in blocks: this process has the smaller ones left
    first = receive(other, cii())
    second = receive(inbox, cii(name="same.xml"))
    assert second["id"] < first["id"]
    assert (first["state"], second["state"]) == ("new", "duplicate") and f"id {first['id']}" in second["words"]


def test_the_first_to_arrive_is_the_one_named(inbox: House) -> None:
    first = receive(inbox, cii())
    take(inbox, second := receive(inbox, cii(name="b.xml")))
    assert second["state"] == "duplicate"
    assert f"id {first['id']}, new" in receive(inbox, cii(name="c.xml"))["words"]


@pytest.mark.parametrize(("policy", "state"), [("refuse", "duplicate"), ("warn", "new")])
def test_one_whose_twin_was_posted_meanwhile_is_taken_by_who_insists(
    inbox: House, tmp_path: Path, policy: str, state: str
) -> None:
    settings_of(inbox, tmp_path, inbox_duplicates=policy)
    first, twin = receive(inbox, cii()), receive(inbox, cii(name="again.xml"))
    assert take(inbox, twin)["state"] == "imported"
    assert refusal(lambda: take(inbox, first)) == {"import_duplicate"}
    told = now(inbox, first)
    assert told["state"] == state and f"id {twin['id']}, imported" in told["faults"][0]["message"]
    assert take(inbox, first)["state"] == "imported"


def test_two_that_are_taken_at_once_are_posted_once(inbox: House) -> None:
    first, twin = receive(inbox, cii()), receive(inbox, cii(name="again.xml"))
    other, said = inbox.beside(), list[set[str]]()
    working = while_posting(inbox, lambda: said.append(refusal(lambda: take(other, first))))
    assert take(working, twin)["state"] == "imported"
    assert said == [{"import_duplicate"}] and len(purchases(inbox)) == 1


def test_one_that_is_taken_by_two_is_posted_once(inbox: House) -> None:
    told, other = receive(inbox, cii()), inbox.beside()
    working = while_posting(inbox, lambda: take(other, told))
    assert take(working, told)["state"] == "imported" and len(purchases(inbox)) == 1


def test_what_is_dismissed_holds_no_identity(inbox: House) -> None:
    first, twin = receive(inbox, cii()), receive(inbox, cii(name="again.xml"))
    flow.dismiss(inbox, inbox.context, first["id"])
    flow.dismiss(inbox, inbox.context, twin["id"])
    assert receive(inbox, cii(name="third.xml"), post=True)["state"] == "imported"


# --- a dismissal, a refusal, a stop in between ----------------------------------------------------------------------


def test_what_is_dismissed_while_it_is_posted_is_told_as_posted(inbox: House) -> None:
    told, other = receive(inbox, cii()), inbox.beside()
    working = while_posting(inbox, lambda: flow.dismiss(other, other.context, told["id"], "no"))
    taken = take(working, told)
    assert taken["state"] == now(inbox, told)["state"] == "imported"
    assert purchases(inbox) == [taken["document"]]
    assert refusal(lambda: flow.dismiss(inbox, inbox.context, told["id"])) == {"received_not_open"}


def busy() -> None:
    raise DatabaseBusy(database="x", reason="locked")


def test_what_cannot_be_posted_stays_as_it_was_when_it_is_taken(inbox: House) -> None:
    told = receive(inbox, cii())
    assert refusal(lambda: take(while_posting(inbox, busy), told)) == {"database_busy"}
    assert now(inbox, told)["words"] == told["words"] and purchases(inbox) == []
    assert take(inbox, told)["state"] == "imported"


def test_what_cannot_be_posted_when_it_comes_says_why(inbox: House) -> None:
    told = receive(while_posting(inbox, busy), cii(), post=True)
    assert told["state"] == "new" and told["faults"][0]["code"] == "database_busy"
    assert take(inbox, told)["state"] == "imported"


@pytest.fixture
def left(inbox: House) -> Told:
    """Posted, by a program that was stopped before it wrote that down."""
    with pytest.raises(Stopped):
        receive(stopping(inbox), cii(), source="upload", source_id="k1", post=True)
    (told,) = flow.received(inbox, inbox.context)
    assert (told["state"], told["document"]) == ("new", None) and len(purchases(inbox)) == 1
    return told


def test_who_was_stopped_after_posting_is_told_as_posted_later(inbox: House, left: Told) -> None:
    assert list(resume(inbox, inbox.context)) == []
    assert now(inbox, left)["state"] == "new"  # whoever posts it may be at work still
    inbox.clock.goes_on(seconds=HELD.total_seconds() + 1)
    assert list(resume(inbox, inbox.context)) == []
    told = now(inbox, left)
    assert (told["state"], [told["document"]]) == ("imported", purchases(inbox))
    assert told["words"].startswith("posted as")


def test_the_same_again_after_a_stop_gives_what_was_posted(inbox: House, left: Told) -> None:
    again = receive(inbox, cii(), source="upload", source_id="k1", post=True)
    assert (again["id"], again["state"], [again["document"]]) == (left["id"], "imported", purchases(inbox))


def test_an_upload_repeated_after_a_stop_is_told_as_posted(inbox: House, left: Told) -> None:
    again = upload(inbox, inbox.context, "invoice.xml", "application/xml", cii().content, "k1")
    assert (again["status"], again["received"]["document"]) == (201, *purchases(inbox))


@pytest.mark.parametrize("act", [flow.take, flow.dismiss])
def test_what_was_posted_before_a_stop_is_neither_taken_nor_dismissed(
    inbox: House, left: Told, act: Callable[..., object]
) -> None:
    assert refusal(lambda: act(inbox, inbox.context, left["id"])) == {"received_not_open"}
    assert now(inbox, left)["state"] == "imported" and len(purchases(inbox)) == 1


def test_a_twin_that_comes_after_a_stop_is_a_duplicate(inbox: House, left: Told) -> None:
    assert receive(inbox, cii(name="again.xml"), post=True)["state"] == "duplicate"


def test_who_was_stopped_before_posting_leaves_it_to_a_person(inbox: House) -> None:
    def stops() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        receive(while_posting(inbox, stops), cii(), post=True)
    inbox.clock.goes_on(seconds=HELD.total_seconds() + 1)
    assert list(resume(inbox, inbox.context)) == []
    (told,) = flow.received(inbox, inbox.context)
    assert told["words"].startswith("complete") and take(inbox, told)["state"] == "imported"
