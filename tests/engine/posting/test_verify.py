"""`verify` is silent about what was posted, and names whatever was changed since, by whoever owns the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Date, Integer, String, Table, and_, delete, insert, text, update

from engine import flow
from engine.edge.demo.sample import samples
from engine.posting import canon
from engine.storage import tables
from engine.storage.columns import Quantity
from tests.support.attacker import HouseWithin
from tests.support.fakes import DocumentsWithin
from tests.support.house import House, invoice, line, tampering

HASHED = (
    tables.document, tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit,
)  # fmt: skip
CHILDREN = HASHED[1:]


def test_two_hundred_sample_documents_verify_clean(house: House) -> None:
    for document in samples(house.catalog(), 200, 7):
        house.post(document)
    seen: list[int] = []
    found = flow.verify(house, house.context, seen.append)
    assert (found.documents, found.broken) == (200, ())
    assert found.series == len(house.rows(tables.series))
    assert seen == sorted(seen) and seen[-1] == 200


def test_an_empty_house_verifies_clean(house: House) -> None:
    assert flow.verify(house, house.context) == flow.Verified(0, 0, ())


def test_a_series_that_was_opened_and_never_used_is_no_problem(house: House) -> None:
    house.post(invoice())
    house.change(tables.series, {"closed": True})
    house.refusal(invoice(), date="2026-01-01")
    assert not house.verify()


# --- tampering ------------------------------------------------------------------------------------------------------


@dataclass
class Spoiled:
    """A house whose rows can be spoiled; every spoiling is taken back."""

    house: House
    connection: Connection

    def broken(self, *statements: Any) -> tuple[str, ...]:
        """What `verify` finds after these changes."""
        mark = self.connection.begin_nested()
        for statement in statements:
            assert self.connection.execute(statement).rowcount  # -1 where the driver does not count
        found = flow.verify(HouseWithin(self.house, self.connection), self.house.context).broken
        mark.rollback()
        return found


@contextmanager
def spoiled(house: House) -> Iterator[Spoiled]:
    keys = tampering(house.database)
    with house.database.engine.connect() as connection:
        for statement in keys:
            connection.exec_driver_sql(statement)
        yield Spoiled(house, connection)
        connection.rollback()


def other(column: Column[Any], value: Any) -> Any:
    """A value as near as the column allows."""
    match value:
        case None if isinstance(column.type, Date):
            return date(2026, 1, 1)
        case None:
            kinds = {Integer: 1, String: "x"}
            return next((one for kind, one in kinds.items() if isinstance(column.type, kind)), Decimal("0.00000001"))
        case bool():
            return not value
        case Decimal():
            return value + (Decimal("0.00000001") if isinstance(column.type, Quantity) else Decimal("0.0001"))
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case int():
            return value + 1_000
        case str() if value:
            return value[:-1] + chr(ord(value[-1]) ^ 1)
        case _:
            return "x"


def spoilt(column: Any, value: Any) -> Any:
    """As `other`; a number that no other document has, for two of one number the database refuses by itself."""
    return f"{value}9" if column.name == "number" else other(column, value)


def the(table: Table, row: dict[str, Any]) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key.columns))


def posted(house: House) -> None:
    """Five documents of a series with something in every table, then five of others."""
    charge = {"kind": "allowance", "description": "Remise", "percent": "3", "tax_code": "FR20"}
    for _ in range(5):
        lines = [line(), line(nature="service", discounts=[{"percent": "10"}]), line(tax_code="FR55")]
        house.post(invoice(lines=lines, charges=[charge], currency="USD", exchange_rate="0.92"))
    for document in samples(house.catalog(), 5, 7):
        house.post(document)


def named(house: House, document: int) -> Callable[[tuple[str, ...]], bool]:
    """Whether problems name a document, or the one after it in its chain, or its series."""
    row = house.row(tables.document, id=document)
    after = house.rows(tables.document, series=row["series"], value=row["value"] + 1)
    series = house.row(tables.series, id=row["series"])
    words = [f"(id {document})", *(f"(id {one['id']})" for one in after), f"series {series['company']}/"]
    return lambda problems: any(word in problem for word in words for problem in problems)


def test_any_column_of_any_table_changed_by_the_least_is_found_and_named(house: House) -> None:
    posted(house)
    chance = Random(7)  # noqa: S311  the same rows every time
    missed = []
    with spoiled(house) as spoil:
        assert not spoil.broken()
        for table in HASHED:
            rows = house.rows(table)
            for column in table.columns:
                row = chance.choice(rows)
                document = row["id"] if table is tables.document else row["document"]
                changed = update(table).where(the(table, row)).values({column: spoilt(column, row[column.name])})
                problems = spoil.broken(changed)
                if not problems or not (named(house, document)(problems) or column.name == "id"):
                    missed.append(f"{table.name}.{column.name} of {document}: {problems}")
    assert not missed


@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
def test_a_document_that_is_gone_is_missed(house: House, place: int) -> None:
    posted(house)
    document = sorted(house.rows(tables.document, series=1), key=lambda row: row["value"])[place]["id"]
    with spoiled(house) as spoil:
        rows = [delete(table).where(table.c.document == document) for table in (*CHILDREN, tables.delivery)]
        problems = spoil.broken(*rows, delete(tables.document).where(tables.document.c.id == document))
    assert named(house, document)(problems)


def test_a_whole_series_that_is_gone_is_missed(house: House) -> None:
    """Its head remembers that there was something."""
    house.post(invoice())
    house.post(invoice(), company="LYON")
    with spoiled(house) as spoil:
        mine = house.row(tables.document, company="LYON")["id"]
        rows = [delete(table).where(table.c.document == mine) for table in (*CHILDREN, tables.delivery)]
        problems = spoil.broken(*rows, delete(tables.document).where(tables.document.c.id == mine))
    assert any("series LYON/" in problem for problem in problems)


@pytest.mark.parametrize("table", CHILDREN, ids=lambda table: table.name)
def test_rows_that_are_gone_added_or_moved_are_found(house: House, table: Table) -> None:
    posted(house)
    rows = house.rows(table)
    for row in (rows[0], rows[-1], rows[len(rows) // 2]):
        last = [column.name for column in table.primary_key.columns][-1]
        elsewhere = row | {"document": house.rows(tables.document)[-1]["id"], last: 900}
        with spoiled(house) as spoil:
            for statement in (
                delete(table).where(the(table, row)),
                delete(table).where(table.c.document == row["document"]),
                insert(table).values(row | {last: 900}),
                insert(table).values(elsewhere),
                update(table).where(the(table, row)).values({last: 901}),
            ):
                assert any("hash" in problem for problem in spoil.broken(statement))


def test_two_documents_that_changed_places_are_found(house: House) -> None:
    posted(house)
    first, second, *_ = house.rows(tables.document, series=1)
    with spoiled(house) as spoil:
        table = tables.document
        aside = update(table).where(table.c.id == first["id"]).values(value=900)
        up = update(table).where(table.c.id == second["id"]).values(value=first["value"])
        down = update(table).where(table.c.id == first["id"]).values(value=second["value"])
        problems = spoil.broken(aside, up, down)
    assert named(house, first["id"])(problems) and named(house, second["id"])(problems)


def test_a_body_hash_made_to_fit_breaks_the_link(house: House) -> None:
    """Who changes a row and computes its body's hash anew has not mended the chain."""
    posted(house)
    row = house.rows(tables.document, series=1)[1]
    changed = row | {"partner_name": "Somebody Else"}
    with spoiled(house) as spoil:
        stored = DocumentsWithin(house.database, spoil.connection).whole(row)
        body = canon.body_hash({**stored.by_table, "document": [changed]})
        values = {"partner_name": "Somebody Else", "body_hash": body}
        table = tables.document
        problems = spoil.broken(update(table).where(table.c.id == row["id"]).values(values))
    assert [problem.rpartition(": ")[2] for problem in problems] == ["its link in the chain does not hold"]


def test_a_head_set_back_is_found(house: House) -> None:
    posted(house)
    row = house.row(tables.series, id=1)
    house.change(tables.series, {"value": row["value"] - 1}, id=1)
    assert [problem for problem in house.verify() if "series PARIS/FV/FRA/2026" in problem]


def test_a_row_that_does_not_balance_is_said_in_words(house: House) -> None:
    posted(house)
    row = house.rows(tables.entry_line)[0]
    table = tables.entry_line
    with spoiled(house) as spoil:
        changed = update(table).where(the(table, row)).values(debit=row["debit"] + Decimal("0.01"))
        assert any("entry 1 is out of balance by 0.01" in problem for problem in spoil.broken(changed))
        gross = update(tables.document).where(tables.document.c.id == row["document"]).values(gross=Decimal(1))
        assert any("its gross is 1; its rows give" in problem for problem in spoil.broken(gross))


def test_a_text_that_is_no_text_is_found(sqlite_house: House) -> None:
    """SQLite holds any bytes; what cannot be read stops neither `verify` nor its walk through the other series."""
    for company in ("PARIS", "LYON"):
        sqlite_house.post(invoice(), company=company)
    with spoiled(sqlite_house) as spoil:
        changed = text("UPDATE entry SET journal = CAST(X'FF' AS TEXT) WHERE document = 1")
        other = update(tables.series).where(tables.series.c.company == "LYON").values(value=900)
        problems = spoil.broken(changed, other)
    assert any("series PARIS/" in problem and "database_damaged" in problem for problem in problems)
    assert any("series LYON/" in problem for problem in problems)


def test_every_posted_table_is_in_the_hash() -> None:
    """Seals are in the link: they are put on after the number."""
    assert {table.name for table in tables.POSTED} == {table.name for table in HASHED} | {tables.document_seal.name}
