"""Numbers as people write them -> E.164. Pure.

Shape: ("06 12 34 56 78", "+33") -> "+33612345678". No table of the world's numbering plans: what is dialled within a
country loses its trunk 0 and gets the country's prefix. In Italy, San Marino and the Vatican the 0 belongs to it.
"""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = re.compile(r"[ \t\u00a0\u202f./()\u2010\u2011\u2012\u2013-]")
_KEEPS_ZERO = ("+39", "+378", "+379")
PREFIX = re.compile(r"\+[1-9][0-9]{0,3}")


def phone(text: str, prefix: str) -> str | None:
    """None when it cannot be read as one number. `prefix` is the country's, such as +33."""
    bare = _BETWEEN.sub("", text.strip().replace("(0)", ""))
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    elif not bare.startswith("+"):
        trunk = bare.startswith("0") and prefix not in _KEEPS_ZERO
        bare = prefix + (bare[1:] if trunk else bare)
    return bare if _E164.fullmatch(bare) else None


def split(text: str) -> tuple[str, ...]:
    """The numbers of a field in which people write one or more: `+39 333 1; +39 333 2`."""
    return tuple(dict.fromkeys(one.strip() for one in re.split(r"[;,\n]", text) if one.strip()))
