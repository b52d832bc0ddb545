"""Deliveries as people ask for them and change them: lists, the log of one, and changes with who made them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from engine.outbox.outcomes import ABSENT, DOUBTS, PENDING, RETRY
from engine.outbox.store import Change, Row
from engine.storage import tables
from engine.storage.database import Database
from engine.storage.deliveries import ATTEMPT, DELIVERY, SqlDeliveryStore

SOME = 1_000
"""Deliveries that are asked for in one statement."""
NUMBER = tables.document.c.number.label("number")


class SqlDeliveryBook:
    def __init__(self, database: Database, store: SqlDeliveryStore) -> None:
        self._database, self._store = database, store

    def found(
        self, state: str = "", company: str = "", document: int | None = None, limit: int = 100, held: bool = False
    ) -> list[Row]:
        query = select(*DELIVERY.c, NUMBER).join(tables.document, tables.document.c.id == DELIVERY.c.document)
        for column, wanted in (("state", state), ("company", company), ("document", document)):
            if wanted:
                query = query.where(DELIVERY.c[column] == wanted)
        if held:
            query = query.where(DELIVERY.c.held, DELIVERY.c.state.in_((PENDING, RETRY)))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(DELIVERY.c.id.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]

    def one(self, delivery: int) -> Row | None:
        query = select(*DELIVERY.c, NUMBER).join(tables.document, tables.document.c.id == DELIVERY.c.document)
        with self._database.read() as connection:
            row = connection.execute(query.where(DELIVERY.c.id == delivery)).mappings().one_or_none()
            return dict(row) if row else None

    def tries(self, delivery: int) -> list[Row]:
        query = select(ATTEMPT).where(ATTEMPT.c.delivery == delivery).order_by(ATTEMPT.c.number)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def events(self, *deliveries: int) -> list[Row]:
        event = tables.delivery_event
        query = select(event).order_by(event.c.at, event.c.id)
        with self._database.read() as connection:
            return [
                dict(row)
                for begin in range(0, len(deliveries), SOME)
                for row in connection.execute(query.where(event.c.delivery.in_(deliveries[begin : begin + SOME])))
                .mappings()
            ]  # fmt: skip

    def change(self, delivery: int, now: datetime, decide: Callable[[Row], Change]) -> None:
        locked = select(DELIVERY).where(DELIVERY.c.id == delivery).with_for_update()

        def work(connection: Connection) -> None:
            row = dict(connection.execute(locked).mappings().one())
            change = decide(row)
            after = row | dict(change.values)
            if change.values:
                values = dict(change.values) | {"changed_at": now}
                connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery).values(values))
                self._store.enqueued(connection, [after])
            if change.settles:
                doubts = update(ATTEMPT).where(ATTEMPT.c.delivery == delivery, ATTEMPT.c.state.in_(DOUBTS))
                connection.execute(doubts.values(state=ABSENT))
            if change.repeats is not None:
                changes = dict(change.repeats)
                again = self._store.repeated(row, changes.pop("id"), now, **changes)
                connection.execute(insert(DELIVERY), again)
                self._store.enqueued(connection, [again])
            connection.execute(insert(tables.audit), dict(change.audited))

        self._database.retrying(work)
