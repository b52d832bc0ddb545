"""`factotum` as people and programs use it: in this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from engine.edge.cli import main

COMMAND = (sys.executable, "-m", "engine")


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def faults(self) -> list[dict[str, str]]:
        """The faults of an answer, or of all answers."""
        answers = self.json if self.out.startswith("[") else self.lines if self.out.startswith('{"') else [self.json]
        return [fault for answer in answers for fault in answer.get("faults", ())]

    def done(self) -> Said:
        assert self.exit == 0, f"{self.exit}: {self.out}\n{self.err}"
        return self


@dataclass(frozen=True)
class Terminal:
    """One database, and a folder for files."""

    url: str
    folder: Path

    def __call__(self, *words: str, stdin: str | bytes = "") -> Said:
        """Run a command in this process."""
        before, sys.argv = sys.argv, ["factotum", "--database", self.url, *words]
        try:
            result = CliRunner().invoke(main, sys.argv[1:], input=stdin, prog_name="factotum")
        finally:
            sys.argv = before
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str, stdin: str | bytes = b"", **environment: str) -> Said:
        """Run it as a process, as cron or another program would."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        ended = subprocess.run(
            [*COMMAND, "--database", self.url, *words],
            input=given,
            capture_output=True,
            env={**os.environ, **environment},
            timeout=300,
        )
        return Said(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def file(self, content: Any, name: str = "documents.json") -> str:
        """A file with JSON or text."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
        return str(path)

    def post(self, document: Any, *words: str) -> Said:
        return self("post", self.file(document), "--json", *words)
