"""Samples for the conformance kit: a folder of letters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble


@dataclass
class Tray:
    folder: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"folder": str(self.folder)}

    def held(self) -> Sequence[str]:
        return sorted(path.name for path in self.folder.glob("*.pdf")) if self.folder.is_dir() else []

    def trouble(self, kind: Trouble | None) -> bool:
        """A folder is there or it is not; nothing else goes wrong with it here."""
        if kind is None:
            self.folder.mkdir(exist_ok=True)
        if kind is Trouble.DOWN:
            shutil.rmtree(self.folder)
        return kind in (None, Trouble.DOWN)


@contextmanager
def tray(folder: Path) -> Iterator[Tray]:
    made = Tray(folder / "letters")
    made.folder.mkdir()
    yield made


SAMPLES = Samples(
    remotes={"postal_folder": tray},
    settings={"postal_folder": [{"folder": "/srv/letters"}]},
    wrong={"postal_folder": [({"folder": "/srv/letters", "most_pages": 0}, "most_pages"), ({}, "folder")]},
)
