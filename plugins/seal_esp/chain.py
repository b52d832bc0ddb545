"""One record after another: when it is dated, what it holds, and whether a whole chain holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.spi import Sealed, SealKind, SealProblem, SealRecord, SealRefused
from plugins.seal_esp import fields, huella

MOST_AHEAD = timedelta(minutes=1)
"""Orden HAC/1177/2024 art. 7.i.2: the last record may not be dated more than a minute after the next one."""
PRINTED = {"mention": "Factura verificable en la sede electrónica de la AEAT", "label": "VERI*FACTU"}


def before(record: SealRecord) -> Mapping[str, str] | None:
    """The record before, None when there is none. Errors: SealRefused, when it cannot be read or is missing."""
    if record.previous is None:
        if record.kind is SealKind.CANCELLATION:
            raise SealRefused(
                [SealProblem("", "nothing was ever sealed on its chain", "annul what was sealed, and only that")]
            )
        return None
    found = huella.linked(record.previous)
    if found is None:
        raise SealRefused(
            [SealProblem("", "the link to the record before it cannot be read", "run `factotum verify`")]
        )  # fmt: skip
    return found


def moment(at: datetime, zone: str, previous: Mapping[str, str] | None) -> str:
    """When a record is made, with its offset; never before the one it follows.

    Posters that wait for the chain began before they got it, by clocks that differ a little.
    Errors: SealRefused, when the record before is from the future.
    """
    now = at.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    if previous is None:
        return now.isoformat()
    last = datetime.fromisoformat(previous[huella.MOMENT])
    if last - now > MOST_AHEAD:
        raise SealRefused(
            [
                SealProblem(
                    "",
                    f"the record before it is of {last.isoformat()}, more than a minute after now, {now.isoformat()}",
                    "set this machine's clock right; Orden HAC/1177/2024 art. 7.i forbids a record until then",
                )
            ]
        )
    return max(now, last.astimezone(now.tzinfo)).isoformat()


def sealed(
    record: SealRecord, previous: Mapping[str, str] | None, kind: str, dated: str, service: str, installation: str
) -> Sealed:
    """One record, whole. `kind` and `service` are of an alta."""
    facts = fields.identity(record.document)
    if record.kind is SealKind.ISSUE:
        facts |= fields.content(record.document, kind)
    facts |= huella.facts_before(previous) | huella.SHA256
    facts |= {huella.MOMENT: dated, "NumeroInstalacion": installation}
    digest = huella.fingerprint(record.kind, facts)
    printed = {"qr": huella.qr(service, facts)} | PRINTED if record.kind is SealKind.ISSUE else {}
    return Sealed(digest, huella.link(facts, digest), printed, facts)


def verify_chain(records: Iterable[tuple[SealRecord, Sealed]], head: str | None = None) -> Iterator[str]:
    """What is wrong with a chain, from its first record on: anything changed, removed, added or out of its place.

    Each record is made again from its document and from what it says itself of type, moment and installation; what a
    law or a setting has changed since is not held against it. `head` is the last link, if it is to be compared.
    """
    last: str | None = None
    for record, kept in records:
        called = f"{record.document.number} ({record.kind.value})"
        for words in _wrong(record, kept, last):
            yield f"{called}: {words}"
        last = kept.link
    if head is not None and head != last:
        yield "its last record is not the one the chain was left with: records at its end are missing, or were added"


def _wrong(record: SealRecord, kept: Sealed, last: str | None) -> Iterator[str]:
    if record.previous != last:
        yield "it does not follow the record before it"
    previous = huella.linked(last) if last is not None else None
    if last is not None and previous is None:
        yield "the link to the record before it cannot be read"
        return
    kind, dated = kept.facts.get(huella.KIND, ""), kept.facts.get(huella.MOMENT, "")
    if record.kind is SealKind.ISSUE and kind not in fields.KINDS:
        yield f"{huella.KIND} is {kind!r}"
    yield from _wrong_moment(record.at, dated, previous)
    service = next(
        (name for name, address in huella.SERVICES.items() if kept.printed.get("qr", "").startswith(address)),
        "production",
    )
    again = sealed(record, previous, kind, dated, service, kept.facts.get("NumeroInstalacion", ""))
    for name in sorted(again.facts.keys() | kept.facts.keys()):
        if again.facts.get(name) != kept.facts.get(name):
            yield f"{name} is {kept.facts.get(name)!r}, and should be {again.facts.get(name)!r}"
    if again.fingerprint != kept.fingerprint:
        yield "its Huella is not that of its fields"
    if again.link != kept.link:
        yield "its link is not that of its fields"
    if again.printed != kept.printed:
        yield "what was printed is not what it says"


def _wrong_moment(at: datetime, dated: str, previous: Mapping[str, str] | None) -> Iterator[str]:
    """A record is of the moment of its posting, or of the record before where that is a little later."""
    try:
        found = datetime.fromisoformat(dated)
        last = datetime.fromisoformat(previous[huella.MOMENT]) if previous else found
        meant = at.replace(microsecond=0)
        if found != (max(meant, last) if previous else meant):
            yield f"{huella.MOMENT} is {dated}, it was made at {meant.isoformat()}"
    except (TypeError, ValueError):
        yield f"{huella.MOMENT} is {dated!r}, which is no moment with an offset"
