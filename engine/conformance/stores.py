"""Groups source and archive: where files come from, where they are kept."""

from __future__ import annotations

from engine.conformance.kit import Subject, Unfit, holds
from engine.conformance.remotes import bench
from engine.spi.contracts import NotFound, PluginError

PLACE = "2026/5b/5b1f6a52.pdf"


@holds("archive", "archives")
def gives_back_what_it_took(subject: Subject) -> None:
    """what is put is got, byte for byte; what was never put is NotFound"""
    with bench(subject) as made:
        for place, content in ((PLACE, bytes(range(256)) * 5000), ("2026/00/empty.bin", b"")):
            subject.offer.put(place, content, made.settings, made.context)
            if subject.offer.get(place, made.settings, made.context) != content:
                raise Unfit(f"{place} comes back changed")
        try:
            subject.offer.get("2026/ff/absent.pdf", made.settings, made.context)
        except NotFound:
            return
        raise Unfit("what was never put is found")


@holds("archive", "archives")
def overwrites_nothing(subject: Subject) -> None:
    """the same again is fine; another content at the same place changes nothing and is refused"""
    with bench(subject) as made:
        subject.offer.put(PLACE, b"first", made.settings, made.context)
        subject.offer.put(PLACE, b"first", made.settings, made.context)
        try:
            subject.offer.put(PLACE, b"second", made.settings, made.context)
        except PluginError:
            pass
        else:
            raise Unfit("other content at the same place is taken without a word")
        if subject.offer.get(PLACE, made.settings, made.context) != b"first":
            raise Unfit("what was there is overwritten")


@holds("archive", "archives")
def stays_in_its_place(subject: Subject) -> None:
    """a place that leads outside is refused"""
    with bench(subject) as made:
        for place in ("../outside.pdf", "/etc/outside.pdf", "a/../../outside.pdf"):
            try:
                subject.offer.put(place, b"x", made.settings, made.context)
            except PluginError:
                continue
            raise Unfit(f"it puts a file at {place}")


@holds("source", "sources")
def brings_and_lets_go(subject: Subject) -> None:
    """what lies there is fetched, the same each time, until it is done; then it is fetched no more"""
    with bench(subject) as made:
        offer, here = subject.offer, made.context
        first, again = (list(offer.fetch(made.settings, here)) for _ in range(2))
        if not first:
            raise Unfit("nothing is fetched: let the stand-in hold something at its start")
        if [one.id for one in first] != [one.id for one in again]:
            raise Unfit("fetched twice, it names different things: an id must stay the same")
        for _ in range(2):
            offer.done(first[0], True, "taken", made.settings, here)
        left = [one.id for one in offer.fetch(made.settings, here)]
        if first[0].id in left or len(left) != len(first) - 1:
            raise Unfit("what is done is still fetched, or something else is gone")
