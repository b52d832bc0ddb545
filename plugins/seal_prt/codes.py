"""Closed lists: documents of SAF-T (PT), levels of tax, and the rates of each region."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, get_args

Invoice = Literal["FT", "FS", "FR", "ND", "NC", "RP", "RE", "CS", "LD", "RA", "VD", "TV", "TD", "AA", "DA"]
Movement = Literal["GR", "GT", "GA", "GC", "GD"]
Working = Literal["CM", "CC", "FC", "FO", "NE", "OU", "OR", "PF"]
Signed = Invoice | Movement | Working
"""SAF-T (PT) codes of the documents that are signed; receipts RC and RG are not."""
SIGNED: frozenset[str] = frozenset(
    code for group in (Invoice, Movement, Working) for code in get_args(group)
)  # fmt: skip
UNSIGNED = frozenset({"RC", "RG"})
Level = Literal["exempt", "reduced", "intermediate", "normal", "not_subject", "stamp_duty"]
LEVELS: Mapping[str, Mapping[Decimal, str]] = {
    region: {Decimal(rate): level for level, rates in levels.items() for rate in rates.split()}
    for region, levels in {
        "PT": {"reduced": "6", "intermediate": "13", "normal": "23"},
        "PT-AC": {"reduced": "4", "intermediate": "9", "normal": "16 18"},  # 18 until 2021-06-30
        "PT-MA": {"reduced": "4 5", "intermediate": "12", "normal": "22"},  # 5 until 2024-09-30
    }.items()
}
"""Source: CIVA art. 18; rates that no level shares, so they need no dates."""
BY_CATEGORY = {"E": "exempt", "AE": "exempt", "K": "exempt", "G": "exempt", "Z": "exempt", "O": "not_subject"}
