"""The balance proof: CPU for the journals of all shipped packs, and the mutation check in full, with its counts."""

from __future__ import annotations

import sys
import time
from collections import Counter

from engine.journal.balance import prove
from engine.journal.proofs import asked
from tests.packs.shipped import CODES, catalog_of
from tests.support.mutants import Judged, judged, really_unbalanced
from tests.support.packs import DAY


def shipped() -> None:
    start, count = time.process_time(), 0
    for code in CODES:
        catalog = catalog_of(code)
        read = time.process_time()
        for one in asked(catalog, DAY):
            count += 1
            if prove(one.journal, catalog, one.book, one.legislation).verdict != "proved":
                raise SystemExit(f"{code} {one.journal.key} is not proved")
        print(f"{code}: {time.process_time() - read:.3f} s CPU")
    print(f"{count} proofs of shipped journals, packs read: {time.process_time() - start:.2f} s CPU   (gate 5 s)")


def mutation_check(count: int, documents: int, seed: int) -> None:
    start = time.process_time()
    counts: Counter[tuple[str, str]] = Counter()
    for one in judged(count, documents, seed):
        counts["unbalanced" if one.unbalanced else "balanced", one.proof.verdict] += 1
        wrong = one.unbalanced != (one.proof.verdict == "refuted") or one.proof.verdict == "sampled"
        if one.proof.verdict == "refuted" and not really_unbalanced(one.mutant, one.proof):
            raise SystemExit(f"refuted by a document that balances: {one.mutant}")
        if wrong:
            print(told(one))
    for (truth, verdict), number in sorted(counts.items()):
        print(f"{truth} by brute force, {verdict}: {number}")
    print(f"{count} mutants, {documents} documents each: {time.process_time() - start:.0f} s CPU")


def told(one: Judged) -> str:
    lines = "".join(f"\n    {line}" for line in one.mutant.line)
    return f"{one.proof.verdict}, brute force {one.unbalanced}: {one.mutant.key}{lines}\n  {one.proof.example}"


def main(count: int = 500, documents: int = 4_000, seed: int = 1) -> None:
    shipped()
    mutation_check(count, documents, seed)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
