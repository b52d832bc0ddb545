"""Records by content, revisions, and the head. A revision is written in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.parametrization.revisions import Change, State, StateChanged
from engine.storage.database import Database, insert_into
from engine.storage.revision_tables import (
    head,
    journal_proof,
    period_change,
    record,
    revision,
    revision_change,
    seal_setting,
)

HASHES_AT_ONCE = 500
BESIDE = {table.name: table for table in (journal_proof, period_change, seal_setting)}
"""State that changes with a revision and is kept beside the records. A proof that is there already is left as it is."""
NOTHING: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({})


class SqlParametrizationStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> int:
        with self._database.read() as connection:
            return connection.scalar(select(head.c.revision)) or 0

    def state(self, revision: int, tables: Sequence[str] = ()) -> State:
        """One statement."""
        with self._database.read() as connection:
            return _state(connection, revision, tables)

    def revisions(self) -> Sequence[Mapping[str, Any]]:
        changes = (
            select(func.count()).where(revision_change.c.revision == revision.c.id).scalar_subquery().label("changes")
        )
        with self._database.read() as connection:
            found = connection.execute(select(*revision.c, changes).order_by(revision.c.id)).mappings()
            return [dict(row) for row in found]

    def seal_settings(self, revision: int) -> Sequence[Mapping[str, Any]]:
        """The last settings of each seal and company up to a revision: one statement."""
        key = (seal_setting.c.seal, seal_setting.c.company)
        last = (
            select(*key, func.max(seal_setting.c.revision).label("revision"))
            .where(seal_setting.c.revision <= revision)
            .group_by(*key)
            .subquery()
        )
        mine = and_(*(seal_setting.c[name] == last.c[name] for name in ("seal", "company", "revision")))
        with self._database.read() as connection:
            query = select(seal_setting).join(last, mine).order_by(*key)
            return [dict(row) for row in connection.execute(query).mappings()]

    def period_states(self, revision: int) -> Sequence[Mapping[str, Any]]:
        """The last change of each period and journal up to a revision: one statement."""
        key = [period_change.c[name] for name in ("company", "fiscal_year", "period", "journal")]
        last = (
            select(*key, func.max(period_change.c.revision).label("revision"))
            .where(period_change.c.revision <= revision)
            .group_by(*key)
            .subquery()
        )
        mine = and_(*(period_change.c[name] == last.c[name] for name in (*(one.name for one in key), "revision")))
        query = select(period_change).join(last, mine).order_by(*key)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def content_hash(self, at: int) -> str:
        """Of the parametrization at a revision."""
        with self._database.read() as connection:
            return str(connection.scalar(select(revision.c.content_hash).where(revision.c.id == at)) or "")

    def proofs(self, hashes: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        with self._database.read() as connection:
            for start in range(0, len(hashes), HASHES_AT_ONCE):
                some = journal_proof.c.hash.in_(hashes[start : start + HASHES_AT_ONCE])
                found += [dict(row) for row in connection.execute(select(journal_proof).where(some)).mappings()]
        return found

    def write(
        self,
        parent: int,
        changes: Sequence[Change],
        *,
        content_hash: str,
        at: datetime,
        actor: str,
        message: str,
        also: Mapping[str, Sequence[Mapping[str, Any]]] = NOTHING,
    ) -> int:
        row = {"content_hash": content_hash, "made_at": at, "actor": actor, "message": message}
        try:
            return self._database.retrying(lambda connection: _write(connection, parent, changes, row, also))
        except IntegrityError as error:  # the first revision of all has no head to lock: the other one won
            raise StateChanged(found=self.head(), planned=parent) from error


def _state(connection: Connection, at: int, tables: Sequence[str]) -> State:
    last = (
        select(
            revision_change.c.table_name,
            revision_change.c.key,
            func.max(revision_change.c.revision).label("revision"),
        )
        .where(revision_change.c.revision <= at, *([revision_change.c.table_name.in_(tables)] if tables else []))
        .group_by(revision_change.c.table_name, revision_change.c.key)
        .subquery()
    )
    mine = and_(
        revision_change.c.table_name == last.c.table_name,
        revision_change.c.key == last.c.key,
        revision_change.c.revision == last.c.revision,
    )
    query = select(
        revision_change.c.table_name, revision_change.c.key, revision_change.c.pack, record.c.body
    ).select_from(revision_change.join(last, mine).join(record, record.c.hash == revision_change.c.hash))
    bodies: dict[str, dict[str, str]] = {}
    owners = {}
    for table, key, pack, body in connection.execute(query):
        bodies.setdefault(table, {})[key] = body
        owners[table, key] = pack
    return State(at, bodies, owners)


def _write(
    connection: Connection,
    parent: int,
    changes: Sequence[Change],
    row: dict[str, Any],
    also: Mapping[str, Sequence[Mapping[str, Any]]],
) -> int:
    """The head's row is locked first, so of two that apply at once one wins and the other is told."""
    new = parent + 1
    found = connection.scalar(select(head.c.revision).with_for_update()) or 0
    if found != parent:
        raise StateChanged(found=found, planned=parent)
    connection.execute(insert(revision).values(id=new, parent=parent or None, **row))
    bodies = [
        {"hash": one.hash, "table_name": one.table, "key": one.key, "body": one.body} for one in changes if one.hash
    ]
    if bodies:
        upsert = insert_into(connection.dialect.name, record)
        connection.execute(upsert.on_conflict_do_nothing(), bodies)
    if changes:
        rows = [
            {"revision": new, "table_name": one.table, "key": one.key, "pack": one.pack, "hash": one.hash}
            for one in changes
        ]
        connection.execute(insert(revision_change), rows)
    for name, kept in also.items():
        if kept:
            statement = insert_into(connection.dialect.name, BESIDE[name]).on_conflict_do_nothing()
            connection.execute(statement, [{**one, "revision": new} for one in kept])
    connection.execute(update(head).values(revision=new) if parent else insert(head).values(id=1, revision=new))
    from engine.storage.tables import series  # here, because who only reads does not need the other tables

    connection.execute(update(series).values(revision=new))
    return new
