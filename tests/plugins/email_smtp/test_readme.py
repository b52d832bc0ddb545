"""The example of plugins/README.md is a plugin: it loads through its entry point, renders and delivers."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from engine.spi import LineView, Parcel, Rejected, TryLater
from engine.spi.host import register
from tests.plugins.email_smtp.builders import HERE, ZERO, document, parcel

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
LINE = LineView(
    position=1, description="Conseil", quantity=Decimal(2), unit="HUR", unit_price=Decimal("50.00"),
    gross=Decimal("100.00"), discounts=(), net=Decimal("100.00"), nature="service", product="", sku="", tax_code="",
    tax_category="S", tax_rate=ZERO, references=(),
)  # fmt: skip


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def acme(tmp_path: Path) -> ModuleType:
    path = tmp_path / "acme_factotum.py"
    path.write_text(block("python"), encoding="utf-8")
    spec = spec_from_file_location("acme_factotum", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_renders_and_delivers(acme: ModuleType, tmp_path: Path) -> None:
    plugins = register([("acme", acme)])
    summary, folder = plugins.formats["acme_summary"], plugins.channels["acme_folder"]
    invoice = document(lines=(LINE,))
    file = summary.render(invoice)
    assert file == summary.render(invoice)
    assert file.content.decode() == "Facture FV-2026-00007: 1200.60 EUR\n1 Conseil: 100.00\n"

    settings = folder.settings_model.model_validate({"folder": str(tmp_path)})
    sent = Parcel("K1", invoice, (file,), folder.recipients(invoice), settings)
    assert folder.deliver(sent, HERE) == folder.deliver(sent, HERE)
    assert [path.name for path in tmp_path.glob("*.txt*")] == ["K1-7.txt"]


def test_the_example_raises_what_the_page_says(acme: ModuleType, tmp_path: Path) -> None:
    settings = acme.FolderSettings(folder=tmp_path / "absent")
    with pytest.raises(Rejected):
        acme.SummaryFormat().render(document())
    with pytest.raises(Rejected):
        acme.FolderChannel().deliver(parcel(settings, files=()), HERE)
    with pytest.raises(TryLater, match="No such file"):
        acme.FolderChannel().deliver(parcel(settings), HERE)


def test_the_example_is_found_through_its_entry_point(acme: ModuleType, tmp_path: Path) -> None:
    group, line = block("toml").splitlines()
    assert group == '[project.entry-points."factotum.plugins"]'
    installed = tmp_path / "acme-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[factotum.plugins]\n{line.replace(chr(34), '')}\n")
    asks = "from engine.spi.host import load_plugins as load; print(*load().formats, *load().channels)"
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", asks], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert {"acme_summary", "acme_folder"} <= {*done.stdout.split()}


def test_the_page_names_every_policy_and_both_errors() -> None:
    assert {"IDEMPOTENT", "RECONCILABLE", "AT_LEAST_ONCE", "AT_MOST_ONCE", "TryLater", "Rejected"} <= {
        *re.findall(r"`(\w+)", README)
    }


def test_the_example_and_our_plugin_use_the_public_door_only() -> None:
    sources = [block("python"), *(path.read_text() for path in (ROOT / "plugins" / "email_smtp").glob("*.py"))]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    ours = {node.module for node in nodes if str(node.module).split(".")[0] in ("engine", "rules")}
    assert ours == {"engine.spi"}
