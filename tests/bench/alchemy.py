"""The same rows through SQLAlchemy: by Core, one INSERT for each table, and by a unit of work of its ORM."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session, registry, relationship

from engine.storage import tables
from engine.storage.database import open_database
from tests.bench.raw import HASH
from tests.bench.sample import CHILDREN, INSERTS, Copy, Row, Sample, number_of, printed

_SERIES = tables.series
_TAKE = (
    update(_SERIES)
    .where(_SERIES.c.id == bindparam("of_series"))
    .values(value=_SERIES.c.value + bindparam("by"))
    .returning(_SERIES.c.value, _SERIES.c.head_hash)
)
_ADVANCE = update(_SERIES).where(_SERIES.c.id == bindparam("of_series")).values(head_hash=HASH)


class Core:
    """One transaction of the engine's own Database, one INSERT with many rows for each table, number last."""

    name = "SQLAlchemy Core"

    def __init__(self, url: str, sample: Sample) -> None:
        self._database, self._sample = open_database(url), sample

    def ready(self, group: Sequence[Copy]) -> tuple[dict[str, list[Row]], list[Row]]:
        rows = {table.name: [row for copy in group for row in copy.children[table.name]] for table in CHILDREN}
        return {name: found for name, found in rows.items() if found}, [copy.document for copy in group]

    def write(self, ready: tuple[dict[str, list[Row]], list[Row]]) -> None:
        children, documents = ready
        old, series, late = self._sample.document["number"], self._sample.document["series"], self._sample.late
        with self._database.write() as connection:
            for name in self._sample.first:
                connection.execute(INSERTS[name], children[name])
            last, head = connection.execute(_TAKE, {"of_series": series, "by": len(documents)}).one()
            values = range(last - len(documents) + 1, last + 1)
            number = {row["id"]: number_of(value) for row, value in zip(documents, values, strict=True)}
            for name in late:
                connection.execute(
                    INSERTS[name], [printed(row, old, number[row["document"]]) for row in children[name]]
                )
            connection.execute(
                INSERTS["document"],
                [
                    row | {"value": value, "number": number[row["id"]], "previous_hash": head if place == 0 else HASH}
                    for place, (row, value) in enumerate(zip(documents, values, strict=True))
                ],
            )
            connection.execute(_ADVANCE, {"of_series": series})

    def close(self) -> None:
        self._database.close()


class Mapped:
    """A row as an object; the ORM sets its attributes."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


@cache
def _mapped() -> dict[str, type[Mapped]]:
    """A class for each table; a document holds its children in lists, as an ERP's models do."""
    mapping = registry()
    made: dict[str, type[Mapped]] = {}
    for table in (*CHILDREN, _SERIES):
        made[table.name] = type(table.name, (Mapped,), {})
        mapping.map_imperatively(made[table.name], table)
    made["document"] = type("document", (Mapped,), {})
    mapping.map_imperatively(
        made["document"],
        tables.document,
        properties={
            f"{table.name}_rows": relationship(
                made[table.name],
                primaryjoin=table.c.document == tables.document.c.id,
                foreign_keys=[table.c.document],
            )
            for table in CHILDREN
        },
    )
    mapping.configure()
    return made


class Orm:
    """A session for each transaction: objects with their children are added, and the unit of work writes them."""

    name = "SQLAlchemy ORM, unit of work"

    def __init__(self, url: str, sample: Sample) -> None:
        self._database, self._sample, self._made = open_database(url), sample, _mapped()

    def ready(self, group: Sequence[Copy]) -> Sequence[Copy]:
        return group

    def write(self, ready: Sequence[Copy]) -> None:
        made, old = self._made, self._sample.document["number"]
        with Session(self._database.engine) as session, session.begin():
            series: Any = session.get(made["counter_series"], self._sample.document["series"], with_for_update=True)
            for copy in ready:
                series.value += 1
                number = number_of(series.value)
                own = {"value": series.value, "number": number, "previous_hash": series.head_hash}
                children = {
                    f"{name}_rows": [
                        made[name](**(printed(row, old, number) if name in self._sample.late else row)) for row in rows
                    ]
                    for name, rows in copy.children.items()
                }
                session.add(made["document"](**copy.document | own, **children))
                series.head_hash = HASH

    def close(self) -> None:
        self._database.close()
