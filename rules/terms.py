"""What the balance proof takes and gives: signed terms and facts in; what is left of the total, case by case, out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from rules.cells import Among, Case, Range
from rules.linear import Variable
from rules.nodes import Node


@dataclass(frozen=True, slots=True)
class Term:
    """An amount, made once (`row` "") or for each row of a kind.

    `within` are conditions of what it stands in, `when` its own; all must hold.
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
    """A condition that always holds, of the document or of every row of a kind; looked at where `about` is used.

    A `costly` one is looked at only where the proof fails without it, and something of `about` is left.
    """

    about: str
    row: str
    node: Node
    costly: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """A part of what is left: of the document (`row` ""), or of the rows that are as in `cell`, summed up.

    Without a variable it is a constant, for each such row.
    """

    factor: Fraction
    variable: Variable | None
    row: str
    cell: Case


@dataclass(frozen=True, slots=True)
class Unproved:
    """A case of the document in which something may be left."""

    case: Case
    rests: tuple[Rest, ...]

    def __str__(self) -> str:
        """In words: `where document.is_credit: 1 × tax.amount of each tax where tax.category is B`."""
        left = ", ".join(_left(rest) for rest in self.rests)
        return f"{_where(self.case)}: {left}".removeprefix(": ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`made` and `unmade` are ids of terms whose own conditions hold, and do not, in some case.

    It is proved if it is `complete` and nothing is unproved. It is not complete where there were too many cases, or
    where enough of them were left unproved.
    """

    unproved: tuple[Unproved, ...]
    cases: int
    made: frozenset[str]
    unmade: frozenset[str]
    complete: bool

    @property
    def proved(self) -> bool:
        return self.complete and not self.unproved


def _left(rest: Rest) -> str:
    what = f"{rest.factor} × {rest.variable}" if rest.variable else f"{rest.factor}"
    return f"{what} of each {rest.row} {_where(rest.cell)}".rstrip() if rest.row else what


def _where(case: Case) -> str:
    said = [_said(str(getattr(subject, "text", subject)), answer) for subject, answer in case.items()]
    return f"where {' and '.join(said)}" if said else ""


def _said(subject: str, answer: Among | Range | bool) -> str:
    if isinstance(answer, bool):
        return subject if answer else f"not {subject}"
    if isinstance(answer, Among):
        inside = answer.texts is not None
        texts = ", ".join(sorted(answer.but if answer.texts is None else answer.texts)) or '""'
        return f"{subject} is {texts}" if inside else f"{subject} is not {texts}"
    if answer.point is not None:
        return f"{subject} = {answer.point}"
    ends = [] if answer.least is None else [f"{subject} {'>=' if answer.with_least else '>'} {answer.least}"]
    ends += [] if answer.most is None else [f"{subject} {'<=' if answer.with_most else '<'} {answer.most}"]
    return " and ".join(ends)
