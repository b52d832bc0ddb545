"""Types that lead nowhere for some company, now or soon: no automatic journal, entry type, journal, ledger, counter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.journal.determine import Determination, journal_code
from engine.kernel.codes import POSTED_ONLY_IF_ASKED
from engine.lint.findings import Finding, FindingKind, listed
from engine.lint.survey import Alike, Chain, Survey
from engine.parametrization import definitions as d
from engine.parametrization.catalog import WHY

NO_RECIPE = FindingKind(
    "lint_no_automatic_journal",
    "error",
    "{companies} cannot post it: no automatic journal ({why})",
    "define the automatic journal for their legislation, or name another",
)
NO_ENTRY_TYPE = FindingKind(
    "lint_no_entry_type",
    "error",
    "{companies} cannot post it: no entry type ({why})",
    "name one on the type or its automatic journal, and define it for their legislation",
)
NO_JOURNAL = FindingKind(
    "lint_no_journal",
    "error",
    "{companies} cannot post it: no journal ({why})",
    "name one on the type, its automatic journal, or as the entry type's default",
)
NO_LEDGER = FindingKind(
    "lint_no_ledger",
    "error",
    "{companies} cannot post it: {why}",
    "authorize a ledger in the entry type's `ledgers`",
)
NO_COUNTER = FindingKind(
    "lint_no_counter",
    "error",
    "{companies} cannot number it: no counter ({why})",
    "give one to the type, its entry type, or [[counter_assignment]]",
)
ENDS = FindingKind(
    "lint_chain_will_break",
    "warning",
    "from {date} {companies} can use it no more: no {what} ({why})",
    "let what follows begin on that day, or end the type the day before",
)
WHAT = {
    NO_RECIPE: "automatic journal", NO_ENTRY_TYPE: "entry type", NO_JOURNAL: "journal", NO_LEDGER: "ledger",
    NO_COUNTER: "counter",
}  # fmt: skip


def look(survey: Survey) -> Iterator[Finding]:
    now: dict[tuple[FindingKind, str, str], set[str]] = defaultdict(set)
    types: dict[str, d.InvoiceType] = {}
    broken: set[tuple[str, str]] = set()
    for chain in survey.chains:
        for kind, why in breaks(chain):
            now[kind, chain.type.key, why].update(chain.alike.names)
            types[chain.type.key] = chain.type
            broken.add((chain.type.key, chain.alike.one.code))
    for (kind, key, why), companies in now.items():
        yield kind.at(types[key], companies=listed(companies), why=why)
    for alike, chains in survey.chains_of if survey.days_to_come else ():
        yield from _later(survey, alike, chains, broken)


def _later(survey: Survey, alike: Alike, chains: tuple[Chain, ...], broken: set[tuple[str, str]]) -> Iterator[Finding]:
    """Each type that breaks on a day to come, once, on the first such day."""
    asking: dict[tuple[str, str], set[str]] = defaultdict(set)
    for chain in chains:
        for asked in chain.asks():
            asking[asked].add(chain.type.code)
    for day, changed in survey.days_to_come.items():
        mine = [record for record in changed if record.legislation in ("", alike.one.legislation)]
        types = {record.code for record in mine if isinstance(record, d.InvoiceType)}
        for record in mine:
            types |= asking.get((record.TABLE, str(getattr(record, "code", ""))), set())
        every = any(isinstance(record, d.CounterAssignment) for record in mine)
        for chain in survey.chains_on(alike, day, None if every else types) if every or types else ():
            for asked in chain.asks():
                asking[asked].add(chain.type.code)
            place = (chain.type.key, alike.one.code)
            if place in broken:
                continue
            for kind, why in breaks(chain):
                broken.add(place)
                yield ENDS.at(chain.type, date=day, companies=listed(alike.names), what=WHAT[kind], why=why)


def breaks(chain: Chain) -> Iterator[tuple[FindingKind, str]]:
    """Where a chain does not arrive, and why; what only follows from that is not told."""
    found, kind = chain.found, chain.type
    posted = bool(journal_code(kind, direct=True)) or kind.category not in POSTED_ONLY_IF_ASKED
    recipe, entry_type = found.automatic_journal, found.entry_type
    if found.faults:
        if posted and recipe is None:
            yield NO_RECIPE, _why(found, d.AutomaticJournal.TABLE)
        if entry_type is None and (kind.entry_type or recipe):
            yield NO_ENTRY_TYPE, _why(found, d.EntryType.TABLE)
        if recipe and entry_type and found.journal is None:
            yield NO_JOURNAL, _why(found, d.Journal.TABLE)
    if recipe and entry_type and all(use == "none" for use in entry_type.ledgers.values()):
        yield NO_LEDGER, f"entry type {entry_type.key} feeds no ledger"
    if chain.numbers.series is None and (entry_type or not found.faults):
        steps = (
            f"{step['step'].replace('_', ' ')}: {WHY.get(step.get('reason', ''), '') or 'none named'}"
            for step in chain.numbers.steps
        )
        yield NO_COUNTER, "; ".join(steps)


def _why(found: Determination, table: str) -> str:
    """The last name tried, and why it means nothing here."""
    named = [step for step in found.steps if step.get("table") == table and step["code"]]
    if not named:
        return "nothing names one"
    return f"{named[-1]['code']}: {WHY.get(named[-1].get('reason', ''), 'not usable')}"
