"""What a walk through the series cannot meet: rows without a document, numbers given twice, files that were kept.

Each question is one statement over a whole table; its answer is read some rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from engine.posting.ports import Row
from engine.storage.reading import batches
from engine.storage.tables import (
    audit,
    delivery,
    document,
    document_line,
    document_seal,
    document_tax,
    entry,
    entry_line,
    file,
    series,
)

CHILDREN = (document_line, document_tax, entry, entry_line, audit, document_seal, delivery)
_THERE = document.alias("there")
LISTED, TOGETHER = 500, 8_000_000
"""Files listed, and bytes of them read, at a time."""


class SqlSurvey:
    """`company` narrows every question; "" asks of all."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], company: str = "") -> None:
        self._read, self._company = read, company

    def strays(self) -> Iterator[Row]:
        """Shape: {"table", "document", "count"} for each document id that rows name and that is not there."""
        for table in CHILDREN:
            missing = ~exists().where(_THERE.c.id == table.c.document)
            query = (
                select(table.c.document, func.count().label("count"))
                .where(table.c.document.is_not(None), missing)
                .group_by(table.c.document)
            )
            for row in self._asked(query, table.c.company):
                yield {**row, "table": table.name}

    def without_series(self) -> Iterator[Row]:
        """Document rows of series that are not there: id, company, series, value, number."""
        columns = [document.c[name] for name in ("id", "company", "series", "value", "number")]
        missing = ~exists().where(series.c.id == document.c.series)
        return self._asked(select(*columns).where(missing).order_by(document.c.id), document.c.company)

    def numbers_twice(self) -> Iterator[Row]:
        """Numbers that two documents of a company and module have."""
        named = (document.c.company, document.c.module, document.c.number)
        query = select(*named, func.count().label("count")).group_by(*named).having(func.count() > 1)
        return self._asked(query, document.c.company)

    def files_missing(self) -> Iterator[Row]:
        """Deliveries whose file is not there: id, company, document, file."""
        columns = [delivery.c[name] for name in ("id", "company", "document", "file")]
        missing = ~exists().where(file.c.hash == delivery.c.file)
        return self._asked(select(*columns).where(delivery.c.file.is_not(None), missing), delivery.c.company)

    def count_files(self) -> int:
        with self._read() as connection:
            return connection.scalar(self._of_company(select(func.count()).select_from(file))) or 0

    def files(self) -> Iterator[Row]:
        """Files kept: hash, name, content; of a company those of its deliveries."""
        here = file.c.archived_at.is_(None) | (func.length(file.c.content) > 0)  # what is archived is judged there
        listing = self._of_company(select(file.c.hash, func.length(file.c.content).label("size")).where(here))
        last = ""
        while True:
            with self._read() as connection:
                found = connection.execute(listing.where(file.c.hash > last).order_by(file.c.hash).limit(LISTED)).all()
            for some in batches(found, lambda row: row.size, TOGETHER):
                query = select(file.c.hash, file.c.name, file.c.content)
                with self._read() as connection:
                    rows = connection.execute(query.where(file.c.hash.in_([row.hash for row in some])))
                    kept = [dict(row) for row in rows.mappings()]
                yield from kept
            if not found:
                return
            last = found[-1].hash

    def _of_company(self, query: Select[Any]) -> Select[Any]:
        mine = select(delivery.c.file).where(delivery.c.company == self._company)
        return query.where(file.c.hash.in_(mine)) if self._company else query

    def _asked(self, query: Select[Any], company: Any) -> Iterator[Row]:
        narrowed = query.where(company == self._company) if self._company else query
        with self._read() as connection:
            for row in connection.execute(narrowed, execution_options={"yield_per": LISTED}).mappings():
                yield dict(row)
