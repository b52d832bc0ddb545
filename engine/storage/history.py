"""What was changed, by whom, when: revisions record by record, periods, and the audit rows. Streamed, in order of time.

Each stream is one statement, read some rows at a time; the caller may read several side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, func, select, text

from engine.storage.database import Database
from engine.storage.tables import (
    GUARDED,
    audit,
    document,
    period_change,
    record,
    revision,
    revision_change,
    seal_setting,
)

Row = Mapping[str, Any]
SOME = 500
"""Rows fetched at a time."""


class SqlHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def unguarded(self) -> list[str]:
        """Tables whose rows may be changed, because a trigger that refuses it is gone or switched off; by name."""
        postgresql = self._database.dialect == "postgresql"
        query = (
            "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'"
            if postgresql
            else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        with self._database.read() as connection:
            there = {*connection.execute(text(query)).scalars()}
        wanted = ("no_change", "no_truncate") if postgresql else ("no_update", "no_delete")
        return sorted(table.name for table in GUARDED if not {f"{table.name}_{one}" for one in wanted} <= there)

    def changes(
        self, since: datetime | None = None, actor: str = "", table: str = "", key: str = "", company: str = ""
    ) -> Iterator[Row]:
        columns = revision_change.c
        of_record = (columns.table_name, columns.key)
        told = select(
            *columns, _before(columns.hash, *of_record).label("hash_before"),
            _before(columns.pack, *of_record).label("pack_before"),
        ).subquery()  # fmt: skip
        before, after = record.alias("before"), record.alias("after")
        query = (
            select(
                *_MADE, told.c.table_name, told.c.key, told.c.pack, told.c.pack_before, after.c.body,
                before.c.body.label("body_before"),
            )
            .join(told, told.c.revision == revision.c.id)
            .outerjoin(after, after.c.hash == told.c.hash)
            .outerjoin(before, before.c.hash == told.c.hash_before)
            .order_by(revision.c.id, told.c.table_name, told.c.key)
        )  # fmt: skip
        wanted = _equal({told.c.table_name: table, told.c.key: key, revision.c.actor: actor})
        if company:
            wanted += [told.c.table_name == "company", told.c.key == company]
        return self._streamed(_since(query.where(*wanted), revision.c.made_at, since))

    def period_changes(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        named = ("company", "fiscal_year", "period", "journal")
        return self._beside(period_change, named, "state", since, actor, company)

    def seal_changes(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        return self._beside(seal_setting, ("seal", "company"), "settings", since, actor, company)

    def _beside(
        self, table: Table, named: Sequence[str], said: str, since: datetime | None, actor: str, company: str
    ) -> Iterator[Row]:
        """State that revisions change beside records: by what it is named, with what it says now and said before."""
        names = [table.c[name] for name in named]
        told = select(*table.c, _before(table.c[said], *names).label(f"{said}_before")).subquery()
        columns = [told.c[name] for name in named]
        query = select(*_MADE, *columns, told.c[said], told.c[f"{said}_before"]).join(
            told, told.c.revision == revision.c.id
        )  # fmt: skip
        wanted = _equal({told.c.company: company, revision.c.actor: actor})
        ordered = query.where(*wanted).order_by(revision.c.id, *columns)
        return self._streamed(_since(ordered, revision.c.made_at, since))

    def events(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        query = select(audit, document.c.number).outerjoin(document, document.c.id == audit.c.document)
        wanted = _equal({audit.c.actor: actor, audit.c.company: company})
        return self._streamed(_since(query.where(*wanted).order_by(audit.c.at, audit.c.id), audit.c.at, since))

    def actors(self) -> Sequence[str]:
        query = select(revision.c.actor).union(select(audit.c.actor))
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def records(self) -> Iterator[Row]:
        return self._streamed(select(record))

    def revision_hashes(self) -> Iterator[Row]:
        changed = revision_change.c
        query = (
            select(revision.c.id, revision.c.content_hash, changed.table_name, changed.key, changed.pack, changed.hash)
            .outerjoin(revision_change, changed.revision == revision.c.id)
            .order_by(revision.c.id)
        )
        return self._streamed(query)

    def _streamed(self, query: Select[Any]) -> Iterator[Row]:
        with self._database.snapshot() as connection:
            found = connection.execute(query, execution_options={"yield_per": SOME})
            names = tuple(found.keys())
            for row in found:
                yield dict(zip(names, row, strict=True))


_MADE = (revision.c.id.label("revision"), revision.c.made_at.label("at"), revision.c.actor, revision.c.message)


def _before(column: Column[Any], *of: Column[Any]) -> ColumnElement[Any]:
    """What a column held in the revision before that changed the same thing."""
    own = column.table.c.revision
    return func.lag(column).over(partition_by=of, order_by=own)


def _equal(wanted: Mapping[ColumnElement[Any], str]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in wanted.items() if value]


def _since(query: Select[Any], column: Column[Any], since: datetime | None) -> Select[Any]:
    return query.where(column >= since) if since else query
