"""Posted documents, read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Exists,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)

from engine.posting.ports import Row, Stored, Unreadable
from engine.storage import tables
from engine.storage.database import Database
from engine.storage.reading import UNREADABLE, batches
from engine.storage.survey import SqlSurvey

_BY_KEY = select(tables.document.c.id).where(
    tables.document.c.company == bindparam("of_company"), tables.document.c.key == bindparam("of_key")
)
CHILDREN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit, tables.document_seal,
)  # fmt: skip
"""What belongs to a document and is in its hash."""
_KEYS = select(tables.document.c.id, tables.document.c.company, tables.document.c.key)
_TOLD = ("company", "invoice_type", "date", "revision", "posted_at", "actor", "key", "hash")
_WHO = (*(tables.document.c[name] for name in _TOLD), tables.document.c.id.label("document"))
_NUMBERS = select(tables.document.c.value, tables.document.c.number, *_WHO)
_SECOND_NUMBERS = select(
    tables.document.c.creation_value.label("value"), tables.document.c.creation_number.label("number"), *_WHO
)
NUMBERS = 1_000
"""Lines of a register that are read at a time."""
CHUNK, TOGETHER = 200, 1_000_000
"""Documents, and characters of what they were asked for, that are read at a time: one may have 10,000 lines."""


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
            id = connection.scalar(_BY_KEY, {"of_company": company, "of_key": key})  # most often there is none
            if id is None:
                return None
            (document,) = _rows(connection, select(tables.document).where(tables.document.c.id == id))
            return whole(connection, document)

    def by_keys(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        if not keys:
            return {}
        table, wanted = tables.document, defaultdict(list)
        for company, key in keys:
            wanted[company].append(key)
        mine = or_(*(and_(table.c.company == company, table.c.key.in_(some)) for company, some in wanted.items()))
        with self._read() as connection:
            ids = {(row.company, row.key): row.id for row in connection.execute(_KEYS.where(mine))}
        together = self._together(list(ids.values()), deliveries=True) if ids else []
        return dict(zip(ids, together, strict=True))

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
            found = found or _rows(connection, narrowed.where(table.c.creation_number == called))
            if not found and called.isdecimal() and len(called) < 19:
                found = _rows(connection, narrowed.where(table.c.id == int(called)))
        return found

    def referred(self, company: str, ids: Iterable[int], module: str, numbers: Iterable[str]) -> Sequence[Row]:
        """One statement; each way of naming is looked up by its own index, which an OR of them would not be."""
        column, known, called = tables.document.c, [*ids], [*numbers]
        mine = select(column.id).where(column.company == company)
        ways = [mine.where(column.id.in_(known))] if known or not called else []
        if called:
            ours = mine.where(column.module == module)
            ways += (ours.where(one.in_(called)) for one in (column.number, column.creation_number))
        meant = ways[0] if len(ways) == 1 else union(*ways)
        with self._read() as connection:
            return _rows(connection, select(tables.document).where(column.id.in_(meant)))

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

    def count(self, company: str = "") -> int:
        query = select(func.count()).select_from(tables.document)
        with self._read() as connection:
            narrowed = query.where(tables.document.c.company == company) if company else query
            return connection.scalar(narrowed) or 0

    def survey(self, company: str = "") -> SqlSurvey:
        return SqlSurvey(self._read, company)

    def numbers(self, series: int) -> Iterator[Row]:
        table = tables.document
        yield from self._in_order(_NUMBERS.where(table.c.series == series), table.c.value)
        yield from self._in_order(_SECOND_NUMBERS.where(table.c.creation_series == series), table.c.creation_value)

    def second_numbers(self, series: int) -> Iterator[Row]:
        table = tables.document
        asked = _SECOND_NUMBERS.add_columns(table.c.content).where(table.c.creation_series == series)
        yield from self._in_order(asked, table.c.creation_value)

    def _in_order(self, query: Select[Any], value: Column[Any]) -> Iterator[Row]:
        """Rows in order of a value, some at a time."""
        after = None
        while True:
            beyond = query if after is None else query.where(value > after)
            with self._read() as connection:
                found = _rows(connection, beyond.order_by(value).limit(NUMBERS))
            if not found:
                return
            yield from found
            after = found[-1]["value"]

    def at(self, series: int, value: int) -> Row | None:
        with self._read() as connection:
            found = _rows(
                connection, _NUMBERS.where(tables.document.c.series == series, tables.document.c.value == value)
            )
        return found[0] if found else None

    def all_series(self) -> Sequence[Row]:
        with self._read() as connection:
            return _rows(connection, select(tables.series).order_by(tables.series.c.id))

    def seal_chains(self) -> Sequence[Row]:
        with self._read() as connection:
            return _rows(connection, select(tables.seal_chain).order_by(*tables.seal_chain.primary_key.columns))

    def chain_owners(self, chain: Row) -> Sequence[Row]:
        table = tables.document_seal
        mine = (table.c.seal == chain["seal"], table.c.chain == chain["chain"])
        with self._read() as connection:
            return _rows(connection, select(table.c.company).where(*mine).distinct().order_by(table.c.company))

    def of_chain(self, seal: str, chain: str) -> Iterator[tuple[Row, Stored]]:
        table, last = tables.document_seal, 0
        query = select(table).where(table.c.seal == seal, table.c.chain == chain).order_by(table.c.position)
        while True:
            with self._read() as connection:
                found = _rows(connection, query.where(table.c.position > last).limit(CHUNK))
            if not found:
                return
            documents = {one.document["id"]: one for one in self._together([row["document"] for row in found])}
            for row in found:
                yield row, documents[row["document"]]
            last = found[-1]["position"]

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

    def corrections(self, document: Row) -> Sequence[Row]:
        table, lines = tables.document, tables.document_line
        partner = "partner_code" if document["partner_code"] else "partner_name"
        said = f'%{{"date":%,"id":{document["id"]},"kind":"corrects",%'  # as canonical JSON writes a reference
        mine = select(lines.c.document).where(lines.c.document == table.c.id, lines.c.detail.like(said))
        query = select(table).where(
            table.c.company == document["company"], table.c.date >= document["date"],
            table.c[partner] == document[partner], table.c.id != document["id"],
            or_(table.c.content.like(said), exists(mine)),
        )  # fmt: skip
        with self._read() as connection:
            return _rows(connection, query.order_by(table.c.id).limit(100))

    def posted(self, since: date | None = None, company: str = "") -> Iterator[Stored]:
        table = tables.document
        query = select(table)
        if since:
            query = query.where(table.c.date >= since)
        if company:
            query = query.where(table.c.company == company)
        for some in self._listed(query, table.c.id):
            yield from self._together([id for id, _ in some])

    def of_series(self, series: int, after: int | None = None) -> Iterator[Stored | Unreadable]:
        table = tables.document
        query = select(table).where(table.c.series == series)
        for some in self._listed(query if after is None else query.where(table.c.value > after), table.c.value):
            try:
                found: Sequence[Stored | Unreadable] = self._together([id for id, _ in some])
            except UNREADABLE:  # which of them?
                found = [self._alone(id, value) for id, value in some]
            yield from found

    def _alone(self, id: int, value: int) -> Stored | Unreadable:
        try:
            return self._together([id])[0]
        except UNREADABLE as reason:
            return Unreadable(id, value, str(reason))

    def _listed(self, query: Select[Any], order: Column[int]) -> Iterator[list[tuple[int, int]]]:
        """(id, value of a column) of documents in the order of that column, as many at a time as are read together."""
        table, last = tables.document, None
        size = func.length(table.c.request) + func.length(table.c.content)
        columns = query.with_only_columns(table.c.id, order.label("place"), size.label("size"))
        ordered = columns.order_by(order, table.c.id).limit(CHUNK)
        while True:
            beyond = ordered if last is None else ordered.where(tuple_(order, table.c.id) > last)
            with self._read() as connection:
                found = connection.execute(beyond).all()
            if not found:
                return
            last = tuple_(literal(found[-1].place), literal(found[-1].id))
            for some in batches(found, lambda row: row.size, TOGETHER):
                yield [(row.id, row.place) for row in some]

    def _together(self, ids: Sequence[int], deliveries: bool = False) -> Sequence[Stored]:
        """Some documents with their children, in the order of these ids: one statement for each table."""
        with self._read() as connection:
            documents = {
                row["id"]: row
                for row in _rows(connection, select(tables.document).where(tables.document.c.id.in_(ids)))
            }
            children = [_by_document(connection, child, ids) for child in CHILDREN]
            handed = _by_document(connection, tables.delivery, ids) if deliveries else {}
        lines, taxes, entries, entry_lines, audit, seals = children
        return [
            Stored(
                documents[id], lines.get(id, ()), taxes.get(id, ()), entries.get(id, ()), entry_lines.get(id, ()),
                handed.get(id, ()), audit.get(id, ()), seals.get(id, ()),
            )
            for id in ids
        ]  # fmt: skip


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
    found = connection.execute(query)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found.all()]
