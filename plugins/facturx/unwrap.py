"""A program of its own: a PDF on standard input, the XML inside on standard output.

It is run in a process that may be killed, with little memory and little time, because a PDF of some kilobytes can
unfold to gigabytes. It imports nothing of ours. Exit 0 with the XML; 3 with what is wrong, in words; anything else is
the end of a process that took too much.
"""

from __future__ import annotations

import resource
import signal
import sys
import zlib
from io import BytesIO
from typing import Any

MEMORY = 512 * 1024 * 1024
SECONDS = 0.85
"""Of the processor, from the start of this process."""
MOST_XML = 5 * 1024 * 1024
MOST_ATTACHMENTS = 20
MOST_NODES = 200
MOST_PAGES = 2000
NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "zugferd_2p0.xml")
RELATIONS = ("/Data", "/Alternative", "/Source")


class Refused(Exception):
    pass


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # SIGPROF ends the process, wherever it is


def unwrapped(content: bytes) -> bytes:
    import pikepdf

    try:
        with pikepdf.open(BytesIO(content), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refused("the PDF is encrypted, which PDF/A forbids")
            if len(pdf.pages) > MOST_PAGES:
                raise Refused(f"the PDF has more than {MOST_PAGES} pages")
            return _invoice(list(_attached(pdf)))
    except pikepdf.PasswordError:
        raise Refused("the PDF is encrypted, which PDF/A forbids") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError) as cause:
        words = str(cause).partition(">")[2] or str(cause)  # the first part names our stream
        raise Refused(f"the PDF is damaged: {words.strip()[:150]}") from None


def _attached(pdf: Any) -> list[tuple[str, str, Any]]:
    """(name, relation, stream) of every file attached, from the name tree and from /AF, each stream once."""
    root, found = pdf.Root, {}
    names = root.get("/Names")
    specs = list(_leaves(names.get("/EmbeddedFiles"))) if names is not None else []
    listed = root.get("/AF")
    specs += [] if listed is None else list(listed)[: MOST_ATTACHMENTS + 1] if _is_array(listed) else [listed]
    if len(specs) > 2 * MOST_ATTACHMENTS:
        raise Refused(f"the PDF has more than {MOST_ATTACHMENTS} attachments")
    for spec in specs:
        held = spec.get("/EF") if hasattr(spec, "get") else None
        stream = None if held is None else held.get("/F", held.get("/UF"))
        if stream is not None and hasattr(stream, "read_raw_bytes"):
            name = str(spec.get("/UF", spec.get("/F", "")))
            found[stream.objgen] = (name, str(spec.get("/AFRelationship", "")), stream)
    if len(found) > MOST_ATTACHMENTS:
        raise Refused(f"the PDF has more than {MOST_ATTACHMENTS} attachments")
    return list(found.values())


def _leaves(tree: Any) -> Any:
    """File specifications of a name tree, which may be no tree at all."""
    waiting, seen = [tree], 0
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        seen += 1
        if seen > MOST_NODES:
            raise Refused("the names of its attachments are no tree")
        pairs = list(node.get("/Names", ()))
        if len(pairs) > 2 * MOST_ATTACHMENTS:
            raise Refused(f"the PDF has more than {MOST_ATTACHMENTS} attachments")
        yield from pairs[1::2]
        waiting += list(node.get("/Kids", ()))[: MOST_NODES + 1]


def _invoice(attached: list[tuple[str, str, Any]]) -> bytes:
    """The one attachment that is the invoice: by its name, else by its relation."""
    known = [one for one in attached if one[0].lower() in NAMES]
    related = [one for one in attached if one[1] in RELATIONS and one[0].lower().endswith(".xml")]
    chosen = known or related
    if not chosen:
        raise Refused("the PDF holds no invoice as data: no factur-x.xml is attached")
    contents = {_inflated(stream) for _, _, stream in chosen}
    if len(contents) > 1:
        raise Refused("the PDF holds several invoices as data, and they differ")
    return contents.pop()


def _inflated(stream: Any) -> bytes:
    """The content of a stream with at most one filter, Flate, cut at the cap before it unfolds."""
    filters = stream.get("/Filter")
    told = [] if filters is None else [str(one) for one in filters] if _is_array(filters) else [str(filters)]
    raw: bytes = stream.read_raw_bytes()
    if told in ([], ["/FlateDecode"]) and stream.get("/DecodeParms") is None:
        content = raw
        if told:
            inflate = zlib.decompressobj()
            try:
                content = inflate.decompress(raw, MOST_XML + 1)
            except zlib.error as cause:
                raise Refused(f"the attached XML does not unfold: {cause}") from None
            if len(content) <= MOST_XML and not inflate.eof:
                raise Refused("the attached XML is cut off")
        if len(content) > MOST_XML:
            raise Refused(f"the attached XML is larger than {MOST_XML} bytes")
        return content
    raise Refused(f"the attached XML is packed in a way no invoice needs: {', '.join(told)[:60]}")


def _is_array(value: Any) -> bool:
    return type(value).__name__ == "Array" or getattr(value, "_type_name", "") == "array"


def main() -> int:
    limited()
    try:
        xml = unwrapped(sys.stdin.buffer.read())
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 3
    except MemoryError:
        sys.stderr.write("the PDF takes more memory than any invoice needs")
        return 3
    sys.stdout.buffer.write(xml)
    return 0


if __name__ == "__main__":
    sys.exit(main())
