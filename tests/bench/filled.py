"""A house with very many documents, made fast: real postings, copied row by row and chained anew.

Each copy has an id, a key, a value and a number of its own, so its rows are hashed and linked as posting would have.
Only what stands in `request` and `content` is the original's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, update

from engine import flow
from engine.app import BuiltHouse, make_house, system_context
from engine.edge.demo.sample import samples
from engine.numbering.counters import Series
from engine.parametrization.definitions import Counter
from engine.posting import canon
from engine.posting.ports import Row, Stored
from engine.storage import tables

ORIGINALS = 200
BATCH = 500
CHILDREN = (tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit, tables.delivery)


def filled(url: str, count: int) -> BuiltHouse:
    """A house with DEMO applied and `count` documents, a multiple of 200, in its series; without deliveries."""
    house, context = make_house(url), system_context()
    flow.apply_packs(house, context, flow.plan_packs(house, context, ["DEMO"]))
    for answer in flow.post_many(house, context, samples(house.catalog(), ORIGINALS, 1)):
        if "faults" in answer:
            raise SystemExit(answer["faults"])
    with house.database.write() as connection:
        triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    ids = itertools.count(1_000_000)  # far from the originals'
    for series in house.documents.all_series():
        originals = list(house.documents.of_series(series["id"]))
        with house.database.write() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in (*CHILDREN, tables.document):
                column = table.c.id if table is tables.document else table.c.document
                connection.execute(table.delete().where(column.in_([one.document["id"] for one in originals])))
            head = _copied(connection, house, series, originals, count // ORIGINALS, ids)
            connection.execute(update(tables.series).where(tables.series.c.id == series["id"]).values(**head))
    with house.database.write() as connection:
        for _, made in triggers:
            connection.exec_driver_sql(made)
    with house.database.read() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("ANALYZE")
    return house


def _copied(
    connection: Any, house: BuiltHouse, series: Row, originals: list[Stored], times: int, ids: Iterator[int]
) -> dict[str, Any]:
    """Every original so many times, in order of date; the series' row as it is then."""
    counter = house.catalog().table(Counter)[series["counter"]]
    numbers = Series(counter, series["company"], series["period"])
    value, previous, last = counter.start - 1, canon.FIRST, None
    waiting: dict[str, list[Row]] = {}
    for original in sorted(originals, key=lambda one: one.document["date"]):
        for _ in range(times):
            value += 1
            rows = _copy(original, next(ids))
            document = rows["document"][0]
            number = numbers.number(document["date"], value)
            for name in ("entry", "entry_line"):  # a text that prints the number
                for row in rows[name]:
                    row["description"] = row["description"].replace(original.document["number"], number)
            body = canon.body_hash(rows)
            texts = canon.texts_after_number(rows["entry"], rows["entry_line"])
            hashed = canon.link(previous, series["id"], value, number, texts, body)
            document |= {
                "value": value, "number": number, "canon": canon.VERSION, "body_hash": body,
                "previous_hash": previous, "hash": hashed,
            }  # fmt: skip
            previous, last = hashed, document["date"]
            for name, found in rows.items():
                waiting.setdefault(name, []).extend(found)
            if len(waiting["document"]) >= BATCH:
                _write(connection, waiting)
    _write(connection, waiting)
    return {"value": value, "head_hash": previous, "last_date": last}


def _copy(original: Stored, id: int) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {
        name: [{**row, "document": id} for row in found]
        for name, found in original.by_table.items()
        if name not in ("document", "delivery")
    }
    rows["audit"] = [{**row, "id": id, "subject": f"document {id}"} for row in rows["audit"]]
    rows["document"] = [{**original.document, "id": id, "key": f"B{id}"}]
    return rows


def _write(connection: Any, waiting: dict[str, list[Row]]) -> None:
    for name, rows in waiting.items():
        if rows:
            connection.execute(insert(tables.metadata.tables[name]), rows)
        rows.clear()
