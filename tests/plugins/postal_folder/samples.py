"""Samples for the conformance kit: a folder on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble


class Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"folder": str(self._folder)}

    def held(self) -> Sequence[str]:
        return [one.read_text() for one in self._folder.glob("*.json")]

    def trouble(self, kind: Trouble | None) -> bool:
        away = self._folder.with_name("away")
        if kind is Trouble.DOWN:
            self._folder.rename(away)
        elif kind is None and away.exists():
            away.rename(self._folder)
        return kind in (None, Trouble.DOWN)


@contextmanager
def folder(place: Path) -> Iterator[Folder]:
    (place / "letters").mkdir()
    yield Folder(place / "letters")


SAMPLES = Samples(
    remotes={"postal_folder": folder},
    settings={"postal_folder": [{"folder": "/srv/letters"}, {"folder": "/srv/letters", "most_pages": 4}]},
    wrong={
        "postal_folder": [
            ({}, "folder"),
            ({"folder": "/srv/letters", "most_pages": 0}, "most_pages"),
            ({"folder": "/srv/letters", "most_signs": 5}, "most_signs"),
        ]
    },
)
