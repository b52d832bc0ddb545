"""Hooks of the SFTP connector; entry point `factotum.plugins`: export_sftp = plugins.export_sftp.plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spi import AuthKind, Manifest, PluginKind, hookimpl
from plugins.export_sftp.client import SftpChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.spi import DeliveryChannel


@hookimpl
def register_manifest() -> Manifest:
    return Manifest(
        id="export_sftp",
        version="1.0",
        title="Into a folder of an SFTP server",
        kind=PluginKind.DELIVERY,
        capabilities=frozenset({"deliver", "find", "test", "attachments"}),
        auth=(AuthKind.BASIC, AuthKind.SSH_KEY),
        licence="Apache-2.0",
        docs="plugins/README.md",
        data_leaves=("the files of the document: to the SFTP server of the connection",),
    )


@hookimpl
def register_delivery_channels() -> Iterable[DeliveryChannel]:
    return [SftpChannel()]
