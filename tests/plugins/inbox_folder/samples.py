"""Samples for the conformance kit: a folder somebody has dragged two files into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.spi.samples import Remote, Samples, Trouble


@dataclass
class Folder:
    folder: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"folder": str(self.folder), "looks": 1}

    def held(self) -> Sequence[str]:
        return sorted(one.name for one in self.folder.iterdir())

    def trouble(self, kind: Trouble | None) -> bool:
        return kind is None


@contextmanager
def remote(folder: Path) -> Iterator[Remote]:
    for name in ("a.xml", "b.pdf"):
        (folder / name).write_bytes(name.encode())
    yield Folder(folder)


SAMPLES = Samples(
    remotes={"inbox_folder": remote},
    settings={"inbox_folder": [{"folder": "/srv/in"}, {"folder": "/srv/in", "looks": 1, "taken": "done"}]},
    wrong={"inbox_folder": [({}, "folder"), ({"folder": "/srv", "taken": "../x"}, "taken")]},
)
