"""Hooks of the e-mail plugin; entry point `factotum.plugins`: email_smtp = plugins.email_smtp.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import hookimpl
from plugins.email_smtp.client import EmailChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [EmailChannel()]
