"""Every fault and error of the engine is provoked by name in some test: a new one without a test fails."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import engine
from engine.kernel.errors import EngineError
from engine.kernel.faults import KINDS, FaultKind

TESTS = Path(__file__).resolve().parents[1]
NOT_IMPORTED = ("engine.__main__",)

for module in walk_packages(engine.__path__, "engine."):
    if module.name not in NOT_IMPORTED:
        import_module(module.name)


def errors(of: type[EngineError]) -> list[type[EngineError]]:
    """Every error of the engine below one."""
    ours = [one for one in of.__subclasses__() if one.__module__.startswith("engine.")]
    return ours + [found for one in ours for found in errors(one)]


def sampled() -> set[str]:
    """Every word of any test but this one."""
    paths = [path for path in TESTS.rglob("*.py") if path != Path(__file__).resolve()]
    return {word for path in paths for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}


SAMPLED = sampled()


@pytest.mark.parametrize("code", KINDS)
def test_a_fault_is_provoked_somewhere(code: str) -> None:
    assert code in SAMPLED, f"no test under tests/ names {code!r}"


@pytest.mark.parametrize("error", errors(EngineError), ids=lambda error: error.code)
def test_an_error_is_provoked_somewhere(error: type[EngineError]) -> None:
    assert {error.code, error.__name__} & SAMPLED, f"no test under tests/ names {error.code!r} or {error.__name__}"


def test_codes_of_errors_are_their_own() -> None:
    codes = [error.code for error in errors(EngineError)]
    assert len({*codes}) == len(codes) and not {*codes} & {*KINDS}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_of_fault_has_a_code_words_and_a_way_out(kind: FaultKind) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert kind.says and kind.remedy
