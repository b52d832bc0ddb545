"""Executor `procrastinate`: workers on many machines take jobs from the queue; all of its `async` is in here.

Each endpoint has a queue of its own, and a worker process works on each queue by itself, so that one that hangs takes
nobody else's place. A worker gives signs of life; the jobs of one that gives none are taken over.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.kernel.errors import EngineError
from engine.outbox.executors import CONCURRENCY, PROCRASTINATE
from engine.outbox.relay import DIED, Relay
from engine.outbox.store import Health
from engine.storage.database import Database
from engine.storage.job_queue import LATE, TASK, JobQueue

if TYPE_CHECKING:
    from procrastinate import App, JobContext

SWEEP = 60.0
"""Seconds between two looks for what is due and has no job."""
PATIENCE = 30.0
"""Seconds that hand-overs under way are given to end when the worker is asked to stop."""


@dataclass
class Procrastinate:
    """Seconds: `every` between two looks for jobs, `heartbeat` between two signs of life, `stalled` without one."""

    relay: Relay
    database: Database
    queue: JobQueue
    every: float = 1.0
    heartbeat: float = 1.0
    stalled: float = 4.0
    troubled: Callable[[Exception], None] = lambda error: None
    name: str = field(default=PROCRASTINATE, init=False)

    def enqueue(self, session: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        self.queue.enqueue(session, rows)

    def cancel(self, session: Connection, deliveries: Sequence[int]) -> None:
        self.queue.cancel(session, deliveries)

    def run_worker(
        self,
        concurrency: int = CONCURRENCY,
        *,
        stop: threading.Event | None = None,
        once: bool = False,
        progress: Callable[[], None] = lambda: None,
    ) -> Counter[str]:
        run = _Run(self, concurrency, stop or threading.Event(), progress)
        with self.relay.leases.renewed():
            asyncio.run(run.once() if once else run.until_stopped())
        run.done.pop("lost", None)
        return run.done

    def health(self) -> Health:
        found = self.relay.store.health(self.relay.clock.now())
        return Health(found.due, found.oldest, found.under_way, self.queue.workers(self.stalled))


class _Run:
    """One run of a worker: its app, and for each queue a worker and its threads."""

    def __init__(
        self, executor: Procrastinate, concurrency: int, stop: threading.Event, progress: Callable[[], None]
    ) -> None:
        self._executor, self._concurrency, self._stop, self._progress = executor, concurrency, stop, progress
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._app = self._made()
        self.done: Counter[str] = Counter()

    async def once(self) -> None:
        """Until no job is due any more."""
        async with self._app.open_async():
            await asyncio.to_thread(self._swept)
            await self._take_over()
            before = -1
            while before != (before := self.done.total()) and (queues := await asyncio.to_thread(self._queue.queues)):
                await asyncio.gather(*(self._work(queue, wait=False) for queue in queues))

    async def until_stopped(self) -> None:
        async with self._app.open_async():
            looked = SWEEP
            while not self._stop.is_set():
                try:
                    if looked >= SWEEP:
                        await asyncio.to_thread(self._queue.sweep, self._executor.relay.clock.now())
                        looked = 0.0
                    await self._look()
                except Exception as error:  # a database that is away, whoever says so: we look again
                    self._executor.troubled(error)
                await asyncio.sleep(self._executor.every)
                looked += self._executor.every
            for worker in self._workers.values():
                worker.cancel()
            await asyncio.gather(*self._workers.values(), return_exceptions=True)
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    @property
    def _queue(self) -> JobQueue:
        return self._executor.queue

    async def _look(self) -> None:
        """Take over what dead workers left, and have a worker for each queue that has jobs."""
        await asyncio.to_thread(self._executor.relay.sweep)
        await self._take_over()
        for queue in await asyncio.to_thread(self._queue.queues):
            before = self._workers.get(queue)
            if before and before.done() and not before.cancelled() and (error := before.exception()):
                self._executor.troubled(error if isinstance(error, Exception) else RuntimeError(error))
            if before is None or before.done():
                self._workers[queue] = asyncio.create_task(self._work(queue, wait=True), name=f"queue {queue}")

    async def _work(self, queue: str, *, wait: bool) -> None:
        executor = self._executor
        if queue not in self._threads:
            self._threads[queue] = ThreadPoolExecutor(self._concurrency, thread_name_prefix=f"queue {queue}")
        await self._app.run_worker_async(
            queues=[queue], name=queue, concurrency=self._concurrency, wait=wait, delete_jobs="always",
            fetch_job_polling_interval=executor.every, listen_notify=False, install_signal_handlers=False,
            update_heartbeat_interval=executor.heartbeat, stalled_worker_timeout=executor.stalled,
            shutdown_graceful_timeout=PATIENCE,
        )  # fmt: skip

    async def _take_over(self) -> None:
        """Free the rows of workers without a sign of life, and make their jobs anew."""
        from procrastinate.jobs import Status

        manager = self._app.job_manager
        stalled = await manager.get_stalled_jobs(task_name=TASK, seconds_since_heartbeat=self._executor.stalled)
        for job in stalled:
            delivery = int(str(job.task_kwargs["delivery"]))
            await asyncio.to_thread(self._freed, delivery, f":q{job.worker_id}")
            if job.id is not None:
                await manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=True)
            await asyncio.to_thread(self._queue.again, delivery)

    def _freed(self, delivery: int, worker: str) -> None:
        relay = self._executor.relay
        for row in relay.store.under_way():
            if row["id"] == delivery and row["worker"].endswith(worker):
                relay.store.free(delivery, row["lease_token"], relay.clock.now(), DIED)

    def _swept(self) -> None:
        relay = self._executor.relay
        relay.sweep()
        self._queue.sweep(relay.clock.now())

    def _made(self) -> App:
        from procrastinate import App, PsycopgConnector

        url = self._executor.database.engine.url.set(drivername="postgresql")
        address = url.render_as_string(hide_password=False)
        app = App(connector=PsycopgConnector(conninfo=address, min_size=1, max_size=10))

        @app.task(name=TASK, pass_context=True)
        async def deliver(context: JobContext, delivery: int) -> None:
            threads = self._threads[context.job.queue]
            await asyncio.get_running_loop().run_in_executor(
                threads, self._deliver, delivery, context.job.worker_id
            )  # fmt: skip

        return app

    def _deliver(self, delivery: int, worker_id: int | None) -> None:
        """In a thread. What came of it stands in the row; the job is done, whatever it was."""
        relay = self._executor.relay
        try:
            due_by = relay.clock.now() + LATE  # the queue's clock is another machine's
            counted = relay.step(delivery, due_by, worker=f"{relay.worker}:q{worker_id}")
        except EngineError as error:
            self._executor.troubled(error)
            return
        self.done.update(counted)
        self._progress()
