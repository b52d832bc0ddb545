"""Workers are killed while they hand over: none lost, no twin where the policy forbids one.

The long form is `make soak`.
"""

from pathlib import Path

from tests.soak.hand_overs import Load, Ran, run
from tests.support import databases

KILLS = 8


def load(url: str, folder: Path, executor: str, **changes: object) -> Load:
    """Some seconds of work."""
    short = {"documents": 90, "kills": KILLS, "pauses": (0.25, 0.5), "seconds": 0.2, "concurrency": 2}
    return Load(url, str(folder), executor, **(short | changes))  # type: ignore[arg-type]


def proved(ran: Ran) -> None:
    print("\nFIGURE", ran.figures(), ran.seconds)
    assert ran.wrong == [] and ran.kills == KILLS
    assert ran.in_flight > 0 and ran.twins["at_least_once"] + ran.uncertain > 0  # else nothing was tried


def test_who_is_seen_dead_is_followed(demo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "factotum.db").write_bytes(demo_file.read_bytes())
    proved(run(load(databases.sqlite_url(tmp_path), tmp_path, "embedded")))


def test_who_is_known_by_leases_only_is_followed(postgresql_demo: str, tmp_path: Path) -> None:
    proved(run(load(postgresql_demo, tmp_path, "embedded", elsewhere=True, seed=2)))


def test_workers_of_the_queue_may_be_killed(postgresql_demo: str, tmp_path: Path) -> None:
    proved(run(load(postgresql_demo, tmp_path, "procrastinate", elsewhere=True)))


def test_without_recovery_the_judge_finds_what_is_lost(demo_file: Path, tmp_path: Path) -> None:
    (tmp_path / "factotum.db").write_bytes(demo_file.read_bytes())
    ran = run(load(databases.sqlite_url(tmp_path), tmp_path, "embedded", documents=40, kills=3, recovery=False))
    assert ran.lost > 0 and any("lost" in one for one in ran.wrong)
