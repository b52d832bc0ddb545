"""The two importers: `cii`, the XML alone, and `facturx`, a PDF with the XML inside (Factur-X, ZUGFeRD 2)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from engine.spi import File, ImportedDocument, Rejected

MOST_PDF = 20 * 1024 * 1024
LONGEST = 10
"""Seconds on the clock; the program inside ends itself after less than one of the processor."""
LOOKED_AT = 64 * 1024
_CII = re.compile(rb"<(?:[\w.-]{1,40}:)?CrossIndustry(?:Invoice|Document)\b|SCRDMCCBDACIOMessageStructure")


class CiiImporter:
    name = "cii"

    def recognises(self, file: File) -> bool:
        head = file.content[:LOOKED_AT].replace(b"\x00", b"")  # UTF-16, near enough to be recognised
        return head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<") and bool(_CII.search(head))

    def read(self, file: File) -> ImportedDocument:
        """Errors: Validation, Rejected."""
        from plugins.facturx import intake, wall

        return intake.read(wall.parse(file.content), self.name)


class FacturXImporter:
    name = "facturx"

    def recognises(self, file: File) -> bool:
        return file.content.startswith(b"%PDF-")

    def read(self, file: File) -> ImportedDocument:
        """Errors: Validation, Rejected."""
        from plugins.facturx import intake, wall

        return intake.read(wall.parse(embedded(file.content)), self.name)


def embedded(pdf: bytes) -> bytes:
    """The XML inside a PDF, taken out by a process of its own. Errors: Rejected."""
    if len(pdf) > MOST_PDF:
        raise Rejected(f"the PDF has {len(pdf)} bytes; {MOST_PDF} are allowed")
    program = [sys.executable, "-I", "-B", str(Path(__file__).with_name("unwrap.py"))]
    try:
        done = subprocess.run(program, input=pdf, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise Rejected("reading the PDF takes longer than any invoice needs") from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == 3:
        raise Rejected(done.stderr.decode("utf-8", "replace")[:300])
    raise Rejected("the PDF takes more memory or time than any invoice needs")
