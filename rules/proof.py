"""Is a sum of guarded amounts always 0? Case by case, over exact fractions; knows no invoices.

In: terms, a theory (names that stand for others), facts that always hold. Out: proved, or what is left in which cases.

1 a case of the document decides every condition about it; cells of a kind of rows do so for its rows
2 unknowns: what the document has, and for each cell the sum of each variable over its rows, and their number
3 equations: what cases and cells force to one value, what aggregates are in terms of cells
4 the total, reduced by the equations: nothing left, and the case is proved
Sound because cases leave nothing out and equations say only what truly holds: a fact that is missing costs a proof,
never truth.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from rules.cells import Answer, Case, Flag, Subject, TooMany, parts
from rules.linear import MANY_ROWS, Equations, Form, Variable, add, constant
from rules.normal import names_in
from rules.reading import Memory, Reading, Theory
from rules.terms import Fact, Outcome, Rest, Term, Unproved
from rules.unknowns import CellSum, Sum, Unknown, flat, points

MOST_CELLS = 400  # of one kind of rows
MOST_CASES = 2_000  # of the document
MOST_UNPROVED = 20  # cases: enough to aim at
MOST_READINGS = 50_000  # of a term, a fact or an aggregate in a case: a second or two


def prove(terms: Sequence[Term], theory: Theory, facts: Iterable[Fact]) -> Outcome:
    """Is Σ sign · amount 0 whatever the document?"""
    found = relevant(terms, theory, facts)
    outcome = _Proof(terms, theory, [fact for fact in found if not fact.costly]).run()
    left = [{rest.variable.text for rest in one.rests if rest.variable} for one in outcome.unproved]
    more = [fact for fact in found if fact.costly and any(fact.about in names for names in left)]
    if not more or not all({fact.about for fact in more} & names for names in left):
        return outcome
    return _Proof(terms, theory, [fact for fact in found if not fact.costly or fact in more]).run()


def relevant(terms: Sequence[Term], theory: Theory, facts: Iterable[Fact]) -> list[Fact]:
    """The facts about names that are used: by the terms, by definitions of what they use, by facts about it."""
    waiting = [name for term in terms for node in (*term.within, *term.when, term.amount) for name in names_in(node)]
    every = list(facts)
    used = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            nodes = [theory.definitions[name]] if name in theory.definitions else []
            nodes += [fact.node for fact in every if fact.about == name]
            waiting += [inside for node in nodes for inside in names_in(node)]
    return [fact for fact in every if fact.about in used]


class _Made(NamedTuple):
    """What a term is: None where it is not made; do its own conditions hold? None where nobody asks."""

    form: Form | None
    holds: bool | None


class _Cell(NamedTuple):
    """A part of the rows of a kind: what terms, by their place, are made of them, and what aggregates take of them.

    A sum or a count takes a form, or None; a flag takes True where such a row is what makes it as the case says.
    """

    case: Case
    made: Mapping[int, _Made]
    taken: Mapping[Variable | Flag, Any]


_ONE = constant(1)
_NUMBERLESS: Mapping[str, Fraction] = {}
Probe = Callable[[Case], Any]
Answers = Mapping[Subject, Answer | None]


class _Proof:
    def __init__(self, terms: Sequence[Term], theory: Theory, facts: Sequence[Fact]) -> None:
        self.terms, self.facts = terms, facts
        self.memory = Memory(theory)
        self.aggregates = self.memory.aggregates
        self.readings = 0
        self.made, self.unmade = set[str](), set[str]()
        self.unproved: list[Unproved] = []
        self.known_cells: dict[tuple[str, tuple[Variable | Flag, ...]], list[tuple[Answers, Sequence[_Cell]]]] = {}

    def run(self) -> Outcome:
        probes = [*self.tests("", {}), *self.amounts("", {}).values(), self.settle]
        cases, complete = 0, False
        try:
            for _ in parts(probes, "", MOST_CASES):
                cases += 1
                if len(self.unproved) >= MOST_UNPROVED:
                    break
            else:
                complete = True
        except TooMany:
            pass
        return Outcome(tuple(self.unproved), cases, frozenset(self.made), frozenset(self.unmade), complete)

    # Probes of the document, or of a kind of rows where a case of the document is known

    def reading(self, case: Case, numbers: Mapping[str, Fraction] = _NUMBERLESS) -> Reading:
        self.readings += 1
        if self.readings > MOST_READINGS:
            raise TooMany
        return Reading(self.memory, case, numbers)

    def tests(self, row: str, known: Case) -> list[Probe]:
        """One for each fact; it drops what the fact does not allow."""

        def test(fact: Fact) -> Probe:
            return lambda case: self.reading({**known, **case}).holds(fact.node) or None

        return [test(fact) for fact in self.facts if fact.row == row]

    def amounts(self, row: str, known: Case) -> dict[int, Probe]:
        """One for each term, by its place."""

        def amount(term: Term) -> Probe:
            return lambda case: self.amount(term, {**known, **case})

        return {place: amount(term) for place, term in enumerate(self.terms) if term.row == row}

    def amount(self, term: Term, case: Case) -> _Made:
        reading = self.reading(case, term.numbers)
        if not all(reading.holds(node) for node in term.within):
            return _Made(None, None)
        holds = all(reading.holds(node) for node in term.when)
        return _Made(reading.quantity(term.amount) if holds else None, holds)

    def taken(self, link: Variable | Flag, known: Case) -> Probe:
        """What an aggregate takes of a row. `any` that is false, and `all` that is true, drop rows there are not."""
        node, numbers = self.aggregates[link]

        def taken(case: Case) -> Any:
            reading = self.reading({**known, **case}, numbers)
            inside = node.condition is None or reading.holds(node.condition)
            if isinstance(link, Variable):
                form = reading.quantity(node.term) if node.term and inside else _ONE
                return (form if inside else None,)
            tells = inside == (node.function == "any")
            return None if tells and known[link] != (node.function == "any") else (tells,)

        return taken

    # A case of the document

    def settle(self, case: Case) -> bool:
        """Note what is left in a case. Errors: Undecided, when its rows ask more of the document; TooMany."""
        made = {place: probe(case) for place, probe in self.amounts("", {}).items()}
        total: Sum = {}
        for place, one in made.items():
            self.count(total, place, one)
        links = self.links(case, total)
        rows = [term.row for term in self.terms] + [self.aggregates[link].node.row for link in links]
        cells = {row: self.cells(row, case, links) for row in dict.fromkeys(rows) if row}
        if not all(self.is_shown(link, case, cells) for link in links if isinstance(link, Flag)):
            return False
        for row, mine in cells.items():
            for number, cell in enumerate(mine):
                for place, one in cell.made.items():
                    self.count(total, place, one, row, number)
        equations = self.equations(case, links, cells)
        if equations.contradictory:
            return False
        self.note(made)
        for mine in cells.values():
            for cell in mine:
                self.note(cell.made)
        left = equations.reduced(total)
        if left:
            self.unproved.append(Unproved(case, tuple(_rest(*one, cells) for one in left.items())))
        return True

    def count(self, total: Sum, place: int, made: _Made, row: str = "", cell: int = 0) -> None:
        if made.form:
            add(total, flat(made.form, row, cell), self.terms[place].sign)

    def note(self, made: Mapping[int, _Made]) -> None:
        """Which terms are made at all, and which are not always."""
        for place, one in made.items():
            if one.holds is not None:
                (self.made if one.holds else self.unmade).add(self.terms[place].id)

    def links(self, case: Case, total: Sum) -> list[Variable | Flag]:
        """The aggregates that the case and the total speak of."""
        spoken = [*total, *case, *(variable for point in points(case, "") for variable, _ in point.parts)]
        return [one for one in dict.fromkeys(spoken) if isinstance(one, Variable | Flag) and one in self.aggregates]

    def cells(self, row: str, case: Case, links: Sequence[Variable | Flag]) -> Sequence[_Cell]:
        """The rows of a kind, in parts that decide everything asked of them; without those that cannot be.

        Cases of the document that answer alike what rows ask of it have the same cells.
        """
        mine = tuple(link for link in links if self.aggregates[link].node.row == row)
        for answers, found in self.known_cells.setdefault((row, mine), []):
            if all(case.get(subject) == answer for subject, answer in answers.items()):
                return found
        self.memory.consulted.clear()
        found = list(self.new_cells(row, case, mine))
        asked = {*self.memory.consulted, *(link for link in mine if isinstance(link, Flag))}
        self.known_cells[row, mine].append(({subject: case.get(subject) for subject in asked}, found))
        return found

    def new_cells(self, row: str, case: Case, links: Sequence[Variable | Flag]) -> Iterator[_Cell]:
        tests, amounts = self.tests(row, case), self.amounts(row, case)
        takings = [self.taken(link, case) for link in links]
        for cell, found in parts([*tests, *takings, *amounts.values()], row, MOST_CELLS):
            taken, made = found[len(tests) : len(tests) + len(links)], found[len(tests) + len(links) :]
            values = {link: value for link, (value,) in zip(links, taken, strict=True)}
            yield _Cell(cell, dict(zip(amounts, made, strict=True)), values)

    def is_shown(self, flag: Flag, case: Case, cells: Mapping[str, Sequence[_Cell]]) -> bool:
        """Can there be a row that makes `any` true, or `all` false, where the case says it is?"""
        node = self.aggregates[flag].node
        return case[flag] != (node.function == "any") or any(cell.taken[flag] for cell in cells[node.row])

    def equations(
        self, case: Case, links: Sequence[Variable | Flag], cells: Mapping[str, Sequence[_Cell]]
    ) -> Equations[Unknown]:
        """What truly holds between the unknowns of a case."""
        found = Equations[Unknown]()
        for link in links:
            if isinstance(link, Variable):
                row = self.aggregates[link].node.row
                taken: list[Form | None] = [cell.taken[link] for cell in cells[row]]
                if all(form is None or form.fits(MANY_ROWS) for form in taken):  # else the sum may have been cut
                    zero: Sum = {link: Fraction(-1)}
                    for number, form in enumerate(taken):
                        if form:
                            add(zero, flat(form, row, number), 1)
                    found.add(zero, first=[link])
        for point in points(case, ""):
            found.add(flat(point))
        for row, mine in cells.items():
            for number, cell in enumerate(mine):
                for point in points(cell.case, row):
                    found.add(flat(point, row, number))
        return found


def _rest(unknown: Unknown | None, factor: Fraction, cells: Mapping[str, Sequence[_Cell]]) -> Rest:
    if isinstance(unknown, CellSum):
        return Rest(factor, unknown.variable, unknown.row, cells[unknown.row][unknown.cell].case)
    return Rest(factor, unknown, "", {})
