"""Connections, with their secrets, and the companies they are active for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection as Session
from sqlalchemy import RowMapping, Select, delete, insert, select, update

from engine.outbox.connections import Connection, Row
from engine.outbox.vault import Sealed
from engine.storage.database import Database, insert_into
from engine.storage.tables import activation, audit, connection, secret


class SqlConnectionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, code: str) -> Connection | None:
        found = self._read(_WHOLE.where(connection.c.code == code))
        return found[0] if found else None

    def all(self) -> list[Connection]:
        return self._read(_WHOLE)

    def _read(self, query: Select[Any]) -> list[Connection]:
        """In one statement: it is asked for each hand-over."""
        with self._database.read() as session:
            rows = session.execute(query).mappings().all()
        return [_connection([*some]) for _, some in groupby(rows, key=itemgetter("code"))]

    def change(
        self, code: str, now: datetime, actor: str, decide: Callable[[Connection | None], tuple[Connection, Row | None]]
    ) -> Connection:
        def work(session: Session) -> Connection:
            after, audited = decide(_locked(session, code))
            row = {
                "channel": after.channel, "settings": _json(after.settings), "changed_at": now, "actor": actor,
                "state": after.state, "detail": after.detail, "settings_hash": after.settings_hash,
                "tested_hash": after.tested_hash, "tested_at": after.tested_at,
                "report": _json(after.report) if after.report else "",
            }  # fmt: skip
            statement = insert_into(self._database.dialect, connection).values(code=code, **row)
            session.execute(statement.on_conflict_do_update(index_elements=[connection.c.code], set_=row))
            _replace(session, secret, code, [
                {"field": name, "key_id": one.key_id, "sealed": one.text, "changed_at": now}
                for name, one in after.secrets.items()
            ])  # fmt: skip
            _replace(session, activation, code, [
                {"company": company, "at": now, "actor": actor} for company in sorted(after.companies)
            ])  # fmt: skip
            if audited is not None:
                session.execute(insert(audit), [audited])
            return after

        return self._database.retrying(work)

    def kept(self, code: str) -> Mapping[str, Any]:
        with self._database.read() as session:
            found = session.execute(select(connection.c.kept).where(connection.c.code == code)).scalar_one_or_none()
        read: dict[str, Any] = json.loads(found or "{}")
        return read

    def keep(self, code: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        statement = (
            update(connection)
            .where(connection.c.code == code, connection.c.kept == _json(before))
            .values(kept=_json(after))
        )
        return bool(self._database.retrying(lambda session: session.execute(statement).rowcount))


_WHOLE = (
    select(connection, secret.c.field, secret.c.key_id, secret.c.sealed, activation.c.company)
    .outerjoin(secret, secret.c.connection == connection.c.code)
    .outerjoin(activation, activation.c.connection == connection.c.code)
    .order_by(connection.c.code, secret.c.field)
)
"""Connections, each as often as it has secrets times companies."""


def _locked(session: Session, code: str) -> Connection | None:
    """As it is now that nobody else can change it."""
    session.execute(select(connection.c.code).where(connection.c.code == code).with_for_update())
    rows = session.execute(_WHOLE.where(connection.c.code == code)).mappings().all()
    return _connection(rows) if rows else None


def _connection(rows: Sequence[RowMapping]) -> Connection:
    row = rows[0]
    return Connection(
        code=row["code"], channel=row["channel"], settings=json.loads(row["settings"]), state=row["state"],
        detail=row["detail"], settings_hash=row["settings_hash"], tested_hash=row["tested_hash"],
        tested_at=row["tested_at"], report=json.loads(row["report"] or "{}"),
        secrets={one["field"]: Sealed(one["key_id"], one["sealed"]) for one in rows if one["field"] is not None},
        companies=frozenset(one["company"] for one in rows if one["company"] is not None),
    )  # fmt: skip


def _replace(session: Session, table: Any, code: str, rows: list[dict[str, Any]]) -> None:
    session.execute(delete(table).where(table.c.connection == code))
    if rows:
        session.execute(insert(table), [{"connection": code, **row} for row in rows])


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
