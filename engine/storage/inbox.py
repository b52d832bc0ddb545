"""Files received, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, or_, select, text, update

from engine.inbox.received import IMPORTED, NEW, Found, Received
from engine.kernel.faults import Fault
from engine.spi.contracts import File
from engine.storage.database import Database, insert_into
from engine.storage.tables import document, file, received

Row = Mapping[str, Any]
PAGE = 200
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(1768843887, hashtext(CAST(:company AS text)))")  # "inbo"
_UNSETTLED = (received.c.state == NEW, received.c.faults == "[]", received.c.words == "")
_HELD = and_(received.c.found != "", *_UNSETTLED)


class SqlInbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, one: Received, kept: File) -> Received:
        def work(connection: Connection) -> Received:
            known = _first(connection, source=one.source, source_id=one.source_id, part=one.part)
            if known:
                return known
            stored = {
                "hash": one.file, "name": one.name, "media_type": one.media_type, "content": kept.content,
                "stored_at": one.received_at,
            }  # fmt: skip
            connection.execute(insert_into(self._database.dialect, file).values(stored).on_conflict_do_nothing())
            row = _row(one) | {"changed_at": one.received_at}
            made = insert_into(self._database.dialect, received).values(row).on_conflict_do_nothing()
            connection.execute(made)
            return _first(connection, source=one.source, source_id=one.source_id, part=one.part) or one

        return self._database.retrying(work)

    def get(self, id: int) -> Received | None:
        with self._database.read() as connection:
            return _first(connection, id=id)

    def by_source(self, source: str, source_id: str, part: int = 0) -> Received | None:
        with self._database.read() as connection:
            return _first(connection, source=source, source_id=source_id, part=part)

    def parts(self, source: str, source_id: str) -> int:
        query = select(received.c.id).where(received.c.source == source, received.c.source_id == source_id)
        with self._database.read() as connection:
            return len(connection.execute(query).all())

    def listed(self, states: Sequence[str], company: str = "") -> Iterator[Received]:
        query = select(received).where(received.c.state.in_(states)).order_by(received.c.id).limit(PAGE)
        if company:
            query = query.where(received.c.company == company)
        last = 0
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(received.c.id > last)).mappings().all()
            yield from map(_received, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]

    def unread(self, limit: int, before: datetime) -> list[Received]:
        stopped = or_(received.c.found == "", received.c.changed_at < before)
        query = select(received).where(*_UNSETTLED, stopped).order_by(received.c.id).limit(limit)
        with self._database.read() as connection:
            return [_received(row) for row in connection.execute(query).mappings()]

    def change(self, was: Received, now: Received, at: datetime) -> bool:
        same = received.c.state != IMPORTED if now.state == IMPORTED else received.c.state == was.state
        statement = update(received).where(received.c.id == was.id, same).values(**_row(now), changed_at=at)
        return bool(self._database.retrying(lambda connection: connection.execute(statement).rowcount))

    def claim(
        self, was: Received, now: Received, at: datetime, twice: Callable[[Received], Received] | None, posted: bool
    ) -> Received | None:
        same = (received.c.id == was.id, received.c.state == was.state, received.c.words == was.words)

        def work(connection: Connection) -> Received | None:
            if self._database.dialect == "postgresql":  # SQLite has one writer at a time
                connection.execute(_ONE_AT_A_TIME, {"company": now.company})
            twin = _twin(connection, now, posted) if twice else None
            written = twice(twin) if twice and twin else now
            statement = update(received).where(*same).values(**_row(written), changed_at=at)
            return written if connection.execute(statement).rowcount else None

        return self._database.retrying(work)

    def archived(self, digest: str) -> bool:
        query = select(file.c.hash).where(file.c.hash == digest, file.c.archived_at.is_not(None))
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def put_back(self, digest: str, content: bytes) -> None:
        lies_here = {"content": content, "archived_at": None, "archive": "", "place": ""}
        statement = update(file).where(file.c.hash == digest, file.c.archived_at.is_not(None)).values(**lies_here)
        self._database.retrying(lambda connection: connection.execute(statement))

    def content(self, digest: str) -> Row | None:
        with self._database.read() as connection:
            row = connection.execute(select(file).where(file.c.hash == digest)).mappings().one_or_none()
        return dict(row) if row else None

    def posted(self, company: str, number: str, on: date) -> list[Row]:
        columns = (document.c.id, document.c.key, document.c.number, document.c.content, document.c.request)
        mine = (document.c.company == company, document.c.date == on, document.c.module == "purchase")
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(select(*columns).where(*mine)).mappings()]
        return [row for row in rows if json.loads(row["request"]).get("supplier_number") == number]


def _first(connection: Connection, **wanted: Any) -> Received | None:
    query = select(received)
    for name, value in wanted.items():
        query = query.where(received.c[name] == value)
    row = connection.execute(query).mappings().one_or_none()
    return _received(row) if row else None


def _twin(connection: Connection, one: Received, posted: bool) -> Received | None:
    """The first other one of the same identity; its bytes before what it says. A duplicate holds no identity itself."""
    document = and_(
        received.c.supplier == one.supplier, received.c.supplier_number == one.supplier_number,
        received.c.supplier_date == one.supplier_date,
    )  # fmt: skip
    alive = or_(received.c.state == IMPORTED, _HELD if posted else received.c.state == NEW)
    other = (received.c.id != one.id, received.c.company == one.company, alive)
    order = (received.c.file != one.file, received.c.received_at, received.c.id)
    query = select(received).where(*other, or_(received.c.file == one.file, document)).order_by(*order).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return _received(row) if row else None


def _row(one: Received) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in Received.__slots__}
    row["found"] = json.dumps(one.found.as_json(), ensure_ascii=False) if one.found else ""
    row["faults"] = json.dumps([fault.as_json() for fault in one.faults], ensure_ascii=False)
    return row


def _received(row: RowMapping) -> Received:
    told = {name: row[name] for name in Received.__slots__}
    told["found"] = Found.of(json.loads(row["found"])) if row["found"] else None
    told["faults"] = tuple(Fault(**one) for one in json.loads(row["faults"]))
    return Received(**told)
