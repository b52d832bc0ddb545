"""Cases: what is taken as given of a document, or of a row, so that every condition in view is true or false.

A case answers questions: is a flag true, among which codes is a text, in which range is a form. A question that a case
leaves open is `Undecided`; it names the pieces the case falls into, of which every document (or row) is in exactly one.
So the cases that `parts` gives leave nothing out, and none is split further than someone asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from rules.linear import Form


@dataclass(frozen=True, slots=True)
class Flag:
    """Something true or false. `row` as in linear.Variable."""

    text: str
    row: str

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class Words:
    """A text that is not known; `codes` are all it can be, when they are known."""

    text: str
    row: str
    codes: tuple[str, ...] | None = None

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class Range:
    """From `least` to `most`, None where there is no end; `with_least`, `with_most`: is the end itself in it?"""

    least: Fraction | None = None
    with_least: bool = False
    most: Fraction | None = None
    with_most: bool = False

    @property
    def point(self) -> Fraction | None:
        """The one value that is left."""
        return self.least if self.least == self.most else None

    def positions(self, mark: Fraction) -> str:
        """Where its values lie: some of < = > beside the mark."""
        below = self.least is None or self.least < mark
        above = self.most is None or self.most > mark
        from_here = below or (self.least == mark and self.with_least)
        until_here = above or (self.most == mark and self.with_most)
        return "<" * below + "=" * (from_here and until_here) + ">" * above

    def at(self, positions: str, mark: Fraction) -> "Range":
        """The part of it at some neighbouring positions beside the mark."""
        least, with_least, most, with_most = self.least, self.with_least, self.most, self.with_most
        if "<" not in positions and (least is None or least <= mark):
            least, with_least = mark, "=" in positions
        if ">" not in positions and (most is None or most >= mark):
            most, with_most = mark, "=" in positions
        return Range(least, with_least, most, with_most)


@dataclass(frozen=True, slots=True)
class Among:
    """One of `texts`; where that is None, any text but those in `but`."""

    texts: frozenset[str] | None = None
    but: frozenset[str] = frozenset()


Subject = Flag | Words | Form
Answer = bool | Among | Range
Case = Mapping[Subject, Answer]
_POSITIONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": "=>"}
_TURNED = str.maketrans("<>", "><")


class Undecided(Exception):
    """A case must be split before the question can be answered."""

    def __init__(self, subject: Subject, pieces: tuple[Answer, ...]) -> None:
        super().__init__(subject)
        self.subject, self.pieces = subject, pieces


def is_true(case: Case, flag: Flag) -> bool:
    answer = case.get(flag)
    if isinstance(answer, bool):
        return answer
    raise Undecided(flag, (True, False))


def is_among(case: Case, words: Words, texts: frozenset[str]) -> bool:
    """Is the text one of these?"""
    answer = case.get(words)
    known = answer if isinstance(answer, Among) else Among(frozenset(words.codes) if words.codes else None)
    if known.texts is None:
        asked = texts - known.but
        if not asked:
            return False
        raise Undecided(words, (Among(asked), Among(but=known.but | asked)))
    inside, outside = known.texts & texts, known.texts - texts
    if inside and outside:
        raise Undecided(words, (Among(inside), Among(outside)))
    return bool(inside)


class Question(NamedTuple):
    """Is a form at one of these positions (< = >) beside a mark?"""

    direction: Form
    mark: Fraction
    wanted: str


def question(difference: Form, operator: str) -> Question | bool:
    """What `difference operator 0` asks; the answer where there is nothing to ask."""
    if not difference.parts:
        place = "<" if difference.constant < 0 else ">" if difference.constant > 0 else "="
        return place in _POSITIONS[operator]
    direction, factor = difference.direction()
    wanted = _POSITIONS[operator] if factor > 0 else _POSITIONS[operator].translate(_TURNED)
    return Question(direction, -difference.constant / factor, wanted)


def is_so(case: Case, asked: Question) -> bool:
    direction, mark, wanted = asked
    answer = case.get(direction)
    known = answer if isinstance(answer, Range) else Range()
    possible = known.positions(mark)
    yes, no = (_kept(possible, wanted, inside) for inside in (True, False))
    if not yes or not no:
        return bool(yes)
    apart = [*possible] if "=" in (yes, no) and "<" in possible and ">" in possible else [yes, no]
    raise Undecided(direction, tuple(known.at(piece, mark) for piece in apart))


def _kept(possible: str, wanted: str, inside: bool) -> str:
    return "".join(place for place in possible if (place in wanted) == inside)


class TooMany(Exception):
    """A case falls into more parts than are worth looking at."""


def parts(probes: Sequence[Callable[[Case], Any]], row: str, most: int) -> Iterator[tuple[Case, tuple[Any, ...]]]:
    """Every part that the questions of some probes make, with what they give there; a probe that gives None drops it.

    Only questions about the row are followed; Undecided about anything else is the caller's to split on.
    Errors: TooMany.
    """
    waiting: list[tuple[Case, tuple[Any, ...]]] = [({}, ())]
    split = 0
    while waiting:
        case, found = waiting.pop()
        try:
            while len(found) < len(probes):
                one = probes[len(found)](case)
                if one is None:
                    break
                found = (*found, one)
            else:
                yield case, found
        except Undecided as asked:
            if asked.subject.row != row:
                raise
            split += len(asked.pieces)
            if split > most:
                raise TooMany from None
            waiting.extend(({**case, asked.subject: piece}, found) for piece in reversed(asked.pieces))
