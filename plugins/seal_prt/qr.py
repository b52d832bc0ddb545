"""The text of the QR code: fields `K:value` joined by `*`. Pure.

I, J and K are the fiscal spaces in order: 1 its name, 2 exempt base, then base and tax at the reduced (3, 4),
intermediate (5, 6) and normal rate (7, 8). What is nothing is left out, but N and O; I1 is 0 where there is no tax.
Source: AT, "Especificações técnicas, código QR", for Portaria 195/2020.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.spi import DocumentView
from plugins.seal_prt import fields
from plugins.seal_prt.fields import Breakdown

if TYPE_CHECKING:
    from plugins.seal_prt.settings import PortugueseSettings

PLACES = {"exempt": 2, "reduced": 3, "intermediate": 5, "normal": 7}
"""Where the base of a level stands; its tax follows."""
ORDER = (*"ABCDEFGH", *(f"{letter}{place}" for letter in "IJK" for place in range(1, 9)), *"LMNOPQRS")
_AMOUNTS = {name for name in ORDER if name[0] in "IJKLMNO" and name[1:] != "1"}
_AMOUNT = re.compile(r"-?[0-9]{1,18}\.[0-9]{2}")


def text(
    document: DocumentView, settings: PortugueseSettings, kind: str, atcud: str, characters: str, certificate: str
) -> str:
    """The whole text. Shape: A:123456789*B:999999990*C:PT*D:FS*E:N*…*N:0.15*O:0.80*Q:YhGV*R:9999"""
    number, country = fields.buyer(document)
    found = fields.breakdown(document, settings)
    written = {
        "A": fields.issuer(document),
        "B": number,
        "C": country,
        "D": kind,
        "E": "S" if document.self_billed else "N",
        "F": document.date.isoformat().replace("-", ""),
        "G": document.number,
        "H": atcud,
        **_spaces(found),
        **_amounts({"L": found.not_subject, "M": found.stamp_duty}),
        "N": f"{found.tax:f}",
        "O": f"{found.gross:f}",
        **_amounts({"P": fields.euro(document, document.totals.withholding)}),
        "Q": characters,
        "R": certificate,
        **({"S": settings.other} if settings.other else {}),
    }
    return "*".join(f"{name}:{value}" for name, value in written.items())


def parsed(code: str) -> dict[str, str]:
    """The fields of a text; a part without `:` gives an empty value."""
    return {name: value for name, _, value in (part.partition(":") for part in code.split("*"))}


def is_whole(code: str) -> bool:
    """Known fields in their order, each once; N is all taxes, O all bases, what is not subject, and N."""
    names = [part.partition(":")[0] for part in code.split("*")]
    if names != [name for name in ORDER if name in names] or "I1" not in names:
        return False
    found = {name: value for name, value in parsed(code).items() if name in _AMOUNTS}
    if not all(_AMOUNT.fullmatch(value) for value in found.values()):
        return False
    amounts = {name: Decimal(value) for name, value in found.items()}
    taxes = sum((value for name, value in amounts.items() if name[1:] in ("4", "6", "8") or name == "M"), fields.ZERO)
    bases = sum((value for name, value in amounts.items() if name[1:] in (*"2357",) or name == "L"), fields.ZERO)
    return amounts.get("N") == taxes and amounts.get("O") == bases + taxes


def _spaces(found: Breakdown) -> dict[str, str]:
    if not found.spaces:
        return {"I1": "0"}
    written: dict[str, str] = {}
    for letter, (region, levels) in zip("IJK", found.spaces.items(), strict=False):
        written[f"{letter}1"] = region
        for level, place in PLACES.items():
            base, tax = levels.get(level, (fields.ZERO, fields.ZERO))
            written |= _amounts({f"{letter}{place}": base, f"{letter}{place + 1}": tax})
    return written


def _amounts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{amount:f}" for name, amount in amounts.items() if amount}
