"""Journals tried over a document, and what payments and deadlines make of posted ones: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.flow.house import Context, House, allowed
from engine.flow.posting import drafted, replanned
from engine.kernel.clock import today
from engine.kernel.faults import FaultKind, Faulty, nearest
from engine.kernel.money import money_text
from engine.parametrization.definitions import AutomaticJournal, AutomaticJournalGroup

if TYPE_CHECKING:
    from engine.drafting.drafted import Draft
    from engine.drafting.paid import PaidRow
    from engine.journal.entries import Entry
    from engine.journal.settle import Settled
    from engine.parametrization.catalog import Catalog

NOT_OFFERED = FaultKind("type_not_offered_here", "{company} may not use type {type!r} on {date}", "{remedy}")
UNKNOWN_JOURNAL = FaultKind("unknown_automatic_journal", "there is no automatic journal or group {code!r}", "{remedy}")


def try_journal(
    house: House, context: Context, code: str, data: Any, payments: Any = None, until: date | None = None
) -> dict[str, Any]:
    """The entries an automatic journal, or a group, would make of a document, whatever its type names; explained.

    With `payments` (CONTRACT §5, one or a list) the journal settles the document: one step each, cash VAT that falls
    due at a deadline included, up to a day. Errors: Faulty.
    """
    from engine.drafting.paid import read_payments, settling

    draft, catalog = drafted(house, context, data)
    known = {called[0] for kind in (AutomaticJournal, AutomaticJournalGroup) for called in catalog.scopes(kind)}
    if code not in known:
        remedy = nearest(code, known, "see `factotum tables automatic_journal`")
        raise Faulty([UNKNOWN_JOURNAL.at("journal", code=code, remedy=remedy)])
    if payments is None:
        return _would_post(code, draft, catalog)
    paid = settling(read_payments(payments), draft.company.code)
    asked = replace(draft, type=replace(draft.type, settlement_journal=code))
    return {"journal": code, "steps": list(_steps(asked, paid, catalog, until))}


def _would_post(code: str, draft: Draft, catalog: Catalog) -> dict[str, Any]:
    from engine.journal.determine import determine
    from engine.journal.explain import explanation
    from engine.journal.generate import Books, run
    from rules import arithmetic

    kind = replace(draft.type, automatic_journal=code, automatic_journal_direct="")
    found = determine(catalog, draft.company, kind, draft.date)
    if found.faults or found.entry_type is None or found.journal is None:
        raise Faulty(found.faults)
    with arithmetic():
        made = run(draft, found.members, Books(found.entry_type, found.journal), catalog, matching=found.matching)
    return {
        "journal": code,
        "determination": list(found.steps),
        "entries": _told(made.entries, draft),
        "explanation": explanation(draft, found.members, made, catalog),
    }


def _steps(draft: Draft, paid: Sequence[PaidRow], catalog: Catalog, until: date | None) -> Iterator[dict[str, Any]]:
    from engine.journal.explain import explanation
    from engine.journal.settle import settle

    for step in settle(draft, paid, catalog, until):
        found = step.determination
        yield _step(draft, step) | {
            "determination": list(found.steps),
            "explanation": explanation(draft, found.members, step.generated, catalog, step.values),
        }


def _step(draft: Draft, step: Settled) -> dict[str, Any]:
    how = step.settlement
    amounts = {name: getattr(how, name) for name in ("before", "after", "whole")}
    return {
        "date": how.date.isoformat(),
        "why": "deadline" if step.deadline else "payment" if step.paid else "advance",
        "settled": {name: money_text(amount, draft.currency) for name, amount in amounts.items()},
        "entries": _told(step.generated.entries, draft),
    }


def _told(entries: Sequence[Entry], draft: Draft) -> list[dict[str, Any]]:
    """Entries as `post` answers them; a text that prints the number shows where it would stand."""
    from engine.journal.entries import LateText
    from engine.posting.answer import entries as shown
    from engine.posting.rows import entry_rows_of

    late: list[tuple[str, int, str, LateText]] = []
    heads, lines = entry_rows_of(entries, 0, draft.company.code, late)
    for table, place, column, text in late:
        (heads if table == "entry" else lines)[place][column] = text.given(NUMBER_TO_COME)
    return shown(heads, lines)


NUMBER_TO_COME = "(number)"


def next_numbers(
    house: House, context: Context, company: str, invoice_type: str, *, on: date | None = None, site: str = "",
    count: int = 3,
) -> dict[str, Any]:  # fmt: skip
    """The numbers that the next documents of a type would get on a day, and where they come from. Uses none.

    What only a document says (a formula, a complement) is left out of the texts. Errors: Faulty.
    """
    from engine.journal.determine import determine
    from engine.numbering.counters import Circumstances, no_counter, numbering
    from engine.selection import choose, company_of

    catalog = house.catalog()
    whose = company_of(catalog, company)
    allowed(context, "read", whose.code)
    day = on or today(context.clock, whose.time_zone)
    offered = {kind.code: kind for kind in choose(catalog, whose, day).offered}
    kind = offered.get(invoice_type)
    if kind is None:
        remedy = nearest(invoice_type, offered, "see `factotum types`")
        raise Faulty([NOT_OFFERED.at("type", type=invoice_type, company=company, date=day, remedy=remedy)])
    found = determine(catalog, whose, kind, day)
    told = Circumstances(site, found.journal.code if found.journal else "")
    numbers = numbering(catalog, whose, kind, found.entry_type, day, told)
    series = numbers.series
    if series is None:
        raise Faulty([no_counter(numbers, whose, kind)])
    first = house.posting.preview(series, day)
    texts = [] if series.counter.manual else [series.number(day, first + place) for place in range(count)]
    return {"company": company, "type": kind.key, "date": day.isoformat(), "series": series.name, "numbers": texts,
            "steps": list(numbers.steps)}  # fmt: skip


def run_due(
    house: House, context: Context, until: date, *, payments: Any = (), company: str = "", since: date | None = None
) -> Iterator[dict[str, Any]]:
    """Cash VAT of posted documents that falls due at a deadline up to a day, for what the payments given leave unpaid.

    Shape: one answer per document with such a deadline: {"id", "number", "company", "date", "entries", …}. Nothing is
    written: payments are data, and so is what follows from them. Errors: Faulty.
    """
    from engine.drafting.paid import read_payments, settling
    from engine.journal.settle import settle

    allowed(context, "read", company)
    given = read_payments(payments)
    for stored in house.documents.posted(None, company):
        document = stored.document
        if not any(row["due"] == "payment" for row in stored.taxes):
            continue
        planned, catalog = replanned(house, document)
        called = (document["number"], str(document["id"]))
        paid = settling(given, document["company"], called)
        for step in settle(planned.draft, paid, catalog, until):
            if step.deadline and (since is None or step.settlement.date >= since):
                head = {name: document[name] for name in ("id", "number", "company")}
                yield head | _step(planned.draft, step)
