"""JSON lines through pipes, as another program would: each answer comes when its document is committed."""

import json
import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.edge.terminal import COMMAND, Terminal
from tests.support.house import House, invoice


@contextmanager
def posting(factotum: Terminal, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(
        [*COMMAND, "--database", factotum.url, "post", "-", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield program
    finally:
        assert program.stdin and program.stdout
        program.stdin.close()
        program.wait(300)
        program.stdout.close()


def asked(program: subprocess.Popen[bytes], document: Any) -> Any:
    """Write a line, then read its answer before anything else is written."""
    assert program.stdin and program.stdout
    program.stdin.write(json.dumps(document).encode() + b"\n")
    program.stdin.flush()
    ready, _, _ = select.select([program.stdout], [], [], 60)
    assert ready, "no answer"
    return json.loads(program.stdout.readline())


def test_each_line_is_answered_before_the_next_is_written(factotum: Terminal, sqlite_house: House) -> None:
    with posting(factotum) as program:
        for number in (1, 2, 3):
            answer = asked(program, invoice())
            assert answer["number"] == f"FV-2026-0000{number}"
            assert sqlite_house.value("FV/FRA") == number, "the answer came before the commit"
        assert asked(program, {"company": "NOWHERE"})["faults"]
        assert asked(program, invoice())["number"] == "FV-2026-00004"
    assert program.returncode == 1


def test_good_lines_alone_end_with_0(factotum: Terminal) -> None:
    with posting(factotum) as program:
        assert asked(program, invoice(company="LYON"))["index"] == 0
    assert program.returncode == 0


def test_two_processes_with_one_key_at_once_post_once(factotum: Terminal, sqlite_house: House) -> None:
    with posting(factotum) as one, posting(factotum) as two:
        asked(one, invoice(company="LYON")), asked(two, invoice(company="LYON"))  # both have started
        line = json.dumps(invoice(key="ONCE")).encode() + b"\n"
        for program in (one, two):
            assert program.stdin
            program.stdin.write(line)
        for program in (one, two):
            assert program.stdin
            program.stdin.flush()
        answers = [program.stdout.readline() for program in (one, two) if program.stdout]
    assert answers[0] == answers[1]
    assert sqlite_house.value("FV/FRA") == 1 and not sqlite_house.verify()


def test_a_killed_poster_loses_nothing_that_was_answered(factotum: Terminal, sqlite_house: House) -> None:
    with posting(factotum) as program:
        answered = [asked(program, invoice(key=f"K{number}"))["number"] for number in range(5)]
        os.kill(program.pid, 9)
    for number, text in enumerate(answered):
        assert sqlite_house.post(invoice(key=f"K{number}"))["number"] == text
    assert sqlite_house.value("FV/FRA") == 5 and not sqlite_house.verify()
