"""Delivery rows as the relay works on them: claimed, finished, freed; the log of tries; the files handed over.

Conditions that partial indexes stand on are written as text, so that both databases see they are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, ScalarSelect, and_, bindparam, delete, func, insert, select, text, update

from engine.kernel.clock import token
from engine.outbox.bounces import MOST_RECIPIENT, refusal
from engine.outbox.outcomes import (
    ABSENT,
    DIED,
    DOUBTS,
    FAILED,
    LISTS,
    PENDING,
    REJECTED,
    RETRY,
    SENDING,
    SENT,
    UNCERTAIN,
    Outcome,
    parts,
)
from engine.outbox.store import Claimed, Endpoint, Health, Lease, Row
from engine.posting.view import document_view
from engine.spi.contracts import DocumentView, EventKind, File
from engine.storage import tables
from engine.storage.database import Database, insert_into
from engine.storage.documents import rows_of
from engine.storage.posting import IdBlocks


class Queue(Protocol):
    """What is told of rows that are due now or later, in the transaction that writes them."""

    def enqueue(self, session: Connection, rows: Sequence[Row]) -> None: ...
    def cancel(self, session: Connection, deliveries: Sequence[int]) -> None: ...


DELIVERY, ATTEMPT = tables.delivery, tables.delivery_attempt
WAITING = text(tables.WAITING)
UNDER_WAY = text(tables.UNDER_WAY)
NEW = {
    "state": PENDING, "tries": 0, "lease_until": None, "lease_token": None, "reference": "", "file": None,
    "held": False, "waits_for": "", "sent_at": None,
}  # fmt: skip
"""What a delivery that repeats another begins with."""


class SqlDeliveryStore:
    def __init__(
        self, database: Database, ids: IdBlocks, queue: Queue | None = None, key: Callable[[], str] = token
    ) -> None:
        self._database, self._ids, self._queue, self._key = database, ids, queue, key

    def endpoints(self, now: datetime) -> dict[Endpoint, int]:
        place = (DELIVERY.c.channel, DELIVERY.c.connection)
        query = select(*place, func.count()).where(WAITING, DELIVERY.c.due_at <= now).group_by(*place).order_by(*place)
        with self._database.read() as connection:
            return {(channel, connected): number for channel, connected, number in connection.execute(query)}

    def claim(self, of: Endpoint | int, due_by: datetime, lease: Lease) -> Claimed | None:
        asked: dict[str, Any] = {"by": due_by, "of_id": of}
        first = _FIRST
        if isinstance(of, tuple):
            first, asked = _FIRST_OF, {"by": due_by, "of_channel": of[0], "of_connection": of[1]}

        def work(connection: Connection) -> Claimed | None:
            row = connection.execute(first, asked).mappings().one_or_none()
            return _claimed(connection, dict(row), lease) if row else None

        return self._database.retrying(work)

    def finish(self, claimed: Claimed, outcome: Outcome, notes: str, now: datetime) -> bool:
        row = claimed.row
        whom = parts({name: json.loads(row[name]) for name in LISTS}, outcome.later) if outcome.later else []
        mine = {name: row[name] for name in LISTS}
        if whom and outcome.state == RETRY:  # it reached nobody, so the first of them are its own
            mine = {name: _json(listed) for name, listed in whom.pop(0).items()}
        becomes = {
            "state": outcome.state, "detail": outcome.detail, "reference": outcome.reference,
            "lease_until": _settled_at(claimed) if outcome.state == RETRY else None,
            "lease_token": None, "changed_at": now, **mine,
            "due_at": outcome.due_at if outcome.state == RETRY else row["due_at"],
            "sent_at": now if outcome.state == SENT else None,
        }  # fmt: skip
        ended = {
            "state": outcome.attempt or outcome.state, "ended_at": now, "reference": outcome.reference,
            "detail": outcome.detail, "notes": notes,
        }  # fmt: skip
        beside = [self._beside(row, outcome, part, now) for part in whom]
        refused = _refused(claimed, outcome, now)

        def work(connection: Connection) -> bool:
            mine = {"of_id": row["id"], "of_token": row["lease_token"]}
            written = connection.execute(_FINISH, mine | _new(becomes)).rowcount or _late(connection, claimed, becomes)
            if not written:
                return False
            connection.execute(_ENDED, {"of_id": row["id"], "of_number": claimed.number} | _new(ended))
            if refused:
                connection.execute(insert(tables.delivery_event), refused)
            if beside:
                connection.execute(insert(DELIVERY), beside)
            self.enqueued(connection, [*beside, *([{**row, **becomes}] if outcome.state == RETRY else [])])
            return True

        return self._database.retrying(work)

    def wait(self, claimed: Claimed, until: datetime, words: str, now: datetime) -> int:
        row = claimed.row
        becomes = {"state": RETRY, "detail": words, "due_at": until, "changed_at": now}
        back = becomes | {"tries": claimed.tries - 1, "lease_until": _settled_at(claimed), "lease_token": None}
        alike = and_(
            WAITING, DELIVERY.c.due_at <= now,
            *(DELIVERY.c[name] == row[name] for name in ("channel", "connection", "company")),
        )  # fmt: skip

        def work(connection: Connection) -> int:
            if not connection.execute(update(DELIVERY).where(_ours(row)).values(back)).rowcount:
                return 0
            connection.execute(delete(ATTEMPT).where(_this(claimed)))
            self.enqueued(connection, [{**row, **back}])
            locked = select(DELIVERY.c.id).where(alike).order_by(DELIVERY.c.id).with_for_update(skip_locked=True)
            return 1 + connection.execute(update(DELIVERY).where(DELIVERY.c.id.in_(locked)).values(becomes)).rowcount

        return self._database.retrying(work)

    def cleared(self, claimed: Claimed) -> None:
        mine = and_(ATTEMPT.c.delivery == claimed.row["id"], ATTEMPT.c.state.in_({*DOUBTS, FAILED}))
        self._database.retrying(lambda connection: connection.execute(update(ATTEMPT).where(mine).values(state=ABSENT)))

    def renew(self, tokens: Collection[str], until: datetime) -> None:
        mine = and_(UNDER_WAY, DELIVERY.c.lease_token.in_(tokens))
        statement = update(DELIVERY).where(mine).values(lease_until=until)
        self._database.retrying(lambda connection: connection.execute(statement))

    def under_way(self) -> list[Row]:
        worker = _last_of(ATTEMPT.c.worker).label("worker")
        columns = [DELIVERY.c[name] for name in ("id", "lease_token", "lease_until")]
        query = (
            select(*columns, func.coalesce(worker, "").label("worker"))
            .where(UNDER_WAY)
            .order_by(DELIVERY.c.lease_token)
        )
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def free(self, delivery: int, token: str, now: datetime, words: str) -> bool:
        becomes = {
            "state": RETRY,
            "lease_token": None,
            "changed_at": now,
            "detail": words,
        }  # lease_until is needed still
        mine = and_(DELIVERY.c.id == delivery, UNDER_WAY, func.coalesce(DELIVERY.c.lease_token, "") == token)
        statement = update(DELIVERY).where(mine).values(becomes).returning(*DELIVERY.c)

        def work(connection: Connection) -> bool:
            row = connection.execute(statement).mappings().one_or_none()
            if row is None:
                return False
            lost = and_(ATTEMPT.c.delivery == delivery, ATTEMPT.c.state == SENDING)
            connection.execute(update(ATTEMPT).where(lost).values(state=DIED, ended_at=now, detail=words))
            self.enqueued(connection, [dict(row)])
            return True

        return self._database.retrying(work)

    def view(self, document: int) -> DocumentView:
        table = tables.document
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == document)).mappings().one()
            lines = rows_of(connection, tables.document_line, document)
            return document_view(dict(row), lines, rows_of(connection, tables.document_tax, document))

    def keep(self, delivery: Row, now: datetime, file: File, digest: str, form: str) -> None:
        row = {
            "hash": digest, "name": file.name, "media_type": file.media_type, "content": file.content,
            "stored_at": now,
        }  # fmt: skip
        own = form == delivery["format"]
        if own and delivery["file"] == digest:
            return
        beside = {"delivery": delivery["id"], "format": form, "file": digest}

        def work(connection: Connection) -> None:
            added = insert_into(self._database.dialect, tables.file).values(row)
            connection.execute(added.on_conflict_do_nothing())
            if own:
                mine = and_(DELIVERY.c.id == delivery["id"], DELIVERY.c.lease_token == delivery["lease_token"])
                connection.execute(update(DELIVERY).where(mine).values(file=digest))
                return
            along = insert_into(self._database.dialect, tables.delivery_file).values(beside)
            keys = list(tables.delivery_file.primary_key.columns)
            connection.execute(along.on_conflict_do_update(index_elements=keys, set_={"file": digest}))

        self._database.retrying(work)

    def counted(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        query = select(DELIVERY.c.state, func.count()).group_by(DELIVERY.c.state).order_by(DELIVERY.c.state)
        with self._database.read() as connection:
            return {state: number for state, number in connection.execute(query)}

    def health(self, now: datetime) -> Health:
        query = select(func.count(), func.min(DELIVERY.c.due_at)).where(WAITING, DELIVERY.c.due_at <= now)
        with self._database.read() as connection:
            due, oldest = connection.execute(query).one()
        alive = [row for row in self.under_way() if row["lease_until"] and row["lease_until"] >= now]
        return Health(due, oldest, len(alive), len({row["worker"] for row in alive}))

    def wake(self, connection: str, now: datetime) -> int:
        mine = and_(DELIVERY.c.connection == connection, text("state = 'retry'"), DELIVERY.c.due_at > now)
        statement = update(DELIVERY).where(mine, WAITING).values(due_at=now).returning(*DELIVERY.c)

        def work(session: Connection) -> int:
            rows = [dict(row) for row in session.execute(statement).mappings()]
            self.enqueued(session, rows)
            return len(rows)

        return self._database.retrying(work)

    def enqueued(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Tell the queue, where there is one: a job that was written for an earlier state gives way."""
        if self._queue and rows:
            self._queue.cancel(connection, [row["id"] for row in rows])
            self._queue.enqueue(connection, rows)

    def _beside(self, row: Row, outcome: Outcome, whom: Mapping[str, Sequence[str]], now: datetime) -> dict[str, Any]:
        """A delivery for some who could not take it now."""
        those = {one for listed in whom.values() for one in listed}
        words = "; ".join(f"{who}: {why}" for who, why in outcome.later.items() if who in those)
        lists = {name: _json(listed) for name, listed in whom.items()}
        return self.repeated(row, self._ids.next("delivery"), now, due_at=outcome.due_at or now, detail=words, **lists)

    def repeated(self, row: Row, id: int, now: datetime, **changes: Any) -> dict[str, Any]:
        """A new delivery that repeats one, not yet written; the other side is told another key."""
        own = {"id": id, "key": self._key(), "resent_of": row["id"], "due_at": now, "changed_at": now, "detail": ""}
        return dict(row) | NEW | own | changes


def _claimed(connection: Connection, row: dict[str, Any], lease: Lease) -> Claimed:
    """A locked row becomes ours; the log gets this try."""
    tries = connection.execute(_TRIES, {"of_id": row["id"]}).all()
    number = tries[-1].number + 1 if tries else 1
    run = tries[len(tries) - row["tries"] :] if row["tries"] else []
    becomes = {
        "state": SENDING, "tries": row["tries"] + 1, "lease_until": lease.until, "lease_token": lease.token,
        "changed_at": lease.now,
    }  # fmt: skip
    connection.execute(_TAKE, {"of_id": row["id"]} | _new(becomes))
    logged = {
        "delivery": row["id"], "number": number, "worker": lease.worker[:100], "began_at": lease.now,
        "state": SENDING, "reference": "", "detail": "", "notes": "",
    }  # fmt: skip
    connection.execute(_LOG, logged)
    states = {one.state for one in tries}
    began = run[0].began_at if run else lease.now
    return Claimed(
        row | becomes, row["state"], number, began, bool(states & DOUBTS), FAILED in states, row["lease_until"]
    )


def _settled_at(claimed: Claimed) -> datetime | None:
    """A doubt keeps the moment from which the other side may be asked, however often the row is put off meanwhile."""
    return claimed.settled_at if claimed.doubtful or claimed.parked else None


def _late(connection: Connection, claimed: Claimed, becomes: Row) -> bool:
    """What surely came of a try that was held for dead, where nobody has tried it since or does so now."""
    if becomes["state"] not in (SENT, REJECTED):
        return False
    died = select(ATTEMPT.c.delivery).where(_this(claimed), ATTEMPT.c.state == DIED)
    mine = and_(DELIVERY.c.id == claimed.row["id"], DELIVERY.c.state.in_((RETRY, UNCERTAIN)), died.exists())
    return bool(connection.execute(update(DELIVERY).where(mine).values(becomes)).rowcount)


def _new(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _ours(row: Row) -> Any:
    return and_(DELIVERY.c.id == row["id"], UNDER_WAY, DELIVERY.c.lease_token == row["lease_token"])


def _this(claimed: Claimed) -> Any:
    return and_(ATTEMPT.c.delivery == claimed.row["id"], ATTEMPT.c.number == claimed.number)


def _last_of(column: Any) -> ScalarSelect[Any]:
    """A column of the last try of a delivery."""
    mine = select(column).where(ATTEMPT.c.delivery == DELIVERY.c.id).order_by(ATTEMPT.c.number.desc()).limit(1)
    return mine.scalar_subquery()


def _refused(claimed: Claimed, outcome: Outcome, now: datetime) -> list[dict[str, Any]]:
    """An event for each recipient who will never get it."""
    row = claimed.row
    return [
        {
            "connection": row["connection"], "id": refusal(row, claimed.number, place, who), "code": "",
            "delivery": row["id"], "recipient": who[:MOST_RECIPIENT], "kind": EventKind.REJECTED.value, "detail": why,
            "at": now, "taken_at": now,
        }
        for place, (who, why) in enumerate(outcome.refused.items())
    ]  # fmt: skip


def _json(listed: Sequence[str]) -> str:
    return json.dumps(list(listed), ensure_ascii=False)


def _values(names: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}") for name in names.split()}


_DUE = (
    select(DELIVERY)
    .where(WAITING, DELIVERY.c.due_at <= bindparam("by"))
    .order_by(DELIVERY.c.due_at, DELIVERY.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_FIRST = _DUE.where(DELIVERY.c.id == bindparam("of_id"))
_FIRST_OF = _DUE.where(
    DELIVERY.c.channel == bindparam("of_channel"), DELIVERY.c.connection == bindparam("of_connection")
)
_TRIES = (
    select(ATTEMPT.c.number, ATTEMPT.c.began_at, ATTEMPT.c.state)
    .where(ATTEMPT.c.delivery == bindparam("of_id"))
    .order_by(ATTEMPT.c.number)
)
_TAKE = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("of_id"))
    .values(_values("state tries lease_until lease_token changed_at"))
)
_LOG = insert(ATTEMPT)
_FINISH = (
    update(DELIVERY)
    .where(DELIVERY.c.id == bindparam("of_id"), UNDER_WAY, DELIVERY.c.lease_token == bindparam("of_token"))
    .values(
        _values("state detail reference lease_until lease_token changed_at due_at sent_at") | _values(" ".join(LISTS))
    )
)
_ENDED = (
    update(ATTEMPT)
    .where(ATTEMPT.c.delivery == bindparam("of_id"), ATTEMPT.c.number == bindparam("of_number"))
    .values(_values("state ended_at reference detail notes"))
)
"""Statements of the way every delivery goes, built once."""
