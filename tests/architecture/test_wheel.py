"""What is installed is what was tested: the wheel holds all code and data of the house, and the locks are whole."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ("engine", "rules", "plugins", "migrations")
NEVER = {"__pycache__", ".mypy_cache", ".ruff_cache"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names in a wheel built from a copy of the tree, so that nothing is left behind in the tree itself."""
    copy = tmp_path_factory.mktemp("tree")
    for name in (*HOUSE, "tests"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(*NEVER))
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "out", "."]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (copy / "out").glob("*.whl")
    return zipfile.ZipFile(built).namelist()


def test_the_wheel_holds_every_file_of_the_house(wheel: list[str]) -> None:
    """Code and data alike; a file that should not ship has no place in these four folders."""
    files = [path for top in HOUSE for path in (ROOT / top).rglob("*") if path.is_file() and not NEVER & {*path.parts}]
    missing = {path.relative_to(ROOT).as_posix() for path in files} - {*wheel}
    assert not missing, f"code without __init__.py, or not in pyproject.toml's package-data: {sorted(missing)}"


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel} <= {*HOUSE, "factotum_erp-0.1.0.dist-info"}


def test_the_wheel_names_its_command_and_its_plugins(wheel: list[str]) -> None:
    assert "factotum_erp-0.1.0.dist-info/entry_points.txt" in wheel
    assert "factotum_erp-0.1.0.dist-info/licenses/LICENSE" in wheel


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_a_lock_pins_every_requirement_by_hash_and_names_no_index(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(index|extra-index|find-links|trusted)|^-", text, re.MULTILINE)
    assert "make lock" in text
    joined = re.sub(r"\\\n", " ", text)
    requirements = [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]
    assert requirements
    assert not [line for line in requirements if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]


def test_the_lock_for_development_holds_the_lock_for_running() -> None:
    pins = {
        name: {*re.findall(r"^\S+==\S+", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.MULTILINE)}
        for name in ("run.txt", "dev.txt")
    }
    assert pins["run.txt"] <= pins["dev.txt"]
    assert any(pin.startswith("setuptools==") for pin in pins["run.txt"])  # the project is built without isolation
