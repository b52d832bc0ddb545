"""IMAP at an address that was checked: the name is resolved once, and the server proves it over TLS."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import imaplib
    import ssl
    from collections.abc import Callable


def imap_at(
    address: str, host: str, port: int, encryption: str, timeout: float, tls: Callable[[], ssl.SSLContext]
) -> imaplib.IMAP4:
    """A connection that is not logged in yet. `address` is what `Network.address` gave for `host`; `encryption` is
    implicit, starttls or none.

    Errors: OSError, imaplib.IMAP4.error; ssl.SSLCertVerificationError when the server is not `host`.
    """
    import imaplib

    class Line(imaplib.IMAP4):
        def _create_socket(self, timeout: float | None) -> socket.socket:
            line = socket.create_connection((address, port), timeout)
            return tls().wrap_socket(line, server_hostname=host) if encryption == "implicit" else line

    client = Line(host, port, timeout)
    if encryption == "starttls":
        client.starttls(tls())  # proves `host`, which imaplib kept
    return client
