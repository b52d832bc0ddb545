"""`factotum post --batch`: documents are written some hundred at a time; answers and exit code are those of `post`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any


def post_in_batches(database: str | None, file: IO[bytes], chunk: int, *, explain: bool, as_json: bool) -> int:
    """Post what FILE holds; 1 when any document was bad. JSON lines are answered as soon as their chunk is there."""
    from engine import flow
    from engine.app import open_house, system_context
    from engine.edge.cli.output import print_json, print_line, progress
    from engine.edge.cli.reading import read_documents

    house, context = open_house(database), system_context()
    many, documents = read_documents(file)
    first = 0 if as_json else house.posting.next_id("document")
    listed = None if many == "lines" else list(documents)
    answers, bad = [], False
    with progress("posting", len(listed) if listed is not None else None) as bar:
        for answer in flow.post_batch(
            house,
            context,
            _readable(documents if listed is None else listed),
            chunk=chunk,
            explain=explain,
            progress=lambda done: bar.update(bar.task_ids[0], completed=done),
        ):
            bad = bad or "faults" in answer
            if many == "lines":
                print_line(answer)
            else:
                answers.append(answer)
    if as_json and many != "lines":
        print_json(answers if many == "list" else answers[0])
    elif many != "lines":
        from engine.edge.cli.paper import print_posted

        print_posted(answers, first)
    return int(bad)


def _readable(documents: Iterable[Any]) -> Iterator[Any]:
    """What is no JSON stands there as its faults."""
    from engine.edge.cli.reading import Unreadable
    from engine.kernel.faults import Fault, Faulty

    for data in documents:
        yield Faulty(Fault(**fault) for fault in data.faults) if isinstance(data, Unreadable) else data
