"""The signed message, its RSA signature, and the four characters that are printed. Pure.

    2010-05-18;2010-05-18T11:22:19;FAC 001/14;3.12;<signature of the document before>
    date       entry              number     gross, the last `;` stays when there is none before

RSA with PKCS#1 v1.5 over SHA-1, as the law has it; base64 on one line, 172 signs. No field may hold `;` (fields.py).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

DATE, ENTRY, NUMBER, GROSS = SIGNED_FIELDS = ("InvoiceDate", "SystemEntryDate", "InvoiceNo", "GrossTotal")
LENGTH = 172


def message(facts: Mapping[str, str], before: str) -> str:
    """`before` is the signature of the document before, "" for the first of its series."""
    return ";".join([*(facts.get(name, "") for name in SIGNED_FIELDS), before])


def sign(text: str, key: RSAPrivateKey) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA1())).decode()  # noqa: S303  # as the law has it


def holds(text: str, signature: str, key: RSAPublicKey) -> bool:
    """Was this text signed with the key's pair?"""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    try:
        signed = base64.b64decode(signature, validate=True)
        key.verify(signed, text.encode(), PKCS1v15(), SHA1())  # noqa: S303  # as the law has it
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return len(signature) == LENGTH and base64.b64encode(signed).decode() == signature


def characters(signature: str) -> str:
    """Signs 1, 11, 21 and 31: what is printed of a signature."""
    return signature[0:31:10]
