"""The engine against the model of machine.py: short here, long in `make soak`."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.machine import posting_on
from tests.support import databases
from tests.support.house import prepare

STEPS = 25


def test_whatever_happens_on_sqlite_the_model_agrees(demo_file: Path) -> None:
    @contextmanager
    def fresh(folder: Path) -> Iterator[str]:
        shutil.copy(demo_file, folder / "factotum.db")
        yield databases.sqlite_url(folder)

    run_state_machine_as_test(posting_on(fresh), settings=settings(max_examples=20, stateful_step_count=STEPS))


def test_whatever_happens_on_postgresql_the_model_agrees(postgresql: Path) -> None:
    template = databases.postgresql_template("demo_applied", prepare)
    run_state_machine_as_test(
        posting_on(lambda folder: databases.fresh_postgresql(template)),
        settings=settings(max_examples=10, stateful_step_count=STEPS),
    )
