"""Very much is read a little at a time, and with as few statements as if it were little."""

from hypothesis import given
from hypothesis import strategies as st

from engine import flow
from engine.storage import documents, tables
from engine.storage.reading import batches
from tests.support.house import House, invoice, line
from tests.support.statements import counted


@given(st.lists(st.integers(0, 20)), st.integers(1, 50))
def test_batches_hold_everything_in_order_and_no_more_than_wanted(sizes: list[int], most: int) -> None:
    found = list(batches(sizes, lambda size: size, most))
    assert [one for some in found for one in some] == sizes
    assert all(some and (sum(some) <= most or len(some) == 1) for some in found)
    assert all(sum(some) + after[0] > most for some, after in zip(found, found[1:], strict=False))


def statements(house: House) -> int:
    with counted(house.database) as seen:
        assert not house.verify()
    return len(seen)


def test_verify_asks_as_often_for_many_documents_as_for_few(house: House) -> None:
    for _ in range(2):
        house.post(invoice(3))
    few = statements(house)
    for _ in range(20):
        house.post(invoice(3))
    assert statements(house) == few < 40


def test_long_documents_are_read_a_few_at_a_time(house: House) -> None:
    """What is held at a time is bounded by what was asked for, not by the number of documents."""
    for _ in range(4):
        house.post(invoice(lines=[line(description="x" * 2000) for _ in range(100)]))
    asked = sum(len(row["request"]) + len(row["content"]) for row in house.rows(documents.tables.document))
    assert 4 * 200_000 < asked < documents.TOGETHER
    one = statements(house)
    for _ in range(4):
        house.post(invoice(lines=[line(description="x" * 2000) for _ in range(100)]))
    assert statements(house) == one + len(documents.CHILDREN) + 1


def test_a_walk_may_begin_after_a_value(house: House) -> None:
    for _ in range(3):
        house.post(invoice())
    values = [one.document["value"] for one in house.documents.of_series(1, after=1)]  # type: ignore[union-attr]
    assert values == [2, 3]


def test_a_file_of_any_size_is_looked_at(house: House) -> None:
    house.connect()
    house.post(invoice())
    house.relay()
    house.change(tables.file, {"content": b"%PDF", "archived_at": None})  # what is archived is judged there
    (row,) = house.documents.survey().files()
    assert row["content"] and house.documents.survey("LYON").count_files() == 0
    assert house.documents.survey("PARIS").count_files() == len(list(house.documents.survey("PARIS").files())) == 1
    assert not list(house.documents.survey("LYON").files())
    assert not flow.verify(house, house.context, company="LYON").broken
