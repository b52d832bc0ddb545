"""What an implementer can know before a document comes: the lint, the examples of a pack, a replay; both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.kernel.faults import Faulty
from tests.scenarios.test_revisions import run, told
from tests.support.house import CUSTOMER, House, invoice, written

TYPE = """
[[invoice_type]]
code = "OWN"
legislation = "FRA"
module = "sales"
category = "invoice"
description = { fr = "La nôtre", en = "Ours" }
entry_type = "FAC"
automatic_journal = "SIHI"
"""
EXAMPLE = """
# what our type must do
[[example]]
id = "OWN-1"
document_file = "invoice.json"
[example.expect]
number = "{number}"   # the first of its series
"""


def pack(folder: Path, number: str) -> str:
    place = written(folder, "OURS", TYPE, EXAMPLE.format(number=number))
    document = invoice(invoice_type="OWN", customer=CUSTOMER)
    (place / "invoice.json").write_text(json.dumps(document), encoding="utf-8")
    return str(place)


def test_an_example_that_comes_out_otherwise_blocks_apply_unless_told_otherwise(house: House, tmp_path: Path) -> None:
    place = pack(tmp_path, "FV-2026-99999")
    refused = run(house, "apply", place, exit_code=1)
    assert "example_failed" in refused.output
    assert "FV-2026-00001" in refused.output
    assert "example OWN-1 fails" in run(house, "plan", place, exit_code=1).output
    assert told(house, "plan", place, exit_code=1)["failing_examples"][0]["id"] == "OWN-1"
    assert house.parametrization.head() == 1
    run(house, "apply", place, "--despite-examples")
    assert house.parametrization.head() == 2


def test_update_writes_what_comes_out_and_keeps_comments(house: House, tmp_path: Path) -> None:
    place = pack(tmp_path, "FV-2026-99999")
    assert "FAIL    OWN-1" in run(house, "test", place, exit_code=1).output
    assert "written OWN-1" in run(house, "test", place, "--update").output
    text = (Path(place) / "part1.toml").read_text(encoding="utf-8")
    assert 'number = "FV-2026-00001"   # the first of its series' in text
    assert "# what our type must do" in text
    [one] = told(house, "test", place)
    assert (one["id"], one["passed"], one["written"], one["differences"]) == ("OWN-1", True, False, [])
    run(house, "apply", place)
    assert "Nothing to change" in run(house, "apply", place).output


def test_update_never_freezes_faults_that_nobody_expected(house: House, tmp_path: Path) -> None:
    place = pack(tmp_path, "FV-2026-99999")
    document = Path(place) / "invoice.json"
    document.write_text(document.read_text(encoding="utf-8").replace("FR20", "FR99"), encoding="utf-8")
    before = (Path(place) / "part1.toml").read_text(encoding="utf-8")
    run(house, "test", place, "--update", exit_code=1)
    assert (Path(place) / "part1.toml").read_text(encoding="utf-8") == before


def test_the_examples_of_the_shipped_packs_come_out_as_they_say(house: House) -> None:
    tested = flow.test_packs(house, house.context, ["DEMO"])
    assert len(tested.results) >= 4
    assert not tested.failed


@pytest.mark.parametrize("words", [("--json",), ("--coverage",), ("--date", "2027-01-01")])
def test_check_tells_what_deserves_a_look(house: House, words: tuple[str, ...]) -> None:
    output = run(house, "check", *words).output
    assert "lint_hides_and_refuses" in output


def test_check_ends_badly_when_something_is_wrong(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "LATER", '[[override]]\ntable = "counter"\nkey = "FV/FRA"\nset = { valid_to = "2026-11-30" }')
    found = told(house, "check", "--date", "2026-11-03", exit_code=0)["findings"]
    assert "lint_chain_will_break" in {one["code"] for one in found}
    broken = told(house, "check", "--date", "2026-12-05", exit_code=1)["findings"]
    assert ("lint_no_counter", "error") in {(one["code"], one["severity"]) for one in broken}


def test_check_tells_which_connections_are_to_be_made(house: House) -> None:
    def keys() -> list[str]:
        found = told(house, "check", exit_code=0)["findings"]
        return [one["key"] for one in found if one["code"] == "lint_connection_not_configured"]

    assert keys() == ["MAIL-FRA/FRA", "MAIL-MILANO/*"]
    house.connect()
    assert keys() == []


def rewritten(folder: Path, name: str, was: str, becomes: str) -> str:
    """A copy of the shipped pack FRA with one text changed."""
    import shutil
    from importlib.resources import files

    place = folder / "FRA"
    shutil.copytree(Path(str(files("rules"))) / "packs" / "FRA", place)
    text = (place / name).read_text(encoding="utf-8")
    assert was in text
    (place / name).write_text(text.replace(was, becomes), encoding="utf-8")
    return str(place)


def test_a_replay_under_the_same_packs_changes_nothing_and_uses_nothing_up(house: House) -> None:
    for day in ("2026-03-02", "2026-03-03"):
        house.post(invoice(3, date=day))
    before = house.counts()
    assert "0 of 2 documents would differ." in run(house, "replay", "DEMO").output
    assert house.counts() == before
    assert house.value("FV/FRA") == 2


def test_a_replay_tells_line_by_line_what_would_differ(house: House, tmp_path: Path) -> None:
    house.post(invoice(1))
    house.post(invoice(1, date="2026-03-05"), company="LYON")
    place = rewritten(tmp_path, "counters.toml", '"FV-"', '"F-"')
    output = run(house, "replay", place, exit_code=1).output
    assert "FV-2026-00001" in output
    assert "F-2026-00001" in output
    assert "2 of 2 documents would differ" in output
    narrowed = run(house, "replay", place, "--company", "LYON", "--since", "2026-03-05", exit_code=1).output
    assert "1 of 1 document would differ" in narrowed
    lines = [json.loads(line) for line in run(house, "replay", place, "--json", exit_code=1).stdout.splitlines()]
    assert {one["company"] for one in lines} == {"PARIS", "LYON"}
    assert all(one["differences"] for one in lines)


def test_a_replay_under_packs_with_faults_is_refused(house: House, tmp_path: Path) -> None:
    place = rewritten(tmp_path, "counters.toml", '"FV"', '"GONE"')
    with pytest.raises(Faulty):
        list(flow.replay(house, house.context, [place]))


def test_tables_and_the_language_are_told_without_a_database(capsys: Any) -> None:
    from click.testing import CliRunner

    from engine.edge.cli import main
    from engine.parametrization.definitions import TABLES

    runner = CliRunner()
    listed = json.loads(runner.invoke(main, ["tables", "--json"]).stdout)
    assert [one["table"] for one in listed] == list(TABLES)
    for name in TABLES:
        result = runner.invoke(main, ["tables", name], catch_exceptions=False)
        assert result.exit_code == 0, name
    fields = json.loads(runner.invoke(main, ["tables", "automatic_journal", "--json"]).stdout)
    assert {"line[].amount", "line[].side", "reverse"} <= {one["field"] for one in fields}
    assert next(one for one in fields if one["field"] == "entry_type")["names"] == "entry_type"
    override = json.loads(runner.invoke(main, ["tables", "override", "--json"]).stdout)
    assert "key" in {one["field"] for one in override}
    assert runner.invoke(main, ["tables", "invoice_typ"]).exit_code == 2
    page = runner.invoke(main, ["language"]).stdout
    assert "document.gross" in page
    assert "round" in page
