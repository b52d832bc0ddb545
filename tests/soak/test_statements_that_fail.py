"""Whatever statement or commit fails, and however: nothing is half written, and the retry gets the number due."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.storage import tables
from tests.soak.checker import check
from tests.soak.faults import FAILURES, WAYS, failing
from tests.soak.mutations import sealed
from tests.support.house import House, invoice, written

Document = dict[str, Any]

ways = pytest.mark.parametrize("way", WAYS)


def credit(house: House) -> Document:
    """Of a posted invoice, which it corrects by its id."""
    corrected = house.row(tables.document, key="INVOICE")
    reference = {"kind": "corrects", "id": corrected["id"], "reason": "Retour"}
    return invoice(invoice_type="AVF", category="credit_note", references=[reference])


def settled(
    house: House,
    document: Document,
    way: str,
    number: Callable[[int], str],
    dated: Callable[[int], str],
    warm: bool = True,
) -> int:
    """Post documents, the n-th with statement n failing, until one passes untouched; how many failed."""
    for at in count():
        fresh, before = house.begun_anew() if warm else house.beside(), house.counts()
        asked = document | {"key": f"N{at}", "date": dated(at)}
        with failing(fresh.database, at, way, house.url) as fault:
            try:
                fresh.post(asked)
            except FAILURES:
                assert fault.broke
                kept = house.rows(tables.document, key=asked["key"])
                assert not kept or way == "lost", f"statement {at} failed and left a document"
                assert kept or house.counts() == before, f"statement {at} failed and left rows"
            else:
                assert not fault.broke, f"nobody heard that statement {at} failed"
        answer = fresh.post(asked)
        assert answer["number"] == number(at), f"statement {at} failed and used a number"
        fresh.close()
        if not fault.broke:
            return at
    raise AssertionError


@ways
@pytest.mark.parametrize("kind", ["invoice", "sealed", "credit_note"])
def test_of_a_posting(house: House, kind: str, way: str) -> None:
    house = sealed(house) if kind == "sealed" else house
    house.post(invoice(2), key="INVOICE")
    document, series, first = (credit(house), "AV", 1) if kind == "credit_note" else (invoice(2), "FV", 2)
    failed = settled(house, document, way, lambda at: f"{series}-2026-{at + first:05d}", lambda at: "2026-03-02")
    assert failed > (14 if kind == "sealed" else 10)
    assert check(house.url).violations == []


@ways
def test_of_the_first_posting_of_a_series(house: House, way: str) -> None:
    """Each year is a series of its own."""
    numbers, days = (lambda at: f"FV-{2026 + at}-00001"), (lambda at: f"{2026 + at}-03-02")
    failed = settled(house, invoice(2), way, numbers, days, warm=False)
    assert failed > 12
    found = check(house.url)
    assert (found.violations, found.series) == ([], failed + 1)


TYPE = """
[[invoice_type]]
code = "OWN"
legislation = "FRA"
module = "sales"
category = "invoice"
description = {{ fr = "La nôtre", en = "Our own {version}" }}
entry_type = "FAC"
automatic_journal = "SIHI"
untdid_code = "380"
"""


@ways
def test_of_an_apply(house: House, tmp_path: Path, way: str) -> None:
    """The revision in force is the old one, whole, or the new one, whole; a posting goes on with whichever it is."""
    for at in count():
        fresh, head = house.beside(), house.parametrization.head()
        place = str(written(tmp_path, "OURS", TYPE.format(version=at)))
        planned = flow.plan_packs(fresh, fresh.context, [place])
        with failing(fresh.database, at, way, house.url) as fault:
            try:
                flow.apply_packs(fresh, fresh.context, planned)
            except FAILURES:
                assert fault.broke
            else:
                assert not fault.broke, f"nobody heard that statement {at} failed"
        done = house.parametrization.head() == head + 1
        assert done == (fault.committed or not fault.broke)
        assert bool(house.rows(tables.revision_change, revision=head + 1)) == done
        assert fresh.post(invoice())["revision"] == house.parametrization.head()
        again = flow.plan_packs(fresh, fresh.context, [place])
        assert bool(again.changes) == (not done), f"statement {at} left a part of the revision"
        if again.changes:
            assert flow.apply_packs(fresh, fresh.context, again) == head + 1
        fresh.close()
        if not fault.broke:
            break
    assert at > 5
    assert check(house.url).violations == []
