"""Posted documents, read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Exists, Select, Table, bindparam, exists, func, or_, select

from engine.posting.ports import Row, Stored
from engine.storage import tables
from engine.storage.database import Database

_BY_KEY = select(tables.document).where(
    tables.document.c.company == bindparam("of_company"), tables.document.c.key == bindparam("of_key")
)
CHILDREN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit, tables.document_seal,
)  # fmt: skip
"""What belongs to a document and is in its hash."""
CHUNK = 200
"""Documents read at a time when a whole series is walked."""


class SqlDocumentStore:
    """`reading` is the connection of a snapshot; without one each question is asked by itself."""

    def __init__(self, database: Database, reading: Connection | None = None) -> None:
        self._database, self._reading = database, reading

    def _read(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._reading) if self._reading is not None else self._database.read()

    @contextmanager
    def snapshot(self) -> Iterator[SqlDocumentStore]:
        with self._database.snapshot() as connection:
            yield SqlDocumentStore(self._database, connection)

    def by_key(self, company: str, key: str) -> Stored | None:
        with self._read() as connection:
            found = connection.execute(_BY_KEY, {"of_company": company, "of_key": key}).mappings().one_or_none()
            return whole(connection, dict(found)) if found else None

    def find(self, called: str, company: str = "", series: str = "") -> Sequence[Row]:
        table = tables.document
        narrowed = select(table).order_by(table.c.id).limit(100)
        if company:
            narrowed = narrowed.where(table.c.company == company)
        if series:
            counters = select(tables.series.c.id).where(tables.series.c.counter.startswith(series, autoescape=True))
            narrowed = narrowed.where(table.c.series.in_(counters))
        with self._read() as connection:
            found = _rows(connection, narrowed.where(table.c.number == called))
            if not found and called.isdecimal() and len(called) < 19:
                found = _rows(connection, narrowed.where(table.c.id == int(called)))
        return found

    def by_ids(self, company: str, ids: Sequence[int]) -> Mapping[int, Row]:
        table = tables.document
        with self._read() as connection:
            found = _rows(connection, select(table).where(table.c.company == company, table.c.id.in_(ids)))
        return {row["id"]: row for row in found}

    def whole(self, document: Row) -> Stored:
        with self._read() as connection:
            return whole(connection, document)

    def used(self, names: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """By what posted rows hold: keys where they hold keys, else codes, of whatever legislation."""
        found = set()
        with self._read() as connection:
            for table, key in names:
                where = _uses(table, key)
                if where is not None and connection.scalar(select(where)):
                    found.add((table, key))
        return frozenset(found)

    def count(self) -> int:
        with self._read() as connection:
            return connection.scalar(select(func.count()).select_from(tables.document)) or 0

    def all_series(self) -> Sequence[Row]:
        with self._read() as connection:
            return _rows(connection, select(tables.series).order_by(tables.series.c.id))

    def taken_ahead(self, series: int) -> Iterator[Row]:
        taken, document = tables.number_taken, tables.document
        used = exists().where(document.c.series == taken.c.series, document.c.value == taken.c.value)
        query = select(taken).where(taken.c.series == series, ~used)
        after = None
        while True:
            chunk = query if after is None else query.where(taken.c.value > after)
            with self._read() as connection:
                found = _rows(connection, chunk.order_by(taken.c.value).limit(CHUNK))
            if not found:
                return
            yield from found
            after = found[-1]["value"]

    def by_id(self, id: int) -> Row | None:
        with self._read() as connection:
            found = _rows(connection, select(tables.document).where(tables.document.c.id == id))
        return found[0] if found else None

    def posted(self, since: date | None = None, company: str = "") -> Iterator[Stored]:
        table = tables.document
        query = select(table)
        if since:
            query = query.where(table.c.date >= since)
        if company:
            query = query.where(table.c.company == company)
        return self._in_chunks(query, table.c.id)

    def of_series(self, series: int) -> Iterator[Stored]:
        table = tables.document
        return self._in_chunks(select(table).where(table.c.series == series), table.c.value)

    def _in_chunks(self, query: Select[Any], order: Column[int]) -> Iterator[Stored]:
        """Documents in the order of a column, with their children, some at a time."""
        after = None
        while True:
            chunk = query if after is None else query.where(order > after)
            with self._read() as connection:
                documents = _rows(connection, chunk.order_by(order).limit(CHUNK))
                ids = [row["id"] for row in documents]
                children = [_by_document(connection, child, ids) for child in CHILDREN]
            if not documents:
                return
            after = documents[-1][order.name]
            for one in documents:
                lines, taxes, entries, entry_lines, audit, seals = (child.get(one["id"], ()) for child in children)
                yield Stored(one, lines, taxes, entries, entry_lines, (), audit, seals)


def _uses(table: str, key: str) -> Exists | None:
    """Whether a posted row names this record."""
    parts = ["" if part == "*" else part for part in key.split("/")]
    document, line, series = tables.document.c, tables.entry_line.c, tables.series.c
    match table:
        case "invoice_type":
            module, code, legislation = parts
            mine = (document.module == module, document.invoice_type == code, document.type_legislation == legislation)
            return exists().where(*mine)
        case "company":
            return exists().where(document.company == key)
        case "counter":
            return exists().where(
                or_(
                    series.counter == key,
                    *(series.counter.startswith(f"{key}{mark}", autoescape=True) for mark in "@#!"),
                )
            )
        case "account":
            return exists().where(line.account == parts[1])
        case "tax":
            return exists().where(tables.document_tax.c.tax_code == parts[0])
        case "journal" | "entry_type" | "ledger":
            return exists().where(tables.entry.c[table] == parts[0])
        case "automatic_journal":
            return exists().where(tables.entry.c.automatic_journal == key)
    return None


def whole(connection: Connection, document: Row) -> Stored:
    """The rows of a document: seven statements, however many lines it has."""
    mine = document["id"]
    return Stored(
        document=document,
        lines=rows_of(connection, tables.document_line, mine),
        taxes=rows_of(connection, tables.document_tax, mine),
        entries=rows_of(connection, tables.entry, mine),
        entry_lines=rows_of(connection, tables.entry_line, mine),
        deliveries=rows_of(connection, tables.delivery, mine),
        audit=rows_of(connection, tables.audit, mine),
        seals=rows_of(connection, tables.document_seal, mine),
    )


def rows_of(connection: Connection, table: Table, document: int) -> list[Row]:
    """The rows of a document in one table, in their order: one statement."""
    order = [column for column in table.primary_key.columns if column.name != "document"]
    return _rows(connection, select(table).where(table.c.document == document).order_by(*order))


def _by_document(connection: Connection, table: Table, ids: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    query = select(table).where(table.c.document.in_(ids)).order_by(*table.primary_key.columns)
    for row in _rows(connection, query):
        found.setdefault(row["document"], []).append(row)
    return found


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """Rows as dictionaries, which are ours to keep."""
    return [dict(row) for row in connection.execute(query).mappings()]
