"""What a run found: printed as it comes, kept as JSON, judged at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Line, Sections, lines
from tests.bench.together import Together
from tests.bench.ways import Filled


@dataclass(slots=True)
class Report:
    sections: Sections = field(default_factory=dict)
    together: list[Together] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    databases: int = 0
    documents: int = 0

    def add(self, title: str, section: Iterable[Line]) -> None:
        found = list(section)
        self.sections[title] = found
        print("\n".join(lines(title, found)), flush=True)

    def clients(self, found: Together) -> None:
        self.together.append(found)
        where = "in memory" if found.kind == "memory" else "on disk"
        self.add(f"{found.dialect}, clients at the same time, {where}", found.figures())
        for filled, gapless in found.filled:
            self.check(filled, gapless)

    def check(self, filled: Filled, gapless: bool = True) -> None:
        """Ask the database itself whether everything is there."""
        self.databases += 1
        self.documents += filled.documents
        self.broken += filled.wrong(gapless)

    @property
    def gates(self) -> list[tuple[str, Figure]]:
        """(section, figure) of all that have a gate."""
        return [
            (title, one)
            for title, section in self.sections.items()
            for one in section
            if isinstance(one, Figure) and one.verdict
        ]

    @property
    def missed(self) -> list[tuple[str, Figure]]:
        return [(title, one) for title, one in self.gates if one.verdict == "MISSED"]

    def close(self) -> None:
        """Say what the rows and the gates came to."""
        print(f"\nrows, by SQL: {self.documents:,} documents in {self.databases} databases", end=": ")
        print("all there, entries balance, gapless series run from 1 to n" if not self.broken else "BROKEN")
        for words in self.broken:
            print(f"  {words}")
        print(f"gates: {len(self.gates) - len(self.missed)} of {len(self.gates)} hold")
        for title, one in self.missed:
            print(f"  missed: {title}: {one.name}")

    def write(self, target: Path, about: dict[str, Any]) -> None:
        sections = {
            title: [one.as_json() if isinstance(one, Figure) else one.strip() for one in section]
            for title, section in self.sections.items()
        }
        curves = [{"dialect": one.dialect, "kind": one.kind, "posts a second": one.curves()} for one in self.together]
        rows = {"documents": self.documents, "databases": self.databases, "broken": self.broken}
        whole = {"about": about, "sections": sections, "clients": curves, "rows": rows}
        target.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
