"""Is a sum of guarded amounts always 0? Case by case, over exact fractions; knows no invoices.

In: terms (an amount with a sign, made once, or once for each row of a kind), a theory (names that stand for others) and
facts that always hold. Out: proved, or the cases that are left with what remains in each.

1 a case of the document decides every condition about it; cells of a kind of rows do so for its rows
2 unknowns: what the document has, and for each cell the sum of each variable over its rows, and their number
3 equations: what cases and cells force to one value, what aggregates are in terms of cells
4 the total, reduced by the equations: nothing left, and the case is proved
Sound because cases leave nothing out and equations say only what truly holds: a fact that is missing costs a proof,
never truth.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from rules.cells import Case, Flag, Range, Undecided, outcomes
from rules.linear import MANY_ROWS, Equations, Form, Variable, add, constant
from rules.nodes import Node
from rules.normal import names_in
from rules.reading import Met, Reading, Theory

MOST_CELLS = 400  # of one kind of rows
MOST_CASES = 2_000  # of the document


@dataclass(frozen=True, slots=True)
class Term:
    """`row` is "" for one made once. `within` are conditions of what it stands in, `when` its own; all must hold.

    Shape: sign is 1 or -1; numbers are names whose value is fixed, e.g. {"repeat.index": 2}.
    """

    id: str
    row: str
    sign: int
    within: tuple[Node, ...]
    when: tuple[Node, ...]
    amount: Node
    numbers: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """A condition that always holds, of the document or of every row of a kind; looked at where `about` is used."""

    about: str
    row: str
    node: Node


class CellSum(NamedTuple):
    """The sum of a variable over the rows in a cell; without a variable, how many rows are in it."""

    row: str
    cell: int
    variable: Variable | None


Unknown = Variable | CellSum
Sum = dict[Unknown | None, Fraction]


@dataclass(frozen=True, slots=True)
class Rest:
    """A part of what remains: of the document (`row` ""), or of the rows that are as in `cell`."""

    factor: Fraction
    variable: Variable | None
    row: str
    cell: Case


@dataclass(frozen=True, slots=True)
class Unproved:
    case: Case
    rests: tuple[Rest, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`made` and `unmade` are ids of terms whose own conditions hold, and do not, in some case.

    Without `unproved` it is proved, unless it was `given_up` because there were too many cases.
    """

    unproved: tuple[Unproved, ...]
    cases: int
    made: frozenset[str]
    unmade: frozenset[str]
    given_up: bool

    @property
    def proved(self) -> bool:
        return not self.unproved and not self.given_up


def prove(terms: Sequence[Term], theory: Theory, facts: Iterable[Fact]) -> Outcome:
    """Is Σ sign · amount 0 whatever the document?"""
    return _Proof(terms, theory, relevant(terms, theory, facts)).run()


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


class _TooMany(Exception):
    pass


class _Cell(NamedTuple):
    """A part of the rows of a kind: what terms are made of them, by place; what aggregates take of them."""

    case: Case
    made: Mapping[int, Form]
    taken: Mapping[Variable, Form | None]


_ONE = constant(1)
_Seen = dict[str, set[bool]]
"""Whether the conditions of a term, by its id, held and did not hold."""


class _Proof:
    def __init__(self, terms: Sequence[Term], theory: Theory, facts: Sequence[Fact]) -> None:
        self.terms, self.theory, self.facts = terms, theory, facts
        self.aggregates: dict[Variable | Flag, Met] = {}
        self.made, self.unmade = set[str](), set[str]()
        self.unproved: list[Unproved] = []

    def run(self) -> Outcome:
        waiting: list[Case] = [{}]
        cases, given_up = 0, False
        while waiting and not given_up:
            case = waiting.pop()
            cases += 1
            try:
                self.prove_case(case)
            except Undecided as asked:
                waiting.extend({**case, asked.subject: piece} for piece in reversed(asked.pieces))
                given_up = len(waiting) + cases > MOST_CASES
            except _TooMany:
                given_up = True
        return Outcome(tuple(self.unproved), cases, frozenset(self.made), frozenset(self.unmade), given_up)

    def reading(self, case: Case, numbers: Mapping[str, Fraction]) -> Reading:
        return Reading(self.theory, case, numbers, self.aggregates)

    def prove_case(self, case: Case) -> None:
        """Errors: Undecided, when the case must be split; _TooMany."""
        reading = self.reading(case, {})
        if not all(reading.holds(fact.node) for fact in self.facts if not fact.row):
            return
        seen: _Seen = {}
        total: Sum = {}
        for term in self.terms:
            amount = self.amount(term, case, seen) if not term.row else None
            if amount:
                add(total, _flat(amount), term.sign)
        links = self.links(case, total)
        rows = [term.row for term in self.terms] + [self.aggregates[link].node.row for link in links]
        cells = {row: list(self.cells(row, case, links, seen)) for row in dict.fromkeys(rows) if row}
        for row, parts in cells.items():
            for number, cell in enumerate(parts):
                for place, form in cell.made.items():
                    add(total, _flat(form, row, number), self.terms[place].sign)
        equations = self.equations(case, links, cells)
        if equations.contradictory:
            return
        self.made |= {id for id, truths in seen.items() if True in truths}
        self.unmade |= {id for id, truths in seen.items() if False in truths}
        left = equations.reduced(total)
        if left:
            self.unproved.append(Unproved(case, tuple(_rest(*part, cells) for part in left.items())))

    def amount(self, term: Term, case: Case, seen: _Seen) -> Form | None:
        """What a term is made of; None where a condition does not hold."""
        reading = self.reading(case, term.numbers)
        if not all(reading.holds(node) for node in term.within):
            return None
        holds = all(reading.holds(node) for node in term.when)
        seen.setdefault(term.id, set()).add(holds)
        return reading.quantity(term.amount) if holds else None

    def links(self, case: Case, total: Sum) -> list[Variable | Flag]:
        """The aggregates that the case and the total speak of."""
        spoken = [*total, *case, *(variable for point in _points(case, "") for variable, _ in point.parts)]
        return [one for one in dict.fromkeys(spoken) if isinstance(one, Variable | Flag) and one in self.aggregates]

    def cells(self, row: str, case: Case, links: Sequence[Variable | Flag], seen: _Seen) -> Iterator[_Cell]:
        """The rows of a kind, in parts that decide everything asked of them; without those that cannot be."""
        facts = [fact.node for fact in self.facts if fact.row == row]
        places = [place for place, term in enumerate(self.terms) if term.row == row]
        mine = [link for link in links if self.aggregates[link].node.row == row]

        def probe(cell: Case) -> tuple[_Cell, _Seen] | None:
            known = {**case, **cell}
            reading = self.reading(known, {})
            if not all(reading.holds(fact) for fact in facts):
                return None
            if any(self.excludes(link, known) for link in mine if isinstance(link, Flag)):
                return None
            taken = {link: self.taken(link, known) for link in mine if isinstance(link, Variable)}
            noted: _Seen = {}
            made = {place: self.amount(self.terms[place], known, noted) for place in places}
            return _Cell(cell, {place: form for place, form in made.items() if form}, taken), noted

        for number, (_, found) in enumerate(outcomes(probe, {}, row)):
            if number >= MOST_CELLS:
                raise _TooMany
            if found:
                for id, truths in found[1].items():
                    seen.setdefault(id, set()).update(truths)
                yield found[0]

    def taken(self, link: Variable, known: Case) -> Form | None:
        """What a sum or a count takes of a row; None where it passes the row over."""
        node, numbers = self.aggregates[link]
        reading = self.reading(known, numbers)
        if node.condition is not None and not reading.holds(node.condition):
            return None
        return _ONE if node.term is None else reading.quantity(node.term)

    def excludes(self, link: Flag, known: Case) -> bool:
        """Does an `any` that is false, or an `all` that is true, say that there is no such row?"""
        node, numbers = self.aggregates[link]
        holds = node.condition is None or self.reading(known, numbers).holds(node.condition)
        return bool(known[link]) and not holds if node.function == "all" else not known[link] and holds

    def equations(
        self, case: Case, links: Sequence[Variable | Flag], cells: Mapping[str, Sequence[_Cell]]
    ) -> Equations[Unknown]:
        """What truly holds between the unknowns of a case."""
        found = Equations[Unknown]()
        for link in links:
            if isinstance(link, Variable):
                parts = [cell.taken[link] for cell in cells[self.aggregates[link].node.row]]
                if all(part is None or part.fits(MANY_ROWS) for part in parts):  # else the sum may have been cut
                    zero: Sum = {link: Fraction(-1)}
                    for number, part in enumerate(parts):
                        if part:
                            add(zero, _flat(part, self.aggregates[link].node.row, number), 1)
                    found.add(zero, first=[link])
        for point in _points(case, ""):
            found.add(_flat(point))
        for row, mine in cells.items():
            for number, cell in enumerate(mine):
                for point in _points(cell.case, row):
                    found.add(_flat(point, row, number))
        return found


def _points(case: Case, row: str) -> Iterator[Form]:
    """The forms about a row, or the document, that a case makes 0."""
    for subject, answer in case.items():
        if isinstance(subject, Form) and subject.row == row and isinstance(answer, Range) and answer.point is not None:
            yield subject.plus(constant(answer.point), -1)


def _flat(form: Form, row: str = "", cell: int = 0) -> Sum:
    """A form as unknowns: of the document, or summed over the rows of a cell."""
    if not row:
        return {**dict(form.parts), None: form.constant}
    parts: Sum = {CellSum(row, cell, variable): factor for variable, factor in form.parts}
    return {**parts, CellSum(row, cell, None): form.constant}


def _rest(unknown: Unknown | None, factor: Fraction, cells: Mapping[str, Sequence[_Cell]]) -> Rest:
    if isinstance(unknown, CellSum):
        return Rest(factor, unknown.variable, unknown.row, cells[unknown.row][unknown.cell].case)
    return Rest(factor, unknown, "", {})
