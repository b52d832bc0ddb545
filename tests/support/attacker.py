"""Somebody who owns the database: posted rows changed, and every hash computed anew so that nothing shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, text, update

from engine import flow
from engine.flow import Verified
from engine.posting import canon
from engine.posting.anchors import Anchor
from engine.posting.ports import Stored
from engine.storage import tables
from tests.support.fakes import DocumentsWithin
from tests.support.house import House, tampering

CHILDREN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit, tables.delivery,
)  # fmt: skip


class HouseWithin:
    """A house whose documents are seen from inside a transaction; what they pin is seen from outside."""

    def __init__(self, house: House, connection: Connection) -> None:
        self.documents = DocumentsWithin(house.database, connection)
        self.parametrization, self.history, self.catalog_at = house.parametrization, house.history, house.catalog_at
        self.files, self.shelf = house.files, house.shelf


@dataclass
class Attacker:
    """Inside one transaction, which is rolled back at the end."""

    house: House
    connection: Connection

    def run(self, statement: Any) -> None:
        assert self.connection.execute(text(statement) if isinstance(statement, str) else statement).rowcount

    def change(self, table: Any, values: dict[str, Any], **where: Any) -> None:
        self.run(update(table).values(**values).where(*(table.c[name] == value for name, value in where.items())))

    def remove(self, document: int) -> None:
        """A document with everything of it."""
        for table in CHILDREN:
            self.connection.execute(delete(table).where(table.c.document == document))
        self.run(delete(tables.document).where(tables.document.c.id == document))

    def rebuild(self, series: int = 1, *, requests: bool = False, keep_end: bool = False) -> None:
        """Every hash of a series, and its head, as they would be had it been posted like this."""
        documents = DocumentsWithin(self.house.database, self.connection)
        previous, value, last = canon.FIRST, None, None
        for one in documents.of_series(series):
            assert isinstance(one, Stored)
            row = one.document
            body = canon.body_hash(one.by_table, row["canon"])
            texts = canon.texts_after_number(one.entries, one.entry_lines)
            hashed = canon.link(previous, row["series"], row["value"], row["number"], texts, body, row["canon"])
            self.change(
                tables.document, {"body_hash": body, "previous_hash": previous, "hash": hashed}, id=row["id"]
            )  # fmt: skip
            previous, value, last = hashed, row["value"], max(last or row["date"], row["date"])
        head = {"head_hash": previous} | ({} if keep_end or value is None else {"value": value, "last_date": last})
        self.change(tables.series, head, id=series)

    def house_within(self) -> Any:
        """The house as this transaction sees it."""
        return HouseWithin(self.house, self.connection)

    def verify(self, *anchors: Anchor, **asked: Any) -> Verified:
        return flow.verify(self.house_within(), self.house.context, anchors=anchors, **asked)

    def codes(self, *anchors: Anchor, **asked: Any) -> set[str]:
        """Of what `verify` finds."""
        return {one.fault.code for one in self.verify(*anchors, **asked).findings}


@contextmanager
def attacking(house: House) -> Iterator[Attacker]:
    keys = tampering(house.database)
    if house.database.dialect == "postgresql":
        keys += tuple(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL" for table in (tables.series, tables.file))
    with house.database.engine.connect() as connection:
        for statement in keys:
            connection.exec_driver_sql(statement)
        yield Attacker(house, connection)
        connection.rollback()


def rewrite_past(house: House, table: Table, values: dict[str, Any], **where: Any) -> None:
    """Records and revisions changed for good, which triggers refuse to everybody else; the triggers are put back."""
    wanted = [table.c[name] == value for name, value in where.items()]
    with house.database.write() as connection, unguarded(connection, table.name):
        assert connection.execute(update(table).values(**values).where(*wanted)).rowcount == 1


@contextmanager
def unguarded(connection: Connection, table: str, back: bool = True) -> Iterator[None]:
    """A table without its triggers; afterwards they are as they were, if they are put `back`."""
    if connection.dialect.name == "sqlite":
        query = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"  # noqa: S608
        found = connection.exec_driver_sql(query).all()
        off, on = [f"DROP TRIGGER {name}" for name, _ in found], [made for _, made in found]
    else:
        query = f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal"  # noqa: S608
        names = connection.exec_driver_sql(query).scalars().all()
        off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for name in names]
        on = [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}" for name in names]
    for statement in off:
        connection.exec_driver_sql(statement)
    yield
    for statement in on if back else ():
        connection.exec_driver_sql(statement)
