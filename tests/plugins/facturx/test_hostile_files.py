"""Files that attack their reader: each refused with a reason, quickly, in little memory, calling nobody."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.spi import File
from plugins.facturx.importers import CiiImporter, FacturXImporter
from tests.support import hostile

SEED = 20261122
CPU_SECONDS, MEMORY_KIB = 1.0, 512 * 1024
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def read() -> list[dict[str, Any]]:
    """What each attack came to, in a process of its own; a port stands by to see who calls."""
    calls: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            with suppress(OSError):
                while True:
                    calls.append(listener.accept()[1])

        threading.Thread(target=answer, daemon=True).start()
        program = [sys.executable, "-m", "tests.plugins.facturx.attacked", str(SEED), str(port)]
        done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    assert calls == []
    return [json.loads(row) for row in done.stdout.splitlines()]


def test_there_are_enough_of_them_and_each_has_its_own_name(read: list[dict[str, Any]]) -> None:
    assert len(read) >= 200 and len({row["name"] for row in read}) == len(read)


def test_each_is_refused_for_what_it_is(read: list[dict[str, Any]]) -> None:
    """Never read, never a bug; what is not even recognised no importer has seen."""
    wrong = [
        row for row in read if row["kind"] not in ("refused", "unknown") or not re.search(row["how"], row["reason"])
    ]
    assert wrong == []


def test_each_is_refused_within_a_second_of_the_processor(read: list[dict[str, Any]]) -> None:
    assert [row for row in read if row["cpu"] > CPU_SECONDS] == []


def test_none_takes_more_memory_than_is_allowed(read: list[dict[str, Any]]) -> None:
    assert max(row["memory"] for row in read) <= MEMORY_KIB


def test_none_opens_a_socket(read: list[dict[str, Any]]) -> None:
    assert [row["name"] for row in read if row["sockets"]] == []


def test_every_reason_can_be_shown(read: list[dict[str, Any]]) -> None:
    assert all(row["reason"].isprintable() and len(row["reason"]) < 500 for row in read)


@pytest.mark.parametrize("name", hostile.worst_names())
def test_a_name_is_data(name: str) -> None:
    """The same file by another name is the same document, and nothing is opened by it."""
    file = File(name, "application/xml", hostile.cii().encode())
    assert CiiImporter().recognises(file) and CiiImporter().read(file).number == "A-1"


def test_the_file_the_attacks_are_made_from_is_read() -> None:
    assert CiiImporter().read(File("x", "", hostile.cii().encode())).request["date"] == "2026-11-02"
    assert FacturXImporter().read(File("x", "", hostile.hybrid())).number == "A-1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encodings_invoices_come_in_are_read(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{name}"?>' + hostile.cii(NAME="Café")
    found = CiiImporter().read(File("x", "", text.encode(encoding)))
    assert found.request["lines"][0]["description"] == "Café"


def test_comments_and_cdata_inside_a_value_change_nothing() -> None:
    text = hostile.cii(ID="A<!-- b -->-<?c d?>1", NAME="<![CDATA[<b> & ]]>Lampe", TOTAL="12<!-- 9 -->0")
    found = CiiImporter().read(File("x", "", text.encode()))
    assert (found.number, found.totals["gross"]) == ("A-1", "120")
    assert found.request["lines"][0]["description"] == "<b> & Lampe"


def test_attacks_are_the_same_every_time() -> None:
    names = ("cut-at-", "bomb", "two-invoices", "xxe", "total")
    pairs = zip(hostile.hostile(SEED, 1), hostile.hostile(SEED, 1), strict=True)
    assert all(one == other for one, other in pairs if one.name.startswith(names))
