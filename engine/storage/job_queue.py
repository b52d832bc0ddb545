"""The queue of executor `procrastinate`: a job for each delivery that is due, now or later, written with its row.

A job holds the delivery's id and nothing else, in a queue of its endpoint. It may be missing, late or there twice: the
row alone says what is to be done, and the sweep makes jobs for what is due and has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select, text

from engine.kernel.errors import EngineError
from engine.storage import tables
from engine.storage.database import Database

if TYPE_CHECKING:
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

TASK = "factotum.deliver"
LATE = timedelta(seconds=5)
"""How far clocks of machines may differ; and how long a row may be due before it is missed that it has no job."""
CHUNK = 1000
_LOCK = "factotum:"
_CANCEL = text(
    "SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs "
    "WHERE queueing_lock = ANY(:locks) AND status = 'todo'"
)
_MISSING = (
    select(tables.delivery)
    .where(
        text(tables.WAITING),
        tables.delivery.c.due_at <= bindparam("by"),
        text(
            "NOT EXISTS (SELECT 1 FROM procrastinate_jobs job WHERE job.status IN ('todo', 'doing') "
            "AND job.queueing_lock = :lock || delivery.id)"
        ).bindparams(lock=_LOCK),
    )
    .order_by(tables.delivery.c.id)
    .limit(CHUNK)
)


class QueueMissing(EngineError):
    code = "queue_missing"
    says = "the executor procrastinate cannot be used: {why}"
    remedy = "run `factotum init` with FACTOTUM_EXECUTOR=procrastinate on PostgreSQL, or leave FACTOTUM_EXECUTOR out"


class JobQueue:
    """Enqueues and cancels on the caller's connection, so in its transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs = _jobs()

    def check(self) -> None:
        """Errors: QueueMissing."""
        if self._database.dialect != "postgresql":
            raise QueueMissing(why="the database is no PostgreSQL")
        with self._database.read() as connection:
            if connection.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is None:
                raise QueueMissing(why="its tables are not there")

    def install(self) -> None:
        """Make its tables, unless they are there. Errors: QueueMissing on another database than PostgreSQL."""
        from procrastinate.schema import SchemaManager

        try:
            self.check()
        except QueueMissing:
            if self._database.dialect != "postgresql":
                raise
            with self._database.write() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x6A6F6273})
                if connection.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is None:
                    _driver(connection).execute(SchemaManager.get_schema())

    def enqueue(self, session: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        jobs = [_job(row) for row in rows if _waits(row)]
        if jobs:
            self._jobs.batch_defer_jobs(jobs, connection=_driver(session))

    def cancel(self, session: Connection, deliveries: Sequence[int]) -> None:
        session.execute(_CANCEL, {"locks": [f"{_LOCK}{one}" for one in deliveries]})

    def sweep(self, now: datetime) -> int:
        """Jobs for what is due and has none; how many."""

        def work(connection: Connection) -> int:
            rows = [dict(row) for row in connection.execute(_MISSING, {"by": now - LATE}).mappings()]
            self.enqueue(connection, rows)
            return len(rows)

        return self._database.retrying(work)

    def again(self, delivery: int) -> None:
        """A job for a delivery whose job was lost with its worker, if it still waits."""
        table = tables.delivery

        def work(connection: Connection) -> None:
            self.cancel(connection, [delivery])
            query = select(table).where(table.c.id == delivery)
            self.enqueue(connection, [dict(row) for row in connection.execute(query).mappings()])

        self._database.retrying(work)

    def queues(self) -> list[str]:
        """Endpoints that have jobs."""
        query = text("SELECT DISTINCT queue_name FROM procrastinate_jobs WHERE status = 'todo' AND task_name = :task")
        with self._database.read() as connection:
            return sorted(connection.scalars(query, {"task": TASK}))

    def workers(self, alive: float) -> int:
        """Processes' workers that gave a sign of life in so many seconds."""
        query = text(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :alive)"
        )
        with self._database.read() as connection:
            return int(connection.scalar(query, {"alive": alive}) or 0)


def _jobs() -> JobManager:
    """What knows how jobs are written; it opens no connection of its own."""
    from procrastinate.manager import JobManager
    from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

    return JobManager(SyncPsycopgConnector())


def _job(row: Mapping[str, Any]) -> Job:
    from procrastinate.jobs import Job

    return Job(
        id=None, task_name=TASK, queue=f"{row['channel']}/{row['connection']}", lock=None,
        queueing_lock=f"{_LOCK}{row['id']}", task_kwargs={"delivery": row["id"]}, scheduled_at=row["due_at"],
    )  # fmt: skip


def _waits(row: Mapping[str, Any]) -> bool:
    return row["state"] in ("pending", "retry") and not row["held"] and not row["waits_for"]


def _driver(connection: Connection) -> Any:
    """The psycopg connection below."""
    return connection.connection.driver_connection
