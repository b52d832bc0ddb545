"""What would go wrong later, found now: a look over the whole parametrization in force.

In: a Catalog (step 1) and a date. Out: findings, each with a code, a severity and a way out; and the coverage matrix,
company x module x category. Pure. What stops an `apply` is a fault and is found by `parametrization.coherence` and
`journal.check`; what is found here may stand, and somebody should know. `filling` looks at series too, `proved` at
proofs, `connected` at the connections of the installation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from engine.lint import accounts, chains, connected, counters, filling, matrix, offers, proved, translations, uses
from engine.lint.findings import FINDINGS, Finding, FindingKind
from engine.lint.matrix import Coverage, Covered, coverage
from engine.lint.survey import Survey
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import TABLES, Record

__all__ = [
    "FINDINGS",
    "Coverage",
    "Covered",
    "Finding",
    "FindingKind",
    "connected",
    "coverage",
    "filling",
    "lint",
    "proved",
]

LOOKS: tuple[Callable[[Survey], Iterator[Finding]], ...] = (
    counters.look,
    chains.look,
    accounts.look,
    offers.look,
    matrix.look,
    translations.look,
    uses.look,
)


def lint(catalog: Catalog, on: date, place: Callable[[Record], str] | None = None) -> Iterator[Finding]:
    """Every finding about a parametrization on a date, and about the days to come that change it.

    `place` tells where a record was written; it fills `Finding.place`.
    """
    survey = Survey(catalog, on)
    for look in LOOKS:
        for finding in dict.fromkeys(look(survey)):
            kind = TABLES.get(finding.table)
            record = catalog.table(kind).get(finding.key) if kind and place else None
            yield replace(finding, place=place(record)) if place and record else finding
