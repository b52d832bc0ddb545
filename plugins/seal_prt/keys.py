"""Reading keys: the one I/O of this seal, done before any number is taken. `cryptography` is loaded only here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.spi import SealNotReady, SealProblem
from plugins.seal_prt import signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from plugins.seal_prt.settings import PortugueseSettings

BITS = 1024
"""Portaria 363/2010: a signature is 172 signs of base64, which only this size gives."""
LARGEST = 64 * 1024
"""Bytes of a key file; anything longer is another file."""


def private_key(settings: PortugueseSettings) -> RSAPrivateKey:
    """The program's key, which fits its public key. Errors: SealNotReady, with everything that is wrong."""
    problems: list[SealProblem] = []
    key = _private(settings, problems)
    publics = {version: _public(version, pem, problems) for version, pem in settings.public_keys.items()}
    if settings.key_version not in publics:
        problems.append(
            SealProblem(
                "settings.public_keys",
                f"there is no public key of version {settings.key_version}",
                "add the one the AT was given, or correct key_version",
            )
        )
    fitting = publics.get(settings.key_version)
    if key and fitting and key.public_key().public_numbers() != fitting.public_numbers():
        problems.append(
            SealProblem(
                "settings.private_key",
                f"it is not the pair of the public key of version {settings.key_version}",
                "name the key that belongs to it: the AT would refuse every signature",
            )
        )
    elif key and fitting and not signs(key, fitting):
        problems.append(
            SealProblem(
                "settings.private_key",
                "this machine makes no RSA signatures over SHA-1",
                "Portaria 363/2010 wants them: allow SHA-1 in the machine's policy for OpenSSL",
            )
        )
    if problems or key is None:
        raise SealNotReady(problems)
    return key


def signs(key: RSAPrivateKey, public: RSAPublicKey) -> bool:
    """One signature as a trial: some machines forbid SHA-1. It also loads now what the posting will need."""
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm

    try:
        return signature.holds("trial", signature.sign("trial", key), public)
    except (InternalError, UnsupportedAlgorithm, ValueError):
        return False


def public_keys(pems: Mapping[int, str]) -> dict[int, RSAPublicKey]:
    """Those that can be read, by version."""
    found = {version: _public(version, pem, []) for version, pem in pems.items()}
    return {version: key for version, key in found.items() if key}


def _private(settings: PortugueseSettings, problems: list[SealProblem]) -> RSAPrivateKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    written = _secret("private_key", settings.private_key, problems)
    secret = _secret("passphrase", settings.passphrase, problems) if settings.passphrase else b""
    if written is None or secret is None:
        return None
    remedy = "name the PEM file of the RSA key the program was certified with"
    try:
        key = load_pem_private_key(written, secret.strip(b"\r\n") or None)
    except TypeError:
        wanted = "no passphrase" if secret else "a passphrase"
        problems.append(SealProblem("settings.passphrase", f"the private key has {wanted}", "correct the passphrase"))
        return None
    except (ValueError, UnsupportedAlgorithm):
        told = "no private key in PEM form, or the passphrase is wrong" if secret else "no private key in PEM form"
        problems.append(SealProblem("settings.private_key", f"{settings.private_key} holds {told}", remedy))
        return None
    if not isinstance(key, RSAPrivateKey) or key.key_size != BITS:
        size = f"of {key.key_size} bits" if isinstance(key, RSAPrivateKey) else "of another kind"
        problems.append(SealProblem("settings.private_key", f"it is a key {size}, not RSA of {BITS} bits", remedy))
        return None
    return key


def _public(version: int, pem: str, problems: list[SealProblem]) -> RSAPublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPublicKey):
        return key
    problems.append(
        SealProblem(
            f"settings.public_keys.{version}", "it is no RSA public key in PEM form", "paste the one the AT was given"
        )
    )
    return None


def _secret(field: str, reference: str, problems: list[SealProblem]) -> bytes | None:
    """What a file or variable holds; None, and why, when it cannot be had."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = os.environ.get(name, "").encode()
        reason = "" if found else f"the variable {name} is not set"
    else:
        found, reason = _file(Path(name))
    if reason:
        problems.append(
            SealProblem(f"settings.{field}", reason, "put the secret there, readable to this program's user")
        )
        return None
    return found


def _file(path: Path) -> tuple[bytes, str]:
    try:
        with path.open("rb") as opened:
            found = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        return b"", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
    if not found or len(found) > LARGEST:
        return b"", f"{path} is {'empty' if not found else 'too long for a key'}"
    return found, ""
