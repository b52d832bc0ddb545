"""Archive stores keep files for years, each written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.spi.contracts.connections import PluginContext, TestReport


class ArchiveStore(Protocol):
    name: str

    @property
    def settings_model(self) -> type[BaseModel]:
        """As of a channel."""

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        """As of a channel; what it writes it removes."""

    def put(self, place: str, content: bytes, settings: Any, context: PluginContext) -> None:
        """Write once: what is there already is never overwritten; the same content again is no error.

        `place` is relative, such as 2026/ab/abcdef…pdf. Errors: TryLater, AuthExpired, ConfigError, Conflict.
        """

    def get(self, place: str, settings: Any, context: PluginContext) -> bytes:
        """Errors: NotFound, and those of `put`."""
