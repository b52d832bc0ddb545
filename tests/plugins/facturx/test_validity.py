"""Every file we write, under the official rules: XSD, Schematron of EN 16931 and Factur-X, BR-FR, PDF/A-3b.

The validator is not part of the product and lies in ../shared; its rules compile once for a whole folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plugins.facturx.formats import Cii, FacturX
from tests.plugins.facturx import views

SETS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "french": (views.FRENCH_SET, ["--rules", "fr-ctc"]),
    "other": (views.OTHER_SET, []),
}
FILES = [f"{kind}/{name}.{ext}" for kind, (builds, _) in SETS.items() for name in builds for ext in ("pdf", "xml")]


@pytest.fixture(scope="module")
def verdicts(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    pytest.importorskip("saxonche", reason="official rules need saxonche")
    folder, found = tmp_path_factory.mktemp("files"), {}
    for kind, (builds, options) in SETS.items():
        (folder / kind).mkdir()
        for name, build in builds.items():
            for make in (FacturX(), Cii()):
                (folder / kind / f"{name}.{make.extension}").write_bytes(make.render(build()).content)
        tool = shared / "tools" / "validate_einvoice.py"
        command = [sys.executable, str(tool), "--json", "--warnings", "--profile", "en16931", *options, kind]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        found.update({line["file"]: line for line in map(json.loads, done.stdout.splitlines())})
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_official_rules_find_nothing(name: str, verdicts: dict[str, dict[str, Any]]) -> None:
    assert verdicts[name]["verdict"] == "VALID", verdicts[name]["findings"]


@pytest.mark.parametrize("code", ["325", "383"])
def test_a_plain_page_is_pdf_a_3b_too(code: str) -> None:
    page = pytest.importorskip("page", reason="page-validation is not installed")
    report = page.validate_pdf_bytes(FacturX().render(views.document(untdid_code=code)).content, profile="3b")
    # a PDF/A-1 clause that page-validation 0.11 applies to PDF/A-3
    assert [f.rule_id for f in report.failures if not f.rule_id.endswith("-METADATA-FILTER-001")] == []
