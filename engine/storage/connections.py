"""Connections, with their secrets, and the companies they are active for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as Session
from sqlalchemy import RowMapping, delete, insert, select, update

from engine.outbox.connections import Connection, Row
from engine.outbox.vault import Sealed
from engine.storage.database import Database, insert_into
from engine.storage.tables import activation, audit, connection, secret


class SqlConnectionStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, code: str) -> Connection | None:
        with self._database.read() as session:
            return _whole(session, code)

    def all(self) -> list[Connection]:
        with self._database.read() as session:
            codes = list(session.execute(select(connection.c.code).order_by(connection.c.code)).scalars())
            return [one for code in codes if (one := _whole(session, code))]

    def change(
        self, code: str, now: datetime, actor: str, decide: Callable[[Connection | None], tuple[Connection, Row | None]]
    ) -> Connection:
        def work(session: Session) -> Connection:
            after, audited = decide(_whole(session, code, lock=True))
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


def _whole(session: Session, code: str, lock: bool = False) -> Connection | None:
    query = select(connection).where(connection.c.code == code)
    row = session.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        return None
    secrets = session.execute(select(secret).where(secret.c.connection == code).order_by(secret.c.field)).mappings()
    companies = session.execute(select(activation.c.company).where(activation.c.connection == code)).scalars()
    return _connection(row, {one["field"]: Sealed(one["key_id"], one["sealed"]) for one in secrets}, {*companies})


def _connection(row: RowMapping, secrets: dict[str, Sealed], companies: set[str]) -> Connection:
    return Connection(
        code=row["code"], channel=row["channel"], settings=json.loads(row["settings"]), state=row["state"],
        detail=row["detail"], settings_hash=row["settings_hash"], tested_hash=row["tested_hash"],
        tested_at=row["tested_at"], report=json.loads(row["report"] or "{}"), secrets=secrets,
        companies=frozenset(companies),
    )  # fmt: skip


def _replace(session: Session, table: Any, code: str, rows: list[dict[str, Any]]) -> None:
    session.execute(delete(table).where(table.c.connection == code))
    if rows:
        session.execute(insert(table), [{"connection": code, **row} for row in rows])


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
