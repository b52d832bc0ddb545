"""Every command, once as people see it and once as programs read it (CONTRACT §1 to §3)."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import House, invoice, line, without, written

ANSWER = {
    "id", "key", "number", "status", "revision", "invoice_type", "totals", "taxes", "due_dates", "entries",
    "deliveries", "seals", "hash",
}  # fmt: skip
TOTALS = {
    "lines", "charges", "allowances", "net", "tax", "gross", "withholding", "prepaid", "rounding", "payable",
}  # fmt: skip
ENTRY_LINE = {"account", "debit", "credit", "description", "currency", "amount_currency"}


@pytest.fixture
def empty(tmp_path: Path) -> Terminal:
    return Terminal(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)


def keys(many: list[dict[str, Any]]) -> set[str]:
    return {name for one in many for name in one}


def assert_no_json_floats(text: str) -> None:
    """Amounts and quantities are text."""

    def refuse(number: str) -> None:
        raise AssertionError(f"a float: {number}")

    json.loads(text, parse_float=refuse)


def test_init_makes_a_database_and_says_so_twice(empty: Terminal, tmp_path: Path) -> None:
    for _ in range(2):
        assert empty("init").done().out == f"{empty.url} is ready.\n"
    assert (tmp_path / "new.db").exists()


def test_plan_tells_what_would_change_and_writes_nothing(empty: Terminal) -> None:
    empty("init").done()
    told = empty("plan", "DEMO").done().out
    assert "Applying ALL, FRA, ITA, DEMO on revision 0 would change" in told and "sales/FACT/FRA" in told
    found = empty("plan", "DEMO", "--json").done().json
    assert {"revision", "packs", "content_hash", "changes", "faults"} <= set(found)
    assert (found["revision"], found["faults"]) == (0, [])
    assert found["packs"] == ["ALL", "FRA", "ITA", "DEMO"]
    assert keys(found["changes"]) >= {"table", "key", "pack", "action", "fields"}
    assert {one["action"] for one in found["changes"]} == {"add"}
    assert "sales/FACT/FRA" in found["affected"]["types"] and "LILLE" in found["affected"]["companies"]
    assert empty("plan", "DEMO", "--json").json == found


def test_apply_makes_one_revision_and_the_second_time_none(empty: Terminal) -> None:
    empty("init").done()
    assert "Revision 1:" in empty("apply", "DEMO").done().out
    again = empty("apply", "DEMO", "--json").done().json
    assert (again["revision"], again["changes"]) == (1, 0) and len(again["content_hash"]) == 64
    assert "Nothing to change; revision 1 stays in force." in empty("apply", "DEMO").done().out


def test_plan_shows_a_change_field_by_field(factotum: Terminal, tmp_path: Path) -> None:
    text = '[[payment_terms]]\ncode = "NET7"\npart = [{ days = 7 }]\n'
    factotum("apply", str(written(tmp_path, "SHOP", text))).done()
    changed = str(written(tmp_path, "SHOP", text.replace("days = 7", "days = 8")))
    assert "~ payment_terms NET7/* part" in factotum("plan", changed).done().out
    (change,) = factotum("plan", changed, "--json").done().json["changes"][-1:]
    assert change["action"] == "change" and set(change["fields"]["part"]) == {"before", "after"}


def test_types_shows_a_table_and_on_request_why_the_others_are_refused(factotum: Terminal) -> None:
    plain = factotum("types", "--company", "LILLE", "--date", "2026-11-01").done()
    assert "LILLE (FRA) may use on 2026-11-01" in plain.out and "--explain" in plain.err
    explained = factotum("types", "--company", "LILLE", "--explain").done().out
    assert "company_group" in explained and "shadowed" in explained


def test_post_shows_one_document_whole(factotum: Terminal) -> None:
    told = factotum("post", factotum.file(invoice(2)), "--explain").done().out
    for words in (
        "FV-2026-00001",
        "PARIS → Épicerie Horizon SARL",
        "240.00",
        "411",
        "email facturx",
        "series PARIS/FV",
    ):
        assert words in told
    answer = factotum.post(invoice(2, key="K1")).done()
    assert_no_json_floats(answer.out)
    found = answer.json
    assert set(found) >= ANSWER and set(found["totals"]) == TOTALS
    assert found["index"] == 0 and found["key"] == "K1" and found["status"] == "posted"
    assert found["invoice_type"] == {"code": "FACT", "legislation": "FRA"} and found["revision"] == 1
    assert keys(found["taxes"]) >= {"tax_code", "category", "rate", "base", "amount"}
    assert keys(found["due_dates"]) == {"date", "amount"}
    assert keys(found["entries"]) >= {"ledger", "journal", "entry_type", "date", "currency", "lines"}
    assert keys(found["entries"][0]["lines"]) >= ENTRY_LINE
    assert keys(found["deliveries"]) >= {"id", "channel", "state"}
    assert len(found["hash"]) == 64 and found["seals"] == {}


def test_post_takes_a_key_for_a_single_document(factotum: Terminal) -> None:
    file = factotum.file(invoice())
    answers = [factotum("post", file, "--key", "K1", "--json").done().out for _ in range(2)]
    assert answers[0] == answers[1] and json.loads(answers[0])["key"] == "K1"
    assert factotum("post", factotum.file([invoice()]), "--key", "K1").exit == 2


def test_post_a_list_answers_with_a_list(factotum: Terminal) -> None:
    told = factotum("post", factotum.file([invoice(), invoice(company="LYON")])).done().out
    assert "PARIS" in told and "LYON" in told and told.count("FV-2026-00001") == 2
    answers = factotum.post([invoice(), invoice()]).done().json
    assert [(one["index"], one["number"]) for one in answers] == [(0, "FV-2026-00002"), (1, "FV-2026-00003")]
    assert factotum.post([]).done().json == []


def test_post_json_lines_answers_with_json_lines(factotum: Terminal) -> None:
    text = "".join(json.dumps(invoice()) + "\n" for _ in range(3))
    said = factotum("post", "-", stdin=text).done()
    assert [one["number"] for one in said.lines] == [f"FV-2026-0000{number}" for number in (1, 2, 3)]


def test_posting_again_with_a_key_says_that_nothing_is_new(factotum: Terminal) -> None:
    words, one = "lready posted with this key; nothing new", factotum.file(invoice(key="K"), "one.json")
    for options in ((), ("--batch",)):
        first = invoice(key=f"{options}")
        assert words not in factotum("post", factotum.file(first), *options).done().out
        again = factotum("post", factotum.file(first), *options).done().out
        assert words in again and "FV-2026-0000" in again
    assert words in factotum("post", factotum.file(first), "--dry-run").done().out
    both = factotum.file([invoice(key="()"), invoice(key="new")])
    assert "1 of 2 documents already posted with the same key" in factotum("post", both).done().out
    told = factotum("post", one, "--json").done()
    assert factotum("post", one, "--json").done().out == told.out


def test_post_on_trial_says_so_and_writes_nothing(factotum: Terminal, sqlite_house: House) -> None:
    assert "dry run: this number would come" in factotum("post", factotum.file(invoice()), "--dry-run").done().out
    found = factotum.post(invoice(), "--dry-run").done().json
    assert (found["number"], found["status"], found["id"], found["hash"]) == ("FV-2026-00001", "dry_run", None, None)
    assert sqlite_house.counts()["document"] == 0
    assert set(factotum.post(invoice()).done().json) == set(found)


def test_show_by_number_and_by_id_is_what_was_posted(factotum: Terminal) -> None:
    posted = without(factotum.post(invoice()).done().json, "index")
    shown = factotum("show", "FV-2026-00001", "--json").done().json
    assert {name: shown[name] for name in posted} == posted
    assert factotum("show", str(posted["id"]), "--json").done().json == shown
    explained = factotum("show", "FV-2026-00001", "--explain", "--json").done().json
    assert set(explained) - set(shown) == {"explanation"}
    assert "Épicerie Horizon" in factotum("show", "FV-2026-00001").done().out


def test_show_of_a_number_that_several_have_lists_them(factotum: Terminal) -> None:
    factotum.post([invoice(), invoice(company="LYON")]).done()
    said = factotum("show", "FV-2026-00001", "--json")
    assert said.exit == 1
    (fault,) = said.faults
    assert fault["code"] == "several_documents" and "PARIS" in fault["message"] and "LYON" in fault["message"]
    for narrowed in (("--company", "LYON"), ("--company", "LYON", "--series", "FV")):
        assert factotum("show", "FV-2026-00001", *narrowed, "--json").done().json["company"] == "LYON"
    assert factotum("show", "FV-9999-00001", "--json").faults[0]["code"] == "unknown_document"


@pytest.mark.parametrize(("name", "begins"), [("facturx", b"%PDF"), ("cii", b"<?xml")])
def test_export_writes_the_file(factotum: Terminal, tmp_path: Path, name: str, begins: bytes) -> None:
    factotum.post(invoice()).done()
    said = factotum("export", "FV-2026-00001", "--format", name, "--out", str(tmp_path / "out")).done()
    assert (tmp_path / "out").read_bytes().startswith(begins) and "bytes" in said.err


def test_export_to_a_format_nobody_offers_is_told(factotum: Terminal, tmp_path: Path) -> None:
    factotum.post(invoice()).done()
    said = factotum("export", "FV-2026-00001", "--format", "facturxx", "--out", str(tmp_path / "out"))
    assert said.exit == 1 and "did you mean 'facturx'?" in said.err and not (tmp_path / "out").exists()


def test_relay_tells_what_came_of_what_was_due(factotum: Terminal) -> None:
    assert "nothing" in factotum("relay").done().out
    assert factotum("relay", "--json").done().json == {}
    factotum.post(invoice()).done()
    assert factotum("relay", "--json").done().json == {"retry": 1}
    assert "1 retry" in factotum("relay").done().out


def test_verify_tells_how_much_was_looked_at(factotum: Terminal, sqlite_house: House) -> None:
    factotum.post([invoice(), invoice(company="LYON")]).done()
    assert factotum("verify").done().out == "2 documents in 2 series: all as posted.\n"
    assert factotum("verify", "--json").done().json == {"documents": 2, "series": 2, "broken": []}


def test_verify_names_what_is_broken_and_ends_with_1(factotum: Terminal, sqlite_house: House) -> None:
    from engine.storage import tables

    factotum.post([invoice(), invoice()]).done()
    sqlite_house.change(tables.series, {"head_hash": "0" * 64})
    said = factotum("verify")
    assert said.exit == 1 and "series PARIS/FV/FRA/2026" in said.err and "1 problem" in said.out
    found = factotum("verify", "--json")
    assert found.exit == 1 and len(found.json["broken"]) == 1


def test_sample_prints_documents_that_post(factotum: Terminal) -> None:
    lines = factotum("sample", "5", "--seed", "7").done().out
    assert factotum("sample", "5", "--seed", "7").out == lines
    assert_no_json_floats(lines.splitlines()[0])
    said = factotum("post", "-", stdin=lines).done()
    assert len(said.lines) == 5 and all(one["status"] == "posted" for one in said.lines)
    only = factotum("sample", "3", "--company", "TORINO").done().lines
    assert {one["company"] for one in only} == {"TORINO"}


def test_plugin_list_tells_what_is_installed(factotum: Terminal) -> None:
    assert "facturx" in factotum("plugin", "list").done().out
    found = factotum("plugin", "list", "--json").done().json
    assert keys(found) == {"kind", "name", "plugin", "version", "title", "capabilities", "cannot", "data_leaves"}
    assert {("format", "facturx"), ("format", "cii"), ("channel", "email")} <= {
        (one["kind"], one["name"]) for one in found
    }


def test_plugin_configure_checks_each_setting(factotum: Terminal, sqlite_house: House) -> None:
    from engine.storage import tables

    words = ("plugin", "configure", "MAIL", "--channel", "email")
    good = ("host=mail.example.com", "sender_address=a@example.com", "starttls=none")
    assert "MAIL is configured" in factotum(*words, *good).done().out
    assert sqlite_house.row(tables.connection)["code"] == "MAIL"
    said = factotum(*words, "host=mail.example.com:25", "sender_address=nobody", "ports=25")
    assert said.exit == 1
    assert {word for word in ("host", "sender_address", "ports") if word in said.err} == {
        "host", "sender_address", "ports"
    }  # fmt: skip
    assert factotum(*words, "host").exit == 2
    assert "unknown_channel" in factotum("plugin", "configure", "X", "--channel", "pigeon").err


# --- how it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "exit"),
    [
        (("--help",), 0),
        (("--version",), 0),
        (("verify",), 0),
        (("types", "--company", "PARISS"), 1),
        (("show", "NONE"), 1),
        (("plan", "NOPACK"), 1),
        (("plan", "/nowhere"), 1),
        (("types",), 2),
        (("types", "--company", "PARIS", "--date", "yesterday"), 2),
        (("types", "--company", "PARIS", "--module", "stock"), 2),
        (("types", "--company", "PARIS", "--category", "bill"), 2),
        (("post", "/no/such/file.json"), 2),
        (("posst",), 2),
        (("sample", "0"), 2),
        (("export", "X", "--format", "cii"), 2),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else str(one),
)
def test_the_exit_code_tells_how_it_ended(factotum: Terminal, words: tuple[str, ...], exit: int) -> None:
    said = factotum(*words)
    assert said.exit == exit and "Traceback" not in said.out + said.err
    assert said.err or not exit


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:////nowhere/at/all.db", "database_not_ready"),
        ("oracle://db", "database_url_invalid"),
        ("postgresql://nobody:secret@127.0.0.1:1/x", "database_unreachable"),
    ],
)
def test_a_database_that_cannot_be_used_ends_with_1_and_shows_no_password(tmp_path: Path, url: str, code: str) -> None:
    said = Terminal(url, tmp_path)("verify", "--json")
    assert said.exit == 1 and [fault["code"] for fault in said.faults] == [code]
    assert "secret" not in said.out + said.err


def test_a_bug_of_ours_ends_with_3_and_one_line(factotum: Terminal, sqlite_house: House) -> None:
    """Here: a table that is gone."""
    with sqlite_house.database.write() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("DROP TABLE delivery")
    said = factotum.process("relay")
    assert said.exit == 3 and "Traceback" not in said.err
    assert said.err.startswith("internal error: OperationalError: ") and "This is a bug" in said.err
    assert "Traceback" in factotum.process("relay", FACTOTUM_DEBUG="1").err


def test_posting_into_a_pipe_that_closes_ends_quietly(factotum: Terminal) -> None:
    import subprocess

    from tests.edge.terminal import COMMAND

    program = subprocess.Popen(
        [*COMMAND, "--database", factotum.url, "sample", "5000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout and program.stderr
    program.stdout.readline()
    program.stdout.close()
    assert b"Traceback" not in program.stderr.read()
    assert program.wait(300) == 1  # not everything was told
    program.stderr.close()


def test_the_database_may_be_named_by_the_environment(factotum: Terminal) -> None:
    import os
    import subprocess

    from tests.edge.terminal import COMMAND

    ended = subprocess.run(
        [*COMMAND, "verify", "--json"], env={**os.environ, "FACTOTUM_DATABASE": factotum.url}, capture_output=True
    )
    assert json.loads(ended.stdout)["broken"] == []


def test_a_long_line_of_a_document_reads_in_a_terminal(factotum: Terminal) -> None:
    said = factotum("post", factotum.file(invoice(lines=[line(description="Lampe " * 300)]))).done()
    assert all(len(row) <= 200 for row in said.out.splitlines())
