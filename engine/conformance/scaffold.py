"""`factotum plugin new`: a working plugin with its samples and tests, to start from."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from engine.kernel.faults import FaultKind, Faulty

BAD_NAME = FaultKind(
    "bad_plugin_name",
    "{name!r} is no name for a plugin",
    "use 2 to 30 lower case letters, digits and _, a letter first",
)
FOLDER_THERE = FaultKind("plugin_folder_there", "{folder} is there already", "choose another name or folder")
PLACES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "init.py.txt": "{name}_factotum/__init__.py",
    "settings.py.txt": "{name}_factotum/settings.py",
    "mapping.py.txt": "{name}_factotum/mapping.py",
    "client.py.txt": "{name}_factotum/client.py",
    "samples.py.txt": "{name}_factotum_samples.py",
    "test_conforms.py.txt": "tests/test_conforms.py",
}


def write_plugin(name: str, folder: Path) -> list[Path]:
    """Write the plugin `name` into `folder/name`; the files written. Errors: Faulty."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", name):
        raise Faulty([BAD_NAME.at("name", name=name)])
    root = folder / name
    if root.exists():
        raise Faulty([FOLDER_THERE.at("name", folder=root)])
    title = name.replace("_", " ").capitalize()
    words = {"@NAME@": name, "@TITLE@": title, "@TITLE_CODE@": name.upper()[:20]}
    written = []
    for template, place in PLACES.items():
        text = files("engine.conformance").joinpath("template", template).read_text("utf-8")
        for mark, word in words.items():
            text = text.replace(mark, word)
        path = root / place.format(name=name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
