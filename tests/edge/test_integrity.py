"""verify, anchor, register, audit as people and programs use them."""

import json
from pathlib import Path

import pytest

from engine.storage import tables
from tests.edge.terminal import Terminal
from tests.support.attacker import rewrite_past
from tests.support.house import House, invoice


@pytest.fixture
def broken(factotum: Terminal, sqlite_house: House) -> list[int]:
    """Three documents of PARIS and one of LYON, of which three were changed; the ids of these."""
    ids = [sqlite_house.post(invoice())["id"] for _ in range(3)]
    ids.append(sqlite_house.post(invoice(company="LYON"))["id"])
    for one in ids[1:]:
        rewrite_past(sqlite_house, tables.document, {"partner_name": "Somebody Else"}, id=one)
    return ids[1:]


def test_verify_names_the_first_broken_document_of_each_series(factotum: Terminal, broken: list[int]) -> None:
    said = factotum("verify")
    assert said.exit == 1
    told = "its rows do not give the hash they were posted with"
    assert [line for line in said.err.splitlines() if line] == [
        f"PARIS FV-2026-00002 (id {broken[0]}): {told}", f"LYON FV-2026-00001 (id {broken[2]}): {told}"
    ]  # fmt: skip
    assert said.out == (
        "4 documents in 2 series: 2 problems.\nAlso broken: 1; --all names them.\n"
    )  # fmt: skip


def test_verify_names_all_when_asked(factotum: Terminal, broken: list[int]) -> None:
    said = factotum("verify", "--all")
    assert "3 problems" in said.out and all(f"(id {one})" in said.err for one in broken)
    only = factotum("verify", "--all", "--company", "LYON")
    assert only.out == "1 document in 1 series: 1 problem.\n"


def test_verify_tells_programs_what_and_where(factotum: Terminal, broken: list[int]) -> None:
    said = factotum("verify", "--json")
    assert said.exit == 1 and said.err == ""
    told = said.json
    assert (told["documents"], told["series"], told["unlisted"]) == (4, 2, 1)
    assert [one["document"] for one in told["findings"]] == [broken[0], broken[2]]
    assert told["findings"][0]["code"] == "rows_changed" and len(told["broken"]) == 2
    every = factotum("verify", "--json", "--all").json
    assert [one["document"] for one in every["findings"]] == broken and every["unlisted"] == 0


def test_an_anchor_is_written_and_proved(factotum: Terminal, tmp_path: Path) -> None:
    factotum.post([invoice(), invoice(company="LYON")]).done()
    file = tmp_path / "anchor.json"
    said = factotum("anchor", "--out", str(file)).done()
    assert said.out == "" and "2 series, content hash" in said.err
    assert json.loads(file.read_text())["series"][1]["number"] == "FV-2026-00001"
    assert factotum("anchor").done().json["series"] == json.loads(file.read_text())["series"]
    factotum.post(invoice()).done()
    assert "Anchored series that are where they were: 2 of 2." in factotum("verify", "--anchor", str(file)).done().out
    found = factotum("verify", "--anchor", str(file), "--anchor", str(file), "--json").done().json
    assert found == {"documents": 3, "series": 2, "broken": [], "anchored": 4}
    assert factotum("verify", "--anchor", str(file), "--since-anchor").done().out.startswith("1 document in")


def test_a_file_that_is_no_anchor_is_a_fault(factotum: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    said = factotum("verify", "--anchor", str(tmp_path / "a.json"))
    assert said.exit == 1 and "anchor_unreadable" in said.err
    assert factotum("verify", "--since-anchor").exit == 2
    assert factotum("anchor", "--out", str(tmp_path / "no" / "a.json")).exit == 2


def test_verify_says_which_numbers_it_cannot_recompute(factotum: Terminal, sqlite_house: House, tmp_path: Path) -> None:
    from tests.engine.numbering.test_components import HAND

    sqlite_house.apply(tmp_path, "OURS", HAND, requires=("DEMO",))
    factotum.post(invoice(invoice_type="HAND", number="K-1")).done()
    assert "1 number typed by hand: cannot be recomputed." in factotum("verify").done().out
    assert factotum("verify", "--json").done().json["not_recomputed"] == {"typed by hand": 1}


def test_the_register_lists_numbers(factotum: Terminal) -> None:
    factotum.post([invoice(key="A"), invoice(company="LYON"), invoice()]).done()
    out = factotum("register").done().out.splitlines()
    assert out[0] == "LYON/FV/FRA/2026" and "1  FV-2026-00001  2026-03-02  FACT" in out[1]
    assert len(out) == 5 and "+00:00" not in "".join(out) and out[1].endswith(" UTC")
    lines = factotum("register", "--company", "PARIS", "--json").done().lines
    assert [(one["value"], one["state"]) for one in lines] == [(1, "issued"), (2, "issued")]
    assert lines[0]["key"] == "A"
    assert factotum("register", "--since", "2026-03-03").done().out == ""
    assert "unknown_series" in factotum("register", "--series", "XX").err


def test_the_audit_lists_changes(factotum: Terminal) -> None:
    factotum.post(invoice()).done()
    for port in ("25", "587"):
        setting = ("host=mail.example", "sender_address=a@b.example", f"port={port}")
        factotum("plugin", "configure", "DEMO-MAIL", "--channel", "email", *setting).done()
    out = factotum("audit").done().out
    assert "add counter FV/FRA (revision 1: no reason given)" in out and "post document" in out
    assert "configure connection DEMO-MAIL\n    port: 25 → 587\n" in out
    (only,) = factotum("audit", "--table", "counter", "--key", "FV/FRA", "--json").done().lines
    assert only["fields"]["chronological"] == {"before": None, "after": True}


def test_a_changed_field_of_a_list_is_shown_by_its_place(
    factotum: Terminal, sqlite_house: House, tmp_path: Path
) -> None:
    text = '[[override]]\ntable = "counter"\nkey = "FV/FRA"\nset = {{ chronological = {value} }}\n'
    for value in ("false", "true"):
        sqlite_house.apply(tmp_path, "OURS", text.format(value=value), requires=("DEMO",))
    out = factotum("audit", "--table", "override").done().out
    assert "set.chronological: false → true" in out
