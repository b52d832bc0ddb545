"""How numbers and moments read."""

import pytest

from engine.edge.cli.output import counted
from engine.kernel.clock import moment
from tests.edge.terminal import Terminal
from tests.support.house import invoice


@pytest.mark.parametrize(
    ("number", "what", "reads"),
    [
        (0, "document", "0 documents"),
        (1, "document", "1 document"),
        (2, "entry", "2 entries"),
        (1, "entry", "1 entry"),
        (7, "series", "7 series"),
        (2, "delivery", "2 deliveries"),
    ],
)
def test_one_is_one(number: int, what: str, reads: str) -> None:
    assert counted(number, what) == reads


def test_a_moment_reads_as_utc_to_the_minute() -> None:
    assert moment("2026-11-22T04:28:56.220399+00:00") == "2026-11-22 04:28 UTC"
    assert moment("2026-11-22T00:28:56+02:00") == "2026-11-21 22:28 UTC"
    assert moment("some day") == "some day"


def test_one_document_is_no_documents(factotum: Terminal) -> None:
    factotum.post(invoice()).done()
    assert factotum("check", "--date", "2026-11-03").done().out.splitlines()[-1].startswith("0 errors, ")
    assert factotum("verify").done().out == "1 document in 1 series: all as posted.\n"
    assert factotum("replay", "DEMO").done().out == "0 of 1 document would differ.\n"
