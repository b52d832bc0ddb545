"""Fields of a billing record -> its hash, the link to the next one, the address in the QR code. Pure.

    alta        IDEmisorFactura=…&NumSerieFactura=…&…&Huella=<that of the record before>&FechaHoraHusoGenRegistro=…
    anulación   the same with …Anulada names, and without type and amounts

Every value is hashed as it is written, so 12.35 and 12.350 differ; blanks around it are not. No value may hold `=`
(fields.py), so no text reads in two ways.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from engine.spi import SealKind

ISSUER, NUMBER, DATE = "IDEmisorFactura", "NumSerieFactura", "FechaExpedicionFactura"
KIND, TAX, TOTAL = "TipoFactura", "CuotaTotal", "ImporteTotal"
MOMENT, HASH = "FechaHoraHusoGenRegistro", "Huella"
BEFORE = "RegistroAnterior."
"""Facts of the record before carry this prefix, as they stand below that element in the XML."""
FIRST = "PrimerRegistro"
SHA256 = {"TipoHuella": "01"}

HASHED: Mapping[SealKind, Mapping[str, str]] = {
    SealKind.ISSUE: {
        ISSUER: ISSUER, NUMBER: NUMBER, DATE: DATE, KIND: KIND, TAX: TAX, TOTAL: TOTAL, HASH: BEFORE + HASH,
        MOMENT: MOMENT,
    },
    SealKind.CANCELLATION: {
        f"{ISSUER}Anulada": ISSUER, f"{NUMBER}Anulada": NUMBER, f"{DATE}Anulada": DATE, HASH: BEFORE + HASH,
        MOMENT: MOMENT,
    },
}  # fmt: skip
"""Names in the hashed text, in their order, and the fact each one takes."""

SERVICES = {
    "production": "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR?",
    "test": "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?",
}


def hashed_text(kind: SealKind, facts: Mapping[str, str]) -> str:
    """What the hash is taken of. `facts` of a first record lack the hash before it."""
    return "&".join(f"{name}={facts.get(fact, '').strip()}" for name, fact in HASHED[kind].items())


def fingerprint(kind: SealKind, facts: Mapping[str, str]) -> str:
    """Shape: 64 upper-case hexadecimal digits."""
    return hashlib.sha256(hashed_text(kind, facts).encode()).hexdigest().upper()


def link(facts: Mapping[str, str], digest: str) -> str:
    """What the next record must know of this one."""
    kept = {name: facts[name] for name in (ISSUER, NUMBER, DATE, MOMENT)} | {HASH: digest}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def linked(text: str) -> Mapping[str, str] | None:
    """The record before, from its link; None when the text is none of ours."""
    try:
        found = json.loads(text)
        whole = isinstance(found, dict) and found.keys() == {ISSUER, NUMBER, DATE, MOMENT, HASH}
        if not whole or not all(isinstance(value, str) for value in found.values()):
            return None
        return found if datetime.fromisoformat(found[MOMENT]).tzinfo else None
    except (RecursionError, ValueError):
        return None


def facts_before(previous: Mapping[str, str] | None) -> dict[str, str]:
    """The element Encadenamiento of the record that follows."""
    if previous is None:
        return {FIRST: "S"}
    return {BEFORE + name: previous[name] for name in (ISSUER, NUMBER, DATE, HASH)}


def qr(service: str, facts: Mapping[str, str]) -> str:
    """The address a QR code leads to; a blank is `+`, as the AEAT's examples have it."""
    values = {"nif": facts[ISSUER], "numserie": facts[NUMBER], "fecha": facts[DATE], "importe": facts[TOTAL]}
    return SERVICES[service] + urlencode(values)
