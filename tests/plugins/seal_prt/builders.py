"""Portuguese documents, keys, records and chains for these tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from engine.spi import DocumentView, Sealed, SealKind, SealRecord, TaxView
from plugins.seal_prt.ready import ReadyPortugueseSeal
from plugins.seal_prt.settings import PortugueseSettings
from tests.plugins.facturx import views

MODULUS = int(
    "c905c3bde8a41377aaa3a94e922b3e79c86b0ccf29595b789af090784a667aba664c67e8016dcbcf38b530b9f19f0d164b34e712022bf1c6"
    "92ca2014e1a4a3f336d2555b6c106a4f0ca224988c93729336502f4ca89b171e9b31f4f9788510e12daccbc7ab78c03b64549a2684e3d911"
    "82289290593ef16a1b14f0185692a80d",
    16,
)
EXPONENT = int(
    "98f78801e51ba5acb3eea21125ed3e3751a9143037d8c5603b16bff8a934de43254112f85acdffff09b9e70037babe2caec1eceba937635d"
    "a5a9a54bfe80583889ce179076d5e6ef9e28b5df76fb79d380735033b3c1e8ba7faf7792c2ad5e48dc735f8cb111abc54a843e90d1b44d5a"
    "bbc59bb1d6f106e41bac8dd8a9400589",
    16,
)
"""A key made for tests only; the facts sheet has what it signs (shared/legislations/PRT.md §8)."""
AT = datetime(2026, 3, 2, 10, 15, 30, tzinfo=UTC)
COMPANY = replace(
    views.FRENCH,
    code="PT01", name="Oficinas Conceição, Lda.", legislation="PRT", vat_number="PT123456789", country="PT",
    address=views.address("Rua do Ouro 1", "1100-060", "Lisboa", "PT"),
)  # fmt: skip
BUYER = replace(views.partner("Padaria Sol"), country="PT", vat_number="PT500000000")
Chain = list[tuple[SealRecord, Sealed]]


@cache
def signing_key() -> rsa.RSAPrivateKey:
    p, q = rsa.rsa_recover_prime_factors(MODULUS, 65537, EXPONENT)
    numbers = rsa.RSAPrivateNumbers(
        p, q, EXPONENT, rsa.rsa_crt_dmp1(EXPONENT, p), rsa.rsa_crt_dmq1(EXPONENT, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(65537, MODULUS),
    )  # fmt: skip
    return numbers.private_key()


@cache
def another_key(bits: int = 1024) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def private_pem(key: Any, passphrase: str = "") -> bytes:
    secret = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))


def public_pem(key: Any) -> str:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).decode()


def given(**changes: Any) -> dict[str, Any]:
    """Settings as they are written: three series that were communicated."""
    return {
        "certificate": "9999", "private_key": "env:FACTOTUM_TEST_KEY", "public_keys": {"1": public_pem(signing_key())},
        "series": {
            "FT 2026A": {"validation_code": "CSDF7T5H"}, "NC 2026A": {"validation_code": "NCDF7T5H"},
            "FAC 001": {"validation_code": "AAAA1111", "first": 14},
        },
    } | changes  # fmt: skip


def settings(**changes: Any) -> PortugueseSettings:
    return PortugueseSettings.model_validate(given(**changes))


def ready(**changes: Any) -> ReadyPortugueseSeal:
    return ReadyPortugueseSeal(settings(**changes), signing_key())


def key_file(folder: Path, content: bytes | None = None) -> str:
    path = folder / "key.pem"
    path.write_bytes(private_pem(signing_key()) if content is None else content)
    return f"file:{path}"


def tax(base: str, amount: str, rate: str = "23", category: str = "S", code: str = "") -> TaxView:
    return TaxView(
        code or f"{category}{rate}", category, Decimal(rate), "invoice", Decimal(base), Decimal(amount), "", "", ""
    )


def document(*taxes: TaxView, withheld: str = "0.00", **changes: Any) -> DocumentView:
    """An invoice FT 2026A/1 of 123.00, or of the taxes given."""
    rows = taxes or (tax("100.00", "23.00"),)
    base = views.document(
        COMPANY, BUYER, language="pt", national_code="FT", number="FT 2026A/1", date=AT.date(), invoice_type="FAT"
    )
    net, due = (sum((getattr(row, name) for row in rows), Decimal("0.00")) for name in ("base", "amount"))
    totals = replace(base.totals, net=net, tax=due, gross=net + due, withholding=Decimal(withheld))
    return replace(base, taxes=rows, totals=totals, **changes)


def record(view: DocumentView | None = None, **changes: Any) -> SealRecord:
    given_ = SealRecord(SealKind.ISSUE, view or document(), "PT01/FT/2026", 1, AT, None)
    return replace(given_, **changes)


def chained(records: Sequence[SealRecord], seal: ReadyPortugueseSeal | None = None) -> Chain:
    """Seal records one after another, each after the one before."""
    used, chain, previous = seal or ready(), [], None
    for one in records:
        linked = replace(one, previous=previous)
        sealed = used.seal(linked)
        chain.append((linked, sealed))
        previous = sealed.link
    return chain


def invoices(count: int) -> list[SealRecord]:
    """FT 2026A/1 …, a minute apart."""
    return [
        record(
            document(tax(f"{value}00.00", f"{value * 23}.00"), number=f"FT 2026A/{value}"),
            value=value,
            at=AT + timedelta(minutes=value),
        )
        for value in range(1, count + 1)
    ]
