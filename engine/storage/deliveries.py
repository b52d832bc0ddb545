"""Delivery rows, the files that were handed over, and the connections they went through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from engine.outbox.relay import Before, Endpoint, Outcome
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

    def settings(self, connection: str) -> tuple[str, Mapping[str, Any]] | None:
        table = tables.connection
        with self._database.read() as reading:
            row = reading.execute(select(table).where(table.c.code == connection)).one_or_none()
        return (row.channel, json.loads(row.settings)) if row else None

    def configure(
        self, code: str, channel: str, settings: str, now: datetime, actor: str, audited: Callable[[Before], Row]
    ) -> None:
        """Make or change a connection, with the audit row of it."""
        row = {"channel": channel, "settings": settings, "changed_at": now, "actor": actor}
        table = tables.connection
        statement = insert_into(self._database.dialect, table).values(code=code, **row)
        upsert = statement.on_conflict_do_update(index_elements=[table.c.code], set_=row)

        def work(connection: Connection) -> None:
            found = connection.execute(select(table).where(table.c.code == code).with_for_update()).one_or_none()
            before = (str(found.channel), json.loads(found.settings)) if found else None
            connection.execute(upsert)
            connection.execute(insert(tables.audit), [audited(before)])

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
