"""Samples for the conformance kit: an archive in a folder of this machine."""

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
        return {"url": f"file://{self.folder}/books"}

    def held(self) -> Sequence[str]:
        return sorted(str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file())

    def trouble(self, kind: Trouble | None) -> bool:
        return kind is None


@contextmanager
def remote(folder: Path) -> Iterator[Remote]:
    yield Folder(folder)


SAMPLES = Samples(
    remotes={"archive_fsspec": remote},
    settings={
        "archive_fsspec": [{"url": "memory://books"}, {"url": "s3://bucket/books", "account": "k", "secret": "s"}]
    },
    wrong={"archive_fsspec": [({"url": "books"}, "url"), ({}, "url")]},
)
