"""In a list the good documents post and the bad ones are reported, each in its place."""

import json

import pytest

from tests.edge.terminal import Said, Terminal
from tests.support.house import House, invoice, line

MIXED = [
    invoice(key="A"),
    invoice(key="B", company="NOWHERE"),
    invoice(key="C", date="2026-03-05"),
    invoice(key="D", date="2026-03-01"),
    invoice(key="C"),
    "not a document",
    invoice(key="E", date="2026-03-05", lines=[line(quantity="1,0")]),
    invoice(key="F", date="2026-03-05"),
]
OUTCOME = [
    "FV-2026-00001", "unknown_company", "FV-2026-00002", "date_before_last", "key_other_content", "not_an_object",
    "bad_value", "FV-2026-00003",
]  # fmt: skip


def outcomes(answers: list[dict[str, object]]) -> list[object]:
    assert [one["index"] for one in answers] == [*range(len(answers))]
    return [one["faults"][0]["code"] if "faults" in one else one["number"] for one in answers]  # type: ignore[index]


@pytest.mark.parametrize("shape", ["list", "lines"])
def test_good_ones_post_and_bad_ones_are_told_in_their_place(
    factotum: Terminal, sqlite_house: House, shape: str
) -> None:
    if shape == "list":
        said = factotum.post(MIXED)
        answers = said.json
    else:
        said = factotum("post", "-", stdin="\n".join(json.dumps(one) for one in MIXED))
        answers = said.lines
    assert said.exit == 1
    assert outcomes(answers) == OUTCOME
    assert sqlite_house.value("FV/FRA") == sqlite_house.counts()["document"] == 3
    assert not sqlite_house.verify()


def test_sent_again_the_good_ones_answer_as_before_and_the_mended_ones_post(
    factotum: Terminal, sqlite_house: House
) -> None:
    first = factotum.post(MIXED[:4]).json
    mended = [*MIXED[:1], invoice(key="B"), *MIXED[2:3], invoice(key="D", date="2026-03-05")]
    mended[1]["date"] = "2026-03-05"
    second = factotum.post(mended).done().json
    assert [second[0], second[2]] == [first[0], first[2]]
    assert outcomes(second) == ["FV-2026-00001", "FV-2026-00003", "FV-2026-00002", "FV-2026-00004"]


def test_a_line_that_is_no_json_does_not_stop_the_others(factotum: Terminal) -> None:
    lines = [json.dumps(invoice()), "{broken", "", json.dumps(invoice())]
    said = factotum("post", "-", stdin="\n".join(lines))
    assert (said.exit, outcomes(said.lines)) == (1, ["FV-2026-00001", "json_syntax", "FV-2026-00002"])


def test_a_broken_first_line_does_not_hide_the_others(factotum: Terminal) -> None:
    lines = ['{"company": "PARIS"', json.dumps(invoice()), json.dumps(invoice())]
    said = factotum("post", "-", stdin="\n".join(lines))
    assert (said.exit, outcomes(said.lines)) == (1, ["json_syntax", "FV-2026-00001", "FV-2026-00002"])


def test_a_line_of_10_mb_is_told_once_and_the_others_post(factotum: Terminal) -> None:
    huge = invoice(lines=[line(description="x" * 10 * 1024 * 1024)])
    said = factotum("post", "-", stdin="\n".join(json.dumps(one) for one in (invoice(), huge, invoice())))
    assert (said.exit, outcomes(said.lines)) == (1, ["FV-2026-00001", "document_too_large", "FV-2026-00002"])


def test_people_see_the_good_ones_in_a_table_and_the_bad_ones_below(factotum: Terminal) -> None:
    said: Said = factotum("post", factotum.file(MIXED))
    assert said.exit == 1
    assert all(number in said.out for number in OUTCOME if number.startswith("FV"))
    assert "document 1, key B:" in said.err and "unknown_company" in said.err
