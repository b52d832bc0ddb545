"""Delivery rows, and the files that were handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from engine.outbox.relay import Endpoint, Outcome
from engine.posting.view import document_view
from engine.spi.contracts import DocumentView, File
from engine.storage import tables
from engine.storage.database import Database, insert_into
from engine.storage.documents import rows_of

Row = Mapping[str, Any]


class SqlDeliveryStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def endpoints(self, now: datetime) -> list[Endpoint]:
        table = tables.delivery
        query = (
            select(table.c.channel, table.c.connection)
            .where(_due(now))
            .distinct()
            .order_by(table.c.channel, table.c.connection)
        )
        with self._database.read() as connection:
            return [(row.channel, row.connection) for row in connection.execute(query)]

    def claim(self, endpoint: Endpoint, now: datetime, lease_until: datetime, token: str) -> Row | None:
        table = tables.delivery
        channel, connected = endpoint
        first = (
            select(table.c.id)
            .where(_due(now), table.c.channel == channel, table.c.connection == connected)
            .order_by(table.c.due_at, table.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(table)
            .where(table.c.id == first.scalar_subquery())  # IN might run it more than once
            .values(
                state="sending", tries=table.c.tries + 1, lease_until=lease_until, lease_token=token, changed_at=now
            )
            .returning(*table.c)
        )
        row = self._database.retrying(lambda connection: connection.execute(statement).mappings().one_or_none())
        return dict(row) if row else None

    def finish(self, delivery: Row, outcome: Outcome, now: datetime) -> bool:
        table = tables.delivery
        statement = (
            update(table)
            .where(table.c.id == delivery["id"], table.c.state == "sending")
            .where(table.c.lease_token == delivery["lease_token"])
            .values(
                state=outcome.state, detail=outcome.detail, reference=outcome.reference,
                due_at=outcome.due_at or delivery["due_at"], lease_until=None, lease_token=None, changed_at=now,
            )
        )  # fmt: skip
        return bool(self._database.retrying(lambda connection: connection.execute(statement).rowcount))

    def view(self, document: int) -> DocumentView:
        table = tables.document
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == document)).mappings().one()
            lines = rows_of(connection, tables.document_line, document)
            return document_view(dict(row), lines, rows_of(connection, tables.document_tax, document))

    def keep(self, delivery: Row, file: File, digest: str, now: datetime) -> None:
        row = {
            "hash": digest,
            "name": file.name,
            "media_type": file.media_type,
            "content": file.content,
            "stored_at": now,
        }

        def work(connection: Connection) -> None:
            connection.execute(insert_into(self._database.dialect, tables.file).values(row).on_conflict_do_nothing())
            table = tables.delivery
            mine = and_(table.c.id == delivery["id"], table.c.lease_token == delivery["lease_token"])
            connection.execute(update(table).where(mine).values(file=digest))

        self._database.retrying(work)

    def counted(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        table = tables.delivery
        query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
        with self._database.read() as connection:
            return {state: number for state, number in connection.execute(query)}


def _due(now: datetime) -> Any:
    """Rows to work on: waiting and due, or left behind by a sender that died."""
    table = tables.delivery
    waiting = and_(table.c.state.in_(("pending", "retry")), table.c.due_at <= now)
    abandoned = and_(table.c.state == "sending", table.c.lease_until < now)
    return or_(waiting, abandoned)
