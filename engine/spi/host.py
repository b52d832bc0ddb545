"""Find plugins through the entry points `factotum.plugins`, register them, and refuse what does not fit.

A plugin that is installed and does not load stops the start with its name and cause; order is by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import entry_points
from inspect import getattr_static
from typing import TYPE_CHECKING, Protocol, TypeVar

import pluggy

from engine.kernel.errors import EngineError
from engine.spi.hookspecs import PROJECT, Hooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.spi.contracts import DeliveryChannel, DocumentFormat, Seal

GROUP = "factotum.plugins"
FORMAT = ("name", "extension", "render")
CHANNEL = ("name", "policy", "settings_model", "recipients", "deliver")
SEAL = ("name", "chain_scope", "kinds", "settings_model", "seals", "load", "verify_chain")
"""What an offer must have; looked up without running it, because a property may import much."""


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
    seals: Mapping[str, Seal] = field(default_factory=dict)


def load_plugins() -> Plugins:
    """Every installed plugin, through the public door."""
    modules = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            modules.append((entry.name, entry.load()))
        except (Exception, SystemExit) as cause:  # a plugin may fail in any way; we say which and stop
            raise _broken(entry.name, cause) from cause
    return register(modules)


def register(modules: Iterable[tuple[str, object]]) -> Plugins:
    """Register plugin modules or objects, each under its name."""
    formats: dict[str, DocumentFormat] = {}
    channels: dict[str, DeliveryChannel] = {}
    seals: dict[str, Seal] = {}
    for name, module in modules:
        try:
            offered = _offers(name, module)
        except (Exception, SystemExit) as cause:
            raise _broken(name, cause) from cause
        _add("format", formats, offered[0])
        _add("channel", channels, offered[1])
        _add("seal", seals, offered[2])
    return Plugins(dict(sorted(formats.items())), dict(sorted(channels.items())), dict(sorted(seals.items())))


def _offers(name: str, module: object) -> tuple[list[DocumentFormat], list[DeliveryChannel], list[Seal]]:
    """What one plugin offers. It has a manager of its own, so that whatever is wrong has its name."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(module, name)
    manager.check_pending()
    formats = [one for many in manager.hook.register_formats() for one in many]
    channels = [one for many in manager.hook.register_delivery_channels() for one in many]
    seals = [one for many in manager.hook.register_seals() for one in many]
    for wanted, offers in ((FORMAT, formats), (CHANNEL, channels), (SEAL, seals)):
        for offer in offers:
            missing = [part for part in wanted if getattr_static(offer, part, None) is None]
            if missing:
                raise TypeError(f"it offers {offer!r}, which has no {', '.join(missing)}")
    return formats, channels, seals


def _add(what: str, known: dict[str, Named], offers: Iterable[Named]) -> None:
    for offer in offers:
        if offer.name in known:
            raise NameTaken(what=what, name=offer.name)
        known[offer.name] = offer


def _broken(name: str, cause: BaseException) -> PluginBroken:
    return PluginBroken(name=name, cause=f"{type(cause).__name__}: {cause}")
