"""What happened, in order: every number and the document it was issued to; who changed what, when and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from heapq import merge
from typing import TYPE_CHECKING, Any

from engine.flow.filters import known_actor, known_company, known_table
from engine.flow.house import Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty
from engine.parametrization.catalog import Catalog

if TYPE_CHECKING:
    from engine.posting.ports import DocumentStore, Row

UNKNOWN_SERIES = FaultKind("unknown_series", "there is no series {called!r}", "leave it out to see them all")
Told = dict[str, Any]


def register(
    house: House, context: Context, *, company: str = "", series: str = "", since: date | None = None
) -> Iterator[Told]:
    """Every number of every series in order: issued, unused or missing, each in its place. Memory stays flat.

    Shape: {"series", "company", "counter", "period", "state": "issued", "value", "number", "document", "invoice_type",
    "date", "posted_at", "actor", "key"}, {… "state": "unused", "value", "at", "actor", "key", "cause"}, {… "state":
    "missing", "value", "last"?}. `series` is how its counter begins, or its name; of a series that companies share,
    `company` narrows what is issued. Errors: Faulty(unknown_series, unknown_company).
    """
    from engine.posting.findings import series_name

    allowed(context, "read", company)
    known_company(house, company)
    catalogs = lru_cache(maxsize=64)(house.catalog_at)
    with house.documents.snapshot() as documents:
        wanted = [one for one in documents.all_series() if _meant(one, company, series)]
        if series and not wanted:
            raise Faulty([UNKNOWN_SERIES.at("series", called=series)])
        for one in sorted(wanted, key=series_name):
            named = {"series": series_name(one), **{name: one[name] for name in ("company", "counter", "period")}}
            for told in _registered(documents, one, catalogs, since):
                if told["state"] != "issued" or company in ("", told["company"]):
                    yield named | told


def _meant(row: Row, company: str, called: str) -> bool:
    """Whether a series is the company's, or shared, and called so."""
    from engine.posting.findings import series_name

    mine = company in ("", row["company"]) or not row["company"]
    return mine and (row["counter"].startswith(called) or series_name(row) == called)


def _registered(
    documents: DocumentStore, series: Row, catalogs: Callable[[int], Catalog], since: date | None
) -> Iterator[Told]:
    """The register of one series. A missing value is told when what follows it is, and at the end."""
    from engine.posting.register import MISSING, register

    first = next(documents.numbers(series["id"]), None)
    start = _start(series, first, catalogs)
    unused = documents.taken_ahead(series["id"]) if series["fast"] else iter(())
    held = []
    for entry in register(start, series["value"], documents.numbers(series["id"]), unused):
        if entry.state == MISSING:
            held.append(entry)
            continue
        when = entry.row["date"] if "date" in entry.row else entry.row["at"].date()
        if since is None or when >= since:
            yield from (one.as_json() for one in held)
            yield entry.as_json()
        held = []
    yield from (one.as_json() for one in held)


def _start(series: Row, first: Row | None, catalogs: Callable[[int], Catalog]) -> int:
    """What its counter began with, when its first document was posted; without one there is nothing before its end."""
    from engine.parametrization.definitions import Counter
    from engine.posting.numbers import Named

    if first is None:
        return int(series["value"]) + 1
    counter = catalogs(first["revision"]).table(Counter).get(Named.of(series).counter)
    value: int = first["value"]
    return min(counter.start, value) if counter else value


def audit(
    house: House,
    context: Context,
    *,
    since: date | None = None,
    actor: str = "",
    company: str = "",
    table: str = "",
    key: str = "",
) -> Iterator[Told]:
    """Who changed what, when and why: records field by field, periods, connections, seals, postings; in order of time.

    With `table` or `key` only records of the parametrization; with `company` what is its own: postings, periods, seals,
    its [[company]] record. Memory stays flat. Errors: Faulty, when a company, a table or an actor is unknown.
    """
    allowed(context, "read", company)
    known_company(house, company)
    known_table(table)
    begin = datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None
    kept = house.history
    streams = [_records(kept.changes(begin, actor, table, key, company))]
    if not (table or key):
        streams.append(_periods(kept.period_changes(begin, actor, company)))
        streams.append(_seals(house, kept.seal_changes(begin, actor, company)))
        streams.append(_events(kept.events(begin, actor, company)))
    none = True
    for _, told in merge(*streams, key=lambda one: one[0]):
        none = False
        yield told
    if none:
        known_actor(house, actor)


Timed = tuple[datetime, Told]


def _records(changes: Iterator[Row]) -> Iterator[Timed]:
    from engine.parametrization.revisions import change

    for row in changes:
        name = (row["table_name"], row["key"])
        found = change(name, row["body_before"], row["body"], row["pack_before"] or "", row["pack"])
        if found is None:
            continue
        fields = {field: {"before": was, "after": becomes} for field, (was, becomes) in found.fields.items()}
        what = {"action": found.action, "table": found.table, "key": found.key, "pack": found.pack, "fields": fields}
        yield row["at"], _made(row) | what


def _periods(changes: Iterator[Row]) -> Iterator[Timed]:
    for row in changes:
        key = "/".join(row[name] for name in ("company", "fiscal_year", "period", "journal") if row[name])
        fields = {"state": {"before": row["state_before"], "after": row["state"]}}
        what = {"action": "change", "table": "period", "key": key, "company": row["company"], "fields": fields}
        yield row["at"], _made(row) | what


def _seals(house: House, changes: Iterator[Row]) -> Iterator[Timed]:
    from engine.outbox.settings import changed

    for row in changes:
        seal = house.plugins.seals.get(row["seal"])
        model = seal.settings_model if seal else None
        was, becomes = (json.loads(row[name] or "{}") for name in ("settings_before", "settings"))
        what = {"action": "configure", "company": row["company"], "subject": f"seal {row['seal']} of {row['company']}"}
        yield row["at"], _made(row) | what | {"fields": changed(was, becomes, model, model)}


def _made(row: Row) -> Told:
    """Of a revision."""
    return {"at": row["at"].isoformat(), "actor": row["actor"], "revision": row["revision"], "message": row["message"]}


def _events(rows: Iterator[Row]) -> Iterator[Timed]:
    for row in rows:
        detail = json.loads(row["detail"])
        told: Told = {"at": row["at"].isoformat(), "actor": row["actor"], "action": row["action"]}
        told |= {"company": row["company"], "subject": row["subject"]}
        if row["document"] is not None:
            told |= {"document": row["document"], "number": row["number"]}
        yield row["at"], told | ({"fields": detail["fields"]} if "fields" in detail else {"detail": detail})


def connection_row(context: Context, audit_id: int, code: str, fields: Mapping[str, Any]) -> Row:
    """The audit row of a connection that was made or changed; no document's hash holds it."""
    from engine.posting.canon import json_text

    return {
        "id": audit_id, "at": context.clock.now(), "actor": context.actor.name,
        "action": "configure", "company": "", "subject": f"connection {code}", "document": None,
        "detail": json_text({"fields": fields}),
    }  # fmt: skip
