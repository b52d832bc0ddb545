"""What goes with deliveries, and what comes back of them: words, reports, tasks, duplicates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, exists, func, insert, or_, select, text, update

from engine.outbox.bounces import (
    CORRECTABLE,
    CORRECTED,
    DELIVERED,
    LEFT,
    MOST_RECIPIENT,
    OPEN,
    POSTED,
    Correction,
    Reaction,
    Row,
)
from engine.outbox.outcomes import CANCELLED, DOUBTS, FAILED, PENDING, REJECTED, RETRY, SENDING, SENT, UNCERTAIN
from engine.spi.contracts import EventKind
from engine.storage import tables
from engine.storage.database import Database, insert_into
from engine.storage.deliveries import SqlDeliveryStore

if TYPE_CHECKING:
    from engine.storage.posting import IdBlocks

DELIVERY, EVENT, TASK, DOCUMENT = tables.delivery, tables.delivery_event, tables.undelivered, tables.document
ATTEMPT = tables.delivery_attempt
UNSENT = (PENDING, RETRY)
_LOCKED = select(DELIVERY).where(DELIVERY.c.id == bindparam("of_id")).with_for_update()
MOST_TWINS = 200


class SqlMessageStore:
    def __init__(self, database: Database, deliveries: SqlDeliveryStore, ids: IdBlocks) -> None:
        self._database, self._deliveries, self._ids = database, deliveries, ids

    def delivery(self, id: int) -> Row | None:
        return self._one(select(DELIVERY).where(DELIVERY.c.id == id))

    def document(self, delivery: Row) -> Row:
        found = self._one(select(DOCUMENT).where(DOCUMENT.c.id == delivery["document"]))
        assert found is not None  # noqa: S101 - a foreign key says so
        return found

    def events(self, delivery: int) -> list[Row]:
        return self._all(select(EVENT).where(EVENT.c.delivery == delivery).order_by(EVENT.c.at, EVENT.c.id))

    def edit(self, delivery: int, values: Row, audited: Row) -> bool:
        mine = and_(DELIVERY.c.id == delivery, DELIVERY.c.state.in_(UNSENT))

        def work(connection: Connection) -> bool:
            if not connection.execute(update(DELIVERY).where(mine).values(**values)).rowcount:
                return False
            connection.execute(insert(tables.audit), [dict(audited)])
            return True

        return self._database.retrying(work)

    def named(self, connection: str, key: str, reference: str) -> Row | None:
        query = select(DELIVERY).where(DELIVERY.c.connection == connection)
        handed = text(tables.HANDED_OVER)
        found = self._one(query.where(text(tables.KEYED), DELIVERY.c.key == key.lower())) if key else None
        if found is None and reference:
            found = self._one(query.where(handed, DELIVERY.c.reference == reference))
        if found is None and key:  # from before migration 0017
            begins = DELIVERY.c.reference.startswith(f"<{key}@", autoescape=True)
            found = self._one(query.where(handed, begins))
        return found

    def take(self, event: Row, reaction: Reaction, now: datetime) -> bool:
        fresh: Any = insert_into(self._database.dialect, EVENT).values(**event)
        statement = fresh.on_conflict_do_nothing().returning(EVENT.c.id)

        def work(connection: Connection) -> bool:
            taken = connection.execute(statement).one_or_none() is not None
            if taken or reaction.task:  # a task is made once, whoever writes the event
                self._react(connection, reaction, int(event["delivery"]), now)
            return taken

        return self._database.retrying(work)

    def refusals(self) -> list[tuple[Row, Row]]:
        whom = func.substr(EVENT.c.recipient, 1, MOST_RECIPIENT)
        known = exists().where(TASK.c.delivery == EVENT.c.delivery, TASK.c.recipient == whom)
        query = select(EVENT).where(EVENT.c.kind == "rejected", ~known).order_by(EVENT.c.at, EVENT.c.id).limit(1000)
        found = self._all(query)
        rows = {one["delivery"]: self.delivery(one["delivery"]) for one in found}
        return [(one, row) for one in found if (row := rows[one["delivery"]]) is not None]

    def tasks(
        self, company: str = "", state: str = "", due_by: datetime | None = None, document: int | None = None
    ) -> list[Row]:
        also = (DELIVERY.c.channel, DELIVERY.c.connection, DELIVERY.c.document, DOCUMENT.c.number,
                DOCUMENT.c.partner_name)  # fmt: skip
        joined = TASK.join(DELIVERY, DELIVERY.c.id == TASK.c.delivery).join(
            DOCUMENT, DOCUMENT.c.id == DELIVERY.c.document
        )  # fmt: skip
        query = select(TASK, *also).select_from(joined).order_by(TASK.c.deadline, TASK.c.delivery, TASK.c.recipient)
        for column, wanted in ((TASK.c.company, company), (TASK.c.state, state)):
            query = query.where(column == wanted) if wanted else query
        query = query.where(DELIVERY.c.document == document) if document is not None else query
        return self._all(query if due_by is None else query.where(TASK.c.deadline <= due_by))

    def done(self, task: tuple[int, str], state: str, successor: Row | None, now: datetime) -> bool:
        def work(connection: Connection) -> bool:
            if not self._ended(connection, task, state, successor, now):
                return False
            if successor is not None:
                self._added(connection, successor)
            return True

        return self._database.retrying(work)

    def in_vain(self) -> list[tuple[Row, Row]]:
        told = exists().where(EVENT.c.delivery == DELIVERY.c.id, EVENT.c.kind == EventKind.REJECTED.value)
        query = (
            select(TASK)
            .join(DELIVERY, DELIVERY.c.id == TASK.c.next)
            .where(TASK.c.state.in_((CORRECTED, POSTED)), DELIVERY.c.state.in_((REJECTED, FAILED)), ~told)
            .order_by(TASK.c.delivery, TASK.c.recipient)
        )
        tasks = self._all(query)
        return [(one, row) for one in tasks if (row := self.delivery(one["next"])) is not None]

    def reopened(self, task: Row, words: str, deadline: datetime, now: datetime) -> bool:
        same = and_(*(TASK.c[name] == task[name] for name in ("delivery", "recipient", "state", "next")))
        becomes = {"state": OPEN, "detail": words, "deadline": deadline, "next": None, "changed_at": now}
        statement = update(TASK).where(same).values(becomes)
        return bool(self._database.retrying(lambda connection: connection.execute(statement).rowcount))

    def correct(
        self, delivery: int, old: str, decide: Callable[[Row, Mapping[str, Row]], Correction], now: datetime
    ) -> None:
        def work(connection: Connection) -> None:
            row = dict(connection.execute(_LOCKED, {"of_id": delivery}).mappings().one())
            found = select(TASK).where(TASK.c.delivery == delivery).order_by(TASK.c.recipient).with_for_update()
            tasks = {str(one["recipient"]): dict(one) for one in connection.execute(found).mappings()}
            correction = decide(row, tasks)
            lists = {name: json.dumps(list(whom), ensure_ascii=False) for name, whom in correction.lists.items()}
            successor = self._deliveries.repeated(row, correction.id, now, **lists)
            if old not in tasks:
                task = {
                    "delivery": delivery, "recipient": old, "company": row["company"], "state": OPEN, "code": "",
                    "detail": "", "at": now, "deadline": now, "next": None, "changed_at": now,
                }  # fmt: skip
                connection.execute(insert(TASK), [task])
            self._ended(connection, (delivery, old), CORRECTED, successor, now)
            self._added(connection, successor)
            connection.execute(insert(tables.audit), [dict(correction.audited)])

        self._database.retrying(work)

    def _added(self, connection: Connection, row: Row) -> None:
        connection.execute(insert(DELIVERY), [dict(row)])
        self._deliveries.enqueued(connection, [row])

    def repeated(self, delivery: Row, now: datetime, **changes: Any) -> dict[str, Any]:
        return self._deliveries.repeated(delivery, self._ids.next("delivery"), now, **changes)

    def twins(self, delivery: Row, since: datetime) -> list[Row]:
        own = self.document(delivery)
        alike = and_(
            *(DOCUMENT.c[name] == own[name] for name in ("company", "module", "partner_name", "gross", "currency")),
            or_(DELIVERY.c.sent_at >= since, DELIVERY.c.state.in_((SENDING, UNCERTAIN))),
        )
        joined = DELIVERY.join(DOCUMENT, DOCUMENT.c.id == DELIVERY.c.document)
        query = (
            select(DELIVERY, DOCUMENT.c.number, DOCUMENT.c.request)
            .select_from(joined)
            .where(
                DELIVERY.c.channel == delivery["channel"], DELIVERY.c.state.in_((SENT, SENDING, UNCERTAIN)),
                DELIVERY.c.id != delivery["id"],
                or_(DELIVERY.c.document == own["id"], alike),
            )
            .order_by(DELIVERY.c.id.desc())
            .limit(MOST_TWINS)
        )  # fmt: skip
        content = _content(own["request"])
        return [
            one for one in self._all(query) if one["document"] == own["id"] or _content(one["request"]) == content
        ]  # fmt: skip

    def warned(self, delivery: Row, words: str, now: datetime) -> bool:
        return self.take(_duplicate(delivery, f"duplicate:{delivery['id']}", words, now), Reaction(), now)

    def hold(self, delivery: Row, words: str, now: datetime) -> bool:
        mine = and_(
            DELIVERY.c.id == delivery["id"], DELIVERY.c.state == SENDING,
            DELIVERY.c.lease_token == delivery["lease_token"],
        )  # fmt: skip
        this = and_(ATTEMPT.c.delivery == delivery["id"], ATTEMPT.c.state == SENDING)
        becomes = {
            "state": PENDING, "held": True, "detail": words, "tries": delivery["tries"] - 1, "lease_until": None,
            "lease_token": None, "changed_at": now,
        }  # fmt: skip

        def work(connection: Connection) -> bool:
            if not connection.execute(update(DELIVERY).where(mine).values(becomes)).rowcount:
                return False
            connection.execute(ATTEMPT.delete().where(this))
            connection.execute(insert(EVENT), [_duplicate(delivery, _held(delivery), words, now)])
            return True

        return self._database.retrying(work)

    def was_held(self, delivery: Row) -> bool:
        mine = and_(EVENT.c.connection == delivery["connection"], EVENT.c.id == _held(delivery))
        return self._one(select(EVENT.c.id).where(mine)) is not None

    def _react(self, connection: Connection, reaction: Reaction, delivery: int, now: datetime) -> None:
        if reaction.task:
            row = {**reaction.task, "changed_at": now}
            connection.execute(insert_into(self._database.dialect, TASK).values(**row).on_conflict_do_nothing())
        if reaction.again and self._is_awaited(connection, reaction.again):
            self._added(connection, reaction.again)
        if reaction.arrived:
            self._ended(connection, (delivery, reaction.arrived), DELIVERED, None, now)

    def _is_awaited(self, connection: Connection, again: Row) -> bool:
        """Whether a delivery that bounced softly is to be sent again: once each, and not while a person sees to it."""
        repeats, (who,) = again["resent_of"], json.loads(again["recipients"])
        connection.execute(_LOCKED, {"of_id": repeats}).all()  # of two reports at once the second sees the first
        query = select(DELIVERY.c.id, DELIVERY.c.resent_of, DELIVERY.c.recipients)
        rows = connection.execute(query.where(DELIVERY.c.document == again["document"])).all()
        if any(row.resent_of == repeats and who in json.loads(row.recipients) for row in rows):
            return False
        before = {row.id: row.resent_of for row in rows}
        line = [repeats]
        while before.get(line[-1]) is not None:
            line.append(before[line[-1]])
        task = exists().where(TASK.c.delivery.in_(line), TASK.c.recipient == who)
        arrived = exists().where(EVENT.c.delivery.in_(line), EVENT.c.recipient == who,
                                 EVENT.c.kind == EventKind.DELIVERED.value)  # fmt: skip
        return not connection.execute(select(or_(task, arrived))).scalar()

    def _ended(
        self, connection: Connection, task: tuple[int, str], state: str, successor: Row | None, now: datetime
    ) -> bool:
        """End a task that is open, or whose letter lies ready; that letter is cancelled, if nobody can have it yet."""
        mine = and_(TASK.c.delivery == task[0], TASK.c.recipient == task[1])
        found = connection.execute(select(TASK).where(mine).with_for_update()).mappings().one_or_none()
        may = {OPEN} if state in (POSTED, LEFT) else CORRECTABLE
        if found is None or found["state"] not in may:
            return False
        if found["next"] is not None:
            connection.execute(_LOCKED, {"of_id": found["next"]}).all()
            doubted = exists().where(ATTEMPT.c.delivery == found["next"], ATTEMPT.c.state.in_(DOUBTS))
            letter = and_(DELIVERY.c.id == found["next"], DELIVERY.c.state.in_(UNSENT), ~doubted)
            words = "the mail arrived after all" if state == DELIVERED else "the mail was sent to another address"
            cancelled = {"state": CANCELLED, "detail": words, "changed_at": now}
            withdrawn = connection.execute(update(DELIVERY).where(letter).values(cancelled)).rowcount
            if state == DELIVERED and not withdrawn:  # the letter is gone; so it stays posted
                return False
        becomes = {"state": state, "next": successor["id"] if successor else None, "changed_at": now}
        connection.execute(update(TASK).where(mine).values(becomes))
        return True

    def _one(self, query: Any) -> Row | None:
        return next(iter(self._all(query.limit(1))), None)

    def _all(self, query: Any) -> list[Row]:
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _held(delivery: Row) -> str:
    return f"duplicate-held:{delivery['id']}"


def _duplicate(delivery: Row, id: str, words: str, now: datetime) -> dict[str, Any]:
    return {
        "connection": delivery["connection"], "id": id, "delivery": delivery["id"], "recipient": "",
        "kind": "duplicate", "code": "", "detail": words, "at": now, "taken_at": now,
    }  # fmt: skip


def _content(request: str) -> Any:
    """What was asked for, whatever key and number it had."""
    asked = json.loads(request)
    return {name: value for name, value in asked.items() if name not in ("key", "number")}
