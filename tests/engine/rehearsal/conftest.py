"""What is posted, once for all tests in here: samples of every demo company, and what samples do not show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest

from engine.edge.demo.sample import samples
from engine.parametrization.catalog import Catalog
from engine.posting.origins import Found
from engine.posting.ports import Row, Stored
from engine.rehearsal.replay import Replayed, replay
from tests.support import databases
from tests.support.house import House, invoice, line, new_house, prepare

SAMPLES = 200


@dataclass(frozen=True)
class Posted:
    documents: tuple[Stored, ...]
    series: tuple[Row, ...]

    def replayed(self, candidate: Catalog) -> list[Replayed]:
        return [*replay(candidate, self.documents, self.series, self.origins)]

    def one(self, candidate: Catalog, key: str) -> Replayed:
        """One document alone."""
        stored = [one for one in self.documents if one.document["key"] == key]
        assert len(stored) == 1, key
        (result,) = replay(candidate, stored, self.series, self.origins)
        return result

    def origins(self, company: str, ids: Sequence[int], numbers: Sequence[str]) -> Found:
        rows = [one.document for one in self.documents]
        return Found.of(
            row for row in rows if row["company"] == company and (row["id"] in ids or row["number"] in numbers)
        )


@pytest.fixture(scope="package")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Posted]:
    url = databases.sqlite_url(tmp_path_factory.mktemp("rehearsal"))
    prepare(url)
    with new_house(url) as house:
        for document in chain(samples(house.catalog(), SAMPLES, 11), special(house)):
            house.post(document)
        with house.documents.snapshot() as documents:
            series = tuple(documents.all_series())
            yield Posted(tuple(one for row in series for one in documents.of_series(row["id"])), series)


def special(house: House) -> Iterator[dict[str, Any]]:
    """In another currency; with a type picked by default; a credit of a document of ours."""
    on = "2026-12-31"
    yield invoice(key="USD", date=on, currency="USD", exchange_rate="0.91")
    yield invoice([line(quantity="3"), line(nature="service")], key="PICKED", date=on)
    origin = house.post(invoice(key="ORIGIN", date=on, supply_date="2026-12-30"))
    corrects = [{"kind": "corrects", "id": origin["id"]}]
    yield invoice(key="CREDIT", date=on, invoice_type="AVF", references=corrects)
