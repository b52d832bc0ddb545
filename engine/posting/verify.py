"""Is a posted document what it was when it was posted? Recomputed from its rows alone.

Found: a number out of order, a row changed by a single byte, an entry that does not balance, totals that do not add up,
a link that does not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.kernel.money import ZERO
from engine.posting import canon
from engine.posting.ports import Row, Stored
from engine.posting.sealing import links


@dataclass(frozen=True, slots=True)
class Checked:
    """What one step of a walk found: a document, or the end of its series."""

    documents: int
    problems: tuple[str, ...]


def walk(series: Row, documents: Iterable[Stored]) -> Iterator[Checked]:
    """Walk a series from its first document to its head."""
    previous, value = canon.FIRST, None
    for one in documents:
        document = one.document
        called = f"{document['company']} {document['number']} (id {document['id']})"
        expected = document["value"] if value is None else value + 1
        yield Checked(1, tuple(f"{called}: {found}" for found in problems(one, previous, expected)))
        previous, value = document["hash"], document["value"]
    if previous != series["head_hash"] or value not in (None, series["value"]):
        name = "/".join((series["company"], series["counter"], series["period"]))
        found = "it has no document" if value is None else f"its last document has value {value}"
        yield Checked(0, (f"series {name} is at {series['value']}, {found}",))


def problems(stored: Stored, previous_hash: str, expected_value: int) -> Iterator[str]:
    """What is wrong with one document, in words; nothing when all is well."""
    document, entries, entry_lines = stored.document, stored.entries, stored.entry_lines
    if document["value"] != expected_value:
        yield f"its value is {document['value']}, after {expected_value - 1}: {expected_value} is missing"
    version = document["canon"]
    if not 1 <= version <= canon.VERSION:
        yield f"it was hashed in version {version}; this program knows 1 to {canon.VERSION}"
    if canon.body_hash(stored.by_table, version) != document["body_hash"]:
        yield "its rows do not give the hash they were posted with"
    for column in canon.not_hashed(stored.by_table, version):
        yield f"{column} holds what it was not posted with"
    if document["previous_hash"] != previous_hash:
        yield "it does not follow the document before it"
    texts = canon.texts_after_number(entries, entry_lines)
    linked = canon.link(
        document["previous_hash"],
        document["series"],
        document["value"],
        document["number"],
        texts,
        document["body_hash"],
        version,
        links([row for row in stored.seals if row["kind"] == "issue"]),
    )
    if linked != document["hash"]:
        yield "its link in the chain does not hold"
    yield from _sums(document, stored.lines, stored.taxes)
    yield from _balances(entry_lines)


def _sums(document: Row, lines: Sequence[Row], taxes: Sequence[Row]) -> Iterator[str]:
    net = sum((row["net"] for row in lines), ZERO)
    tax = sum((row["amount"] for row in taxes), ZERO)
    if net != document["net"]:
        yield f"its lines add up to {net}, its net is {document['net']}"
    if tax != document["tax"]:
        yield f"its taxes add up to {tax}, its tax is {document['tax']}"
    if document["net"] + document["tax"] != document["gross"]:
        yield "net and tax do not give gross"


def _balances(entry_lines: Sequence[Row]) -> Iterator[str]:
    balance: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in entry_lines:
        balance[row["entry"]] += row["debit"] - row["credit"]
    for entry, difference in balance.items():
        if difference:
            yield f"entry {entry} is out of balance by {difference}"
