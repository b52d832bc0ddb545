"""The connection: to a checked address, with the pinned host key, one login and one end in time.

Nothing is looked up: no agent, no key files, no known_hosts, no configuration of this machine. A host key that is not
pinned is refused before any password is sent.

    address refused, key or host key wrong, no common algorithm    ConfigError
    login refused                                                  AuthExpired
    unreachable, cut off, silent, garbled                          TransientError: a file counts only once it is renamed
    folder gone                                                    ConfigError
    may not write                                                  PermissionDenied
    disk full, quota, whatever a server calls `failure`            TransientError
"""

from __future__ import annotations

import errno
import io
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine.spi import (
    AuthExpired,
    ConfigError,
    PermissionDenied,
    PluginContext,
    TransientError,
    one_line,
    without,
)
from plugins.export_sftp.settings import SftpSettings

if TYPE_CHECKING:
    import paramiko


KEY_KINDS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""Kinds of host key. A server may have one of each, and which it shows first is for both sides to agree on."""


class Line:
    """`open`, `prove`, `login`, `files`, in this order; then `close`."""

    def __init__(self, settings: SftpSettings, context: PluginContext, seconds: float) -> None:
        self._settings, self._context = settings, context
        self.server = f"{settings.host}:{settings.port}"
        self._address = ""
        self._transport: paramiko.Transport | None = None
        self._socket: socket.socket | None = None
        self._seconds, self._ends = seconds, time.monotonic() + seconds
        self._overdue = threading.Event()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def resolve(self) -> str:
        """The address that was checked. Errors: ConfigError, TransientError."""
        self._address = self._context.network.address(self._settings.host, self._settings.port)
        return self._address

    def open(self, kinds: tuple[str, ...] = ()) -> None:
        """Connect, and agree on a cipher; `kinds` of host key, any if none. Errors: TransientError, ConfigError."""
        import paramiko

        address = self._address or self.resolve()
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        with self.told("cannot be reached"):
            self._socket = socket.create_connection((address, self._settings.port), self._left())
            self._transport = transport = paramiko.Transport(self._socket)
            transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = self._left()
            transport.channel_timeout = self._left()
            if kinds:
                transport.get_security_options().key_types = kinds
            try:
                transport.start_client(timeout=self._left())
            except paramiko.IncompatiblePeer as wrong:
                raise ConfigError(f"{self.server} and we have no cipher in common: {_said(wrong)}") from wrong
            if not transport.initial_kex_done:
                raise TimeoutError("no key exchange")

    def prove(self) -> str:
        """Is it the server that was pinned? The key it shows, as `SHA256:…`. Errors: ConfigError, TransientError."""
        pins, shown = self._settings.pins, self._shown()
        if not pins:
            raise ConfigError(f"{self.server} shows host key {shown}, and none is pinned: set fingerprint")
        if shown in pins:
            return shown
        for kinds in KEY_KINDS:  # it may have the pinned one too, and show another first
            self._hang_up()
            try:
                self.open(kinds)
            except ConfigError:  # it has none of this kind
                continue
            if self._shown() in pins:
                return self._shown()
        raise ConfigError(
            f"{self.server} shows host key {shown}, which is not the one that is pinned: ask its owner whether the key "
            "was changed; if it was not, somebody is in between"
        )

    def _shown(self) -> str:
        return str(self._ready().get_remote_server_key().fingerprint)

    def login(self) -> None:
        """Errors: AuthExpired, ConfigError, TransientError."""
        import paramiko

        transport, user = self._ready(), self._settings.user
        password, key = self._settings.password.get_secret_value(), self._settings.private_key.get_secret_value()
        with self.told("broke off at login"):
            try:
                if key:
                    more = transport.auth_publickey(
                        user, private_key(key, self._settings.passphrase.get_secret_value())
                    )
                else:
                    more = transport.auth_password(user, password)
            except paramiko.BadAuthenticationType as wrong:
                kinds = ", ".join(map(str, wrong.allowed_types))
                raise ConfigError(f"{self.server} takes no such login for {user}; it takes {kinds}") from wrong
            except paramiko.AuthenticationException as wrong:
                if not transport.is_active():
                    raise TimeoutError(_said(wrong)) from wrong
                raise AuthExpired(f"{self.server} refuses the login of {user}: {_said(wrong)}") from wrong
        if more:
            raise ConfigError(
                f"{self.server} wants a second login ({', '.join(map(str, more))}), which nobody can give"
            )

    def files(self) -> paramiko.SFTPClient:
        """Errors: TransientError, ConfigError."""
        import paramiko

        with self.told("offers no SFTP"):
            found = paramiko.SFTPClient.from_transport(self._ready())
            if found is None:
                raise TimeoutError("no channel")
            found.get_channel().settimeout(self._left())
            return found

    def close(self) -> None:
        self._timer.cancel()
        self._hang_up()

    def _hang_up(self) -> None:
        for one in (self._transport, self._socket):
            if one is not None:
                with suppress(Exception):  # what was renamed is there, however the good-bye goes
                    one.close()

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """What paramiko and sockets raise, in our classes; `what` did the server do? Errors of ours pass."""
        import paramiko

        try:
            yield
        except (paramiko.SSHException, EOFError, OSError) as wrong:
            if self._overdue.is_set() or isinstance(wrong, TimeoutError):
                raise TransientError(f"{self.server} {what}: not done within {self._seconds:g} s") from wrong
            folder = self._settings.folder
            if getattr(wrong, "errno", None) == errno.ENOENT:
                raise ConfigError(f"{self.server} has no folder {folder!r}") from wrong
            if getattr(wrong, "errno", None) == errno.EACCES:
                raise PermissionDenied(
                    f"{self.server} does not let {self._settings.user} do this in {folder!r}"
                ) from wrong
            said = without(_said(wrong), [self._settings.password.get_secret_value()])
            raise TransientError(f"{self.server} {what}: {said}") from wrong

    def _ready(self) -> paramiko.Transport:
        if self._transport is None:
            raise RuntimeError("open it first")
        return self._transport

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left

    def _cut(self) -> None:
        self._overdue.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def private_key(text: str, passphrase: str) -> paramiko.PKey:
    """A key in any usual form: OpenSSH, PKCS#1, PKCS#8, SEC1. Errors: ConfigError, without a word of the key."""
    import paramiko
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
        load_ssh_private_key,
    )

    written = (text.replace("\\n", "\n").strip() + "\n").encode()
    load: Any = load_ssh_private_key if b"OPENSSH" in written else load_pem_private_key
    try:
        key: Any = load(written, passphrase.encode() or None)
    except TypeError:
        words = "is locked: set passphrase" if not passphrase else "is not locked: leave passphrase blank"
        raise ConfigError(f"the private key {words}") from None
    except Exception:  # noqa: BLE001 - of several libraries; none of their words may hold a part of the key
        hint = ", or the passphrase is another" if passphrase else ""
        raise ConfigError(
            f"the private key cannot be read: give its whole text, BEGIN and END included{hint}"
        ) from None
    kinds: dict[type, Any] = {
        ed25519.Ed25519PrivateKey: paramiko.Ed25519Key, rsa.RSAPrivateKey: paramiko.RSAKey,
        ec.EllipticCurvePrivateKey: paramiko.ECDSAKey,
    }  # fmt: skip
    for kind, ours in kinds.items():
        if issubclass(type(key), kind):
            plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
            return ours.from_private_key(io.StringIO(plain))
    raise ConfigError("the private key is of a kind that SSH does not use here; take ed25519, RSA or ECDSA")


def _said(wrong: BaseException) -> str:
    return one_line(str(wrong)) or type(wrong).__name__
