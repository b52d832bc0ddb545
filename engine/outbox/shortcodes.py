"""Shortcodes: `{{ customer.name }}` in a text that goes with a document, filled from a flat list of declared names.

No language: names, and one block that repeats for each row of a list, `{{# lines }} {{ line.net }} {{/ lines }}`. A
text is read once, and what is filled in is never read again, so a shortcode in a customer's name stays what it is.
`{{allegati}}` is left as it is: a provider that sends mail by itself fills it. Pure; linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST = 256 * 1024
"""Characters of a text, before and after it is filled."""
MOST_CODES, MOST_PROBLEMS = 500, 50
"""Shortcodes of one text, and what is said to be wrong with them."""
MOST_ROWS = 100
"""Of a list, in a block; then an ellipsis. Who needs all of them has the file."""
LONGEST_NAME = 80
LEFT = frozenset({"allegati"})
"""Names that stay as they are."""
_CODE = re.compile(r"([#/]?)\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\s*")

Row = Mapping[str, str]
Rows = Callable[[frozenset[str]], Iterable[Row]]
"""Gives the rows of a list, each with the values of these names."""
Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Name:
    """A value to be filled in."""

    name: str


@dataclass(frozen=True, slots=True)
class Block:
    """What repeats for each row of a list."""

    rows: str
    pieces: tuple[str | Name, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place of a text. `name` is the word that is not known; "" when the brackets are wrong."""

    at: int
    words: str
    name: str = ""
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be named: single values, and by list what each of its rows has."""

    names: Mapping[str, str]  # name -> what it is
    lists: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Parsed:
    pieces: tuple[str | Name | Block, ...]
    problems: tuple[Problem, ...] = ()


def parse(text: str, vocabulary: Vocabulary) -> Parsed:
    """A text as pieces, with everything that is wrong in it."""
    if len(text) > MOST:
        return Parsed((), (Problem(MOST, f"a text is at most {MOST // 1024} KB"),))
    reader, codes = _Reader(vocabulary), 0
    for at, piece in _split(text):
        codes += not isinstance(piece, str)
        if codes > MOST_CODES:
            reader.take(at, Problem(at, f"a text has at most {MOST_CODES} shortcodes"))
            break
        if not reader.take(at, piece):
            break
    return reader.done()


def fill(pieces: Sequence[str | Name | Block], values: Row, rows: Mapping[str, Rows], to: Escape) -> str:
    """The text with its values, each made harmless by `to`. What would make it too long ends in an ellipsis."""
    told, shown = _Told(MOST), {name: to(value) for name, value in values.items()}
    for piece in pieces:
        if isinstance(piece, Block):
            _repeated(told, piece, shown, rows[piece.rows], to)
        else:
            told.add(piece if isinstance(piece, str) else shown[piece.name])
    return told.text()


def _repeated(told: _Told, block: Block, shown: Row, rows: Rows, to: Escape) -> None:
    wanted = frozenset(one.name for one in block.pieces if isinstance(one, Name))
    for number, row in enumerate(rows(wanted - shown.keys())):
        if number == MOST_ROWS:
            told.add("…")
            return
        mine = {name: to(value) for name, value in row.items()}
        filled = "".join(one if isinstance(one, str) else mine.get(one.name) or shown.get(one.name, "")
                         for one in block.pieces)  # fmt: skip
        if not told.add(filled):
            return


def position(text: str, at: int) -> tuple[int, int]:
    """(line, column) of a place, both from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


class _Told:
    """A text as it grows, up to a limit."""

    def __init__(self, most: int) -> None:
        self._parts: list[str] = []
        self._left = most

    def add(self, text: str) -> bool:
        """False when there is no more room; whoever repeats may stop."""
        if self._left <= 0:
            return False
        if len(text) > self._left:
            text = text[: self._left - 1] + "…"
        self._parts.append(text)
        self._left -= len(text)
        return self._left > 0

    def text(self) -> str:
        return "".join(self._parts)


@dataclass(frozen=True, slots=True)
class _Code:
    sign: str  # "" a name, # a block begins, / it ends
    name: str


def _split(text: str) -> Iterator[tuple[int, str | _Code | Problem]]:
    """Text, codes and bad brackets, each with its place."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        if start > at:
            yield at, text[at:start]
        end = text.find("}}", start + 2, start + 2 + LONGEST_NAME)
        found = _CODE.fullmatch(text[start + 2 : end].strip()) if end >= 0 else None
        if end < 0:
            yield start, Problem(start, "{{ is not closed by }}")
            at = start + 2
            continue
        at = end + 2
        if found and not found[1] and found[2] in LEFT:
            yield start, text[start:at]
        elif found:
            yield start, _Code(found[1], found[2])
            if found[1] and text[start - 1 : start] in ("", "\n") and text[at : at + 1] == "\n":
                at += 1  # the mark of a block on a line of its own makes no blank line
        else:
            yield start, Problem(start, f"{text[start:at]} is no name, such as {{{{ document.number }}}}")
    if at < len(text):
        yield at, text[at:]


class _Reader:
    """Puts pieces together, blocks and what is wrong with them included."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._known = vocabulary
        self._pieces: list[str | Name | Block] = []
        self._problems: list[Problem] = []
        self._open = ""
        self._opened_at = 0
        self._inside: list[str | Name] = []

    def take(self, at: int, piece: str | _Code | Problem) -> bool:
        """False when there is too much wrong to go on."""
        if isinstance(piece, Problem):
            self._problems.append(piece)
        elif isinstance(piece, str):
            self._put(piece)
        elif piece.sign == "#":
            self._begin(at, piece.name)
        elif piece.sign == "/":
            self._end(at, piece.name)
        else:
            self._name(at, piece.name)
        return len(self._problems) < MOST_PROBLEMS

    def done(self) -> Parsed:
        if self._open:
            said = f"the block {{{{# {self._open} }}}} is not ended by {{{{/ {self._open} }}}}"
            self._problems.append(Problem(self._opened_at, said))
        return Parsed(tuple(self._pieces), tuple(self._problems))

    def _put(self, piece: str | Name) -> None:
        if self._open:
            self._inside.append(piece)
        else:
            self._pieces.append(piece)

    def _name(self, at: int, name: str) -> None:
        inside = self._known.lists.get(self._open, {})
        if name in self._known.names or name in inside:
            self._put(Name(name))
            return
        home = next((rows for rows, names in self._known.lists.items() if name in names), "")
        between = f"{{{{# {home} }}}} and {{{{/ {home} }}}}"
        words = f"{name} is told of {home} only: write it between {between}" if home else ""
        known = () if home else (*self._known.names, *inside)
        self._problems.append(Problem(at, words or f"there is no {name}", name, known))

    def _begin(self, at: int, name: str) -> None:
        if self._open:
            self._problems.append(Problem(at, f"a block in the block {self._open}; end that one first"))
            return
        if name not in self._known.lists:
            self._problems.append(Problem(at, f"there is no list {name}", name, tuple(self._known.lists)))
        self._open, self._opened_at = name, at

    def _end(self, at: int, name: str) -> None:
        if name != self._open:
            self._problems.append(Problem(at, f"{{{{/ {name} }}}} ends a block that is not open"))
            return
        if name in self._known.lists:
            self._pieces.append(Block(name, tuple(self._inside)))
        self._open, self._inside = "", []
