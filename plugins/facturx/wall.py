"""The wall XML comes through: capped, decoded by us, without DOCTYPE, resolving nothing.

In: bytes from anybody. Out: an lxml element. Whatever is wrong is a Rejected; nothing is fetched, nothing expanded.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from engine.spi import Rejected

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_BYTES = 5 * 1024 * 1024
MOST_ELEMENTS = 200_000
MOST_DEPTH = 64
MOST_TAG = 10_000
MOST_ATTRIBUTES = 100
"""Of one element: parsers compare each with all others."""
MOST_TEXT = 100_000
"""Characters in one text or attribute; an attachment inside the XML may be longer."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WITHOUT_BOM = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
_ENCODINGS = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15", "windows-1252": "cp1252", "utf-16": "utf-16",
    "utf-16le": "utf-16", "utf-16be": "utf-16",
}  # fmt: skip
_DECLARATION = re.compile(r"\s*<\?xml\s(?P<inside>[^>]{0,200}?)\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
_BEFORE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!(?!--|\[CDATA\[)")


def parse(content: bytes) -> _Element:
    """Errors: Rejected."""
    from lxml import etree

    if len(content) > MOST_BYTES:
        raise Rejected(f"the XML has {len(content)} bytes; {MOST_BYTES} are allowed")
    text = _decoded(content)
    _no_doctype(text)
    _no_monsters(text)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
        dtd_validation=False, attribute_defaults=False, recover=False, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "strict"), parser)
    except (etree.XMLSyntaxError, ValueError) as cause:
        raise Rejected(f"it is not well-formed XML: {_short(cause)}") from cause
    if root.getroottree().docinfo.internalDTD is not None:
        raise Rejected("it declares a DOCTYPE, which no invoice needs")
    _within_caps(root)
    return root


def _decoded(content: bytes) -> str:
    """Text without its XML declaration. We decode, so that the parser and the search for DOCTYPE see the same."""
    bom = next(((mark, name) for mark, name in _BOMS if content.startswith(mark)), None)
    guessed = next((name for mark, name in _WITHOUT_BOM if content.startswith(mark)), "")
    body = content[len(bom[0]) :] if bom else content
    encoding = bom[1] if bom else guessed
    head = body[:400].decode(encoding or "latin-1", "replace")
    declaration = _DECLARATION.match(head)
    said = _ENCODING.search(declaration["inside"]) if declaration else None
    named = said[1].lower() if said else "utf-8"
    if said and named not in _ENCODINGS:
        raise Rejected(f"its encoding {named[:40]} is none that invoices are written in")
    if not encoding:
        encoding = _ENCODINGS[named]
        if encoding == "utf-16":
            raise Rejected("it says to be UTF-16 and is not")
    try:
        text = body.decode(encoding, "strict")
    except UnicodeError as cause:
        raise Rejected(f"it is not written in {encoding}, as it says: {_short(cause)}") from cause
    if "\x00" in text[:1000]:
        raise Rejected("it holds null characters")
    whole = _DECLARATION.match(text)
    return text[whole.end() :] if whole else text


def _no_doctype(text: str) -> None:
    """Errors: Rejected when anything is declared, before the root or anywhere outside comments and CDATA."""
    at = 0
    if _DECLARATION.match(text):
        raise Rejected("it is not well-formed XML: two declarations")
    while found := _BEFORE_ROOT.match(text, at):
        at = found.end()
    if _DOCTYPE.match(text, at):
        raise Rejected("it declares a DOCTYPE, which no invoice needs")


def _no_monsters(text: str) -> None:
    """What makes a parser slow, told before it starts. Errors: Rejected."""
    if text.count("<") > 2 * MOST_ELEMENTS + 1000:
        raise Rejected(f"it has more than {MOST_ELEMENTS} elements")
    for piece in text.split("<"):
        if len(piece) > MOST_ATTRIBUTES:
            tag = piece.partition(">")[0]
            if not tag.startswith(("!", "?")) and (len(tag) > MOST_TAG or tag.count("=") > MOST_ATTRIBUTES):
                raise Rejected(f"an element in it is longer than {MOST_TAG} characters, or has too many attributes")


def _within_caps(root: _Element) -> None:
    """Errors: Rejected when it is larger than any invoice."""
    seen, waiting = 0, [(root, 1)]
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if seen > MOST_ELEMENTS:
            raise Rejected(f"it has more than {MOST_ELEMENTS} elements")
        if depth > MOST_DEPTH:
            raise Rejected(f"it is nested deeper than {MOST_DEPTH} levels")
        texts = (element.text or "", element.tail or "", *element.attrib.values())
        attached = str(element.tag).endswith("}AttachmentBinaryObject")
        if not attached and any(len(one) > MOST_TEXT for one in texts):
            raise Rejected(f"a text in it is longer than {MOST_TEXT} characters")
        waiting += [(child, depth + 1) for child in element]


def _short(cause: object) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(cause))[:200]
