"""One document after another: what it may follow, when it was entered, and whether a whole chain holds.

A chain is the documents of one type and series, in order of their numbers, without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.spi import Sealed, SealKind, SealProblem, SealRecord, SealRefused
from plugins.seal_prt import fields, keys, qr, signature
from plugins.seal_prt.codes import SIGNED
from plugins.seal_prt.signature import DATE, ENTRY, GROSS, NUMBER

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TYPE, HASH, CONTROL, ZONE = "InvoiceType", "Hash", "HashControl", "TimeZone"
ISSUER, CERTIFICATE = "TaxRegistrationNumber", "SoftwareCertificateNumber"
LINK = (DATE, ENTRY, NUMBER, TYPE)
MOST_AHEAD = timedelta(hours=1, minutes=5)
"""An hour comes twice every autumn, and clocks differ a little; beyond that one of them is wrong."""
MENTION = "{characters}-Processado por programa certificado n.º {certificate}/AT"


def linked(text: str) -> Mapping[str, str] | None:
    """The document before, from its link; None when the text is none of ours."""
    try:
        found = json.loads(text)
        whole = isinstance(found, dict) and found.keys() == {*LINK, HASH}
        if not whole or not all(isinstance(value, str) for value in found.values()):
            return None
        return None if datetime.fromisoformat(found[ENTRY]).tzinfo else found
    except (RecursionError, ValueError):
        return None


def link(facts: Mapping[str, str], signed: str) -> str:
    """What the next document must know of this one."""
    kept = {name: facts[name] for name in LINK} | {HASH: signed}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def before(record: SealRecord) -> Mapping[str, str] | None:
    """The document before, None when there is none. Errors: SealRefused, when it cannot be read."""
    found = linked(record.previous) if record.previous is not None else None
    if record.previous is not None and found is None:
        raise SealRefused(
            [SealProblem("", "the link to the document before it cannot be read", "run `factotum verify`")]
        )
    return found


def entered(at: datetime, zone: str, previous: Mapping[str, str] | None) -> str:
    """SystemEntryDate: local time to the second, never before that of the document before."""
    now = at.astimezone(ZoneInfo(zone)).replace(microsecond=0, tzinfo=None)
    last = datetime.fromisoformat(previous[ENTRY]) if previous else now
    return max(now, last).isoformat()


def out_of_order(
    facts: Mapping[str, str], at: datetime, previous: Mapping[str, str] | None, first: int
) -> Iterator[SealProblem]:
    """What keeps a document from following the one before, or from being the first."""
    number = fields.numbered(facts[NUMBER])
    if number is None:
        return
    if previous is None:
        if number.value != first:
            yield SealProblem(
                "number",
                f"{facts[NUMBER]} would be the first that is signed of a series that begins at {first}",
                "begin a new series, or set `first` to the number that was communicated to the AT",
            )
        return
    last = fields.numbered(previous[NUMBER])
    if last is None or last.series != number.series or previous[TYPE] != facts[TYPE]:
        yield SealProblem(
            "number",
            f"{facts[NUMBER]} ({facts[TYPE]}) would follow {previous[NUMBER]} ({previous[TYPE]})",
            "give each type and each series a counter of its own",
        )
    elif number.value != last.value + 1:
        yield SealProblem("number", f"{facts[NUMBER]} would follow {previous[NUMBER]}", "begin a new series")
    if facts[DATE] < previous[DATE]:
        yield SealProblem(
            "date",
            f"{previous[NUMBER]} is of {previous[DATE]}, this one of {facts[DATE]}",
            f"date it {previous[DATE]} or later, and make the counter chronological",
        )
    now = at.astimezone(ZoneInfo(facts[ZONE])).replace(microsecond=0, tzinfo=None)
    if datetime.fromisoformat(previous[ENTRY]) - now > MOST_AHEAD:
        yield SealProblem(
            "",
            f"{previous[NUMBER]} was entered at {previous[ENTRY]}, after now, {now.isoformat()}",
            "set this machine's clock right, or begin a new series",
        )


def facts_of(record: SealRecord, entry: str, kind: str, told: Mapping[str, str]) -> dict[str, str]:
    """What is signed, and what tells how. `told`: HashControl, certificate and zone, from the settings of the day."""
    document = record.document
    return {
        TYPE: kind, DATE: document.date.isoformat(), ENTRY: entry, NUMBER: document.number,
        GROSS: f"{fields.gross_total(document):f}", ISSUER: fields.issuer(document),
        **{name: told.get(name, "") for name in (CONTROL, CERTIFICATE, ZONE)},
    }  # fmt: skip


def printed(facts: Mapping[str, str], signed: str, atcud: str, code: str) -> dict[str, str]:
    """What paper shows of it."""
    shown = signature.characters(signed)
    return {
        "characters": shown, "atcud": atcud, "qr": code,
        "mention": MENTION.format(characters=shown, certificate=facts[CERTIFICATE]),
    }  # fmt: skip


def verify_chain(
    records: Iterable[tuple[SealRecord, Sealed]], public_keys: Mapping[int, str], head: str | None = None
) -> Iterator[str]:
    """What is wrong with a chain, from its first document on: anything changed, removed, added or out of its place.

    Signatures are proved with the public keys, by version, in PEM form; all else is made again from the document and
    from what its seal says of type, key, certificate and zone. Of the QR code all is compared but which tax stands in
    which space and level, which is checked to add up. `head` is the last link, if it is to be compared.
    """
    read = keys.public_keys(public_keys)
    last: str | None = None
    for record, kept in records:
        for words in _wrong(record, kept, last, read):
            yield f"{record.document.number}: {words}"
        last = kept.link
    if head is not None and head != last:
        yield "its last document is not the one the chain was left with: some at its end are missing, or were added"


def _wrong(record: SealRecord, kept: Sealed, last: str | None, public: Mapping[int, RSAPublicKey]) -> Iterator[str]:
    if record.kind is not SealKind.ISSUE:
        yield f"a {record.kind.value} is never signed"
    if record.previous != last:
        yield "it does not follow the document before it"
    previous = linked(last) if last is not None else None
    if last is not None and previous is None:
        yield "the link to the document before it cannot be read"
        return
    facts, signed = kept.facts, kept.fingerprint
    try:
        entry = entered(record.at, facts.get(ZONE, ""), previous)
    except (KeyError, OSError, ValueError):
        yield f"{ZONE} is {facts.get(ZONE)!r}, which is none"
        return
    again = facts_of(record, entry, facts.get(TYPE, ""), facts)
    for name in sorted(again.keys() | facts.keys()):
        if again.get(name) != facts.get(name):
            yield f"{name} is {facts.get(name)!r}, and should be {again.get(name)!r}"
    if again[TYPE] not in SIGNED:
        yield f"{TYPE} is {again[TYPE]!r}"
    yield from (problem.reason for problem in out_of_order(again, record.at, previous, record.value))
    yield from _wrong_signature(signature.message(again, previous[HASH] if previous else ""), again, signed, public)
    if kept.link != link(again, signed):
        yield "its link is not that of its fields"
    yield from _wrong_print(record, kept, again)


def _wrong_signature(
    message: str, facts: Mapping[str, str], signed: str, public: Mapping[int, RSAPublicKey]
) -> Iterator[str]:
    version = facts[CONTROL]
    key = public.get(int(version)) if version.isdecimal() else None
    if key is None:
        yield f"there is no public key of version {version or 'none'} that can be read"
    elif not signature.holds(message, signed, key):
        yield "its signature does not hold"


def _wrong_print(record: SealRecord, kept: Sealed, facts: Mapping[str, str]) -> Iterator[str]:
    """Against what the document and the signature say."""
    code, atcud = kept.printed.get("qr", ""), kept.printed.get("atcud", "")
    if dict(kept.printed) != printed(facts, kept.fingerprint, atcud, code):
        yield "what was printed is not what it says"
    number = fields.numbered(facts[NUMBER])
    if number is None or atcud.rpartition("-")[2] != number.printed:
        yield f"its ATCUD {atcud} is not of its number"
    buyer, country = fields.buyer(record.document)
    found = qr.parsed(code)
    wanted = {
        "A": facts[ISSUER], "B": buyer, "C": country, "D": facts[TYPE],
        "E": "S" if record.document.self_billed else "N", "F": facts[DATE].replace("-", ""), "G": facts[NUMBER],
        "H": atcud, "O": facts[GROSS], "Q": signature.characters(kept.fingerprint), "R": facts[CERTIFICATE],
    }  # fmt: skip
    wrong = sorted(name for name, value in wanted.items() if found.get(name) != value)
    if wrong or not qr.is_whole(code):
        yield f"its QR code is not of this document: {', '.join(wrong) or 'its amounts'}"
