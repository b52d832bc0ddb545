"""What holds for every executor: work is found, in time, by whoever is alive; who hangs holds up nobody else."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.app import make_house
from engine.kernel.clock import SystemClock
from engine.outbox.executors import EMBEDDED, PROCRASTINATE, Executor
from engine.outbox.leases import LEASE
from engine.outbox.store import Lease
from engine.spi import TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from engine.storage.job_queue import JobQueue, QueueMissing
from engine.storage.queue_worker import Procrastinate
from tests.engine.outbox.test_relay import TWO_CHANNELS
from tests.support import databases
from tests.support.fakes import FixedClock, MemoryChannel, PlainFormat, breaking, fails, takes, waits_for
from tests.support.house import House, invoice, prepare

QUICK = 0.05


@dataclass
class Works:
    """A house whose deliveries one executor works through; its clock begins now, as the queue's does."""

    house: House
    executor: Executor

    def once(self) -> dict[str, int]:
        return dict(self.executor.run_worker(once=True))

    def later(self, **by: float) -> None:
        """Time goes by, for the engine and for the queue, which has the database's clock."""
        self.house.clock.goes_on(**by)
        if self.executor.name == PROCRASTINATE:
            with self.house.database.write() as connection:
                sooner = text("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - :by")
                connection.execute(sooner, {"by": timedelta(**by)})

    @contextmanager
    def at_work(self, concurrency: int = 2) -> Iterator[None]:
        """A worker that goes on until the block ends."""
        stop, done = threading.Event(), threading.Event()

        def go() -> None:
            self.executor.run_worker(concurrency, stop=stop)
            done.set()

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(120)
        assert done.is_set()

    def sees(self, **states: int) -> None:
        """Soon there are so many deliveries in each state."""
        wanted = dict(states)
        for _ in range(12_000):
            if Counter(row["state"] for row in self.house.rows(tables.delivery)) == wanted:
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"wanted {wanted}: {self.house.deliveries.counted()}")


def executor_of(house: House, kind: str) -> Executor:
    troubles: list[Exception] = []
    made = house.executor(kind, house.relay_of(), troubles.append)
    made.every = QUICK  # type: ignore[attr-defined]
    if isinstance(made, Procrastinate):
        made.heartbeat, made.stalled = 0.5, 60.0  # nobody here is dead who does not say so
    return made


@pytest.fixture(params=[f"{EMBEDDED}/sqlite", f"{EMBEDDED}/postgresql", f"{PROCRASTINATE}/postgresql"])
def works(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Works]:
    with working(str(request.param), request, tmp_path) as made:
        yield made


@contextmanager
def working(called: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Works]:
    kind, _, database = called.partition("/")
    with ExitStack() as stack:
        if database == "sqlite":
            url = databases.sqlite_url(tmp_path)
            (tmp_path / "factotum.db").write_bytes(request.getfixturevalue("demo_file").read_bytes())
        else:
            request.getfixturevalue("postgresql")
            template = databases.postgresql_template("demo_applied", prepare)
            url = stack.enter_context(databases.fresh_postgresql(template))
        clock = FixedClock(SystemClock().now())
        if kind == PROCRASTINATE:
            first = House(url)
            JobQueue(first.database).install()
            first.close()
        house = House(url, clock=clock, executor=kind)
        stack.callback(house.close)
        house.connect()
        yield Works(house, executor_of(house, kind))


def test_what_was_posted_is_handed_over(works: Works) -> None:
    for _ in range(3):
        works.house.post(invoice())
    [*works.house.post_batch([invoice(), invoice()])]
    assert works.once() == {"sent": 5}
    assert works.once() == {} and len(works.house.channel.parcels) == 5


def test_what_was_not_posted_is_not(works: Works) -> None:
    """However far the posting came: what is told the executor is part of its transaction."""
    posted = 0
    for at in range(40):
        with breaking(works.house.database, at) as state, suppress(Exception):
            works.house.post(invoice())
            posted += 1
        if not state.broke:
            break
    assert works.once() == {"sent": posted} and posted > 0


def test_what_is_tried_later_is_not_tried_before(works: Works) -> None:
    works.house.post(invoice())
    works.house.channel.behaviour = fails(TryLater("closed"))
    assert works.once() == {"retry": 1} and works.once() == {}
    works.house.channel.behaviour = takes
    works.later(minutes=1)
    assert works.once() == {"sent": 1}


def test_a_worker_finds_what_is_posted_while_it_works(works: Works) -> None:
    with works.at_work():
        for number in range(3):
            works.house.post(invoice())
            works.sees(sent=number + 1)


def test_an_endpoint_that_hangs_holds_up_no_other(works: Works, tmp_path: Path) -> None:
    """The ship does not move before the test has seen every parcel of the train arrive."""
    arrived, house = threading.Event(), works.house
    ship, train = MemoryChannel("ship", waits_for(arrived)), MemoryChannel("train")
    plugins = Plugins({"facturx": PlainFormat("facturx")}, {"email": house.channel, "ship": ship, "train": train})
    both = House(house.url, plugins, house.clock, house._executor)
    both.apply(tmp_path, "RULES", TWO_CHANNELS)
    both.connect("HARBOUR", "ship")
    both.connect("STATION", "train")
    for _ in range(6):
        both.post(invoice(), company="LYON")
    other = Works(both, executor_of(both, house._executor))
    with other.at_work():
        for _ in range(12_000):
            if len(both.rows(tables.delivery, channel="train", state="sent")) == 6:
                break
            threading.Event().wait(0.01)
        assert not both.rows(tables.delivery, channel="ship", state="sent")
        assert len(both.rows(tables.delivery, channel="train", state="sent")) == 6
        arrived.set()
        other.sees(sent=18)
    both.close()


def test_who_died_is_followed_when_the_lease_ends(works: Works) -> None:
    house = works.house
    (delivery,) = house.post(invoice())["deliveries"]
    now = house.clock.now()
    assert house.deliveries.claim(delivery["id"], now, Lease("elsewhere", "dead", now, now + LEASE))
    assert works.once() == {} and works.executor.health().under_way == 1
    house.clock.at += LEASE + timedelta(seconds=6)
    assert works.once() == {"sent": 1}


def test_its_health_tells_what_waits(works: Works) -> None:
    house = works.house
    house.post(invoice())
    (delivery,) = house.post(invoice())["deliveries"]
    earlier = house.clock.at - timedelta(minutes=5)
    house.change(tables.delivery, {"due_at": earlier}, id=delivery["id"])
    found = works.executor.health()
    assert (found.due, found.oldest, found.under_way) == (2, earlier, 0)
    works.once()
    assert works.executor.health().due == 0


def test_several_workers_hand_over_everything_once(works: Works) -> None:
    for _ in range(30):
        works.house.post(invoice())
    others = [works.house.beside() for _ in range(3)]
    workers = [Works(one, executor_of(one, one._executor)) for one in others]
    with ExitStack() as stack:
        for one in workers:
            stack.enter_context(one.at_work(2))
        works.sees(sent=30)
    assert {row["tries"] for row in works.house.rows(tables.delivery)} == {1}
    for one in others:
        one.close()


# --- the queue ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queued(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Works]:
    with working(f"{PROCRASTINATE}/postgresql", request, tmp_path) as made:
        yield made


def test_a_job_that_was_lost_is_made_anew(queued: Works) -> None:
    queued.house.post(invoice())
    with queued.house.database.write() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    assert queued.once() == {}
    queued.house.clock.goes_on(seconds=6)
    assert queued.once() == {"sent": 1}


def test_a_job_more_than_needed_sends_nothing(queued: Works) -> None:
    queued.house.post(invoice())
    with queued.house.database.write() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET queueing_lock = NULL"))
    queued.house.clock.goes_on(seconds=6)
    assert queued.once() == {"sent": 1} and len(queued.house.channel.parcels) == 1


def test_the_job_of_a_worker_without_a_sign_of_life_is_taken_over(queued: Works) -> None:
    """Its worker is of another host, and its lease far from its end."""
    house = queued.house
    (delivery,) = house.post(invoice())["deliveries"]
    now = house.clock.now()
    with house.database.write() as connection:
        connection.execute(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        )
        dead = "(SELECT max(id) FROM procrastinate_workers)"
        connection.execute(text(f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {dead}"))  # noqa: S608
        worker = connection.scalar(text("SELECT max(id) FROM procrastinate_workers"))
    house.deliveries.claim(delivery["id"], now, Lease(f"elsewhere:1:1:1:q{worker}", "dead", now, now + LEASE))
    assert queued.once() == {"sent": 1}
    assert [row["state"] for row in house.rows(tables.delivery_attempt)] == ["died", "sent"]


def test_init_makes_its_tables_once(postgresql: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTOTUM_EXECUTOR", PROCRASTINATE)
    with databases.fresh_postgresql() as url:
        for _ in range(2):
            house = make_house(url)
            assert house.queue is not None and house.queue.workers(60) == 0
            house.database.close()


def test_without_its_tables_the_queue_says_how_to_make_them(house: House) -> None:
    asks: Callable[[], object] = lambda: House(house.url, executor=PROCRASTINATE).posting  # noqa: E731
    with pytest.raises(QueueMissing) as missing:
        asks()
    assert "factotum init" in missing.value.way_out
