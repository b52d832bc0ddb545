"""A worker as a program: told to stop by a signal, telling now and then what it did, and what troubles it."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter

import click

from engine import flow
from engine.app import BuiltHouse
from engine.edge.cli.installation import tell
from engine.flow import Context
from engine.kernel.errors import EngineError


def at_work(
    house: BuiltHouse,
    context: Context,
    executor: str,
    *,
    concurrency: int,
    once: bool = False,
    every: int = 60,
    as_json: bool = False,
) -> None:
    """Work until stopped, or until nothing is due. The same trouble is told once, until another comes."""
    stop, over = threading.Event(), threading.Event()
    asked = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGTERM, signal.SIGINT)}
    troubles = [""]

    def troubled(error: Exception) -> None:
        words = str(error)
        if words != troubles[-1]:
            troubles.append(words)
            click.echo(words, err=True)

    def ended() -> Counter[str]:
        """How many came to an end, or are to be tried again."""
        counted = house.deliveries.counted().items()
        return Counter({state: number for state, number in counted if state not in ("pending", "sending")})

    before = ended()

    def telling() -> None:
        nonlocal before
        while not over.wait(every):
            try:
                now = ended()
            except EngineError as error:
                troubled(error)
                continue
            if now != before and not once:
                tell(now - before, house.deliveries.counted(), as_json)
            before = now

    threading.Thread(target=telling, daemon=True).start()
    try:
        done = flow.worker(
            house, context, executor, concurrency=concurrency, stop=stop, once=once, troubled=troubled
        )  # fmt: skip
    finally:
        over.set()
        for name, handler in asked.items():
            signal.signal(name, handler)
    tell(done, house.deliveries.counted(), as_json)
    sys.stdout.flush()
