"""`factotum import`, `inbox` and `archive`: as people and as programs use them."""

import hashlib
from pathlib import Path

import pytest

from tests.edge.terminal import Terminal
from tests.plugins.facturx import views
from tests.support.invoices_in import cii


@pytest.fixture
def factotum(demo_file: Path, tmp_path: Path) -> Terminal:
    (tmp_path / "factotum.db").write_bytes(demo_file.read_bytes())
    return Terminal(f"sqlite:///{tmp_path / 'factotum.db'}", tmp_path)


def arrived(folder: Path, content: bytes, name: str = "invoice.xml") -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_a_file_is_imported_shown_taken_and_archived(factotum: Terminal, tmp_path: Path) -> None:
    content = cii().content
    (told,) = factotum("import", arrived(tmp_path, content), "--json").done().lines
    assert (told["state"], told["company"], told["gross"]) == ("new", "PARIS", "401.25")
    assert "S-1001" in factotum("inbox", "list").done().out
    shown = factotum("inbox", "show", str(told["id"])).done().out
    assert "totals.payable: 401.25" in shown and "pay to:" in shown
    assert factotum("inbox", "show", str(told["id"]), "--json").done().json["found"]["payment_means"] == "58"
    (taken,) = factotum("inbox", "take", str(told["id"]), "--type", "PIN", "--json").done().lines
    assert taken["state"] == "imported" and factotum("inbox", "list").done().out == "nothing is open\n"
    assert len(factotum("inbox", "list", "--state", "imported", "--json").done().lines) == 1

    assert factotum("archive", "run", "--json").done().json == {"moved": 1, "failed": []}
    (row,) = factotum("archive", "list", "--json").done().lines
    assert row["hash"] == hashlib.sha256(content).hexdigest() and row["keep_until"] == "2036-12-31"
    assert row["hash"] in factotum("archive", "list").done().out
    assert factotum("archive", "verify", "--json").done().json == {"archived": 1, "staged": 0, "broken": []}
    factotum("archive", "get", row["hash"], "--out", str(tmp_path / "back.xml")).done()
    assert (tmp_path / "back.xml").read_bytes() == content
    assert factotum("verify", "--json").done().json["broken"] == []

    (kept,) = (tmp_path / "factotum-archive").rglob("*.xml")
    kept.unlink()
    assert factotum("archive", "verify").exit == 1 and factotum("verify").exit == 1


def test_what_is_missing_is_said_and_set(factotum: Terminal, tmp_path: Path) -> None:
    odd = cii(views.line("Lampe", "1", "100", "19")).content
    said = factotum("import", arrived(tmp_path, odd), "--post").done()
    assert "import_tax_unknown" in said.out and "--set lines.0.tax_code=CODE" in said.out
    refused = factotum("inbox", "take", "1", "--json")
    assert refused.exit == 1 and refused.faults[0]["code"] == "import_tax_unknown"
    assert factotum("inbox", "take", "1", "--set", "nonsense").exit == 2
    words = ("--set", "lines.0.tax_code=FR20", "--accept-totals")
    assert "posted as" in factotum("inbox", "take", "1", *words).done().out


def test_duplicates_and_broken_files_end_with_one(factotum: Terminal, tmp_path: Path) -> None:
    good = arrived(tmp_path, cii().content)
    factotum("import", good, "--post").done()
    again = factotum("import", good)
    assert again.exit == 1 and "duplicate" in again.out
    (twin,) = factotum("inbox", "list", "--state", "duplicate", "--json").done().lines
    broken = factotum("import", arrived(tmp_path, b"<a>", "broken.xml"))
    assert broken.exit == 1 and "import_unknown_file" in broken.out
    assert "dismissed" in factotum("inbox", "dismiss", str(twin["id"]), "--why", "sent twice").done().out
    assert factotum("inbox", "dismiss", str(twin["id"])).exit == 1


def test_fetch_without_sources_brings_nothing(factotum: Terminal) -> None:
    assert factotum("inbox", "fetch").done().out == "nothing new\n"
    assert factotum("inbox", "fetch", "NOWHERE", "--json").exit == 1
