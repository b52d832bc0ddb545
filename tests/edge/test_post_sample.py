"""Three hundred realistic documents of five companies in two countries post without a fault, and verify clean."""

import json
from pathlib import Path

from tests.edge.terminal import Terminal
from tests.support.house import House


def test_three_hundred_samples_post_and_verify(house: House, tmp_path: Path) -> None:
    factotum = Terminal(house.url, tmp_path)
    lines = factotum("sample", "300", "--seed", "7").done().out
    said = factotum("post", "-", stdin=lines).done()
    assert len(said.lines) == 300 and not said.faults
    assert {one["company"] for one in said.lines} == {"PARIS", "LILLE", "LYON", "MILANO", "TORINO"}
    for asked, answer in zip(map(json.loads, lines.splitlines()), said.lines, strict=True):
        assert (asked["key"], asked["company"], asked["date"]) == (answer["key"], answer["company"], answer["date"])
    assert factotum("post", "-", stdin=lines).done().out == said.out
    assert house.counts()["document"] == 300
    assert factotum("verify", "--json").done().json["broken"] == []
