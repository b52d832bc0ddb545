"""The rows that one real posting wrote, and copies of them for others to write: same tables, same columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.engine import Dialect

from engine import flow
from engine.app import open_house, system_context
from engine.storage import tables
from tests.bench import places

Row = dict[str, Any]
CHILDREN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.delivery, tables.audit
)  # fmt: skip
FIRST_ID = 1_000_000
"""Of copied documents, deliveries and audit rows: far from those that the engine makes."""
FROM_SERIES = ("series", "value", "number", "previous_hash")
"""What a writer fills in when it has taken the number."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One posted document, as its rows; of which tables have to wait for the number because they print it."""

    document: Row
    children: dict[str, tuple[Row, ...]]
    late: frozenset[str]

    @property
    def first(self) -> list[str]:
        """Tables that can be written before the number is known."""
        return [table.name for table in CHILDREN if table.name not in self.late and self.children[table.name]]

    @property
    def rows(self) -> int:
        return 1 + sum(map(len, self.children.values()))


@dataclass(slots=True)
class Copy:
    """Rows of one document by table, all but what comes from its series."""

    document: Row
    children: dict[str, list[Row]]


def taken(url: str) -> Sample:
    """Post one document and read back everything it left behind."""
    house = open_house(url)
    answer = flow.post(house, system_context(), places.document("sample"))
    with house.database.read() as connection:
        sample = of_document(connection, answer["id"])
    house.database.close()
    return sample


def of_document(connection: Connection, id: int) -> Sample:
    def rows(table: Table, column: str) -> tuple[Row, ...]:
        query = select(table).where(table.c[column] == id).order_by(*table.primary_key.columns)
        return tuple(dict(row) for row in connection.execute(query).mappings())

    (document,) = rows(tables.document, "id")
    children = {table.name: rows(table, "document") for table in CHILDREN}
    number = document["number"]
    late = frozenset(
        name
        for name, found in children.items()
        if any(isinstance(value, str) and number in value for row in found for value in row.values())
    )
    return Sample(document, children, late)


def copies(sample: Sample, start: int, number: int) -> list[Copy]:
    """`number` documents with ids of their own, the first being FIRST_ID + start."""
    made = []
    for id in range(FIRST_ID + start, FIRST_ID + start + number):
        children = {
            name: [row | {"document": id} | ({"id": id} if "id" in row else {}) for row in rows]
            for name, rows in sample.children.items()
        }
        made.append(Copy(sample.document | {"id": id, "key": f"copy-{id}"}, children))
    return made


def number_of(value: int) -> str:
    return f"FV-2026-{value:05}"


def printed(row: Row, old: str, new: str) -> Row:
    """A row with the number its texts print."""
    return {name: value.replace(old, new) if isinstance(value, str) else value for name, value in row.items()}


# --- as a driver takes them -----------------------------------------------------------------------------------------


def columns(sample: Sample, table: Table) -> list[str]:
    row = sample.document if table is tables.document else sample.children[table.name][0]
    return list(row)


def bound(table: Table, names: Sequence[str], rows: Sequence[Row], dialect: Dialect) -> Iterator[tuple[Any, ...]]:
    """Rows as tuples of what SQLAlchemy would hand to the driver."""
    processors = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    for row in rows:
        yield tuple(
            row[name] if process is None else process(row[name])
            for name, process in zip(names, processors, strict=True)
        )


def insert_text(table: Table, names: Sequence[str], mark: str, rows: int = 1) -> str:
    """Shape: INSERT INTO entry (document, …) VALUES (?, …), (?, …)."""
    values = f"({', '.join([mark] * len(names))})"
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table.name} ({columns}) VALUES {', '.join([values] * rows)}"  # noqa: S608  names of ours


INSERTS = {table.name: insert(table) for table in (*CHILDREN, tables.document)}
