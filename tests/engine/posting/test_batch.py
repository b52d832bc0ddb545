"""Many documents in one transaction give what they give one by one; what is wrong with one sinks no other."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import flow
from engine.kernel.faults import Fault, Faulty
from engine.posting import canon
from engine.spi.contracts import ChainScope
from engine.storage import tables
from engine.storage.batch import SqlBatchStore, SqlBatchWork
from engine.storage.writers import CoreWriter, Writer
from engine.storage.writers_postgresql import CopyWriter, JsonWriter
from engine.storage.writers_sqlite import TextWriter
from tests.engine.posting.test_post import CHARGE, COUNTER_SALE, LATE, MONTHLY, UNTAXED
from tests.engine.posting.test_sealing import sealed
from tests.engine.posting.test_together import at_once
from tests.support import databases
from tests.support.drafts import demo_documents
from tests.support.fakes import InterruptedBatches, Stamp, breaking
from tests.support.house import House, invoice, new_house, prepare, without
from tests.support.statements import counted

MOST = 16
CREDIT = {"category": "credit_note", "references": [{"kind": "corrects", "number": "X", "date": "2025-01-01"}]}


def told(answer: dict[str, Any], *differing: str) -> dict[str, Any]:
    """An answer without what another database, or another place in its series, would give otherwise."""
    kept = without(answer, "id", "hash", *differing)
    if "deliveries" in kept:
        kept["deliveries"] = [without(one, "id") for one in kept["deliveries"]]
    number = answer.get("number") if "number" in differing else None
    return json.loads(json.dumps(kept).replace(number, "…")) if number else kept  # texts print it


def codes(answers: list[dict[str, Any]]) -> list[list[str]]:
    return [[fault["code"] for fault in one.get("faults", ())] for one in answers]


def numbers(answers: list[dict[str, Any]]) -> list[str | None]:
    return [one.get("number") for one in answers]


# --- the same as one by one ------------------------------------------------------------------------------------------


def test_a_batch_gives_what_posting_one_by_one_gives(house: House, demo_file: Path, tmp_path: Path) -> None:
    documents = [
        invoice(1 + place % 3, company=company, key=f"K{place}", **changes)
        for place, (company, changes) in enumerate(
            [
                ("PARIS", {}),
                ("LYON", {"charges": [CHARGE]}),
                ("PARIS", {"category": "proforma"}),
                ("PARIS", {"currency": "USD", "exchange_rate": "0.92345678", "payment_terms": "N30-60"}),
                ("LILLE", {"date": "2025-12-31"}),
                ("PARIS", CREDIT),
            ]
            * 3
        )
    ]  # fmt: skip
    with new_house(another_sqlite(demo_file, tmp_path)) as other:
        singly = [*flow.post_many(other, other.context, documents)]
    together = house.post_batch(documents)
    assert [told(one) for one in together] == [told(one) for one in singly]
    assert not house.verify()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(demo_documents(), min_size=1, max_size=6), chunk=st.integers(1, 7))
def test_whatever_they_are_and_however_they_are_cut(
    sqlite_house: House, documents: list[dict[str, Any]], chunk: int
) -> None:
    """Numbers go on from what was posted before, so only what does not count on is compared."""
    singly = [*flow.post_many(sqlite_house, sqlite_house.context, documents)]
    together = sqlite_house.post_batch(documents, chunk)
    for one, other in zip(singly, together, strict=True):
        assert told(one, "number", "key") == told(other, "number", "key")
    assert not sqlite_house.verify()


def test_an_answer_comes_for_each_in_the_order_they_came(house: House) -> None:
    dates = ["2026-03-05", "2026-03-01", "2026-03-05", "2026-03-03"]
    answers = house.post_batch([invoice(date=date) for date in dates])
    assert [one["index"] for one in answers] == [0, 1, 2, 3]
    assert [one["date"] for one in answers] == dates


def test_numbers_are_given_in_the_order_of_dates_and_then_of_documents(house: House) -> None:
    dates = ["2026-03-05", "2026-03-01", "2026-03-05", "2026-03-03"]
    answers = house.post_batch([invoice(date=date) for date in dates])
    assert [int((one["number"] or "")[-5:]) for one in answers] == [3, 1, 4, 2]
    rows = sorted(house.rows(tables.document), key=lambda row: row["value"])
    assert [str(row["date"]) for row in rows] == sorted(dates)
    assert [row["previous_hash"] for row in rows] == [canon.FIRST, *(row["hash"] for row in rows[:-1])]
    (series,) = house.rows(tables.series)
    assert (series["value"], str(series["last_date"]), series["head_hash"]) == (4, "2026-03-05", rows[-1]["hash"])


def test_a_chunk_goes_on_where_the_one_before_ended(house: House) -> None:
    house.post(invoice())
    answers = house.post_batch([invoice(key=f"K{number}") for number in range(7)], chunk=3)
    assert numbers(answers) == [f"FV-2026-{value:05d}" for value in range(2, 9)]
    assert house.post(invoice())["number"] == "FV-2026-00009"
    assert not house.verify()


def test_texts_that_print_the_number_print_it(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", LATE)
    documents = [invoice(invoice_type="KIOSK", lines=[UNTAXED], key=f"K{number}") for number in range(3)]
    answers = house.post_batch([*documents, invoice(key="OTHER")])
    for one in answers[:3]:
        (entry,) = one["entries"]
        assert entry["description"] == one["number"]
        assert entry["lines"][1]["description"] == f"Verre, {one['number']}"
    assert house.post_batch(documents) == answers[:3]
    assert not house.verify()


def test_seals_are_put_on_in_the_order_of_their_chains(house: House) -> None:
    made = sealed(house, Stamp("b"), Stamp("a", ChainScope.ISSUER))
    documents = [invoice(date=f"2026-03-0{9 - number}", **(CREDIT if number % 2 else {})) for number in range(6)]
    made.post(documents[-1])
    answers = made.post_batch(documents)
    assert all(set(one["seals"]) == {"a", "b"} for one in answers)
    kept = made.rows(tables.document_seal, seal="a")
    assert sorted(row["position"] for row in kept) == [1, 2, 3, 4, 5, 6, 7]
    by_position = sorted(kept, key=lambda row: row["position"])
    assert [row["previous"] for row in by_position] == ["", *(row["link"] for row in by_position[:-1])]
    assert not made.verify()


class WrittenBy:
    """A batch store whose rows are written by one writer."""

    def __init__(self, store: SqlBatchStore, writer: Writer) -> None:
        self._store, self._writer = store, writer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def transaction(self, work: Any) -> Any:
        def by_writer(batch: SqlBatchWork) -> Any:
            batch._writer = self._writer
            return work(batch)

        return self._store.transaction(by_writer)


def test_whatever_writes_them_wherever_the_hashes_are_the_same(
    demo_file: Path, tmp_path: Path, postgresql: Path
) -> None:
    """Ids begin at 1 and the clock stands still in each of these databases, so even the hashes are equal."""
    documents = [invoice(3, key=f"K{number}", date=f"2026-03-0{9 - number}") for number in range(3)]
    documents += [invoice(invoice_type="KIOSK", lines=[UNTAXED], key="LATE")]
    found = []
    for number, writer in enumerate((CoreWriter(), TextWriter(), CoreWriter(), JsonWriter(), CopyWriter())):
        with ExitStack() as stack:
            url = another_sqlite(demo_file, tmp_path) if number < 2 else stack.enter_context(another_postgresql())
            house = stack.enter_context(new_house(url))
            house.apply(tmp_path, "SHOP", LATE)
            answers = house.batching(lambda store, by=writer: WrittenBy(store, by)).post_batch(documents)
            assert not house.verify()
            found.append([one["hash"] for one in answers])
    assert len(found) == 5 and all(one == found[0] for one in found)


# --- what is wrong with one sinks no other ---------------------------------------------------------------------------


def test_bad_ones_in_the_middle_are_told_in_their_place(house: House) -> None:
    house.post(invoice(), date="2026-03-02")
    answers = house.post_batch(
        [
            invoice(),
            {"company": "NOWHERE"},
            invoice(date="2026-01-01", key="EARLY"),
            invoice(category="credit_note", references=[{"kind": "corrects", "id": 4711}]),
            "no document",
            Faulty([Fault("broken_json", "", "this is no JSON", "")]),
            invoice(invoice_type="NONE"),
            invoice(),
        ]
    )
    assert [bool(one.get("number")) for one in answers] == [True, *[False] * 6, True]
    assert numbers([answers[0], answers[-1]]) == ["FV-2026-00002", "FV-2026-00003"]
    assert [some[:1] for some in codes(answers)][2:4] == [["date_before_last"], ["unknown_origin"]]
    assert codes(answers)[5] == ["broken_json"] and answers[2]["key"] == "EARLY"
    assert [one["index"] for one in answers] == [*range(8)]
    assert house.value("FV/FRA") == house.counts()["document"] == 3 and not house.verify()


def test_a_bad_one_is_told_as_it_is_one_by_one(house: House) -> None:
    bad = [invoice(date="2026-01-01"), {"lines": []}, invoice(invoice_type="NONE"), invoice(company="NOWHERE")]
    house.post(invoice())
    assert house.post_batch(bad) == [*flow.post_many(house, house.context, bad)]


def test_a_counter_that_is_full_refuses_the_last_ones(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", MONTHLY.replace("501", "998"))
    dates = ["2026-03-05", "2026-03-04", "2026-03-03", "2026-04-01"]
    answers = house.post_batch([invoice(invoice_type="KIOSK", date=date) for date in dates])
    assert codes(answers) == [["counter_exhausted"], [], [], []]
    assert numbers(answers) == [None, "PARIS2603999", "PARIS2603998", "PARIS2604998"]
    assert house.value("MON/*", period="2026-03") == 999 and not house.verify()


def test_a_text_that_fails_when_it_gets_the_number_leaves_its_document_out(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", LATE.replace("{line.description}", "{10 / (line.quantity - 7)}"))
    lines = [[UNTAXED | {"quantity": quantity}] for quantity in ("1", "7", "2")]
    answers = house.post_batch([invoice(invoice_type="KIOSK", lines=some) for some in lines])
    assert codes(answers) == [[], ["formula_division_by_zero"], []]
    assert numbers(answers) == ["FV-2026-00001", None, "FV-2026-00002"] and not house.verify()


def test_a_closed_series_refuses_its_documents_only(house: House) -> None:
    house.post(invoice())
    house.change(tables.series, {"closed": True}, counter="FV/FRA")
    answers = house.post_batch([invoice(), invoice(company="LYON"), invoice(date="2027-01-01")])
    assert codes(answers) == [["series_closed"], [], []]
    assert house.counts()["document"] == 3 and not house.verify()


def test_a_seal_that_refuses_one_leaves_the_others(house: House) -> None:
    made = sealed(house, Stamp(refused="never"))
    answers = made.post_batch([invoice(), invoice(subject="never"), invoice()])
    assert codes(answers) == [[], ["seal_refuses"], []]
    assert [row["position"] for row in made.rows(tables.document_seal)] == [1, 2] and not made.verify()


def test_documents_of_a_fast_series_are_posted_beside_the_chunk(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", MONTHLY.replace('reset = "monthly"', 'reset = "monthly"\nmode = "fast"'))
    answers = house.post_batch([invoice(), invoice(invoice_type="KIOSK"), invoice()])
    assert numbers(answers) == ["FV-2026-00001", "PARIS2603501", "FV-2026-00002"]
    assert not house.verify()


def test_two_series_that_print_the_same_number_refuse_the_second(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", SAME_TEXT)
    answers = house.post_batch([invoice(), invoice(invoice_type="KIOSK"), invoice()])
    assert codes(answers) == [[], ["number_given_before"], []]
    assert house.counts()["document"] == 2 and not house.verify()


def test_numbers_that_were_typed_are_taken_once(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", COUNTER_SALE.replace("[[invoice_type]]", "[[invoice_type]]\nmanual_number = true"))
    answers = house.post_batch([invoice(invoice_type="KIOSK", number=text) for text in ("A-1", "A-2", "A-1")])
    assert codes(answers) == [[], [], ["manual_number_taken"]]
    assert numbers(answers)[:2] == ["A-1", "A-2"] and not house.verify()


SAME_TEXT = (
    COUNTER_SALE.replace('entry_type = "FAC"', 'entry_type = "FAC"\ncounter = "TWIN"')
    + """
[[counter]]
code = "TWIN"
reset = "annual"
component = [
    { position = 1, kind = "constant", value = "FV-" },
    { position = 2, kind = "year" },
    { position = 3, kind = "constant", value = "-" },
    { position = 4, kind = "sequence", length = 5 },
]
"""
)

# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_seen_before_give_the_first_answer(house: House) -> None:
    documents = [invoice(2, key=f"K{number}") for number in range(6)]
    first = [house.post(documents[1]), house.post(documents[3])]
    answers = house.post_batch(documents)
    assert [without(answers[place], "index") for place in (1, 3)] == first
    assert house.post_batch(documents) == answers
    assert house.counts()["document"] == house.value("FV/FRA") == 6 and not house.verify()


def test_first_answers_cost_as_many_statements_for_ten_as_for_one(house: House) -> None:
    documents = [invoice(2, key=f"K{number}") for number in range(10)]
    house.post_batch(documents)
    sent = []
    for some in (documents[:1], documents):
        with counted(house.database) as statements:
            house.post_batch(some)
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 10


def test_a_key_seen_before_with_other_content_is_refused(house: House) -> None:
    house.post(invoice(), key="K1")
    assert codes(house.post_batch([invoice(2, key="K1"), invoice(key="K2")])) == [["key_other_content"], []]
    assert house.value("FV/FRA") == 2


def test_a_key_twice_in_one_batch_posts_once(house: House) -> None:
    answers = house.post_batch([invoice(key="K1"), invoice(), invoice(key="K1"), invoice(2, key="K1"), invoice()])
    assert without(answers[2], "index") == without(answers[0], "index")
    assert codes(answers) == [[], [], [], ["key_other_content"], []]
    assert house.value("FV/FRA") == house.counts()["document"] == 3 and not house.verify()


def test_the_second_of_a_key_posts_where_the_first_was_refused(house: House) -> None:
    answers = house.post_batch([invoice(key="K1", invoice_type="NONE"), invoice(key="K1")])
    assert numbers(answers) == [None, "FV-2026-00001"]


def test_a_key_of_another_company_is_another_key(house: House) -> None:
    answers = house.post_batch([invoice(key="K1", company=company) for company in ("PARIS", "LYON")])
    assert numbers(answers) == ["FV-2026-00001", "FV-2026-00001"]


def test_a_first_answer_comes_back_though_its_type_was_closed_and_dates_moved_on(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", COUNTER_SALE)
    first = house.post(invoice(), key="K1", invoice_type="KIOSK")
    house.post(invoice(), date="2026-06-30")
    house.apply(tmp_path, "SHOP", COUNTER_SALE.replace("[[invoice_type]]", "[[invoice_type]]\nactive = false"))
    (answer,) = house.post_batch([invoice(key="K1", invoice_type="KIOSK")])
    assert without(answer, "index") == first


# --- somebody else at the same moment --------------------------------------------------------------------------------


def interrupted(house: House, *happens: Callable[[], object]) -> House:
    return house.batching(lambda store: InterruptedBatches(store, [*happens]))


def test_a_key_taken_meanwhile_gives_the_first_answer(house: House) -> None:
    other, first = house.beside(), []
    working = interrupted(house, lambda: first.append(other.post(invoice(), key="K1")))
    answers = working.post_batch([invoice(key="K0"), invoice(key="K1"), invoice(key="K2")])
    assert without(answers[1], "index") == first[0]
    assert sorted(numbers(answers), key=str) == ["FV-2026-00001", "FV-2026-00002", "FV-2026-00003"]
    assert house.counts()["document"] == house.value("FV/FRA") == 3 and not house.verify()


def test_a_twin_and_a_later_date_meanwhile_give_the_first_answer(house: House) -> None:
    other, first = house.beside(), []

    def twin_and_later() -> None:
        first.append(other.post(invoice(), key="K1"))
        other.post(invoice(), date="2026-06-30")

    answers = interrupted(house, twin_and_later).post_batch([invoice(key="K0"), invoice(key="K1")])
    assert codes(answers) == [["date_before_last"], []] and without(answers[1], "index") == first[0]
    assert not house.verify()


def test_a_chunk_is_planned_again_when_the_parametrization_changed(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", LATE)
    other = house.beside()
    texts = count()
    happens = [lambda: other.apply(tmp_path, "SHOP", LATE.replace("of {", f"{next(texts)} {{")) for _ in range(3)]
    working = interrupted(house, *happens)
    (first, second) = working.post_batch([invoice(invoice_type="KIOSK", lines=[UNTAXED]), invoice()])
    assert first["revision"] == second["revision"] == house.parametrization.head()
    assert first["entries"][0]["lines"][0]["description"].startswith(f"{first['number']} 2 ")
    assert working.batches.attempts == 4 and not house.verify()


def test_a_parametrization_that_never_rests_is_told_to_each(house: House, tmp_path: Path) -> None:
    other, texts = house.beside(), count()
    house.apply(tmp_path, "SHOP", LATE)
    happens = [lambda: other.apply(tmp_path, "SHOP", LATE.replace("of {", f"{next(texts)} {{")) for _ in range(4)]
    answers = interrupted(house, *happens).post_batch([invoice(), {"company": "NOWHERE"}, invoice()])
    assert [codes(answers)[place] for place in (0, 2)] == [["plan_stale"]] * 2
    assert house.counts()["document"] == 0
    assert house.post_batch([invoice()])[0]["number"] == "FV-2026-00001"


def test_a_type_closed_meanwhile_is_refused_and_the_others_post(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "SHOP", COUNTER_SALE)
    other = house.beside()
    closed = COUNTER_SALE.replace("[[invoice_type]]", "[[invoice_type]]\nactive = false")
    working = interrupted(house, lambda: other.apply(tmp_path, "SHOP", closed))
    answers = working.post_batch([invoice(), invoice(invoice_type="KIOSK"), invoice()])
    assert codes(answers) == [[], ["type_not_offered"], []] and not house.verify()


def test_a_type_added_meanwhile_is_known_to_a_house_that_looked_before(house: House, tmp_path: Path) -> None:
    house.post(invoice())
    house.beside().apply(tmp_path, "SHOP", COUNTER_SALE)
    answers = house.post_batch([invoice(), invoice(invoice_type="KIOSK")])
    assert codes(answers) == [[], []]


def test_two_batches_at_once_on_the_same_series_leave_no_gap(house: House) -> None:
    """Several series each, named in opposite order, while single documents are posted too."""
    companies = ("PARIS", "LILLE", "LYON")

    def post(number: int) -> list[list[str]]:
        working = house.beside()
        order = companies if number % 2 else companies[::-1]
        if number < 2:
            documents = [invoice(company=order[place % 3], key=f"{number}-{place}") for place in range(60)]
            found = codes(working.post_batch(documents, chunk=12))
        else:
            found = [
                codes([*flow.post_many(working, working.context, [invoice(company=order[place % 3])])])[0]
                for place in range(6)
            ]
        working.close()
        return found

    assert all(not some for found in at_once(post) for some in found)
    for company in companies:
        values = sorted(row["value"] for row in house.rows(tables.document, company=company))
        assert values == [*range(1, house.value("FV/FRA", company) + 1)]
    assert house.counts()["document"] == 120 + 6 * 6 and not house.verify()


def test_applying_while_batches_are_posted_loses_no_number(house: House, tmp_path: Path) -> None:
    """An apply stamps every series in an order of its own: who is locked out by another tries again."""
    over = threading.Event()

    def apply_on_and_on() -> None:
        other = house.beside()
        for number in count():
            if over.is_set():
                break
            other.apply(tmp_path, "SHOP", LATE.replace("of {", f"{number} {{"))
        other.close()

    applying = threading.Thread(target=apply_on_and_on)
    applying.start()
    working, companies = house.beside(), ("PARIS", "LILLE", "LYON")
    documents = [invoice(company=companies[place % 3], key=f"K{place}") for place in range(30)]
    for _ in range(20):  # an apply at every try is legitimate bad luck
        answers = working.post_batch(documents, chunk=10)
        if not any(codes(answers)):
            break
    over.set()
    applying.join()
    working.close()
    assert not any(codes(answers))
    for company in companies:
        assert [row["value"] for row in house.rows(tables.document, company=company)] == [*range(1, 11)]
    assert not house.verify()


# --- a chunk is there, or it is not ----------------------------------------------------------------------------------


def test_every_statement_may_fail_and_takes_its_chunk_along(house: House) -> None:
    """The chunk before it stays, the one after it is written."""
    for at in count():
        fresh, before, value = house.beside(), house.counts(), house.value("FV/FRA")
        documents = [invoice(key=f"{at}-{place}") for place in range(9)]
        fresh.post_batch([invoice(key=f"{at}-first")])
        with breaking(fresh.database, at + 1) as state:
            answers = fresh.post_batch(documents, chunk=3)
        fresh.close()
        posted = [not faults for faults in codes(answers)]
        chunks = [posted[:3], posted[3:6], posted[6:]]
        assert all(len({*chunk}) == 1 for chunk in chunks), "part of a chunk is there"
        assert house.counts()["document"] == before["document"] + 1 + sum(posted)
        assert house.value("FV/FRA") == value + 1 + sum(posted)
        assert house.post_batch(documents) == again(answers, house.post_batch(documents))
        if not state.broke:
            break
        assert posted.count(False) <= 3
    assert at > 25 and not house.verify()


def again(answers: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was answered stays; what failed is posted now."""
    return [now[place] if "faults" in one else one for place, one in enumerate(answers)]


def test_an_answer_comes_when_its_chunk_is_committed_and_not_before_more_is_read(house: House) -> None:
    read: list[int] = []

    def documents() -> Iterator[dict[str, Any]]:
        for place in range(6):
            read.append(place)
            yield invoice()

    done: list[int] = []
    answers = flow.post_batch(house, house.context, documents(), chunk=2, progress=done.append)
    assert next(answers)["number"] == "FV-2026-00001"
    assert house.value("FV/FRA") == 2 and read == [0, 1] and done == [2]
    assert [one["number"][-1] for one in answers] == ["2", "3", "4", "5", "6"] and done == [2, 4, 6]


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_five_hundred_documents_take_at_most_sixteen_statements(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many lines they have, and of however many series, in a process that has posted before."""
    figures = {}
    for lines in (1, 10):
        companies = ("PARIS", "LILLE", "LYON")
        documents = [
            [invoice(lines, company=companies[place % 3], key=f"{lines}-{turn}-{place}") for place in range(500)]
            for turn in range(2)
        ]
        house.post_batch(documents[0][:3])
        with counted(house.database) as statements:
            answers = house.post_batch(documents[1])
        assert not any(codes(answers))
        figures[lines] = len(statements)
        assert len(statements.starting("BEGIN")) == len(statements.starting("COMMIT")) <= 2
    with capsys.disabled():
        print(f"\nFIGURE statements for 500 documents on {house.database.dialect}: {figures}")
    assert max(figures.values()) <= MOST


def test_all_of_a_chunk_is_of_one_moment(house: House) -> None:
    house.post_batch([invoice() for _ in range(3)])
    assert {row["posted_at"] for row in house.rows(tables.document)} == {house.clock.now()}


def test_explanations_come_along(house: House) -> None:
    (answer,) = flow.post_batch(house, house.context, [invoice(key="K")], explain=True)
    assert answer["explanation"]["numbering"]["series"] == "PARIS/FV/FRA/2026"
    (same,) = flow.post_batch(house, house.context, [invoice(key="K")], explain=True)
    assert same["explanation"] == answer["explanation"]


def test_who_may_not_post_is_refused_and_the_others_post(house: House) -> None:
    actor = flow.Actor("clerk", lambda action, company, type: company != "LYON")
    answers = [*flow.post_batch(house, flow.Context(actor, house.clock), [invoice(company="LYON"), invoice()])]
    assert codes(answers) == [["not_allowed"], []]


@contextmanager
def another_postgresql() -> Iterator[str]:
    with databases.fresh_postgresql(databases.postgresql_template("demo_applied", prepare)) as url:
        yield url


def another_sqlite(demo_file: Path, folder: Path) -> str:
    place = folder / f"{next(OTHERS)}.db"
    place.write_bytes(demo_file.read_bytes())
    return f"sqlite:///{place}"


OTHERS = count()
