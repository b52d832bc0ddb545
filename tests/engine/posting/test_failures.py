"""Whatever statement of a posting fails, all of it is there or nothing of it, and no number is lost."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from engine import flow
from engine.storage import tables
from tests.engine.posting.test_post import LATE
from tests.support.fakes import Broken, breaking
from tests.support.house import House, invoice, written


def posted_at_last(house: House, before: Callable[[House], object] = lambda fresh: None) -> int:
    """Post a document with statement 0, 1, 2 … failing until a run is untouched; how many failed."""
    for at in count():
        fresh = house.beside()
        before(fresh)
        rows, value = house.counts(), house.value("FV/FRA")
        with breaking(fresh.database, at) as state:
            try:
                fresh.post(invoice(2), key="LAST")
            except Broken:
                assert house.counts() == rows, f"statement {at} left rows behind"
                assert house.value("FV/FRA") == value, f"statement {at} used a number"
            else:
                assert not state.broke, f"nobody heard that statement {at} failed"
                return at
            finally:
                fresh.close()
    raise AssertionError


@pytest.mark.parametrize("earlier", [0, 1], ids=["first_of_its_series", "second"])
def test_every_statement_may_fail(house: House, earlier: int) -> None:
    for _ in range(earlier):
        house.post(invoice())
    assert posted_at_last(house) > 10
    assert house.row(tables.document, key="LAST")["number"] == f"FV-2026-{earlier + 1:05d}"
    assert house.post(invoice())["number"] == f"FV-2026-{earlier + 2:05d}"
    assert not house.verify()


def test_every_statement_may_fail_where_the_plan_is_stale(house: House, tmp_path: Path) -> None:
    """Another process applies a pack after this one has read its catalog."""
    other, versions = house.beside(), count(1)

    def falls_behind(fresh: House) -> None:
        fresh.catalog()
        other.apply(tmp_path, "SHOP", LATE.replace("of {partner.name}", f"version {next(versions)}"))

    house.post(invoice())
    assert posted_at_last(house, falls_behind) > 15
    last = house.row(tables.document, key="LAST")
    assert (last["number"], last["revision"]) == ("FV-2026-00002", other.parametrization.head())
    assert not house.verify()


def test_a_retry_after_a_failure_nobody_understood_posts_once(house: House) -> None:
    """The commit reached the database or it did not: the same key tells."""
    house.post(invoice(), key="K0")
    with breaking(house.database, 10_000) as state:
        house.post(invoice(), key="K1")
    with breaking(house.database, state.seen - 1) as state, pytest.raises(Broken):
        house.post(invoice(), key="K2")
    assert state.broke
    assert house.post(invoice(), key="K2")["number"] == "FV-2026-00003"
    assert house.post(invoice(), key="K2")["number"] == "FV-2026-00003"
    assert house.value("FV/FRA") == house.counts()["document"] == 3


def test_every_statement_of_an_apply_may_fail(house: House, tmp_path: Path) -> None:
    """The old revision stays, whole, until the new one is there, whole."""
    place = str(written(tmp_path, "SHOP", LATE))
    house.post(invoice())
    for at in count():
        fresh = house.beside()
        planned = flow.plan_packs(fresh, fresh.context, [place])
        with breaking(fresh.database, at) as state:
            try:
                flow.apply_packs(fresh, fresh.context, planned)
            except Broken:
                assert house.parametrization.head() == 1
                assert house.rows(tables.revision_change, revision=2) == []
                assert house.value("FV/FRA") == at + 1
                house.post(invoice())  # the series is still at the revision in force
            else:
                assert not state.broke
                assert house.parametrization.head() == 2
                break
            finally:
                fresh.close()
    assert at > 5
    assert not house.verify()
