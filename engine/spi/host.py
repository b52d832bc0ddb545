"""Find plugins through the entry points `factotum.plugins`, register them, and refuse what does not fit.

A plugin that is installed and does not load stops the start with its name and cause; order is by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import entry_points
from inspect import getattr_static
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import pluggy

from engine.kernel.errors import EngineError
from engine.kernel.faults import nearest
from engine.spi.contracts.manifest import API_VERSION, CAPABILITIES, Manifest
from engine.spi.hookspecs import PROJECT, Hooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.spi.contracts import (
        ArchiveStore,
        DeliveryChannel,
        DocumentFormat,
        DocumentSource,
        Importer,
        Provider,
        Seal,
    )

GROUP = "factotum.plugins"


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing a plugin may offer. `parts` are looked up without running them: a property may import much."""

    name: str  # for people
    hook: str
    capability: str
    parts: tuple[str, ...]


FACETS = {
    "formats": Facet("format", "register_formats", "render", ("name", "extension", "render")),
    "channels": Facet(
        "channel", "register_delivery_channels", "deliver",
        ("name", "settings_model", "policy_of", "recipients", "test", "deliver"),
    ),
    "providers": Facet(
        "provider", "register_providers", "push.create",
        ("name", "settings_model", "policy_of", "test", "prepare", "push", "find"),
    ),
    "importers": Facet("importer", "register_importers", "import", ("name", "recognises", "read")),
    "sources": Facet("source", "register_sources", "fetch", ("name", "settings_model", "test", "fetch", "done")),
    "seals": Facet(
        "seal", "register_seals", "seal",
        ("name", "chain_scope", "kinds", "settings_model", "seals", "load", "verify_chain"),
    ),
    "archives": Facet(
        "archive store", "register_archive_stores", "archive", ("name", "settings_model", "test", "put", "get")
    ),
}  # fmt: skip
"""Each by the name of its field in Plugins."""


PARTS = frozenset({"find", "events"})
"""Capabilities that are methods of what is offered."""


class PluginBroken(EngineError):
    code = "plugin_broken"
    says = "plugin {name!r} does not load: {cause}"
    remedy = "mend or uninstall it; nothing was sent or written"


class NameTaken(EngineError):
    code = "plugin_name_taken"
    says = "two plugins offer a {what} named {name!r}: {whose}"
    remedy = "uninstall one of them"


@dataclass(frozen=True, slots=True)
class Plugins:
    """What is offered, by name. `manifests` are by entry point; `owners` tell whose each offer is."""

    formats: Mapping[str, DocumentFormat] = field(default_factory=dict)
    channels: Mapping[str, DeliveryChannel] = field(default_factory=dict)
    seals: Mapping[str, Seal] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    importers: Mapping[str, Importer] = field(default_factory=dict)
    sources: Mapping[str, DocumentSource] = field(default_factory=dict)
    archives: Mapping[str, ArchiveStore] = field(default_factory=dict)
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (facet, name) -> entry point

    def connectable(self) -> dict[str, Any]:
        """What a connection may be for, by name: channels, providers, sources, archive stores."""
        return {**self.archives, **self.sources, **self.providers, **self.channels}


def load_plugins() -> Plugins:
    """Every installed plugin, through the public door. Errors: PluginBroken, NameTaken."""
    modules = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            modules.append((entry.name, entry.load()))
        except (Exception, SystemExit) as cause:  # a plugin may fail in any way; we say which and stop
            raise broken(entry.name, cause) from cause
    return register(modules)


def register(modules: Iterable[tuple[str, object]]) -> Plugins:
    """Register plugin modules or objects, each under its name. Errors: PluginBroken, NameTaken."""
    manifests: dict[str, Manifest] = {}
    offered: dict[str, dict[str, Any]] = {facet: {} for facet in FACETS}
    owners: dict[tuple[str, str], str] = {}
    for name, module in modules:
        try:
            manifests[name], offers = _offers(name, module)
        except (Exception, SystemExit) as cause:
            raise broken(name, cause) from cause
        for facet, many in offers.items():
            for offer in many:
                _add(facet, offered, offer, owners, name)
                owners[facet, offer.name] = name
    return Plugins(
        **{facet: dict(sorted(found.items())) for facet, found in offered.items()}, manifests=manifests, owners=owners
    )


def _offers(name: str, module: object) -> tuple[Manifest, dict[str, list[Any]]]:
    """What one plugin is and offers. It has a hook caller of its own, so that whatever is wrong has its name."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(module, name)
    manager.check_pending()
    offers: dict[str, list[Any]] = {}
    for key, facet in FACETS.items():
        offers[key] = [one for many in getattr(manager.hook, facet.hook)() for one in many]
        for offer in offers[key]:
            missing = [part for part in facet.parts if getattr_static(offer, part, None) is None]
            if missing:
                raise TypeError(f"it offers {offer!r}, which has no {', '.join(missing)}")
    return _manifest(manager.hook.register_manifest(), offers), offers


def _manifest(found: object, offers: Mapping[str, list[Any]]) -> Manifest:
    """The manifest, if what it declares is what is offered."""
    if not isinstance(found, Manifest):
        raise TypeError("it has no register_manifest that gives a Manifest")
    if found.api_version != API_VERSION:
        raise TypeError(f"it is made for API {found.api_version}; this is API {API_VERSION}")
    if unknown := sorted((found.capabilities | set(found.cannot)) - CAPABILITIES):
        told = [f"{one} ({nearest(one, CAPABILITIES, 'no such capability')})" for one in unknown]
        raise TypeError(f"its manifest names capabilities nobody knows: {', '.join(told)}")
    if both := sorted(found.capabilities & set(found.cannot)):
        raise TypeError(f"its manifest both declares and denies {', '.join(both)}")
    for key, facet in FACETS.items():
        if bool(offers[key]) != (facet.capability in found.capabilities):
            says, has = ("declares", "no") if facet.capability in found.capabilities else ("does not declare", "a")
            raise TypeError(f"its manifest {says} {facet.capability!r}, and it offers {has} {facet.name}")
    for part in sorted(PARTS & found.capabilities):
        if not any(getattr_static(one, part, None) for many in offers.values() for one in many):
            raise TypeError(f"its manifest declares {part!r}, and nothing it offers has that")
    return found


def _add(
    facet: str, offered: dict[str, dict[str, Any]], offer: Any, owners: Mapping[tuple[str, str], str], plugin: str
) -> None:
    """Names are unique within a facet, and among all that a connection may name."""
    connectable = ("channels", "providers", "sources", "archives")
    for other in connectable if facet in connectable else (facet,):
        if offer.name in offered[other]:
            raise NameTaken(what=FACETS[other].name, name=offer.name, whose=f"{owners[other, offer.name]} and {plugin}")
    offered[facet][offer.name] = offer


def broken(name: str, cause: BaseException) -> PluginBroken:
    """A plugin that does not load, with the place in the plugin where it went wrong, so that its maker finds it."""
    frames = [one for one in extract_tb(cause.__traceback__) if "importlib" not in one.filename]
    place = (frames[-1].filename, frames[-1].lineno) if frames else ("", None)
    if isinstance(cause, SyntaxError) and cause.filename:
        place = (cause.filename, cause.lineno)
    where = f" ({place[0]}, line {place[1]})" if place[0] and not place[0].endswith("engine/spi/host.py") else ""
    said = cause.msg if isinstance(cause, SyntaxError) else cause
    return PluginBroken(name=name, cause=f"{type(cause).__name__}: {said}{where}")
