"""A file as an importer reads it, or why nobody can. An importer may fail in any way; the file is kept before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.inbox.received import Found
from engine.kernel.faults import Fault, FaultKind, clipped
from engine.outbox.words import plugin_fault, written
from engine.spi.contracts import File, ImportedDocument, Importer, Rejected, Validation

UNREADABLE = FaultKind("import_unreadable", "{name} cannot be read: {reason}", "ask the sender for a valid file")
UNKNOWN_FILE = FaultKind(
    "import_unknown_file", "{name} is none of the kinds that can be read here: {known}", "ask for an e-invoice instead"
)
FIELD_REFUSED = FaultKind("import_field_refused", "{words}", "ask the sender for a valid file")
EMPTY = FaultKind("import_empty", "{name} is empty", "send it again")
TOO_LARGE = FaultKind("import_too_large", "{name} has {size} bytes; {limit} are allowed", "send the invoice alone")
MOST_BYTES = 20 * 1024 * 1024


def read(file: File, importers: Mapping[str, Importer]) -> Found | list[Fault]:
    """What a file says, or every reason why it cannot be said."""
    name = clipped(file.name, 80) or "the file"
    if not file.content:
        return [EMPTY.at("file", name=name)]
    if len(file.content) > MOST_BYTES:
        return [TOO_LARGE.at("file", name=name, size=len(file.content), limit=MOST_BYTES)]
    try:
        importer = next((one for one in importers.values() if one.recognises(file)), None)
        if importer is None:
            return [UNKNOWN_FILE.at("file", name=name, known=", ".join(importers) or "no importer is installed")]
        read_one = importer.read(file)
        if not isinstance(read_one, ImportedDocument):
            raise TypeError(f"the importer {importer.name} gave no ImportedDocument")
    except Validation as refused:
        told = [FIELD_REFUSED.at(one.path or "file", words=one.message) for one in refused.issues]
        return told or [UNREADABLE.at("file", name=name, reason=refused.reason)]
    except Rejected as refused:
        return [UNREADABLE.at("file", name=name, reason=written(refused.reason))]
    except Exception as bug:  # a plugin may fail in any way: the file is kept, and says so
        return [UNREADABLE.at("file", name=name, reason=plugin_fault(bug))]
    return Found(
        read_one.syntax, read_one.request, read_one.buyer, read_one.totals, tuple(read_one.warnings),
        read_one.payment_means, tuple(read_one.accounts),
    )  # fmt: skip


def supplier_of(found: Found) -> tuple[str, str, date | None]:
    """What tells a supplier apart, their number, and its date."""
    party = found.request.get("supplier", {})
    legal = party.get("registration") or {}
    vat = "".join(str(party.get("vat_number", "")).split()).upper()
    named = f"{party.get('country', '')}:{' '.join(str(party.get('name', '')).casefold().split())}"
    scheme = {"0009": "0002"}.get(legal.get("scheme", ""), legal.get("scheme", ""))
    number = legal.get("id", "")[:9] if scheme == "0002" else legal.get("id", "")
    try:
        on = date.fromisoformat(found.request.get("date", ""))
    except ValueError:
        on = None
    who = vat or (f"{scheme}:{number}" if number else named)
    return written(who)[:200], written(found.request.get("supplier_number", ""))[:200], on
