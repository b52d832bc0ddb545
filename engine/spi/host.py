"""Find plugins through the entry points `factotum.plugins`, register them, and refuse what does not fit.

A plugin that is installed and does not load stops the start with its name and cause; order is by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, TypeVar

import pluggy

from engine.kernel.errors import EngineError
from engine.spi.hookspecs import PROJECT, Hooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.spi.contracts import DeliveryChannel, DocumentFormat

GROUP = "factotum.plugins"


class _Offer(Protocol):
    name: str


Named = TypeVar("Named", bound=_Offer)


class PluginBroken(EngineError):
    code = "plugin_broken"
    says = "plugin {name!r} does not load: {cause}"
    remedy = "mend or uninstall it; nothing was sent or written"


class NameTaken(EngineError):
    code = "plugin_name_taken"
    says = "two plugins offer a {what} named {name!r}"
    remedy = "uninstall one of them"


@dataclass(frozen=True, slots=True)
class Plugins:
    """What is offered, by name."""

    formats: Mapping[str, DocumentFormat] = field(default_factory=dict)
    channels: Mapping[str, DeliveryChannel] = field(default_factory=dict)


def load_plugins() -> Plugins:
    """Every installed plugin, through the public door."""
    modules = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            modules.append((entry.name, entry.load()))
        except Exception as cause:  # a plugin may fail in any way; we say which and stop
            raise PluginBroken(name=entry.name, cause=f"{type(cause).__name__}: {cause}") from cause
    return register(modules)


def register(modules: Iterable[tuple[str, object]]) -> Plugins:
    """Register plugin modules or objects, each under its name."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    for name, module in modules:
        manager.register(module, name)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as cause:
        raise PluginBroken(name=manager.get_name(cause.plugin) or repr(cause.plugin), cause=cause) from cause
    return Plugins(
        formats=_by_name("format", manager.hook.register_formats()),
        channels=_by_name("channel", manager.hook.register_delivery_channels()),
    )


def _by_name(what: str, offers: list[Iterable[Named]]) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for offer in (one for many in offers for one in many):
        if offer.name in found:
            raise NameTaken(what=what, name=offer.name)
        found[offer.name] = offer
    return dict(sorted(found.items()))
