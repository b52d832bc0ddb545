"""Plugins from the command line: written, checked, configured, tested, activated; keys of secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.edge.cli.mailbox import Mailbox
from engine.storage import tables
from tests.edge.terminal import Terminal
from tests.support.house import House

ROOT = Path(__file__).resolve().parents[2]


def test_a_new_plugin_is_fit_and_its_own_tests_pass(factotum: Terminal, tmp_path: Path) -> None:
    assert "acme_factotum" in factotum("plugin", "new", "acme", "--in", str(tmp_path)).done().out
    folder = tmp_path / "acme"
    path = {**os.environ, "PYTHONPATH": str(ROOT)}
    checked = subprocess.run(
        [sys.executable, "-m", "engine", "plugin", "check", "acme_factotum"],
        cwd=folder, env=path, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "it is fit" in checked.stdout and "FAILS" not in checked.stdout
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder, env={**path, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}, capture_output=True, text=True,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_new_plugin_reads_well(factotum: Terminal, tmp_path: Path) -> None:
    factotum("plugin", "new", "acme", "--in", str(tmp_path)).done()
    ruff = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "120",
        "--ignore",
        "I001",
        str(tmp_path / "acme"),
    ]
    ended = subprocess.run(ruff, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_a_plugin_is_not_written_over_another(factotum: Terminal, tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    refused = factotum("plugin", "new", "acme", "--in", str(tmp_path))
    assert refused.exit == 1 and "plugin_folder_there" in refused.out + refused.err
    refused = factotum("plugin", "new", "../acme", "--in", str(tmp_path))
    assert refused.exit == 1 and "bad_plugin_name" in refused.out + refused.err


def test_a_plugin_that_is_not_fit_ends_with_one(factotum: Terminal) -> None:
    ended = factotum("plugin", "check", "plugins.email_smtp.plugin", "--json")  # without samples nothing can be sent
    failed = [one["check"] for one in ended.json if one["state"] == "failed"]
    assert ended.exit == 1 and failed == ["manifest.has_samples"]


def test_the_life_of_a_connection_in_words(factotum: Terminal, sqlite_house: House, tmp_path: Path) -> None:
    assert "sender_address" in factotum("plugin", "settings", "email").done().out
    with Mailbox(tmp_path / "mail") as mailbox:
        settings = {"host": "127.0.0.1", "port": mailbox.port, "sender_address": "a@example.com", "starttls": "none"}
        file = factotum.file(settings, "mail.json")
        factotum("plugin", "configure", "MAIL", "--channel", "email", "--settings", file).done()
        early = factotum("plugin", "activate", "MAIL")
        assert early.exit == 1 and "connection_not_tested" in early.out + early.err
        tested = factotum("plugin", "test", "MAIL").done().out
        assert "ok" in tested and "passed" in tested
        factotum("plugin", "activate", "MAIL", "--company", "PARIS").done()
        factotum("plugin", "pause", "MAIL", "--message", "holidays").done()
        (paused,) = factotum("plugin", "connections", "--json").done().json
        assert (paused["state"], paused["detail"], paused["companies"]) == ("paused", "holidays", ["PARIS"])
        factotum("plugin", "resume", "MAIL").done()
        assert "active" in factotum("plugin", "connections").done().out
        assert factotum("plugin", "test", "--json").done().json == []  # nothing was tested a day ago
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        sqlite_house.change(tables.connection, {"tested_at": long_ago}, code="MAIL")
        assert "passed" in factotum("plugin", "test").done().out
    sqlite_house.change(tables.connection, {"tested_at": long_ago}, code="MAIL")
    again = factotum("plugin", "test", "--json")
    assert again.exit == 1 and [(one["state"], one["tested"]) for one in again.json] == [("active", True)]
    gone = factotum("plugin", "test", "MAIL")
    assert gone.exit == 1 and "did not pass" in gone.out
    factotum("plugin", "deactivate", "MAIL").done()
    (off,) = factotum("plugin", "connections", "--json").done().json
    assert off["state"] == "configured" and off["companies"] == []


def test_a_key_is_made_and_secrets_move_to_it(
    factotum: Terminal, sqlite_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    assert "FACTOTUM_KEY_FILE" in factotum("secret", "new-key", str(keys)).done().out
    assert keys.stat().st_mode & 0o777 == 0o600 and len(keys.read_text().split()) == 1
    monkeypatch.setenv("FACTOTUM_KEY_FILE", str(keys))
    assert factotum("secret", "rotate").done().out.startswith("0 secrets")
    factotum("secret", "new-key", str(keys)).done()
    assert len(keys.read_text().split()) == 2


def test_a_list_of_plugins_tells_what_each_is(factotum: Terminal) -> None:
    found = {one["name"]: one for one in json.loads(factotum("plugin", "list", "--json").done().out)}
    assert found["email"]["plugin"] == "email_smtp" and "deliver" in found["email"]["capabilities"]
    assert found["email"]["data_leaves"]


def test_a_secret_is_asked_for_and_kept_out_of_sight(factotum: Terminal, sqlite_house: House, tmp_path: Path) -> None:
    words = ("plugin", "configure", "MAIL", "--channel", "email", "host=smtp.example.com", "user=erp")
    settings = ("port=587", "sender_address=a@example.com")
    done = factotum(*words, *settings, "--secret", "password", stdin="a-canary-of-ours\n").done()
    assert "canary" not in done.out + done.err
    (kept,) = factotum("plugin", "connections", "--json").done().json
    assert kept["secrets"] == ["password"] and "password" not in kept["settings"]
    assert "a-canary-of-ours" not in str([sqlite_house.rows(one) for one in (tables.connection, tables.secret)])
    assert b"a-canary-of-ours" not in b"".join(path.read_bytes() for path in tmp_path.glob("*.db*"))
    again = factotum(*words, *settings).done()  # what is not given again stays
    assert "configured" in again.out and factotum("plugin", "connections", "--json").json[0]["secrets"] == ["password"]
    without_key = factotum.process(*words, *settings, "password=x" * 3, FACTOTUM_KEY="")
    assert without_key.exit == 1 and "no_key" in without_key.out + without_key.err


def test_settings_are_listed_with_their_choices_and_no_word_of_python(factotum: Terminal) -> None:
    shown = factotum("plugin", "settings", "email").done().out
    assert "none, required" in shown and "implicit, starttls, none" in shown
    assert "None" not in shown and "False" not in shown and "yes, no" in shown


def test_a_setting_that_is_misspelt_is_told_with_the_one_that_was_meant(factotum: Terminal) -> None:
    said = factotum("plugin", "configure", "MAIL", "--channel", "email", "hots=smtp.example.com", "port=smtp")
    assert said.exit == 1
    for words in (
        "did you mean 'host'?",
        "a whole number is wanted",
        "it is needed",
        "`factotum plugin settings email`",
    ):
        assert words in said.err
