"""Findings: what deserves a look in a parametrization that can be applied all the same.

Each kind is declared once, beside the code that finds it; `FINDINGS` lists them all, so that a test can provoke every
one. Codes start with `lint_`, are stable, and are never reused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from engine.kernel.faults import clipped
from engine.parametrization.definitions import Record

Severity = Literal["error", "warning", "info"]
PREFIX = "lint_"
FINDINGS: dict[str, FindingKind] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing of one record.

    `error`: a document will fail, or numbers repeat. `warning`: probably not what was meant. `info`: true, and maybe
    meant. `place` is where the record was written, when the caller knows.
    """

    code: str
    severity: Severity
    table: str
    key: str
    message: str
    remedy: str
    place: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


class FindingKind:
    """A kind of finding: its code, how bad it is, and the words that are filled with facts."""

    def __init__(self, code: str, severity: Severity, says: str, remedy: str) -> None:
        if code in FINDINGS or not code.startswith(PREFIX):
            raise ValueError(f"finding code {code!r} is declared twice, or does not start with {PREFIX}")
        self.code, self.severity, self.says, self.remedy = code, severity, says, remedy
        FINDINGS[code] = self

    def at(self, record: Record, **facts: object) -> Finding:
        return self.about(record.TABLE, record.key, **facts)

    def about(self, table: str, key: str, **facts: object) -> Finding:
        shown = {name: clipped(str(value)) for name, value in facts.items()}
        return Finding(self.code, self.severity, table, key, self.says.format(**shown), self.remedy.format(**shown))


def listed(words: Iterable[str], most: int = 8) -> str:
    """`A, B, C and 4 more`, sorted, each once."""
    known = sorted(set(words))
    more = len(known) - most
    return ", ".join(known) if more <= 0 else f"{', '.join(known[:most])} and {more} more"
