"""What the balance proof has seen of journals: lines that can never fire, conditions that always hold, and journals
that were tried rather than proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from engine.journal.proofs import Kept
from engine.lint.findings import Finding, FindingKind, listed
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AutomaticJournal

SAMPLED = FindingKind(
    "lint_journal_sampled",
    "warning",
    "it is not proved to balance: {samples} documents did ({open})",
    "write it so that it can be proved, and take allow_sampled away",
)
NEVER = FindingKind(
    "lint_line_never_made",
    "warning",
    "line {line} is made for no document: its conditions exclude each other, or what always holds",
    "mend its conditions, or remove it",
)
ALWAYS = FindingKind(
    "lint_condition_always_true", "info", "the condition of line {line} holds for every document", "leave it out"
)


def look(catalog: Catalog, proofs: Iterable[Kept]) -> Iterator[Finding]:
    """A line is never made, or always, when that is so for every legislation its journal is proved for."""
    of: dict[str, list[Kept]] = defaultdict(list)
    for one in proofs:
        of[one.journal].append(one)
    for key, mine in of.items():
        journal = catalog.table(AutomaticJournal)[key]
        for one in mine:
            if one.verdict == "sampled":
                yield SAMPLED.at(journal, samples=one.samples, open=listed(one.detail["open"], 2))
        for kind, lines in ((NEVER, [set(one.dead) for one in mine]), (ALWAYS, [set(one.always) for one in mine])):
            for line in sorted(set.intersection(*lines)):
                yield kind.at(journal, line=line)
