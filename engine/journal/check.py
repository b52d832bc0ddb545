"""What must hold of journals and types before a revision is applied: every formula compiles, every chain arrives.

A type that may be offered to a company must lead to an automatic journal, entry type, journal and counter there; a
formula's problem is told with its text and a caret under the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from engine.journal.determine import FULFILMENTS, determine
from engine.kernel.faults import Fault, FaultKind
from engine.numbering.counters import no_counter, numbering
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.coherence import Place
from engine.parametrization.definitions import (
    AutomaticJournal,
    Company,
    DeliveryRule,
    Mention,
    NamedFormula,
    Record,
)
from engine.parametrization.vocabulary import NAMED
from engine.selection import choose
from rules import BadFormula, Formula

LINE_ID_TWICE = FaultKind("line_id_twice", "two lines have the id {id!r}", "give each line an id of its own")


def check(catalog: Catalog, on: date, place: Place) -> Iterator[Fault]:
    """Everything that would fail at the first posting, found now."""
    for journal in catalog.table(AutomaticJournal).values():
        yield from _journal(journal, place(journal))
    for mention in catalog.table(Mention).values():
        if mention.when:
            yield from _compiled(partial(formulas.condition, mention.when), f"{place(mention)} when")
    for rule in catalog.table(DeliveryRule).values():
        if rule.when:
            yield from _compiled(partial(formulas.condition, rule.when), f"{place(rule)} when")
    for formula in catalog.table(NamedFormula).values():
        if formula.code in NAMED:
            yield from _compiled(partial(formulas.named, formula.code, formula.text), f"{place(formula)} text")
    for company in catalog.table(Company).values():
        yield from _chains(catalog, company, on, place)


def _journal(journal: AutomaticJournal, place: str) -> Iterator[Fault]:
    seen = set()
    for field in ("when", "reverse"):
        text = getattr(journal, field)
        if text:
            yield from _compiled(partial(formulas.condition, text), f"{place} {field}")
    if journal.date:
        yield from _compiled(partial(formulas.day, journal.date, None), f"{place} date")
    if journal.description:
        yield from _compiled(partial(formulas.words, journal.description, None), f"{place} description")
    for line in journal.line:
        where = f"{place} line[{line.id}]"
        if line.id in seen:
            yield LINE_ID_TWICE.at(where, id=line.id)
        seen.add(line.id)
        row: str | None = None if line.each == "document" else line.each
        texts: list[tuple[str, str, Callable[[str, str | None], Formula]]] = [
            ("when", line.when, formulas.condition),
            ("amount", line.amount, formulas.amount),
            ("tax_code", line.tax_code, formulas.words),
            ("partner", line.partner, formulas.words),
            ("due_date", line.due_date, formulas.day),
            ("description", line.description, formulas.words),
        ]
        if line.side not in ("debit", "credit"):
            texts.append(("side", line.side, formulas.side))
        for field, text, compiled in texts:
            if text:
                yield from _compiled(partial(compiled, text, row), f"{where} {field}")


def _compiled(compiled: Callable[[], Formula], where: str) -> Iterator[Fault]:
    try:
        compiled()
    except BadFormula as bad:
        for problem in bad.problems:
            _, _, caret = problem.show(bad.text).partition("\n")
            yield Fault(problem.code, where, f"{problem.words}\n{caret}", problem.hint or "mend the formula")


def _chains(catalog: Catalog, company: Company, on: date, place: Callable[[Record], str]) -> Iterator[Fault]:
    """For every type that may be offered to a company: does each chain arrive?"""
    for kind in choose(catalog, company, on).offered:
        where = place(kind)
        found = determine(catalog, company, kind, on)
        fulfilled = determine(catalog, company, kind, on, FULFILMENTS)
        faults = dict.fromkeys((*found.faults, *fulfilled.faults))
        yield from (Fault(fault.code, where, fault.message, fault.remedy) for fault in faults)
        numbers = numbering(catalog, company, kind, found.entry_type, on)
        if numbers.series is None:
            fault = no_counter(numbers, company, kind)
            yield Fault(fault.code, where, fault.message, fault.remedy)
