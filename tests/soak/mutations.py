"""Posted rows changed by one byte, as somebody who owns a SQLite file may change them; each change is taken back.

The bytes are those SQLite keeps: of a text its UTF-8, of a number as few as hold it, the highest first.
NULL and an empty text have no byte, so none of theirs is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engine import flow
from engine.spi.host import Plugins
from engine.storage import tables
from tests.soak.checker import check
from tests.support.fakes import Stamp
from tests.support.house import House, invoice, line

TABLES = tuple(table.name for table in tables.POSTED)


@dataclass(frozen=True, slots=True)
class Mutation:
    table: str
    column: str
    row: int
    old: bytes | int
    new: bytes | int

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of row {self.row}: {self.old!r} → {self.new!r}"


def mutations(file: Path, number: int, seed: int) -> Iterator[Mutation]:
    """So many, one at a time: while the caller looks at one it is in the file, and nothing else is."""
    chance = Random(seed)  # noqa: S311  the same bytes for the same seed
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        made = 0
        while made < number:
            one = _chosen(connection, chance)
            if one is None or not _set(connection, one.table, one.column, one.row, one.new):
                continue
            made += 1
            yield one
            moved = isinstance(one.new, int) and _is_row_id(one)
            assert _set(connection, one.table, one.column, int(one.new) if moved else one.row, one.old)


def missed(house: House, number: int, seed: int, checked: int) -> tuple[list[str], list[str]]:
    """Which of so many changed bytes `verify` did not find, and which of every `checked`-th our own checker did not."""
    file = house.database.file
    assert file is not None
    by_verify, by_checker = [], []
    for place, one in enumerate(mutations(file, number, seed)):
        if not house.verify():
            by_verify.append(str(one))
        if place % checked == 0 and not check(house.url).violations:
            by_checker.append(str(one))
    return by_verify, by_checker


def filled(house: House) -> House:
    """Two series, with something in every posted table and nearly every column; the house that sealed them."""
    made = sealed(house)
    charge = {"kind": "allowance", "description": "Remise", "percent": "3", "tax_code": "FR20"}
    lines = [line(), line(nature="service", discounts=[{"percent": "10"}]), line(tax_code="FR55")]
    for _ in range(2):
        made.post(invoice(lines=lines, charges=[charge], currency="USD", exchange_rate="0.92"))
    made.post(invoice(lines=[line(tax_code="IT22S"), line(tax_code="N3.1")]), company="MILANO")
    return made


def sealed(house: House) -> House:
    """The same house, with a legal seal on what PARIS sells."""
    offered = Plugins(house.plugins.formats, house.plugins.channels, {"stamp": Stamp()})
    made = house.beside(offered)
    flow.configure_seal(made, made.context, "stamp", "PARIS", {"word": "red"})
    return made


def _chosen(connection: sqlite3.Connection, chance: Random) -> Mutation | None:
    """Any byte of any posted value; None when the value chosen has none."""
    table = chance.choice(TABLES)
    rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]  # noqa: S608
    assert rows, f"{table} has no row to change"
    column = chance.choice([column.name for column in tables.metadata.tables[table].columns])
    row = chance.choice(rows)
    query = f'SELECT typeof("{column}"), CAST("{column}" AS BLOB) FROM {table} WHERE rowid = ?'  # noqa: S608
    kind, value = connection.execute(query, [row]).fetchone()
    if not value:
        return None
    flip = chance.randrange(1, 256)
    if kind == "integer":
        old = int(value)
        size = max(1, (old.bit_length() + 8) // 8)
        data = bytearray(old.to_bytes(size, "big", signed=True))
        data[chance.randrange(size)] ^= flip
        return Mutation(table, column, row, old, int.from_bytes(data, "big", signed=True))
    data = bytearray(value)
    data[chance.randrange(len(data))] ^= flip
    return Mutation(table, column, row, bytes(value), bytes(data))


def _set(connection: sqlite3.Connection, table: str, column: str, row: int, value: bytes | int) -> bool:
    """False when a key or an index refuses it. The triggers of the table are gone while it is set."""
    wanted = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    triggers = connection.execute(query, [table]).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    try:
        done = connection.execute(f'UPDATE {table} SET "{column}" = {wanted} WHERE rowid = ?', [value, row])  # noqa: S608
    except sqlite3.IntegrityError:
        return False
    finally:
        for _, made in triggers:
            connection.execute(made)
    return done.rowcount == 1


def _is_row_id(one: Mutation) -> bool:
    """Whether the column is SQLite's own name of a row, so that the row is now called by the new value."""
    return [column.name for column in tables.metadata.tables[one.table].primary_key.columns] == [one.column]
