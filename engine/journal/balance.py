"""Step 5, before any document comes: does an automatic journal balance, whatever is drafted?

    proof = prove(journal)        proved | refuted, with a document | sampled n

Proved means that debit − credit is 0 by linear algebra over what always holds of documents, which is told in
parametrization.invariants. Refuted means that a document was really drafted, and really does not balance. Everything
between is sampled: tried on so many documents, all of which balance. The proof is in document currency; a ledger in
another balances by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from engine.journal.determine import journal_code
from engine.journal.expand import Formulas, ledger_sets, terms
from engine.journal.specimens.home import at_home
from engine.journal.specimens.maker import Maker
from engine.journal.specimens.search import Found, Search
from engine.journal.specimens.wishes import Dice, hints_of
from engine.journal.specimens.world import World
from engine.journal.trial import Trial, as_entry
from engine.kernel.codes import NEVER_POSTED
from engine.kernel.money import ZERO
from engine.parametrization import invariants
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalGroup, EntryType, InvoiceType
from engine.parametrization.formulas import PLAIN
from engine.parametrization.vocabulary import DOCUMENT
from rules import BOOLEAN, compile_formula
from rules.proof import prove as prove_terms
from rules.terms import Fact, Outcome, Term

SEED = 1
TRIES = 400
MOST_TOLD = 10  # cases left open that are told, for each ledger
Verdict = Literal["proved", "refuted", "sampled"]


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A document on which a journal does not balance, as data for people and programs.

    `request` is a document as CONTRACT §3 has it. `setting` is what it rests on, company, type, taxes, where they are
    made up; blank where the catalog has them all. `entry` are the lines the journal would post in `ledger`, before they
    are merged; `delta` is debit less credit.
    """

    request: dict[str, Any]
    setting: dict[str, Any]
    ledger: str
    entry: tuple[dict[str, str], ...]
    delta: Decimal

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        told = {"document": self.request, "setting": self.setting, "ledger": self.ledger}
        return told | {"entry": list(self.entry), "delta": str(self.delta)}


@dataclass(frozen=True, slots=True)
class Proof:
    """`samples` is how many documents were tried; `open` says in words what was left unproved.

    `dead` are lines whose conditions never hold, `always` those whose own always do, as far as that could be seen.
    """

    verdict: Verdict
    samples: int = 0
    example: CounterExample | None = None
    dead: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any] | None:
        return self.example.request if self.example else None

    @property
    def ledger(self) -> str:
        return self.example.ledger if self.example else ""

    @property
    def delta(self) -> Decimal:
        return self.example.delta if self.example else ZERO


def prove(
    journal: AutomaticJournal,
    catalog: Catalog | None = None,
    formulas: Formulas = PLAIN,
    legislation: str = "",
    seed: int = SEED,
    tries: int = TRIES,
) -> Proof:
    """Prove, refute or sample a journal, for every ledger it may feed.

    `catalog` tells which ledgers there are, and lends its records to the counter-example; without it the ledgers are
    those the lines name. `formulas` compiles texts: a `Book` with the named formulas of a
    `legislation`, for whose companies the journal is then proved. The same input gives the same proof.
    Errors: BadFormula, for a journal that `journal.check` would refuse.
    """
    law = journal.legislation or legislation
    facts = (*invariants.facts(), *_scope(journal.module, law))
    every: list[Term] = []
    outcomes: dict[str, Outcome] = {}
    for ledger in ledger_sets(journal, _ledgers(journal, law, catalog)).values():
        mine = list(terms(journal, ledger, formulas))
        outcomes[ledger] = prove_terms(mine, invariants.theory(), facts)
        every += mine
    told = _told(journal, every, list(outcomes.values()))
    left = {ledger: one.unproved for ledger, one in outcomes.items() if not one.proved}
    if not left:
        return Proof("proved", **told)
    nodes = [node for term in every for node in (*term.within, *term.when, term.amount)]
    hints = hints_of(nodes, [unproved.case for cases in left.values() for unproved in cases])
    maker = Maker(World(hints, law, catalog), Dice(seed, hints), journal.module)
    trial, samples = Trial(journal, formulas), 0
    for ledger, unproved in left.items():
        search = Search(trial, ledger, _tolerance(journal), maker)
        found = search.run(unproved, tries)
        samples += search.tried
        if found:
            home = at_home(found, search, journal, catalog) if catalog else None
            return Proof("refuted", samples, _example(search, home or found, home is not None), **told)
    return Proof("sampled", samples, **told)


def _ledgers(journal: AutomaticJournal, legislation: str, catalog: Catalog | None) -> tuple[str, ...]:
    """The ledgers that are fed by the entry types the journal may be run with."""
    if catalog is None:
        return ()
    groups = [one.code for one in catalog.table(AutomaticJournalGroup).values() if journal.code in one.members]
    users = [
        kind
        for kind in catalog.table(InvoiceType).values()
        if {journal_code(kind, direct=True), journal_code(kind, direct=False)} & {journal.code, *groups}
    ]
    used = {journal.entry_type, *(kind.entry_type for kind in users)}
    fed = [
        one.ledgers
        for one in catalog.table(EntryType).values()
        if one.code in used and (not legislation or one.legislation in ("", legislation))
    ]
    return tuple(sorted({code for ledgers in fed for code, use in ledgers.items() if use != "none"}))


def _scope(module: str, legislation: str) -> Iterator[Fact]:
    """What holds of a document because the journal runs for it."""
    never = ", ".join(f'"{code}"' for code in sorted(NEVER_POSTED))
    texts = {"document.category": f"document.category not in ({never})"}
    texts |= {"document.module": f'document.module = "{module}"'} if module else {}
    texts |= {"company.legislation": f'company.legislation = "{legislation}"'} if legislation else {}
    for name, text in texts.items():
        yield Fact(name, "", compile_formula(text, DOCUMENT, BOOLEAN).node)


def _tolerance(journal: AutomaticJournal) -> Decimal:
    """What may differ and is then booked as a rounding difference."""
    variance: Any = getattr(journal, "variance", None)
    return Decimal(getattr(variance, "tolerance", ZERO))


def _example(search: Search, found: Found, at_home: bool) -> CounterExample:
    entry = as_entry(found.posted, search.ledger, search.trial.turned(found.values))
    setting = {} if at_home else search.maker.world.setting(found.specimen)
    return CounterExample(found.specimen.request, setting, search.ledger, tuple(entry), found.delta)


def _told(journal: AutomaticJournal, every: Sequence[Term], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the cases leave, and what they say of single lines; nothing of lines where not all cases were seen."""
    left = [str(one) for outcome in outcomes for one in outcome.unproved[:MOST_TOLD]]
    if not all(one.complete for one in outcomes):
        return {"open": tuple(left) or ("there are too many cases to look at each",)}
    made = {id for one in outcomes for id in one.made}
    unmade = {id for one in outcomes for id in one.unmade}
    seen, limited = {term.id for term in every}, {term.id for term in every if term.when}
    ids = [line.id for line in journal.line if line.id in seen]
    return {
        "dead": tuple(id for id in ids if id not in made),
        "always": tuple(id for id in ids if id in made - unmade and id in limited),
        "open": tuple(left),
    }
