"""How answers look: tables for people, JSON for programs; words and progress go to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Fault = Mapping[str, Any]


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_line(value: Any) -> None:
    """One JSON line, flushed."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def counted(number: int, what: str) -> str:
    """1 document, 2 documents; 1 entry, 2 entries; 1 series, 2 series."""
    if number == 1 or what.endswith("s"):
        return f"{number} {what}"
    return f"{number} {what[:-1]}ies" if what.endswith("ry") else f"{number} {what}s"


def console(stderr: bool = False) -> Console:
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, highlight=False, width=110)
    return made


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> None:
    """A table on stdout; `right` are the columns of numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    numbers = set(right)
    if title:
        click.echo(title)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    console().print(made)


def print_faults(faults: Sequence[Fault], as_json: bool = False, err: bool = True, writes: bool = False) -> None:
    """Every fault: code, place, words, way out; on stderr, unless it is what was asked for.

    `writes` is of a command that would have written something, and did not.
    """
    if as_json:
        print_json({"faults": list(faults)})
        return
    for fault in faults:
        click.echo(f"{click.style(fault['code'], fg='red', bold=True)}  {fault['path']}", err=err)
        for line in str(fault["message"]).splitlines():
            click.echo(f"  {line}", err=err)
        if fault["remedy"]:
            click.echo(f"  → {fault['remedy']}", err=err)
    click.echo(counted(len(faults), "fault") + ("; nothing was written." if writes else "."), err=err)


def progress(words: str, total: int | None = None) -> Progress:
    """A bar on stderr, shown only to people."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    bar.add_task(words, total=total)
    return bar
