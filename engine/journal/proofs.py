"""The balance proof of every journal of a parametrization: what is not proved is told before it is applied.

A proof rests on the journal, the named formulas it may use, the ledgers it feeds and what always holds of documents.
All of that together names it (`Kept.hash`), so a proof once made is found again and never made twice; it is kept with
the revision that brought it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.journal.balance import Proof, prove
from engine.journal.check import books
from engine.kernel.faults import Fault, FaultKind
from engine.parametrization import formulas, invariants
from engine.parametrization.bodies import to_text
from engine.parametrization.catalog import Catalog
from engine.parametrization.coherence import Place
from engine.parametrization.definitions import AutomaticJournal, Company, EntryType

REFUTED = FaultKind(
    "journal_refuted",
    "it does not balance{of}: in ledger {ledger} debit less credit is {delta} for the document {document}",
    "mend the journal, and try it: factotum journal {code} --document FILE",
)
NOT_PROVED = FaultKind(
    "journal_not_proved",
    "it was not proved to balance{of}, though {samples} documents did; open is {open}",
    "write it so that it can be proved, or say allow_sampled = true",
)
VERSION = 2
"""Of the proof itself: raised when what it can prove, or what it rests on outside of the invariants, changes."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A proof as it is stored. `legislation` is that of the companies it is for; `detail` is for people."""

    hash: str
    journal: str
    legislation: str
    verdict: str
    samples: int
    detail: Mapping[str, Any]  # document, ledger, delta, entry, dead, always, open

    def as_row(self) -> dict[str, Any]:
        """For the store."""
        row = {name: getattr(self, name) for name in ("hash", "journal", "legislation", "verdict", "samples")}
        return row | {"detail": json.dumps(self.detail, ensure_ascii=False, sort_keys=True)}

    @property
    def dead(self) -> tuple[str, ...]:
        """Lines that can never fire."""
        return tuple(self.detail.get("dead", ()))

    @property
    def always(self) -> tuple[str, ...]:
        """Lines whose condition always holds."""
        return tuple(self.detail.get("always", ()))


def kept_of(row: Mapping[str, Any]) -> Kept:
    """From the store."""
    named = {name: row[name] for name in ("hash", "journal", "legislation", "verdict", "samples")}
    return Kept(**named, detail=json.loads(row["detail"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A journal to be proved for a legislation, with the formulas of its companies."""

    hash: str
    journal: AutomaticJournal
    legislation: str
    book: formulas.Book


def asked(catalog: Catalog, on: date) -> Iterator[Asked]:
    """Every journal, for every legislation and set of named formulas its companies have."""
    facts = [*invariants.FACTS, *invariants.BASES]
    ground = json.dumps([VERSION, *map(list, invariants.DEFINITIONS.items()), *map(list, facts)])
    ledgers = json.dumps(sorted((key, sorted(one.ledgers.items())) for key, one in catalog.table(EntryType).items()))
    for journal in catalog.table(AutomaticJournal).values():
        laws = sorted({one.legislation for one in catalog.table(Company).values()})
        mine = [journal.legislation] if journal.legislation else laws or [""]
        for law in mine:
            for book in books(catalog, journal, on, law):
                named = sorted(book.vocabulary.formulas.items())
                whole = [ground, ledgers, to_text(journal), law, named]
                yield Asked(hashlib.sha256(json.dumps(whole).encode()).hexdigest(), journal, law, book)


def proved(
    catalog: Catalog,
    on: date,
    known: Callable[[Sequence[str]], Mapping[str, Kept]],
    progress: Callable[[str], None] = lambda journal: None,
) -> list[Kept]:
    """A proof of every journal: those known by their hash as they are, the others made now."""
    wanted = list(asked(catalog, on))
    found = known([one.hash for one in wanted])
    result = []
    for one in wanted:
        kept = found.get(one.hash)
        if kept is None:
            progress(one.journal.key)
            kept = _kept(one, prove(one.journal, catalog, one.book, one.legislation))
        result.append(kept)
    return result


def _kept(one: Asked, proof: Proof) -> Kept:
    detail: dict[str, Any] = {"dead": list(proof.dead), "always": list(proof.always), "open": list(proof.open)}
    if proof.example:
        detail |= proof.example.as_data()
    return Kept(one.hash, one.journal.key, one.legislation, proof.verdict, proof.samples, detail)


def refusals(catalog: Catalog, proofs: Iterable[Kept], place: Place) -> Iterator[Fault]:
    """What keeps a journal from being applied."""
    for one in proofs:
        journal = catalog.table(AutomaticJournal)[one.journal]
        of = f" for companies of {one.legislation}" if one.legislation and not journal.legislation else ""
        if one.verdict == "refuted":
            document = json.dumps(one.detail["document"], ensure_ascii=False, default=str)
            told = {"of": of, "ledger": one.detail["ledger"] or "all", "delta": one.detail["delta"]}
            yield REFUTED.at(place(journal), document=document, code=journal.code, **told)
        elif one.verdict == "sampled" and not journal.allow_sampled:
            told = {"of": of, "samples": one.samples, "open": "; ".join(one.detail["open"][:3]) or "too much"}
            yield NOT_PROVED.at(place(journal), **told)
