"""What must hold of journals and types before a revision is applied: every formula compiles, every chain arrives.

A type that may be offered to a company must lead to an automatic journal, entry type, journal and counter there; a
formula's problem is told with its text and a caret under the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial

from engine.journal.compiled import NUMBER, line_formulas
from engine.journal.determine import FULFILMENTS, determine
from engine.kernel.faults import Fault, FaultKind
from engine.numbering.counters import no_counter, numbering, second
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.coherence import Place
from engine.parametrization.definitions import (
    AutomaticJournal,
    Company,
    Counter,
    CounterComponent,
    DeliveryRule,
    Mention,
    NamedFormula,
    Record,
    Scoped,
)
from engine.parametrization.vocabulary import NAMED
from engine.selection import choose
from rules import ANY_TYPE, BadFormula, Formula, compile_formula

LINE_ID_TWICE = FaultKind("line_id_twice", "two lines have the id {id!r}", "give each line an id of its own")
NO_REPEAT = FaultKind(
    "repeat_missing", "the line names repeat.index and does not repeat", "add `repeat` to the line, or leave it out"
)
OWN_NUMBER = FaultKind(
    "counter_names_number", "a number cannot print itself: document.number is known afterwards", "leave it out"
)
INDEX = "repeat.index"


def check(catalog: Catalog, on: date, place: Place) -> Iterator[Fault]:
    """Everything that would fail at the first posting, found now."""
    for journal in catalog.table(AutomaticJournal).values():
        yield from _once(_journal(journal, book, place(journal)) for book in books(catalog, journal, on))
    for mention in catalog.table(Mention).values():
        if mention.when:
            yield from _written(catalog, mention, mention.when, on, f"{place(mention)} when")
    for rule in catalog.table(DeliveryRule).values():
        if rule.when:
            yield from _written(catalog, rule, rule.when, on, f"{place(rule)} when")
    for counter in catalog.table(Counter).values():
        for part in counter.component:
            if part.kind in ("formula", "complement") and part.value:
                yield from _printed(catalog, counter, part, on, f"{place(counter)} component[{part.position}]")
    for formula in catalog.table(NamedFormula).values():
        where = f"{place(formula)} text"
        yield from _once(_named(formula, book, where) for book in books(catalog, formula, on))
    for company in catalog.table(Company).values():
        yield from _chains(catalog, company, on, place)


def books(catalog: Catalog, record: Scoped, on: date, legislation: str = "") -> list[formulas.Book]:
    """The formulas with which a record is read: those of every company of its legislation, alike ones once."""
    law = legislation or record.legislation
    companies = [one for one in catalog.table(Company).values() if law in ("", one.legislation)]
    found = dict.fromkeys(formulas.of(catalog, company, on) for company in companies)
    return list(found) or [formulas.of_legislation(catalog, law)]


def _once(many: Iterable[Iterable[Fault]]) -> Iterable[Fault]:
    """The faults of several readings of one text, each told once."""
    return dict.fromkeys(fault for faults in many for fault in faults)


def _written(catalog: Catalog, record: Scoped, text: str, on: date, where: str) -> Iterable[Fault]:
    return _once(_compiled(partial(book.condition, text), where) for book in books(catalog, record, on))


def _printed(catalog: Catalog, counter: Counter, part: CounterComponent, on: date, where: str) -> Iterable[Fault]:
    """What a number prints of its document is known before the number."""
    for book in books(catalog, counter, on):
        yield from _compiled(partial(book.words, part.value), f"{where} value", numbering=True)


def _named(formula: NamedFormula, book: formulas.Book, where: str) -> Iterator[Fault]:
    if formula.code in NAMED:
        return _compiled(partial(book.named, formula.code, formula.text), where)
    row = None if formula.each == "document" else formula.each
    return _compiled(partial(compile_formula, formula.text, book.vocabulary, ANY_TYPE, row), where)


def _journal(journal: AutomaticJournal, book: formulas.Book, place: str) -> Iterator[Fault]:
    seen = set()
    for field in ("when", "reverse"):
        text = getattr(journal, field)
        if text:
            yield from _compiled(partial(book.condition, text), f"{place} {field}")
    if journal.date:
        yield from _compiled(partial(book.day, journal.date, None), f"{place} date")
    if journal.description:
        yield from _compiled(partial(book.words, journal.description, None), f"{place} description")
    for line in journal.line:
        where = f"{place} line[{line.id}]"
        if line.id in seen:
            yield LINE_ID_TWICE.at(where, id=line.id)
        seen.add(line.id)
        row: str | None = None if line.each == "document" else line.each
        conditions = [("when", line.when)] if line.when else []
        conditions += [(f"conditions[{number}]", text) for number, text in enumerate(line.conditions)]
        asked = [(field, text, book.condition) for field, text in conditions]
        for field, text, compiled in (*asked, *line_formulas(line, book)):
            yield from _compiled(partial(compiled, text, row), f"{where} {field}", repeated=line.repeat is not None)


def _compiled(
    compiled: Callable[[], Formula], where: str, repeated: bool = False, numbering: bool = False
) -> Iterator[Fault]:
    try:
        found = compiled()
    except BadFormula as bad:
        for problem in bad.problems:
            _, _, caret = problem.show(bad.text).partition("\n")
            yield Fault(problem.code, where, f"{problem.words}\n{caret}", problem.hint or "mend the formula")
    else:
        if INDEX in found.names and not repeated:
            yield NO_REPEAT.at(where)
        if NUMBER in found.names and numbering:
            yield OWN_NUMBER.at(where)


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
        if kind.creation_counter:
            _, wrong = second(catalog, company, kind, numbers.series, on)
            yield from (Fault(fault.code, where, fault.message, fault.remedy) for fault in wrong)
