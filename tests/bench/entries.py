"""Entry generation for an invoice of 10 lines and 2 taxes, warm: CPU time of one thread, the best of several rounds.

Limit: 150 µs. Facts and drafting stand beside it, in the same run. Nothing is parsed while it runs: that is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time_ns

from engine.drafting import facts
from engine.journal.determine import determine
from engine.journal.generate import Books, run
from engine.kernel.faults import Faulty
from rules import arithmetic
from tests.bench.figures import Figure, Line, lines
from tests.packs.shipped import catalog_of, drafted
from tests.packs.test_golden_journals import french, italian, line

ROUNDS, TIMES = 7, 300
LIMIT = 150


def best(work: Callable[[], object]) -> float:
    """Microseconds of one call, the best of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = process_time_ns()
        for _ in range(TIMES):
            work()
        rounds.append((process_time_ns() - start) / TIMES / 1000)
    return min(rounds)


def figures() -> Iterator[Line]:
    catalog = catalog_of("DEMO")
    documents = {
        "FRA FACT": french(*(line(str(n), "19.90", "FR20" if n % 2 else "FR55") for n in range(1, 11))),
        "ITA FATT": italian(*(line(str(n), "19.90", "IT22" if n % 2 else "IT10") for n in range(1, 11))),
        "FRA mixed natures, due at payment": french(
            *(line(str(n), "19.90", "FR20", "goods" if n % 2 else "service") for n in range(1, 11))
        ),
    }
    for name, document in documents.items():
        draft = drafted(catalog, document)
        found = determine(catalog, draft.company, draft.type, draft.date)
        if found.entry_type is None or found.journal is None:
            raise Faulty(found.faults)
        books = Books(found.entry_type, found.journal)
        values = facts.of(draft, catalog)
        with arithmetic():
            entries = best(lambda: run(draft, found.members, books, catalog, values))  # noqa: B023
            known = best(lambda: facts.of(draft, catalog))  # noqa: B023
        drafting = best(lambda: drafted(catalog, document))  # noqa: B023
        yield Figure(f"{name}: entries", entries, "µs", gate=LIMIT)
        yield Figure(f"{name}: facts", known, "µs")
        yield Figure(f"{name}: reading, picking, drafting", drafting, "µs")


if __name__ == "__main__":
    print("\n".join(lines("entries of 10 lines and 2 taxes, warm", list(figures()))))
