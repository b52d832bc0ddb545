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

from engine.journal.expand import Formulas, ledger_sets, terms
from engine.journal.specimens.maker import Maker
from engine.journal.specimens.search import Found, Search
from engine.journal.specimens.wishes import Dice, hints_of
from engine.journal.specimens.world import World
from engine.journal.trial import Trial, as_entry
from engine.kernel.money import ZERO
from engine.parametrization import formulas as plain_formulas
from engine.parametrization import invariants
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AutomaticJournal, EntryType
from engine.parametrization.vocabulary import DOCUMENT
from rules import BOOLEAN, compile_formula
from rules.nodes import Node
from rules.proof import Fact, Outcome, Term
from rules.proof import prove as prove_terms

SEED = 1
TRIES = 400
Verdict = Literal["proved", "refuted", "sampled"]
USUAL: Any = getattr(plain_formulas, "PLAIN", plain_formulas)
"""Formulas without any named ones."""


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A document on which a journal does not balance, as data for people and programs.

    `request` is a document as CONTRACT §3 has it; `setting` what it rests on: company, type, taxes; `entry` the lines
    the journal would post in `ledger`, before they are merged; `delta` debit less credit.
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
    """`dead` are lines whose conditions never hold, `always` those whose `when` always does. `open` says what was left
    unproved, in words; `samples` how many documents were tried."""

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
    formulas: Formulas = USUAL,
    seed: int = SEED,
    tries: int = TRIES,
) -> Proof:
    """Prove, refute or sample a journal, for every ledger it may feed.

    `catalog` tells which ledgers there are, and what taxes are that the journal names by their codes; without it the
    ledgers are those the lines name. `formulas` compiles texts: `parametrization.formulas`, or what holds the named
    formulas of a legislation, for which the journal is then proved. The same input gives the same proof.
    Errors: BadFormula, for a journal that `journal.check` would refuse.
    """
    every: list[Term] = []
    outcomes: dict[str, Outcome] = {}
    for ledger in ledger_sets(journal, _ledgers(journal, catalog)).values():
        mine = list(terms(journal, ledger, formulas))
        outcomes[ledger] = prove_terms(mine, invariants.theory(), (*invariants.facts(), *_scope(journal)))
        every += mine
    told = _told(journal, every, outcomes.values())
    left = {ledger: one for ledger, one in outcomes.items() if not one.proved}
    if not left:
        return Proof("proved", **told)
    maker = _maker(journal, every, left.values(), catalog, seed)
    trial, samples = Trial(journal, formulas), 0
    for ledger, one in left.items():
        search = Search(trial, ledger, _tolerance(journal), maker)
        found = search.run(one.unproved, tries)
        samples += search.tried
        if found:
            return Proof("refuted", samples, _example(trial, found, ledger, maker.world), **told)
    return Proof("sampled", samples, **told)


def _ledgers(journal: AutomaticJournal, catalog: Catalog | None) -> tuple[str, ...]:
    """The ledgers that entry types of the journal's legislation feed."""
    types = catalog.table(EntryType).values() if catalog else ()
    near = [one for one in types if not journal.legislation or one.legislation in ("", journal.legislation)]
    return tuple(sorted({code for one in near for code, use in one.ledgers.items() if use != "none"}))


def _scope(journal: AutomaticJournal) -> Iterator[Fact]:
    """What holds of a document because this journal is meant for it."""
    for name, code in (("document.module", journal.module), ("company.legislation", journal.legislation)):
        if code:
            yield Fact(name, "", compile_formula(f'{name} = "{code}"', DOCUMENT, BOOLEAN).node)


def _tolerance(journal: AutomaticJournal) -> Decimal:
    """What may differ and is then booked as a rounding difference."""
    variance: Any = getattr(journal, "variance", None)
    return Decimal(getattr(variance, "tolerance", ZERO))


def _maker(journal: AutomaticJournal, every: Sequence[Term], left: Any, catalog: Catalog | None, seed: int) -> Maker:
    nodes: list[Node] = [node for term in every for node in (*term.within, *term.when, term.amount)]
    hints = hints_of(nodes, [unproved.case for one in left for unproved in one.unproved])
    return Maker(World(hints, journal.legislation, catalog), Dice(seed, hints), journal.module)


def _example(trial: Trial, found: Found, ledger: str, world: World) -> CounterExample:
    entry = as_entry(found.posted, ledger, trial.turned(found.values))
    return CounterExample(found.specimen.request, world.setting(found.specimen), ledger, tuple(entry), found.delta)


def _told(journal: AutomaticJournal, every: Sequence[Term], outcomes: Any) -> dict[str, Any]:
    """What the cases say of single lines."""
    made = {id for one in outcomes for id in one.made}
    unmade = {id for one in outcomes for id in one.unmade}
    seen, limited = {term.id for term in every}, {term.id for term in every if term.when}
    ids = [line.id for line in journal.line if line.id in seen]
    if any(one.given_up for one in outcomes):
        return {}
    return {
        "dead": tuple(id for id in ids if id not in made),
        "always": tuple(id for id in ids if id in made - unmade and id in limited),
        "open": tuple(str(one) for outcome in outcomes for one in outcome.unproved),
    }
