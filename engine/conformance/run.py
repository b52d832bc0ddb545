"""Which checks a plugin is asked, and running them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.conformance import formats, general, remotes, stores
from engine.conformance.kit import CHECKS, Check, Result, Subject, ask
from engine.kernel.errors import EngineError
from engine.spi.host import FACETS, broken, register
from engine.spi.samples import Samples

GROUPS = (general, formats, remotes, stores)
"""Importing them registers their checks, in this order."""


class NoSamples(EngineError):
    code = "no_samples"
    says = "{where} has no SAMPLES of engine.spi.samples: {cause}"
    remedy = "write them, or name the module with --samples; `factotum plugin new` shows how"


@dataclass(frozen=True)
class Asked:
    """One check of one offer; call it with a folder. What fails raises AssertionError, what says nothing is skipped."""

    check: Check
    subject: Callable[[Path], Subject]
    name: str

    def __str__(self) -> str:
        return f"{self.name}-{self.check.id}"

    def result(self, folder: Path) -> Result:
        return ask(self.check, self.subject(folder))

    def __call__(self, folder: Path) -> None:
        result = self.result(folder)
        if result.state == "skipped" and "pytest" in sys.modules:
            sys.modules["pytest"].skip(f"says nothing: {result.words}")
        if result.unfit:
            raise AssertionError(f"{self.name}: {self.check.says}: {result.words}")


class NotFoundHere(EngineError):
    code = "plugin_not_found"
    says = "there is no module {module!r} to be found from here"
    remedy = "run it in the plugin's folder, or install the plugin"


def checks(module: str, samples: str = "") -> list[Asked]:
    """Every check a plugin is asked. Errors: NotFoundHere, PluginBroken, NoSamples."""
    try:
        found = import_module(module)
    except (Exception, SystemExit) as cause:
        if isinstance(cause, ModuleNotFoundError) and cause.name and f"{module}.".startswith(f"{cause.name}."):
            raise NotFoundHere(module=module) from cause
        raise broken(module, cause) from cause
    where = samples or f"{module}_samples"
    given = _samples(where, bool(samples))
    missing = "" if given else f"there is no {where} to be found from here: write it, or name one with --samples"
    return asked_of(module, found, given or Samples(), missing)


def asked_of(module: str, plugin: object, given: Samples, missing: str = "") -> list[Asked]:
    """Every check of a plugin that is at hand; `missing` says why there are no samples. Errors: PluginBroken."""
    plugins = register([(module, plugin)])
    offers = [("", module, plugins.manifests[module])]
    offers += [(facet, name, one) for facet in FACETS for name, one in getattr(plugins, facet).items()]

    def subject(name: str, offer: object) -> Callable[[Path], Subject]:
        return lambda folder: Subject(module, plugins, given, name, offer, folder, missing)

    return [
        Asked(check, subject(name, offer), name)
        for facet, name, offer in offers
        for check in CHECKS
        if check.facet == facet
    ]


def check_plugin(module: str, samples: str = "") -> Iterator[Result]:
    """Run every check, one after the other. Errors: PluginBroken, NoSamples."""
    with TemporaryDirectory(prefix="factotum-check-") as folder:
        for one in checks(module, samples):
            yield one.result(Path(folder))


def _samples(where: str, must: bool) -> Samples | None:
    """`package.module`, whose SAMPLES are meant. Without any, what needs no stand-in is checked all the same."""
    try:
        found = import_module(where).SAMPLES
    except ModuleNotFoundError as cause:
        if must or cause.name not in (where, where.rpartition(".")[0]):
            raise NoSamples(where=where, cause=cause) from cause
        return None
    except Exception as cause:
        raise NoSamples(where=where, cause=f"{type(cause).__name__}: {cause}") from cause
    if not isinstance(found, Samples):
        raise NoSamples(where=where, cause=f"SAMPLES is {type(found).__name__}")
    return found
