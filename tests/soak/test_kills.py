"""Workers are killed while they post: no acknowledged number is lost, no number twice, none missing.

The long form is `make soak`.
"""

from pathlib import Path

from tests.soak import runs
from tests.soak.runs import in_transaction

KILLS = 102
"""A third each with 1, 4 and 16 workers."""


def test_a_hundred_kills_lose_nothing(demo_url: str, tmp_path: Path) -> None:
    run = runs.kills(demo_url, tmp_path, KILLS)
    print("\nFIGURE", run.figures())
    assert run.wrong == []
    assert run.kills >= KILLS
    assert run.in_flight > KILLS / 2 and in_transaction(run.phases) > 0  # else nothing was tried
    assert run.told.errors["breaks_on_purpose"] > 0
    assert not run.told.refused and not run.found.unacknowledged
    assert run.found.documents == len({line["key"] for line in run.told.acknowledged}) > KILLS


def test_who_dies_between_commit_and_answer_asks_again_and_is_told_the_same(demo_url: str, tmp_path: Path) -> None:
    run = runs.lost_answers(demo_url, tmp_path, 30)
    assert run.wrong == []
    assert set(run.phases) == {"COMMITTED"} and run.kills >= 15
    assert not run.told.refused and not run.found.unacknowledged


def test_the_clock_may_go_back_and_over_the_end_of_a_year(demo_url: str, tmp_path: Path) -> None:
    run = runs.calendar(demo_url, tmp_path, 30)
    assert run.wrong == []
    assert run.found.series == 9, "each of four series begins again in the new year, the fifth never does"
    assert set(run.told.refusals) == {"date_before_last"}
    assert not run.found.unacknowledged
