"""Named formulas: what a formula becomes where it uses others, measured before any of them is put in place.

In: the nodes of one formula and a vocabulary. Out: the bodies it may use, and what is wrong with the uses. Each text is
parsed once. A formula that uses b twice, which uses c twice, and so on, doubles at every step: sizes are therefore
added up here from formula to formula, and check.py puts bodies in place only where the whole stays within the caps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rules.errors import BadFormula, Problem
from rules.nodes import MAX_HEIGHT, MAX_NESTING, MAX_NODES, Name, Node, Span, levels
from rules.vocabulary import FORMULA

KEPT = 10_000  # parsed bodies
MAX_WHOLE_LENGTH = 16_384  # characters with every body in place: long texts must not multiply


@dataclass(frozen=True, slots=True)
class Size:
    """Of a formula with everything it uses: characters, nodes, and how deep they lie."""

    length: int
    count: int
    nesting: int
    height: int


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a named formula is used, and how deep it lies."""

    code: str
    span: Span
    nesting: int
    height: int


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a named formula, read; without a node where it is none, and with what is wrong with it."""

    text: str
    node: Node | None
    problems: tuple[Problem, ...]
    own: Size
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Uses:
    """The bodies a formula may use, its own and theirs; problems are placed in the formula's own text."""

    bodies: Mapping[str, Body]
    problems: tuple[Problem, ...]


def named_code(node: Node) -> str | None:
    """The code in `formula.<code>`; None of any other node."""
    return node.parts[1] if isinstance(node, Name) and len(node.parts) == 2 and node.parts[0] == FORMULA else None


@lru_cache(maxsize=KEPT)
def read(text: str) -> Body:
    from rules.parse import parse

    try:
        node = parse(text)
    except BadFormula as bad:
        return Body(text, None, bad.problems, Size(len(text), 1, 1, 1), ())
    return Body(text, node, (), *_measured(node, text))


def _measured(root: Node, text: str) -> tuple[Size, tuple[Use, ...]]:
    """The size of one text, and the named formulas it uses."""
    count = nesting = height = 0
    uses = []
    for level in levels(root):
        count, nesting, height = count + 1, max(nesting, level.nesting), max(height, level.height)
        code = named_code(level.node)
        if code is not None:
            uses.append(Use(code, level.node.span, level.nesting, level.height))
    return Size(len(text), count, nesting, height), tuple(sorted(uses, key=lambda use: use.span))


def uses_of(root: Node, text: str, formulas: Mapping[str, str]) -> Uses:
    """Every named formula that one formula leads to; those that must not be put in place are left out and told."""
    own, uses = _measured(root, text)
    if not uses:
        return Uses({}, ())
    survey = _Survey(formulas, own.count)
    problems = []
    try:
        for use in uses:
            circle = survey.follow(use.code)
            if circle:
                words = f"formula.{circle[0]} uses itself: {' → '.join(circle)}"
                problems.append(Problem("formula_recursion", use.span, words, "break the circle in one of them"))
            else:
                survey.require_depth(use)
        survey.require_size(own, uses)
    except _TooLarge as large:
        return Uses({}, (*problems, large.problem(text)))
    return Uses(survey.bodies, tuple(problems))


class _TooLarge(Exception):
    def __init__(self, code: str, words: str, span: Span | None = None) -> None:
        super().__init__(code)
        self.code, self.words, self.span = code, words, span

    def problem(self, text: str) -> Problem:
        hint = "use fewer named formulas, or simpler ones"
        return Problem(self.code, self.span or (0, len(text)), f"{self.words}, named formulas included", hint)


def _too_many() -> _TooLarge:
    return _TooLarge("formula_too_many_nodes", f"more than {MAX_NODES} parts")


@dataclass(slots=True)
class _Survey:
    """Follows uses from formula to formula, each formula once, without recursion."""

    formulas: Mapping[str, str]
    parts: int  # nodes seen so far, each formula counted once: they are all in the whole, so it is no smaller
    bodies: dict[str, Body] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    circles: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of the formulas that lead into one

    def follow(self, code: str) -> tuple[str, ...]:
        """Measure a formula and what it uses; the circle, as (b, c, b), where it leads into one."""
        path: dict[str, Iterator[Use]] = {}
        self._enter(code, path)
        while path:
            name, uses = next(reversed(path.items()))
            use = next(uses, None)
            if use is None:
                body = read(self.formulas[name])
                self.bodies[name], self.sizes[name] = body, self._whole(body)
                del path[name]
            elif circle := self._enter(use.code, path):
                self.circles |= dict.fromkeys(path, circle)
                break
        return self.circles.get(code, ())

    def _enter(self, code: str, path: dict[str, Iterator[Use]]) -> tuple[str, ...]:
        if code in path:
            names = list(path)
            return (*names[names.index(code) :], code)
        if code in self.sizes or code in self.circles or code not in self.formulas:
            return self.circles.get(code, ())
        body = read(self.formulas[code])
        self.parts += body.own.count
        if self.parts > MAX_NODES:
            raise _too_many()
        path[code] = iter(body.uses)
        return ()

    def _whole(self, body: Body) -> Size:
        """The size of a body with what it uses in place; every use is measured by now, or unknown."""
        inside = [(use, self.sizes[use.code]) for use in body.uses if use.code in self.sizes]
        return Size(
            body.own.length + sum(size.length for _, size in inside),
            body.own.count + sum(size.count for _, size in inside),
            max((body.own.nesting, *(use.nesting + size.nesting for use, size in inside))),
            max((body.own.height, *(use.height + size.height for use, size in inside))),
        )

    def require_depth(self, use: Use) -> None:
        size = self.sizes.get(use.code)
        if size and use.nesting + size.nesting > MAX_NESTING:
            raise _TooLarge("formula_too_deep", f"nested more than {MAX_NESTING} deep", use.span)
        if size and use.height + size.height > MAX_HEIGHT:
            raise _TooLarge("formula_too_deep", "too many operators in one chain", use.span)

    def require_size(self, own: Size, uses: tuple[Use, ...]) -> None:
        sizes = [own, *(self.sizes[use.code] for use in uses if use.code in self.sizes)]
        if sum(size.count for size in sizes) > MAX_NODES:
            raise _too_many()
        if sum(size.length for size in sizes) > MAX_WHOLE_LENGTH:
            raise _TooLarge("formula_too_long", f"more than {MAX_WHOLE_LENGTH:,} characters")
