"""The heads of all series, written down to be kept outside; and what became of what was written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.flow.house import Context, House, allowed
from engine.kernel.faults import Faulty

if TYPE_CHECKING:
    from engine.posting.anchors import Anchor, Head
    from engine.posting.findings import Finding
    from engine.posting.ports import DocumentStore, Row


def anchor(house: House, context: Context) -> Anchor:
    """The heads of all series now, to be kept outside. Errors: Faulty(anchor_broken)."""
    from engine.posting import anchors

    allowed(context, "read")
    with house.documents.snapshot() as documents:
        heads = [_head(documents, series) for series in documents.all_series()]
    return anchors.anchor(context.clock.now().isoformat(), [one for one in heads if one])


def _head(documents: DocumentStore, series: Row) -> Head | None:
    """Where a series stands; None when it has no document."""
    from engine.posting import anchors, canon
    from engine.posting.findings import series_name

    last, unused, hashed = documents.at(series["id"], series["value"]), None, series["head_hash"]
    if series["fast"]:
        for last in documents.numbers(series["id"]):  # noqa: B007  the last one is wanted
            pass
        if last is None:
            return None
        free = (row["value"] for row in documents.taken_ahead(series["id"]))
        unused = anchors.ranges(value for value in free if value < last["value"])
        hashed = anchors.digest(documents.numbers(series["id"]))
    elif last is None and hashed == canon.FIRST:
        return None
    elif last is None or last["hash"] != hashed:
        raise Faulty([anchors.ANCHOR_BROKEN.at("series", series=series_name(series), value=series["value"])])
    latest = series["last_date"] or last["date"]
    return anchors.Head(
        series["company"], series["counter"], series["period"], last["value"], last["number"], hashed,
        last["posted_at"].isoformat(), latest.isoformat(), unused,
    )  # fmt: skip


def anchored(
    documents: DocumentStore, all_series: Sequence[Row], anchors: Sequence[Anchor], company: str
) -> Iterator[Sequence[Finding]]:
    """What became of each head that the anchors hold; nothing for one that is where they say."""
    from itertools import takewhile

    from engine.posting.anchors import digest, wrong_head
    from engine.posting.findings import Finding

    named = {(one["company"], one["counter"], one["period"]): one for one in all_series}
    for one in anchors:
        for head in one.heads:
            if company and head.company not in ("", company):
                continue
            series = named.get(head.named)
            there = documents.at(series["id"], head.value) if series else None
            hashed = str(there["hash"]) if there else ""
            if series and there and head.unused is not None:
                upto = takewhile(lambda row: row["value"] <= head.value, documents.numbers(series["id"]))  # noqa: B023
                hashed = digest(upto, head.unused)
            wrong = list(wrong_head(head, one.at, series, there, hashed))
            yield [Finding(fault, head.series, head.company, None, head.value, head.number) for fault in wrong]
