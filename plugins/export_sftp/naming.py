"""Parcel -> file names: one word each, safe on any system, and never the same for two documents. Pure."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from engine.spi import File, Parcel
from plugins.export_sftp.settings import SftpSettings

MOST = 180
"""Bytes of a name, so that `.part` and a file system's 255 leave room."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE | re.DOTALL)
_NEVER = frozenset('<>:"/\\|?*')
_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def names(parcel: Parcel) -> tuple[str, ...]:
    """One for each file, all different: `ACME-FV-2026-7.pdf`, and `ACME-FV-2026-7-2.pdf` for a second of its kind."""
    settings: SftpSettings = parcel.settings
    document = parcel.document
    stem = settings.file_name.format(
        number=document.number, date=document.date.isoformat(), type=document.invoice_type,
        company=document.company.code, key=parcel.key,
    )  # fmt: skip
    found: list[str] = []
    for file in parcel.files:
        name, count = safe(stem, ending(file)), 1
        while name.casefold() in {one.casefold() for one in found}:
            count += 1
            name = safe(f"{stem}-{count}", ending(file))
        found.append(name)
    return tuple(found)


def safe(stem: str, ending: str = "") -> str:
    """A name no system reads as anything else. What had to be changed gets a hash, so that two never become one."""
    plain = unicodedata.normalize("NFC", stem)
    kept = "".join("-" if one in _NEVER or unicodedata.category(one) in _CATEGORIES else one for one in plain)
    kept = " ".join(kept.split()).strip(". -~")
    if _RESERVED.fullmatch(kept):
        kept = f"_{kept}"
    room = MOST - len(ending.encode())
    if kept == plain and kept and len(kept.encode()) <= room:
        return kept + ending
    mark = sha256(stem.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    cut = kept.encode()[: room - len(mark) - 1].decode("utf-8", "ignore").rstrip(". -")
    return f"{cut}-{mark}{ending}" if cut else f"{mark}{ending}"


def ending(file: File) -> str:
    """The last part of a file's own name, if it is a plain one: `.pdf`."""
    found = re.fullmatch(r".*(\.[A-Za-z0-9]{1,10})", file.name, re.DOTALL)
    return found[1].lower() if found else ""
