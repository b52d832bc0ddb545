"""The posting transaction, on SQL. Statements are counted: none stands in a loop over lines."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Boolean, Connection, bindparam, case, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from engine.kernel.faults import Faulty
from engine.numbering.counters import Series
from engine.posting.canon import FIRST
from engine.posting.ports import BEFORE_LAST, SERIES_CLOSED, KeyTaken, NumberTaken, Row, StalePlan, Taken
from engine.storage import tables
from engine.storage.database import Database, insert_into
from engine.storage.sending import Prepared, pipelined
from engine.storage.writers import Writer
from engine.storage.writers_postgresql import JsonWriter
from engine.storage.writers_sqlite import TextWriter, through_door

BLOCK = 1000
ONE_BY_ONE: Mapping[str, Writer] = {"sqlite": TextWriter(), "postgresql": JsonWriter()}
"""What writes one document, by database."""


class Queue(Protocol):
    """Is told of the deliveries that a posting writes."""

    def enqueue(self, session: Connection, rows: Sequence[Row]) -> None: ...


class IdBlocks:
    """Technical ids, a block at a time; gaps are harmless. Safe among threads and processes."""

    def __init__(self, database: Database, size: int = BLOCK) -> None:
        self._database, self._size = database, size
        self._left: dict[str, range] = {}
        self._lock = threading.Lock()

    def next(self, name: str) -> int:
        with self._lock:
            left = self._left.get(name) or self._block(name)
            self._left[name] = left[1:]
            return left[0]

    def reserve(self, wanted: Mapping[str, int]) -> None:
        """Have so many ids of each name at hand; those that lack are fetched together, enough for a few times."""
        with self._lock:
            lacking = [name for name, number in wanted.items() if len(self._left.get(name, ())) < number]
            if lacking:
                self._left |= self._blocks(lacking, max(self._size, 10 * max(wanted.values())))

    def _block(self, name: str) -> range:
        return self._blocks([name], self._size)[name]

    def _blocks(self, names: Iterable[str], size: int) -> dict[str, range]:
        """A new block of each name: one statement, in one order of names."""
        table = tables.id_block
        rows = [{"name": name, "next_id": 1 + size} for name in sorted(names)]
        upsert: Any = insert_into(self._database.dialect, table).values(rows)
        statement = upsert.on_conflict_do_update(
            index_elements=[table.c.name], set_={"next_id": table.c.next_id + size}
        ).returning(table.c.name, table.c.next_id)
        ends = self._database.retrying(lambda connection: connection.execute(statement).all())
        return {name: range(end - size, end) for name, end in ends}


class SqlPostingStore:
    def __init__(self, database: Database, ids: IdBlocks, queue: Queue | None = None) -> None:
        self._database, self._ids, self._queue = database, ids, queue
        self._open: set[str] = set()
        self._chains: set[tuple[str, str]] = set()

    def next_id(self, name: str) -> int:
        return self._ids.next(name)

    def open_series(self, series: Series, revision: int) -> None:
        """Make the row of a series once. It is stamped with the head while `apply` is kept out, so it never lags.

        Errors: StalePlan.
        """
        if series.name in self._open:
            return
        table, head = tables.series, tables.head
        with self._database.read() as connection:
            found = connection.execute(_SEEN, named(series)).one_or_none()
        if found is None:
            new = {
                "id": self.next_id("series"), "company": series.company, "counter": series.key, "fast": series.fast,
                "period": series.period, "value": series.counter.start - 1,
                "closed": False, "revision": revision,
                "head_hash": FIRST,
            }  # fmt: skip
            columns = [literal(value, table.c[name].type).label(name) for name, value in new.items()]
            stamped = select(*columns).select_from(head).where(head.c.revision == revision).with_for_update(read=True)
            statement: Any = insert_into(self._database.dialect, table).from_select(list(new), stamped)
            with self._database.write() as connection:
                connection.execute(statement.on_conflict_do_nothing())  # its rowcount is -1 on PostgreSQL
                if connection.execute(_SEEN, named(series)).one_or_none() is None:
                    raise StalePlan
        self._open.add(series.name)

    def open_chain(self, seal: str, chain: str) -> None:
        if (seal, chain) in self._chains:
            return
        new = {"seal": seal, "chain": chain, "head": "", "position": 0}
        statement = insert_into(self._database.dialect, tables.seal_chain).values(**new).on_conflict_do_nothing()
        self._database.retrying(lambda connection: connection.execute(statement))
        self._chains.add((seal, chain))

    def take_ahead(self, series: Series, on: date, revision: int, *, at: datetime, actor: str, key: str) -> Taken:
        def taking(connection: Connection) -> Taken:
            taken = SqlPostingWork(connection).take(series, on, revision)
            row = {"series": taken.series, "value": taken.value, "at": at, "actor": actor, "key": key, "cause": ""}
            connection.execute(insert(tables.number_taken), row)
            return taken

        return self._database.retrying(taking)

    def give_up(self, taken: Taken, cause: str) -> None:
        table = tables.number_taken
        mine = (table.c.series == taken.series, table.c.value == taken.value)
        self._database.retrying(lambda connection: connection.execute(update(table).where(*mine).values(cause=cause)))

    def preview(self, series: Series, on: date) -> int:
        with self._database.read() as connection:
            row = connection.execute(_SEEN, named(series)).one_or_none()
        if row is None:
            return series.counter.start
        if row.closed:
            raise Faulty([SERIES_CLOSED.at("date", series=series.name)])
        if series.chronological and row.last_date and on < row.last_date:
            raise Faulty([BEFORE_LAST.at("date", series=series.name, last=row.last_date, date=on)])
        return int(row.value) + 1

    @contextmanager
    def transaction(self) -> Iterator[SqlPostingWork]:
        """One write transaction. Errors: KeyTaken, NumberTaken."""
        around = pipelined if self._database.dialect == "postgresql" else through_door
        with conflicts_told(), self._database.write(around) as connection:
            work = SqlPostingWork(connection, queue=self._queue)
            yield work
            work.flush()


@contextmanager
def conflicts_told() -> Iterator[None]:
    """A key or a number that somebody else was given is told by name. Errors: KeyTaken, NumberTaken."""
    try:
        yield
    except IntegrityError as error:
        words = str(error.orig)
        if "uq_document_company_key" in words or "document.company, document.key" in words:
            raise KeyTaken from error
        if (
            "uq_document_company_module_number" in words
            or "uq_document_creation_number" in words
            or "document.company, document.module" in words
        ):
            raise NumberTaken from error
        raise


class SqlPostingWork:
    """Rows wait until the next statement that must follow them, so that they travel together."""

    def __init__(
        self, connection: Connection, writers: Mapping[str, Writer] = ONE_BY_ONE, queue: Queue | None = None
    ) -> None:
        self._connection, self._writer, self._queue = connection, writers[connection.dialect.name], queue
        self._waiting: dict[str, list[Row]] = {}

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        self._waiting.setdefault(table, []).extend(rows)

    def flush(self, keep: Collection[str] = ()) -> None:
        """Send the rows that wait, but those of some tables."""
        sent = {table: rows for table, rows in self._waiting.items() if table not in keep}
        self._waiting = {table: rows for table, rows in self._waiting.items() if table in keep}
        if sent:
            self._writer.write(self._connection, sent)
            self._tell(sent)

    def take(self, series: Series, on: date, revision: int) -> Taken:
        """The counter's one statement: it locks the series, and gives nothing when the plan no longer holds."""
        self.flush(keep=("audit",))  # it goes with the document
        asked = named(series) | {"on": on, "planned": revision, "any_order": not series.chronological}
        row = _TAKE.send(self._connection, asked).fetchone()
        if row is None:
            raise self._refusal(series, on, revision)
        return Taken(*row)

    def use(self, taken: Taken) -> None:
        """Taking it has counted it."""

    def advance(self, series: int, head_hash: str) -> None:
        sent, self._waiting = self._waiting, {}
        self._writer.finish(self._connection, sent, series, head_hash)
        self._tell(sent)

    def _tell(self, sent: Mapping[str, Sequence[Row]]) -> None:
        """The queue of deliveries, where there is one, in this transaction."""
        if self._queue and sent.get("delivery"):
            self._queue.enqueue(self._connection, sent["delivery"])

    def lock_chain(self, seal: str, chain: str) -> tuple[str, int]:
        head, position = _LOCK_CHAIN.send(self._connection, {"of_seal": seal, "of_chain": chain}).fetchone()
        return head, position

    def set_chain(self, seal: str, chain: str, link: str) -> None:
        _SET_CHAIN.send(self._connection, {"of_seal": seal, "of_chain": chain, "new_link": link})

    def _refusal(self, series: Series, on: date, revision: int) -> Exception:
        """Why the counter gave nothing."""
        row = _STANDING.send(self._connection, named(series)).fetchone()
        if row is None or row[0] != revision:
            return StalePlan()
        _, closed, last = row
        if closed:
            return Faulty([SERIES_CLOSED.at("date", series=series.name)])
        return Faulty([BEFORE_LAST.at("date", series=series.name, last=last, date=on)])


_SERIES = tables.series
_IS = (
    _SERIES.c.company == bindparam("of_company"),
    _SERIES.c.counter == bindparam("of_counter"),
    _SERIES.c.period == bindparam("of_period"),
)
_ON = bindparam("on", type_=_SERIES.c.last_date.type)
_TAKE = Prepared(
    update(_SERIES)
    .values(
        value=_SERIES.c.value + 1,
        last_date=case((or_(_SERIES.c.last_date.is_(None), _SERIES.c.last_date < _ON), _ON), else_=_SERIES.c.last_date),
    )
    .where(
        *_IS,
        _SERIES.c.revision == bindparam("planned"),
        _SERIES.c.closed.is_(False),
        or_(bindparam("any_order", type_=Boolean()), _SERIES.c.last_date.is_(None), _SERIES.c.last_date <= _ON),
    )
    .returning(_SERIES.c.id, _SERIES.c.value, _SERIES.c.head_hash)
)
_SEEN = select(_SERIES).where(*_IS)
_STANDING = Prepared(select(_SERIES.c.revision, _SERIES.c.closed, _SERIES.c.last_date).where(*_IS))
_CHAIN = tables.seal_chain
_THE_CHAIN = (_CHAIN.c.seal == bindparam("of_seal"), _CHAIN.c.chain == bindparam("of_chain"))
_LOCK_CHAIN = Prepared(
    update(_CHAIN).values(position=_CHAIN.c.position + 1).where(*_THE_CHAIN).returning(_CHAIN.c.head, _CHAIN.c.position)
)
_SET_CHAIN = Prepared(update(_CHAIN).where(*_THE_CHAIN).values(head=bindparam("new_link")))
"""Statements of the hot path, built once."""


def named(series: Series) -> dict[str, Any]:
    return {"of_company": series.company, "of_counter": series.key, "of_period": series.period}
