"""Is everything there that should be, and nothing else? Read from the tables; the engine's `verify` has no part in it.

Of the engine it uses the names of tables and columns, and `canon` for the bytes that are hashed. What it finds has a
kind, a document and words:

    hole duplicate  numbers of a series are not 1, 2, 3 …        lost     an acknowledged number is not there
    date            dates fall in a chronological series         refused  a document that was refused is there
    number          the text does not tell its value             key      two documents of one key
    head            the counter's row is not at the last one     chain    a hash does not follow, or is another
    totals balance  sums do not agree                            outbox   a hand-over is missing, or one too many
    part            rows of a document that is not there         audit    nobody says who posted it
    unreadable      a value that is not what its column holds   seal     a chain of legal seals does not hold

Fast series may skip a value, if it stands in the register of those taken; their documents are not chained.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, create_engine, exists, func, select
from sqlalchemy.exc import DBAPIError

from engine.posting import canon
from engine.posting.sealing import links
from engine.storage import tables
from tests.soak.ledger import Told

CHUNK = 500
CHILDREN = (
    tables.document_line, tables.document_tax, tables.entry, tables.entry_line, tables.audit, tables.document_seal,
    tables.delivery,
)  # fmt: skip
NO_ENTRIES = ("proforma", "quote", "order")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Violation:
    kind: str
    where: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.words}"


@dataclass(slots=True)
class Found:
    documents: int = 0
    series: int = 0
    violations: list[Violation] = field(default_factory=list)
    unacknowledged: int = 0  # documents nobody was told of: right, as long as nobody was told otherwise
    unused: int = 0  # values of fast series that were taken, and no document has

    @property
    def kinds(self) -> Counter[str]:
        return Counter(one.kind for one in self.violations)


def check(url: str, told: Told | None = None) -> Found:
    """Every document of a database, which must be at rest; and what was told of them."""
    found = Found()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            chronological = _chronological(connection)
            for series in _rows(connection, tables.series):
                found.series += 1
                walked = _of_series(connection, series, chronological, found)
                found.violations += _as_far_as_read(f"series {series['id']}", walked)
            parts = [_strays(connection), _seals(connection), _once(connection)]
            parts += [_as_told(connection, told, found)] if told else []
            for part in parts:
                found.violations += _as_far_as_read("all series", part)
    finally:
        engine.dispose()
    return found


def _as_far_as_read(where: str, violations: Iterator[Violation]) -> Iterator[Violation]:
    """And that a value could not be read, if that is how it ended."""
    try:
        yield from violations
    except (ValueError, TypeError, KeyError, ArithmeticError, DBAPIError) as wrong:
        yield Violation("unreadable", where, str(wrong))


def _of_series(connection: Connection, series: Row, chronological: frozenset[str], found: Found) -> Iterator[Violation]:
    """A series from its first document to its head."""
    name = f"{series['company']}/{series['counter']}/{series['period']}"
    value, day, previous = 0, date.min, canon.FIRST
    taken = frozenset(row["value"] for row in _rows(connection, tables.number_taken, series=[series["id"]]))
    for document, children in _documents(connection, series["id"]):
        found.documents += 1
        where = f"{name} {document['number']} (id {document['id']}, key {document['key']})"
        if document["value"] <= value:
            yield Violation("duplicate", where, f"value {document['value']} was given before")
        elif lacking := sorted({*range(value + 1, document["value"])} - taken):
            yield Violation("hole", where, f"after {value} comes {document['value']}; nobody took {lacking[:5]}")
        if series["fast"] and document["value"] not in taken:
            yield Violation("hole", where, f"nobody took {document['value']}")
        found.unused += max(document["value"] - value - 1, 0)
        if document["date"] < day and series["counter"] in chronological:
            yield Violation("date", where, f"{document['date']} comes after {day}")
        value, day = document["value"], max(day, document["date"])
        for kind, words in _of_document(document, children, previous):
            yield Violation(kind, where, words)
        previous = canon.FIRST if series["fast"] else document["hash"]
    if series["fast"]:
        found.unused += len(taken) - len([one for one in taken if one <= value])
        value, day = max(taken, default=0), max(day, series["last_date"] or day)
    at_rest = (value, previous, day if value else None)
    if (series["value"], series["head_hash"], series["last_date"]) != at_rest:
        yield Violation("head", name, f"it is at {series['value']} of {series['last_date']}, its last is {value}")


def _of_document(document: Row, children: Mapping[str, Sequence[Row]], previous: str) -> Iterator[tuple[str, str]]:
    """(kind, words) of what is wrong with one document."""
    digits = re.search(r"(\d+)$", document["number"])
    if not digits or int(digits[1]) != document["value"]:
        yield "number", f"its number is {document['number']}, its value {document['value']}"
    body = canon.body_hash({"document": [document], **children})
    texts = canon.texts_after_number(children["entry"], children["entry_line"])
    seals = links([row for row in children["document_seal"] if row["kind"] == "issue"])
    before, series, value, number = (document[name] for name in ("previous_hash", "series", "value", "number"))
    linked = canon.link(before, series, value, number, texts, body, canon.VERSION, seals)
    if document["previous_hash"] != previous:
        yield "chain", "it does not follow the document before it"
    if (document["canon"], document["body_hash"], document["hash"]) != (canon.VERSION, body, linked):
        yield "chain", "its rows give another hash"
    yield from _sums(document, children)
    yield from _balances(document, children)
    yield from _hand_overs(document, children["delivery"])
    posts = [row for row in children["audit"] if (row["action"], row["company"]) == ("post", document["company"])]
    if len(posts) != 1:
        yield "audit", f"{len(posts)} rows say that it was posted"
    for row in (row for rows in children.values() for row in rows):
        if row["company"] != document["company"]:
            yield "part", f"one of its rows is of {row['company']}"


def _sums(document: Row, children: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
    lines, taxes = children["document_line"], children["document_tax"]
    due = [Decimal(one["amount"]) for one in json.loads(document["content"])["due_dates"]]
    sums = {
        "lines": _sum(row["net"] for row in lines if row["kind"] == "line"),
        "charges": _sum(row["net"] for row in lines if row["kind"] == "charge"),
        "allowances": -_sum(row["net"] for row in lines if row["kind"] == "allowance"),
        "net": document["lines"] + document["charges"] - document["allowances"],
        "tax": _sum(row["amount"] for row in taxes),
        "gross": document["net"] + document["tax"],
        "payable": _sum(due),
    }
    for name, found in sums.items():
        if document[name] != found:
            yield "totals", f"its {name} is {document[name]}, its rows give {found}"
    bases = _sum(row["base"] for row in taxes)
    if bases != document["net"]:
        yield "totals", f"its taxes are taken on {bases}, its net is {document['net']}"


def _balances(document: Row, children: Mapping[str, Sequence[Row]]) -> Iterator[tuple[str, str]]:
    lines: dict[int, list[Row]] = defaultdict(list)
    for row in children["entry_line"]:
        lines[row["entry"]].append(row)
    entries = [row["position"] for row in children["entry"]]
    if sorted(lines) != sorted(entries):
        yield "part", f"it has entries {sorted(entries)} and lines of entries {sorted(lines)}"
    if bool(entries) == (document["category"] in NO_ENTRIES):
        yield "balance", f"a {document['category']} with {len(entries)} entries"
    for entry, rows in lines.items():
        debit, credit = (_sum(row[side] for row in rows) for side in ("debit", "credit"))
        if debit != credit or not debit:
            yield "balance", f"entry {entry} has {debit} in debit and {credit} in credit"
        if _sum(row["amount_currency"] for row in rows):
            yield "balance", f"entry {entry} does not balance in the document's currency"


def _hand_overs(document: Row, deliveries: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """DEMO's rules, in Python: invoices and credit notes of sales leave by mail, to partners who have an address."""
    content = json.loads(document["content"])
    mailed = document["module"] == "sales" and document["category"] in ("invoice", "credit_note")
    expected = []
    if mailed and content["partner"]["email"]:
        expected += ["MAIL-FRA"] if content["company"]["legislation"] == "FRA" else []
        expected += ["MAIL-MILANO"] if document["company"] == "MILANO" else []
    found = sorted(row["rule"].split("/")[0] for row in deliveries)
    if found != expected:
        yield "outbox", f"its hand-overs are {found}, the rules ask for {expected}"


def _strays(connection: Connection) -> Iterator[Violation]:
    """Rows of documents that are not there, which a document half written would leave."""
    for table in CHILDREN:
        there = exists().where(tables.document.c.id == table.c.document)
        named = table.c.document.is_not(None)  # an audit row may be of no document, but of a setting
        query = select(table.c.document, func.count()).where(named, ~there).group_by(table.c.document)
        for document, number in connection.execute(query):
            yield Violation("part", f"id {document}", f"{number} rows in {table.name}, and no document")
    there = exists().where(tables.series.c.id == tables.document.c.series)
    for (document,) in connection.execute(select(tables.document.c.id).where(~there)):
        yield Violation("part", f"id {document}", "it is of no series")


def _seals(connection: Connection) -> Iterator[Violation]:
    """Each chain of seals from its first record to its head."""
    chains: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _rows(connection, tables.document_seal):
        chains[row["seal"], row["chain"]].append(row)
    for row in _rows(connection, tables.seal_chain):
        name, kept = f"{row['seal']} {row['chain']}", chains.pop((row["seal"], row["chain"]), [])
        previous = ""
        for place, record in enumerate(sorted(kept, key=lambda one: one["position"]), 1):
            if (record["position"], record["previous"]) != (place, previous):
                yield Violation("seal", name, f"record {record['position']} of id {record['document']} is out of place")
            previous = record["link"]
        if (row["position"], row["head"]) != (len(kept), previous):
            yield Violation("seal", name, f"it is at {row['position']} and has {len(kept)} records")
    for stray in chains:
        yield Violation("seal", " ".join(stray), "the chain has records, and no row")


def _once(connection: Connection) -> Iterator[Violation]:
    """One document per key; one number in a company's books."""
    table = tables.document.c
    for kind, columns in {
        "key": (table.company, table.key),
        "duplicate": (table.company, table.module, table.number),
    }.items():
        query = select(*columns, func.count()).group_by(*columns).having(func.count() > 1)
        for *names, number in connection.execute(query):
            yield Violation(kind, " ".join(names), f"{number} documents")


def _as_told(connection: Connection, told: Told, found: Found) -> Iterator[Violation]:
    table = tables.document.c
    rows = {row.key: row for row in connection.execute(select(table.key, table.number, table.id))}
    for line in told.acknowledged:
        row = rows.get(line["key"])
        if row is None:
            yield Violation("lost", line["key"], f"number {line['number']} was acknowledged")
        elif (row.number, row.id) != (line["number"], line["id"]):
            yield Violation("lost", line["key"], f"number {line['number']} was acknowledged; it has {row.number}")
    for line in told.refused:
        if line["key"] in rows:
            yield Violation("refused", line["key"], f"told {line['refused']}, and posted as {rows[line['key']].number}")
    found.unacknowledged = len(rows.keys() - {line["key"] for line in told.acknowledged})


def _documents(connection: Connection, series: int) -> Iterator[tuple[Row, dict[str, list[Row]]]]:
    """The documents of a series by value, with their children by table."""
    table = tables.document
    ids = connection.scalars(
        select(table.c.id).where(table.c.series == series).order_by(table.c.value, table.c.id)
    ).all()
    for place in range(0, len(ids), CHUNK):
        some = ids[place : place + CHUNK]
        documents = {row["id"]: row for row in _rows(connection, table, id=some)}
        children: dict[int, dict[str, list[Row]]] = {one: {child.name: [] for child in CHILDREN} for one in some}
        for child in CHILDREN:
            for row in _rows(connection, child, document=some):
                children[row["document"]][child.name].append(row)
        for one in some:
            yield documents[one], children[one]


def _rows(connection: Connection, table: Table, **where: Sequence[Any]) -> Iterator[Row]:
    query = select(table).order_by(*table.primary_key.columns)
    for name, values in where.items():
        query = query.where(table.c[name].in_(values))
    for row in connection.execute(query).mappings():
        yield dict(row)


def _chronological(connection: Connection) -> frozenset[str]:
    """Keys of the counters whose dates may not fall."""
    table = tables.record
    query = select(table.c.key, table.c.body).where(table.c.table_name == "counter")
    return frozenset(key for key, body in connection.execute(query) if json.loads(body).get("chronological"))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
