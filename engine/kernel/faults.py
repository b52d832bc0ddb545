"""Faults: what is wrong in what a person wrote, told all at once, each with the way out.

A fault is *returned* when we check; an error (`errors.py`) is *raised* when the flow cannot go on.
Codes are stable lower-case words and are never reused. Each room declares its kinds beside the code that finds
them; `KINDS` lists them all, so that a test can provoke every one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
KINDS: dict[str, FaultKind] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Shape: Fault("unknown_company", "company", "there is no company 'ACM'", "did you mean 'ACME'?")
    `path` points into what was written: `lines[2].tax_code`, or `ITA/types.toml invoice_type FATT valid_from`.
    """

    code: str
    path: str
    message: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "path": self.path, "message": self.message, "remedy": self.remedy}

    def under(self, prefix: str) -> Fault:
        """The same fault, its path seen from further out."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return Fault(self.code, f"{prefix}{joint}{self.path}", self.message, self.remedy)


class FaultKind:
    """A kind of fault: its code, and the words that are filled with facts."""

    def __init__(self, code: str, says: str, remedy: str) -> None:
        if code in KINDS:
            raise ValueError(f"fault code {code!r} is declared twice")
        self.code, self.says, self.remedy = code, says, remedy
        KINDS[code] = self

    def at(self, path: str, /, **facts: object) -> Fault:
        shown = {name: clipped(str(value), 450 if name == "remedy" else 300) for name, value in facts.items()}
        return Fault(self.code, clipped(path), self.says.format(**shown), self.remedy.format(**shown))


class Faulty(Exception):
    """Carries faults from the step that found them to the edge that lists them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.code} at {fault.path}: {fault.message}" for fault in self.faults[:5]))


def clipped(text: str, most: int = 300) -> str:
    """A hostile text must not become a hostile message: neither long, nor moving the cursor."""
    shown = text if len(text) <= most else text[:most] + "…"
    return _CONTROL.sub("�", shown)


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean 'X'?` for the closest known word, else what is known, else `otherwise`."""
    choices = sorted(set(known))
    close = difflib.get_close_matches(word[:100], choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if choices and len(choices) <= 12:
        return "known here: " + ", ".join(choices)
    return otherwise


def choices(word: str, known: Iterable[str], otherwise: str = "", most: int = 12) -> str:
    """What may be written instead, nearest first: `did you mean 'FR20'? usable: FR20, FR10, … and 7 more`.

    `otherwise` where nothing is known.
    """
    said, found = word[:100], sorted(set(known))
    if not found:
        return otherwise
    guess = difflib.get_close_matches(said, found, n=1, cutoff=0.6)
    found.sort(key=lambda one: difflib.SequenceMatcher(None, one, said).ratio(), reverse=True)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return f"{f'did you mean {guess[0]!r}? ' if guess else ''}usable: {', '.join(found[:most])}{more}"
