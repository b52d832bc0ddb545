"""Samples for the conformance kit: a folder as archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.spi.samples import Samples, Trouble


@dataclass
class Shelf:
    folder: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": f"file://{self.folder}"}

    def held(self) -> Sequence[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def trouble(self, kind: Trouble | None) -> bool:
        return kind is None


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    made = Shelf(folder / "archive")
    made.folder.mkdir()
    yield made


SAMPLES = Samples(
    remotes={"archive_fsspec": shelf},
    settings={"archive_fsspec": [{"url": "file:///srv/archive"}, {"url": "s3://bucket/books", "account": "k"}]},
    wrong={"archive_fsspec": [({"url": "https://example.com/x"}, "url"), ({}, "url")]},
)
