"""Secrets of connections: encrypted with AES-256-GCM, bound to where they belong, opened only to be used.

Keys are the installation's: base64 of 32 random bytes each, in a file (FACTOTUM_KEY_FILE, a key a line) or in
FACTOTUM_KEY. The first encrypts; the others still open what they encrypted, until `rotate` has moved it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.kernel.errors import EngineError

FILE, VALUE = "FACTOTUM_KEY_FILE", "FACTOTUM_KEY"
NONCE = 12


MAKE = f"make a key with `factotum secret new-key FILE` and name the file in {FILE}"
OLD = f"name the file with the old key in {FILE}; it may hold several keys, a line each"
MEND = f"name in {FILE} the file that `factotum secret new-key` wrote"


class NoKey(EngineError):
    code = "no_key"
    says = "secrets cannot be {done}: {why}"
    remedy = "{remedy}"


class SecretSpoiled(EngineError):
    code = "secret_spoiled"
    says = "the secret {field!r} of connection {connection} does not open: it was changed, or moved from elsewhere"
    remedy = "configure the connection again, with the secret"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted secret: which key it is under, and base64 of nonce, ciphertext and tag."""

    key_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys by id; the first one encrypts."""

    keys: Mapping[str, bytes]

    @property
    def current(self) -> str:
        """Errors: NoKey."""
        if not self.keys:
            raise NoKey(done="kept", why="there is no key", remedy=MAKE)
        return next(iter(self.keys))

    def seal(self, connection: str, field: str, secret: str, nonce: Callable[[int], bytes] = os.urandom) -> Sealed:
        """Encrypt. Errors: NoKey."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key_id, fresh = self.current, nonce(NONCE)
        sealed = AESGCM(self.keys[key_id]).encrypt(fresh, secret.encode(), _place(connection, field))
        return Sealed(key_id, base64.b64encode(fresh + sealed).decode())

    def open(self, connection: str, field: str, sealed: Sealed) -> str:
        """Decrypt. Errors: NoKey, SecretSpoiled."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if sealed.key_id not in self.keys:
            raise NoKey(done="opened", why=f"key {sealed.key_id} is not among those given", remedy=OLD)
        try:
            raw = base64.b64decode(sealed.text, validate=True)
            opened = AESGCM(self.keys[sealed.key_id]).decrypt(raw[:NONCE], raw[NONCE:], _place(connection, field))
        except (ValueError, InvalidTag) as cause:
            raise SecretSpoiled(connection=connection, field=field) from cause
        return opened.decode()


def _place(connection: str, field: str) -> bytes:
    """What a secret is bound to: one that is copied elsewhere does not open."""
    return f"factotum:secret:{connection}:{field}".encode()


def new_key(random: Callable[[int], bytes] = os.urandom) -> str:
    return base64.b64encode(random(32)).decode()


def vault_from(environment: Mapping[str, str]) -> Vault:
    """The keys of this installation, none when none are named. Errors: NoKey when what is named does not do."""
    where = environment.get(FILE)
    try:
        text = Path(where).read_text(encoding="ascii") if where else environment.get(VALUE, "")
        keys = [base64.b64decode(word, validate=True) for word in text.replace(",", " ").split()]
    except (OSError, ValueError) as cause:
        why = f"{FILE} cannot be read: {cause}" if where else f"{VALUE} is not base64"
        raise NoKey(done="opened", why=why, remedy=MEND) from cause
    if any(len(key) != 32 for key in keys):
        raise NoKey(done="opened", why="a key is not base64 of 32 bytes", remedy=MEND)
    return Vault({hashlib.sha256(b"factotum:key:" + key).hexdigest()[:16]: key for key in keys})
