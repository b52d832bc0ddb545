"""Is what was measured really there? Asked of the database by SQL."""

from __future__ import annotations

from sqlalchemy import text

from engine.storage.database import open_database
from tests.bench.sample import CHILDREN, Row, Sample, of_document

_TOTALS = "SELECT count(*), count(DISTINCT company || ' ' || number), coalesce(sum(gross), 0) FROM document"
_NUMBERS = """
    SELECT counter_series.company, counter_series.value,
           count(document.id), min(document.value), max(document.value), count(DISTINCT document.value)
    FROM counter_series LEFT JOIN document ON document.series = counter_series.id
    GROUP BY counter_series.id, counter_series.company, counter_series.value
"""
_UNBALANCED = """
    SELECT count(*) FROM (
        SELECT document FROM entry_line GROUP BY document, entry HAVING sum(debit) <> sum(credit) OR sum(debit) = 0
    ) AS unbalanced
"""
_LAST = "SELECT id FROM document WHERE company = 'BENCH1' ORDER BY id DESC LIMIT 1"
_OWN = frozenset(
    "id document key series value number body_hash previous_hash hash posted_at request content_hash at due_at "
    "changed_at subject detail description".split()
)
"""Columns in which two documents differ though they say the same."""
_BY_LEDGER = "SELECT coalesce(sum(debit), 0) FROM entry_line"


def wrong(url: str, sample: Sample, expected: int, gapless: bool = True) -> list[str]:
    """What does not hold of a database to which documents like the sample were written; nothing when all is well."""
    found = []
    database = open_database(url)
    with database.read() as connection:
        documents, numbers, gross = connection.execute(text(_TOTALS)).one()
        if (documents, numbers) != (expected, expected):
            found.append(f"{expected} documents were written; there are {documents}, with {numbers} numbers")
        for table in CHILDREN:
            rows = connection.scalar(text(f"SELECT count(*) FROM {table.name}"))  # noqa: S608  a table of ours
            if rows != documents * len(sample.children[table.name]):
                found.append(f"{table.name} has {rows} rows for {documents} documents")
        unbalanced = connection.scalar(text(_UNBALANCED))
        if unbalanced or connection.scalar(text(_BY_LEDGER)) != gross:
            found.append(f"{unbalanced} entries are out of balance, or the debits are not the documents' gross")
        found += _unlike(sample, of_document(connection, connection.scalar(text(_LAST)) or 0))
        if gapless:
            for company, value, count, first, last, different in connection.execute(text(_NUMBERS)):
                if value and (count, first, last, different) != (value, 1, value, value):
                    found.append(f"{company} is at {value}: {count} documents, {first} to {last}")
    database.close()
    return found


def _unlike(sample: Sample, other: Sample) -> list[str]:
    """Where the rows of another document are not those of the sample: in a value, or in its type."""
    pairs: list[tuple[str, Row, Row]] = [("document", sample.document, other.document)]
    for name, rows in sample.children.items():
        pairs += [(name, one, another) for one, another in zip(rows, other.children[name], strict=False)]
    return [
        f"{table}.{name} is {other_row[name]!r}, in the sample {value!r}"
        for table, row, other_row in pairs
        for name, value in row.items()
        if type(other_row[name]) is not type(value) or (name not in _OWN and other_row[name] != value)
    ]
