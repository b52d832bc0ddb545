"""What a pack may ask of the engine."""

import tomllib
from pathlib import Path

import pytest

from engine.kernel.version import VERSION, fits
from engine.parametrization.packs import read_packs


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [
        (">=0.1", True),
        (">=0.1,<2", True),
        (" >= 0.1.0 , < 0.2 ", True),
        ("==0.1", True),
        (">0.1", False),
        ("<0.1", False),
        (">=1", False),
        ("0.1", None),
        ("~=0.1", None),
        (">=0.1,", None),
    ],
)
def test_terms_are_met_or_not_or_no_terms(wanted: str, verdict: bool | None) -> None:
    assert fits(wanted, "0.1.0") is verdict


@pytest.mark.parametrize(("wanted", "code"), [(">=99", "pack_for_other_engine"), ("newest", "pack_engine")])
def test_a_pack_for_another_engine_is_refused(tmp_path: Path, wanted: str, code: str) -> None:
    text = f'[pack]\ncode = "P"\nversion = "1"\nengine = "{wanted}"\n'
    (tmp_path / "pack.toml").write_text(text, encoding="utf-8")
    _, faults = read_packs([str(tmp_path)])
    assert [fault.code for fault in faults] == [code]
