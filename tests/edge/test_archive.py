"""`factotum archive list` and `get`."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import insert

from engine.storage import tables
from tests.edge.terminal import Terminal
from tests.support.house import AT, House


@pytest.fixture
def kept(sqlite_house: House) -> list[str]:
    """The hashes of two hundred small files; some begin alike."""
    contents = [f"file {number}".encode() for number in range(200)]
    rows = [
        {"hash": hashlib.sha256(one).hexdigest(), "name": one.decode(), "media_type": "text/plain", "content": one,
         "stored_at": AT}
        for one in contents
    ]  # fmt: skip
    with sqlite_house.database.write() as connection:
        connection.execute(insert(tables.file), rows)
    return [str(row["hash"]) for row in rows]


def test_the_list_has_columns(factotum: Terminal, kept: list[str]) -> None:
    assert factotum("archive", "list", "--json").done().lines[0]["hash"] == min(kept)
    head, *rows = factotum("archive", "list").done().out.splitlines()
    assert head.split() == ["hash", "lies", "in", "kept", "until", "name"] and len(rows) == 200
    assert rows[0].startswith(min(kept)) and rows[0].index("database") == head.index("lies in")


def test_a_file_is_got_by_the_beginning_of_its_hash(factotum: Terminal, kept: list[str], tmp_path: Path) -> None:
    out = tmp_path / "back.txt"
    said = factotum("archive", "get", kept[7][:12].upper(), "--out", str(out)).done()
    assert out.read_bytes() == b"file 7" and said.err == f"{out}: file 7, 6 bytes\n"
    twice = next(one[0] for one in kept if sum(other[0] == one[0] for other in kept) > 1)
    for digest, code in ((twice, "several_files"), ("0" * 64, "unknown_file"), ("%", "unknown_file")):
        said = factotum("archive", "get", digest, "--out", str(out))
        assert said.exit == 1 and code in said.err
    assert factotum("archive", "get", kept[0], "--out", str(tmp_path / "no" / "x")).exit == 2
