"""With an `__init__.py` in only some folders under tests/, `tests/rules` hides `rules`."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def test_every_test_folder_has_init() -> None:
    files = [path for path in TESTS.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    folders = {folder for path in files for folder in path.parents if folder.is_relative_to(TESTS)}
    assert TESTS in folders
    assert not [folder for folder in folders if not (folder / "__init__.py").is_file()]
