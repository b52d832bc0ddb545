"""Files: those that wait to be archived, and where the others lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select, update

from engine.storage.database import Database
from engine.storage.tables import delivery, delivery_file, document, file, received

Row = Mapping[str, Any]
PAGE = 500


class SqlFiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    def staged(self, limit: int, after: str) -> list[str]:
        waiting = (file.c.archived_at.is_(None), file.c.hash > after)
        query = select(file.c.hash).where(*waiting).order_by(file.c.hash).limit(limit)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def row(self, digest: str) -> Row | None:
        with self._database.read() as connection:
            found = connection.execute(select(file).where(file.c.hash == digest)).mappings().one_or_none()
        return dict(found) if found else None

    def begin(self, digest: str) -> list[str]:
        begin = file.c.hash.startswith(digest, autoescape=True)
        with self._database.read() as connection:
            return list(connection.execute(select(file.c.hash).where(begin).order_by(file.c.hash).limit(2)).scalars())

    def owners(self, digest: str) -> list[tuple[str, date]]:
        along = select(delivery_file.c.delivery).where(delivery_file.c.file == digest)
        issued = (
            select(document.c.company, document.c.date)
            .join(delivery, delivery.c.document == document.c.id)
            .where((delivery.c.file == digest) | delivery.c.id.in_(along))
            .distinct()
        )
        came = select(received.c.company, received.c.supplier_date, received.c.received_at, document.c.date)
        came = came.outerjoin(document, document.c.id == received.c.document).where(received.c.file == digest)
        with self._database.read() as connection:
            found = [(row.company, row.date) for row in connection.execute(issued)]
            for row in connection.execute(came):
                found.append((row.company, row.date or row.supplier_date or row.received_at.date()))
        return found

    def archived(self, digest: str, archive: str, place: str, keep_until: date | None, at: datetime) -> None:
        told = {"archive": archive, "place": place, "keep_until": keep_until, "archived_at": at, "content": b""}
        statement = update(file).where(file.c.hash == digest).values(**told)
        self._database.retrying(lambda connection: connection.execute(statement))

    def kept_longer(self, digest: str, until: date) -> None:
        """A file that belongs to one more document is kept for it too, never for less."""
        longer = (file.c.keep_until.is_(None)) | (file.c.keep_until < until)
        there = (file.c.hash == digest, file.c.archived_at.is_not(None))
        statement = update(file).where(*there, longer).values(keep_until=until)
        self._database.retrying(lambda connection: connection.execute(statement))

    def listed(self) -> Iterator[Row]:
        names = ("hash", "name", "media_type", "stored_at", "archived_at", "archive", "place", "keep_until")
        query = select(*(file.c[name] for name in names), func.length(file.c.content).label("size"))
        last = ""
        while True:
            with self._database.read() as connection:
                page = query.where(file.c.hash > last).order_by(file.c.hash).limit(PAGE)
                rows = connection.execute(page).mappings().all()
            yield from map(dict, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]["hash"]

    def counted(self) -> tuple[int, int]:
        query = select(func.count(file.c.archived_at), func.count())
        with self._database.read() as connection:
            archived, every = connection.execute(query).one()
        return archived, every - archived

    def of_document(self, id: int, form: str) -> str | None:
        """The hash of the file a document left as, in a format; the first that was sent."""
        own = case((delivery.c.format == form, delivery.c.file))
        handed_over = func.coalesce(own, delivery_file.c.file)
        query = (
            select(handed_over)
            .outerjoin(delivery_file, (delivery_file.c.delivery == delivery.c.id) & (delivery_file.c.format == form))
            .where(delivery.c.document == id, handed_over.is_not(None))
            .order_by((delivery.c.state != "sent"), delivery.c.id)
            .limit(1)
        )
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found
