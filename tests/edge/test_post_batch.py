"""`factotum post --batch`: the answers of `post`, some hundred documents at a time."""

import json
import select
from typing import Any

import pytest

from tests.edge.terminal import Terminal
from tests.edge.test_json_lines import posting
from tests.support.house import House, invoice, without

GOOD = [invoice(1, key=f"K{number}") for number in range(5)]
BAD: dict[str, Any] = {"company": "NOWHERE"}


def lines(*documents: Any) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in documents)


def test_a_list_is_answered_like_one_by_one(factotum: Terminal, sqlite_house: House) -> None:
    file = factotum.file(json.dumps([GOOD[0], BAD, *GOOD[1:]]))
    said = factotum("post", file, "--batch", "--json")
    assert said.exit == 1 and [one["index"] for one in said.json] == [*range(6)]
    assert sqlite_house.value("FV/FRA") == 5
    again = factotum("post", file, "--json")
    assert again.json == said.json


def test_json_lines_are_answered_line_by_line_and_unreadable_ones_in_their_place(factotum: Terminal) -> None:
    file = factotum.file(lines(GOOD[0], "{broken", GOOD[1], BAD, GOOD[2]))
    said = factotum("post", file, "--batch", "--chunk", "2")
    assert said.exit == 1 and [one["index"] for one in said.lines] == [0, 1, 2, 3, 4]
    assert [one.get("number", "")[-1:] for one in said.lines] == ["1", "", "2", "", "3"]


def test_good_ones_alone_end_with_0_and_are_shown_as_a_table(factotum: Terminal) -> None:
    said = factotum("post", factotum.file(json.dumps(GOOD)), "--batch").done()
    assert "FV-2026-00005" in said.out


def test_one_document_is_a_batch_too(factotum: Terminal) -> None:
    said = factotum("post", factotum.file(json.dumps(GOOD[0])), "--batch", "--json", "--explain").done()
    assert said.json["number"] == "FV-2026-00001" and said.json["explanation"]


@pytest.mark.parametrize("options", [("--key", "K"), ("--dry-run",)], ids=lambda options: options[0])
def test_what_does_not_go_with_it_is_wrong_usage(factotum: Terminal, options: tuple[str, ...]) -> None:
    assert factotum("post", factotum.file(json.dumps(GOOD[0])), "--batch", *options).exit == 2


def test_chunk_alone_is_wrong_usage(factotum: Terminal) -> None:
    assert factotum("post", factotum.file(json.dumps(GOOD[0])), "--chunk", "7").exit == 2


def test_answers_come_through_a_pipe_when_their_chunk_is_committed(factotum: Terminal, sqlite_house: House) -> None:
    with posting(factotum, "--batch", "--chunk", "2") as program:
        assert program.stdin and program.stdout
        program.stdin.write(lines(*GOOD[:3]).encode())
        program.stdin.flush()
        ready, _, _ = select.select([program.stdout], [], [], 60)
        assert ready, "no answer"
        answers = [json.loads(program.stdout.readline()) for _ in range(2)]
        assert sqlite_house.value("FV/FRA") == 2, "the answers came before the commit, or the third was written"
        program.stdin.close()
        answers.append(json.loads(program.stdout.readline()))
    assert program.returncode == 0
    assert [without(one, "index") for one in answers] == [sqlite_house.post(one) for one in GOOD[:3]]
