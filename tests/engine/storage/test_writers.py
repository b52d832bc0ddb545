"""Each writer writes what it was given: the same rows come back, whatever wrote them, and of whatever type."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Connection, Date, String, Table, select
from sqlalchemy.exc import DBAPIError

from engine.storage import tables
from engine.storage.columns import Amount, Instant, Quantity
from engine.storage.database import Database, open_database, upgrade
from engine.storage.writers import CoreWriter, Writer
from engine.storage.writers_postgresql import CopyWriter, JsonWriter
from engine.storage.writers_sqlite import TextWriter, through_door
from tests.engine.storage.rows import add, row
from tests.support import databases
from tests.support.statements import counted

WRITERS: list[tuple[str, Writer]] = [
    ("sqlite", CoreWriter()),
    ("sqlite", TextWriter()),
    ("postgresql", CoreWriter()),
    ("postgresql", JsonWriter()),
    ("postgresql", CopyWriter()),
]
each_writer = pytest.mark.parametrize(
    ("dialect", "writer"), WRITERS, ids=[f"{dialect}-{type(writer).__name__}" for dialect, writer in WRITERS]
)
WRITTEN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.delivery, tables.audit,
    tables.document,
)  # fmt: skip
SOME = 20
"""Examples for each writer and table."""
AWKWARD = [
    "",
    " ",
    "\\",
    '"',
    "'",
    "\n",
    "\r\n",
    "\t",
    "\\N",
    "NULL",
    "{}",
    '{"a":[1,"\\\\"]}',
    "%s",
    "é 🧾 \u202e العربية",
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql: Path) -> Iterator[dict[str, Database]]:
    with databases.fresh_postgresql() as postgresql_url:
        urls = databases.sqlite_url(tmp_path_factory.mktemp("writers")), postgresql_url
        opened = {database.dialect: database for database in map(open_database, urls)}
        for database in opened.values():
            upgrade(database)
            with database.write() as connection:
                add(connection, tables.revision)
                add(connection, tables.series)
        yield opened
        for database in opened.values():
            database.close()


def values(column: Column[Any]) -> st.SearchStrategy[Any]:
    """Everything a column can hold, its limits among them."""
    found: st.SearchStrategy[Any]
    match column.type:
        case Amount() | Quantity():
            scale, limit = column.type.scale, 10**18 - 1
            edges = st.sampled_from([0, 1, -1, limit, -limit])
            found = (edges | st.integers(-limit, limit)).map(lambda units: Decimal(units).scaleb(-scale))
        case Instant():
            found = st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
        case Date():
            found = st.dates(date(1, 1, 1), date(9999, 12, 31))
        case Boolean():
            found = st.booleans()
        case String():
            letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
            most = column.type.length or 60
            found = st.text(letters, max_size=most) | st.sampled_from([one for one in AWKWARD if len(one) <= most])
        case _:
            big = 2**31 if type(column.type).__name__ == "Integer" else 2**63
            found = st.integers(-big, big - 1)
    return st.none() | found if column.nullable else found


def rows_of(table: Table) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A few rows of a table, told apart by their keys. A column that may be left out is, or is not, in all of them."""
    fixed = {
        "series": st.just(1), "revision": st.just(1), "document": st.just(1), "entry": st.just(1), "file": st.none(),
        "state": st.sampled_from(["pending", "sent"]),
    }  # fmt: skip

    @st.composite
    def made(draw: st.DrawFn) -> list[dict[str, Any]]:
        may_lack = [one.name for one in table.c if one.nullable or one.server_default is not None]
        lacking = draw(st.sets(st.sampled_from(may_lack))) if may_lack else set()
        columns = {
            one.name: fixed[one.name] if one.name in fixed else values(one)
            for one in table.c
            if one.name not in lacking
        }
        found = draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=3))
        keyed = [
            name
            for name in ("id", "position", "value", "key", "number", "creation_number", "creation_value")
            if name in table.c
        ]
        return [
            one | {name: str(place) if name in ("key", "number", "creation_number") else place for name in keyed}
            for place, one in enumerate(found)
        ]

    return made()


def read_back(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(one) for one in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()]


def whole(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """With what the table itself fills in."""
    fills = {
        "self_assessed": Decimal(0), "category": "actual", "status": "final", "reference": "", "analytic": "",
        "open_item": False, "matching": "", "formats": "[]", "copies": "[]", "hidden_copies": "[]", "template": "",
        "message": "", "held": False, "waits_for": "",
    }  # fmt: skip
    return {one.name: given.get(one.name, None if one.nullable else fills.get(one.name)) for one in table.c}


@each_writer
@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
@settings(max_examples=SOME)
@given(data=st.data())
def test_what_is_written_comes_back(
    both: dict[str, Database], dialect: str, writer: Writer, table: Table, data: st.DataObject
) -> None:
    written = data.draw(rows_of(table))
    with both[dialect].engine.connect() as connection:
        writer.write(connection, {table.name: written})
        assert read_back(connection, table) == [whole(table, one) for one in written]
        connection.rollback()


@each_writer
@settings(max_examples=SOME)
@given(document=rows_of(tables.document), audit=rows_of(tables.audit))
def test_the_last_statement_writes_rows_and_head(
    both: dict[str, Database], dialect: str, writer: Writer, document: list[Any], audit: list[Any]
) -> None:
    written = {"entry": [row(tables.entry)], "audit": audit[:1], "document": document[:1]}
    head = document[0]["hash"]
    with both[dialect].write(through_door) as connection:
        writer.finish(connection, written, 1, head)
        for name, rows in written.items():
            table = tables.metadata.tables[name]
            assert read_back(connection, table) == [whole(table, one) for one in rows]
        assert connection.scalar(select(tables.series.c.head_hash)) == head
        connection.get_transaction().rollback()  # type: ignore[union-attr]


@each_writer
def test_a_text_that_is_too_long_is_refused_and_never_cut(
    both: dict[str, Database], dialect: str, writer: Writer
) -> None:
    """SQLite knows no limits: there the wall alone guards them."""
    if dialect == "sqlite":
        return
    long = row(tables.document_line, company="X" * 21)
    with both[dialect].engine.connect() as connection, pytest.raises(DBAPIError):
        writer.write(connection, {"document_line": [long]})


@pytest.mark.parametrize("writer", [TextWriter(), JsonWriter(), CopyWriter()], ids=lambda one: type(one).__name__)
def test_rows_that_name_different_columns_are_refused(both: dict[str, Database], writer: Writer) -> None:
    """What the first row does not name would be lost in the others."""
    rows = [row(tables.delivery), row(tables.delivery, id=2, file=None)]
    dialect = "sqlite" if isinstance(writer, TextWriter) else "postgresql"
    with both[dialect].engine.connect() as connection, pytest.raises(ValueError, match="different columns"):
        writer.write(connection, {"delivery": rows})


@each_writer
@pytest.mark.parametrize("number", [1, 500])
def test_however_many_rows_the_statements_are_as_many(
    both: dict[str, Database], dialect: str, writer: Writer, number: int
) -> None:
    rows = {
        "document_line": [row(tables.document_line, position=place) for place in range(number)],
        "audit": [row(tables.audit, id=place) for place in range(number)],
    }
    with both[dialect].engine.connect() as connection:
        with counted(both[dialect]) as statements:
            writer.write(connection, rows)
        sent = [one for one in statements if not one.startswith("BEGIN")]
        assert len(sent) == (1 if isinstance(writer, JsonWriter) and not isinstance(writer, CopyWriter) else 2)
        connection.rollback()


def test_copy_is_a_statement_like_any_other(both: dict[str, Database]) -> None:
    """Counted, so that it can be made to fail; and its errors are typed."""
    with both["postgresql"].engine.connect() as connection:
        with counted(both["postgresql"]) as statements:
            CopyWriter().write(connection, {"audit": [row(tables.audit)]})
        assert statements.starting("COPY")
        with pytest.raises(DBAPIError):
            CopyWriter().write(connection, {"audit": [row(tables.audit)]})  # the same id
