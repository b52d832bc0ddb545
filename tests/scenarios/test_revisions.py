"""An implementer's day: plan, agree, apply, look back, go back, move to another environment; on both databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine import flow
from engine.edge.cli import main
from engine.kernel.faults import Faulty
from engine.parametrization.definitions import InvoiceType
from engine.parametrization.revisions import StateChanged
from tests.support.house import House, invoice, written

OURS = """
[[invoice_type]]
code = "OWN"
legislation = "FRA"
module = "sales"
category = "{category}"
description = {{ fr = "La nôtre", en = "{words}" }}
entry_type = "FAC"
automatic_journal = "SIHI"
untdid_code = "380"
"""


def ours(folder: Path, category: str = "invoice", words: str = "Our own") -> str:
    return str(written(folder, "OURS", OURS.format(category=category, words=words), requires=()))


def run(house: House, *words: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["--database", house.url, *words], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result


def told(house: House, *words: str, exit_code: int = 0) -> Any:
    return json.loads(run(house, *words, "--json", exit_code=exit_code).stdout)


def test_a_plan_tells_whom_it_touches_and_what_changes_and_writes_nothing(house: House, tmp_path: Path) -> None:
    head = house.parametrization.head()
    plan = told(house, "plan", ours(tmp_path))
    assert plan["affected"] == {"types": ["sales/OWN/FRA"], "companies": ["LILLE", "LYON", "PARIS"]}
    assert {(one["table"], one["key"], one["action"]) for one in plan["changes"]} == {
        ("pack", "OURS", "add"),
        ("invoice_type", "sales/OWN/FRA", "add"),
    }
    assert house.parametrization.head() == head


def test_a_plan_that_was_looked_at_is_applied_only_while_it_is_still_that_plan(house: House, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(run(house, "plan", ours(tmp_path), "--json").stdout, encoding="utf-8")
    ours(tmp_path, words="Something else")
    refused = run(house, "apply", str(tmp_path / "OURS"), "--plan", str(file), exit_code=1)
    assert "plan_differs" in refused.output
    ours(tmp_path)
    run(house, "apply", str(tmp_path / "OURS"), "--plan", str(file), "--message", "agreed")
    again = run(house, "apply", str(tmp_path / "OURS"), "--plan", str(file), exit_code=1)
    assert "state_changed" in again.output
    assert "Nothing to change" in run(house, "apply", str(tmp_path / "OURS")).output


def test_of_two_that_apply_at_the_same_moment_one_is_told(house: House, tmp_path: Path) -> None:
    first = flow.plan_packs(house, house.context, [ours(tmp_path)])
    second = flow.plan_packs(house, house.context, [ours(tmp_path, words="Another")])
    flow.apply_packs(house, house.context, first)
    with pytest.raises(StateChanged):
        flow.apply_packs(house, house.context, second)


def test_revisions_tell_who_when_why_and_diff_tells_what(house: House, tmp_path: Path) -> None:
    run(house, "apply", ours(tmp_path), "--message", "our own type")
    run(house, "apply", ours(tmp_path, words="Better words"), "--message", "better words")
    listed = told(house, "revisions")
    assert [one["message"] for one in listed][-2:] == ["our own type", "better words"]
    assert all(one["actor"] and one["made_at"] for one in listed)
    [change] = told(house, "diff", "2", "3")
    assert change["fields"] == {
        "description": {
            "before": {"fr": "La nôtre", "en": "Our own"},
            "after": {"fr": "La nôtre", "en": "Better words"},
        }
    }
    assert "hold the same" in run(house, "diff", "3", "3").output
    assert "unknown_revision" in run(house, "diff", "1", "99", exit_code=1).output


def test_a_rollback_is_a_new_revision_with_the_older_content(house: House, tmp_path: Path) -> None:
    run(house, "apply", ours(tmp_path))
    before = told(house, "revisions")
    assert "- invoice_type sales/OWN/FRA" in run(house, "rollback", "1", "--dry-run").output
    back = told(house, "rollback", "1")
    assert back["revision"] == 3
    assert back["content_hash"] == before[0]["content_hash"]
    assert "sales/OWN/FRA" not in house.catalog().table(InvoiceType)
    assert told(house, "rollback", "1")["changes"] == 0


def test_what_a_document_used_is_closed_not_deleted_and_keeps_its_category(house: House, tmp_path: Path) -> None:
    house.apply_packs(ours(tmp_path))
    house.post(invoice(invoice_type="OWN"))
    refused = run(house, "rollback", "1", exit_code=1)
    assert "used_record_removed" in refused.output
    assert "valid_to" in refused.output
    changed = run(house, "apply", ours(tmp_path, category="debit_note"), exit_code=1)
    assert "used_category_changed" in changed.output
    assert house.parametrization.head() == 2


def test_every_kind_of_record_that_posted_rows_name_counts_as_used(house: House) -> None:
    house.post(invoice())
    names = {
        ("invoice_type", "sales/FACT/FRA"),
        ("company", "PARIS"),
        ("counter", "FV/FRA"),
        ("account", "PCG/411"),
        ("tax", "FR20/FRA"),
        ("journal", "VTE/FRA"),
        ("entry_type", "FAC/FRA"),
        ("ledger", "PCG"),
        ("automatic_journal", "SIHI/FRA"),
    }
    unused = {("invoice_type", "sales/FAF/FRA"), ("company", "LYON"), ("tax", "FR10/FRA"), ("mention", "PMT/FRA")}
    assert house.documents.used(names | unused) == names


def test_what_is_in_force_moves_to_an_empty_database_and_gives_the_same_hash(
    house: House, tmp_path: Path, sqlite_url: str
) -> None:
    run(house, "apply", ours(tmp_path))
    first, second = tmp_path / "first", tmp_path / "second"
    run(house, "export-parametrization", str(first))
    CliRunner().invoke(main, ["--database", sqlite_url, "init"], catch_exceptions=False)
    other = House(sqlite_url)
    applied = run(other, "apply", *(str(path) for path in sorted(first.iterdir())), "--json")
    assert json.loads(applied.stdout)["content_hash"] == told(house, "revisions")[-1]["content_hash"]
    run(other, "export-parametrization", str(second))
    files = {path.relative_to(first): path.read_bytes() for path in first.rglob("*.toml")}
    assert files == {path.relative_to(second): path.read_bytes() for path in second.rglob("*.toml")}
    other.close()


def test_a_posted_document_is_explained_under_the_revision_it_pinned(house: House, tmp_path: Path) -> None:
    house.apply_packs(ours(tmp_path))
    answer = house.post(invoice(invoice_type="OWN"))
    house.apply_packs(ours(tmp_path, words="Renamed"))
    shown = flow.show(house, house.context, str(answer["id"]), explain=True)
    assert shown["explanation"]["revision"] == answer["revision"] == 2
    assert shown["explanation"]["type"]["record"] == "sales/OWN/FRA"


def test_an_overridden_record_is_used_at_once_and_survives_a_restart(house: House, tmp_path: Path) -> None:
    override = '[[override]]\ntable = "automatic_journal"\nkey = "SIHI/FRA"\nset = { journal = "OD" }'
    house.apply(tmp_path, "LOCAL", override)
    answer = house.beside().post(invoice())
    assert answer["entries"][0]["journal"] == "OD"
    with pytest.raises(Faulty):
        house.apply(tmp_path, "LOCAL", override.replace("OD", "NONE"))


def test_a_legislation_filter_prefills_and_narrows_and_never_stops_a_posting(house: House) -> None:
    assert flow.prefilled(house, house.context, "paolo") == {"legislation": "ITA"}
    assert flow.prefilled(house, house.context, "alex") == {}
    narrowed = flow.offered(house, house.context, "PARIS", user="paolo")
    assert {one.reason for one in narrowed.refused} >= {"user_filter"}
    clerk = flow.Context(flow.Actor("paolo", lambda action, company, type: True), house.clock)
    assert "faults" not in flow.post_one_of_many(house, clerk, 0, invoice(invoice_type="FACT"))
