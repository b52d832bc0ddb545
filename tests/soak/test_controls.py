"""The checker is good for something: under the same load it finds what posting that is wrong on purpose does."""

from pathlib import Path

import pytest

from tests.soak import runs
from tests.support.house import House


@pytest.mark.parametrize(("store", "finds"), [("number_apart", "hole"), ("acknowledges_early", "lost")])
def test_a_broken_store_is_found(sqlite_house: House, tmp_path: Path, store: str, finds: str) -> None:
    run = runs.control(sqlite_house.url, tmp_path, store, workers=1)
    assert run.found.kinds[finds] > 0


def test_two_that_look_for_the_greatest_number_are_found(postgresql_demo: str, tmp_path: Path) -> None:
    run = runs.control(postgresql_demo, tmp_path, "max_plus_one", workers=4)
    assert run.found.kinds["duplicate"] > 0
