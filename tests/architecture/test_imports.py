"""The room table of STYLE.md: who may import whom. Every module belongs to a room; a room may import itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ("engine", "rules", "plugins", "migrations")

STEPS = tuple(
    f"engine.{step}"
    for step in ("parametrization", "selection", "drafting", "numbering", "journal", "posting", "outbox", "inbox")
)
GROUND = ("engine.kernel", "rules")
ALSO = {
    "engine.posting": ("engine.spi.contracts",),
    "engine.outbox": ("engine.spi.contracts",),
    "engine.inbox": ("engine.spi.contracts",),
}
FLOW = (*GROUND, "engine.spi", *STEPS, "engine.lint", "engine.rehearsal")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "rules": (),
    "engine.kernel": (),
    "engine.spi": ("engine.kernel",),
    **{step: (*GROUND, *STEPS[:place], *ALSO.get(step, ())) for place, step in enumerate(STEPS)},
    "engine.lint": (*GROUND, *STEPS[: STEPS.index("engine.journal") + 1]),
    "engine.rehearsal": (*GROUND, *STEPS[: STEPS.index("engine.posting") + 1]),
    "engine.flow": FLOW,
    "engine.storage": (*FLOW, "engine.flow"),
    "engine.app": (*FLOW, "engine.flow", "engine.storage"),
    "engine.edge": (*FLOW, "engine.flow", "engine.storage", "engine.app"),
    "engine.edge.cli": (*FLOW, "engine.flow", "engine.storage", "engine.app", "engine.edge", "engine.conformance"),
    "engine.conformance": ("engine", "rules"),
    "engine.__main__": ("engine.edge.cli",),
    "engine": (),  # engine/__init__.py: the map, nothing executable
    "plugins": ("engine.spi",),
    "migrations": (),
    "migrations.env": ("engine.storage.tables",),
}


def is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def room_of(module: str) -> str | None:
    """The nearest room. `engine` itself is no room for what lies in it; each plugin is a room of its own."""
    if module.startswith("plugins."):
        return ".".join(module.split(".")[:2])
    found = max((room for room in MAY_IMPORT if is_in(module, room)), key=len, default=None)
    return None if found == "engine" != module else found


def imports(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Every name of ours or others that a module imports, wherever in it, `import_module("…")` included."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                source = ".".join([*above, *([module] if module else [])])
                yield from ((node.lineno, f"{source}.{name.name}") for name in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def wrong_imports(module: str, source: str, is_package: bool = False) -> list[str]:
    room = room_of(module)
    if room is None:
        return [f"{module} is in no room of the table"]
    allowed = (room, *MAY_IMPORT["plugins" if room.startswith("plugins") else room])
    if room == "engine":
        allowed = ()
    package = module if is_package else module.rpartition(".")[0]
    return [
        f"{module}:{line} imports {name}; {room} may import {', '.join(allowed) or 'nothing of ours'}"
        for line, name in imports(ast.parse(source), package)
        if name.split(".")[0] in (*HOUSE, "tests") and not any(is_in(name, other) for other in allowed)
    ]


@pytest.mark.parametrize("top", HOUSE)
def test_every_module_imports_only_what_its_room_may(top: str) -> None:
    wrong = []
    for path in sorted((ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        wrong += wrong_imports(module, path.read_text(encoding="utf-8"), is_package)
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("rules.check", "import engine.kernel.money"),
        ("rules.check", "def late():\n    from engine import kernel"),
        ("engine.kernel.money", "from rules import Formula"),
        ("engine.spi.contracts", "from ..posting import events"),
        ("engine.numbering.mask", "from engine.journal import facts"),
        ("engine.journal.facts", "from engine.spi import contracts"),
        ("engine.outbox.relay", "from engine.spi.host import find"),
        ("engine.flow", "import engine.storage"),
        ("engine.edge.web.types", "from engine.conformance import kit"),
        ("engine.app", "import importlib\nimportlib.import_module('plugins.facturx')"),
        ("plugins.facturx.mapping", "import rules"),
        ("plugins.facturx.plugin", "from plugins.email_smtp import settings"),
        ("migrations.versions.0001_parametrization", "from engine.storage import tables"),
        ("engine.storage.tables", "import tests.support"),
        ("engine.partners", ""),
    ],
)
def test_an_import_the_table_forbids_is_found(module: str, source: str) -> None:
    assert len(wrong_imports(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.posting.post", "from engine.spi.contracts import Parcel\nfrom engine.journal import generate"),
        ("engine.journal.generate", "from .facts import values\nfrom rules import Formula\nimport decimal"),
        ("engine.edge.cli.plugin", "from engine.conformance import kit\nfrom engine.edge import words"),
        ("engine.__main__", "from engine.edge.cli import main"),
        ("plugins.facturx.plugin", "from engine.spi import hookspecs\nfrom plugins.facturx.mapping import render"),
        ("migrations.env", "from engine.storage.tables import metadata"),
    ],
)
def test_an_import_the_table_allows_passes(module: str, source: str) -> None:
    assert wrong_imports(module, source) == []
