"""Legal seals of a posting: asked before its number is taken, put on inside the transaction, after the number.

Each seal is on a chain. The counter's row is always locked first, chains after it in the order of seal and name, so no
two postings wait for each other. A series' chain is locked with its counter already; an issuer's waits only here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.kernel.faults import Fault, Faulty
from engine.numbering.counters import Series
from engine.posting import canon
from engine.posting.ports import PostingWork, SealInUse, Stored
from engine.posting.view import document_view
from engine.spi.contracts import DocumentView, Sealed, SealKind, SealRecord

LINKED = (
    "seal", "kind", "company", "chain", "position", "series", "value", "at", "previous", "fingerprint", "link",
    "printed", "facts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a posting is to be sealed with: each seal with the name of the chain the document is on."""

    view: DocumentView
    seals: tuple[tuple[SealInUse, str], ...] = ()


def sealing(view: DocumentView, uses: Iterable[SealInUse], series: Series, on: Any, now: datetime) -> Sealing:
    """Ask every seal before a number is taken. Errors: Faulty, with everything that keeps the document from it."""
    numbered = replace(view, number=series.number(on, series.counter.start))
    record = SealRecord(SealKind.ISSUE, numbered, series.name, series.counter.start, now, None)
    mine = sorted(uses, key=lambda use: use.name)
    faults: list[Fault] = [fault for use in mine for fault in use.faults(record)]
    if faults:
        raise Faulty(faults)
    chains = [(use, use.chain(view, series.name)) for use in mine]
    return Sealing(view, tuple(sorted(chains, key=lambda one: (one[0].name, one[1]))))


def put_on(
    work: PostingWork, asked: Sealing, document: int, series: str, value: int, number: str, at: datetime
) -> list[dict[str, Any]]:
    """The seal rows of a document that has its number; every chain stays locked until commit.

    Errors: Faulty, SealBroken.
    """
    view = replace(asked.view, number=number)
    rows = []
    for use, chain in asked.seals:
        previous, position = work.lock_chain(use.name, chain)
        record = SealRecord(SealKind.ISSUE, view, series, value, at, previous or None)
        sealed = use.seal(record)
        rows.append(seal_row(use.name, chain, position, document, view.company.code, record, sealed))
        work.set_chain(use.name, chain, sealed.link)
    return rows


def seal_row(
    seal: str, chain: str, position: int, document: int, company: str, record: SealRecord, sealed: Sealed
) -> dict[str, Any]:
    """One seal, as it is kept."""
    return {
        "document": document, "seal": seal, "kind": record.kind.value, "company": company, "chain": chain,
        "position": position, "series": record.series, "value": record.value, "at": record.at,
        "previous": record.previous or "", "fingerprint": sealed.fingerprint, "link": sealed.link,
        "printed": canon.json_text(dict(sealed.printed)), "facts": canon.json_text(dict(sealed.facts)),
    }  # fmt: skip


def read_back(row: Mapping[str, Any], stored: Stored) -> tuple[SealRecord, Sealed]:
    """A seal as it is kept, with the document as it is now: what a plugin judges."""
    view = document_view(stored.document, stored.lines, stored.taxes)
    record = SealRecord(SealKind(row["kind"]), view, row["series"], row["value"], row["at"], row["previous"] or None)
    return record, Sealed(row["fingerprint"], row["link"], json.loads(row["printed"]), json.loads(row["facts"]))


def links(rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """What of its seals goes into a document's hash: every column but the document itself."""
    return [[row[name] for name in LINKED] for row in rows]
