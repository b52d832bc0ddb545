"""PostgreSQL is stopped at once while many post, again and again: what was acknowledged is there."""

from pathlib import Path

from tests.soak import runs
from tests.support import databases
from tests.support.house import prepare


def test_a_server_that_is_stopped_at_once_loses_nothing(postgresql: Path, tmp_path: Path) -> None:
    with databases.own_server() as server:
        url = server.new_database("soak")
        prepare(url)
        run = runs.restarts(server, url, tmp_path, 3)
    print("\nFIGURE", run.figures())
    assert run.wrong == []
    assert run.stops == 3 and run.told.errors["database_unreachable"] >= 3
    assert not run.told.refused and not run.found.unacknowledged
