"""Which automatic journal, entry type and journal a document takes; every step is recorded.

automatic journal: the type's (`automatic_journal_direct` for documents keyed without order, delivery or receipt); blank
means PIHI on a purchase type, and no posting on the categories that are not posted.
entry type: the type's; only when it names none, the automatic journal's.
journal: the type's, else the automatic journal's, else the entry type's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.kernel.codes import POSTED_ONLY_IF_ASKED
from engine.kernel.faults import Fault, FaultKind
from engine.parametrization.catalog import WHY, Catalog
from engine.parametrization.definitions import (
    AutomaticJournal,
    AutomaticJournalGroup,
    Company,
    EntryType,
    InvoiceType,
    Journal,
    Scoped,
)

NOT_USABLE = FaultKind(
    "reference_not_usable", "type {type} takes {table} {code}, which {company} may not use on {date}: {why}", "{remedy}"
)
NOTHING_NAMED = FaultKind(
    "nothing_named", "type {type} leads to no {table}: neither it nor what it names gives one", "name one on the type"
)

OTHER_MODULE = FaultKind(
    "journal_of_other_module", "automatic journal {journal} of type {type} is for {module}", "name another on the type"
)

DEFAULT_PURCHASE_JOURNAL = "PIHI"
FULFILMENTS = frozenset({"order", "delivery_note", "goods_receipt"})
"""References that make a document not keyed directly."""


@dataclass(frozen=True, slots=True)
class Determination:
    """What a document is posted with; `journal` is None for a type that is not posted.

    `automatic_journal` gives entry type, journal and number; `members` all that run, in order, it among them;
    `matching` what a group says of lines that settle each other: by member, the id of a line.
    """

    automatic_journal: AutomaticJournal | None
    members: tuple[AutomaticJournal, ...]
    matching: tuple[Mapping[str, str], ...]
    entry_type: EntryType | None
    journal: Journal | None
    steps: tuple[dict[str, str], ...]
    faults: tuple[Fault, ...]


Kind = TypeVar("Kind", bound=Scoped)


DEFAULT_SETTLEMENT = {"sales": "SPAY", "purchase": "PPAY"}
"""What runs when a document is paid whose type names nothing."""


def settlement_code(invoice_type: InvoiceType) -> str:
    """The automatic journal that runs when a document of the type is paid."""
    return invoice_type.settlement_journal or DEFAULT_SETTLEMENT[invoice_type.module]


def journal_code(invoice_type: InvoiceType, direct: bool) -> str:
    """The automatic journal's code; "" when the type is not posted."""
    code = (invoice_type.automatic_journal_direct if direct else "") or invoice_type.automatic_journal
    if code or invoice_type.category in POSTED_ONLY_IF_ASKED:
        return code
    return DEFAULT_PURCHASE_JOURNAL if invoice_type.module == "purchase" else ""


def determine(
    catalog: Catalog,
    company: Company,
    invoice_type: InvoiceType,
    on: date,
    reference_kinds: frozenset[str] = frozenset(),
) -> Determination:
    """Follow the three chains for one document; remembered, for most of a day go the same way."""
    direct = not reference_kinds & FULFILMENTS
    asked = ("determination", company.code, invoice_type.key, on, direct)
    of, found = catalog.once(asked, lambda: (invoice_type, _followed(catalog, company, invoice_type, on, direct)))
    return found if of is invoice_type else _followed(catalog, company, invoice_type, on, direct)


def _followed(catalog: Catalog, company: Company, invoice_type: InvoiceType, on: date, direct: bool) -> Determination:
    chain = _Chain(catalog, company, invoice_type, on)
    code = journal_code(invoice_type, direct)
    posted = bool(code) or invoice_type.category not in POSTED_ONLY_IF_ASKED
    recipe = chain.recipes(code, invoice_type.module) if posted else None
    sources = [("type", invoice_type.entry_type)]
    if not invoice_type.entry_type and recipe:
        sources.append(("automatic_journal", recipe.entry_type))
    entry_type = chain.first(EntryType, sources, needed=posted)
    book = None
    if recipe and entry_type:
        names = [
            ("type", invoice_type.journal),
            ("automatic_journal", recipe.journal),
            ("entry_type", entry_type.default_journal),
        ]
        book = chain.first(Journal, names)
    return chain.determination(recipe, entry_type, book)


def determine_settlement(
    catalog: Catalog, company: Company, invoice_type: InvoiceType, on: date, paid_into: str = ""
) -> Determination:
    """Which automatic journal, entry type and journal the payment of a document takes.

    `paid_into` is the journal of the settlement account, which goes before the automatic journal's.
    """
    chain = _Chain(catalog, company, invoice_type, on)
    recipe = chain.recipes(settlement_code(invoice_type), "")
    entry_type = chain.first(EntryType, [("automatic_journal", recipe.entry_type)]) if recipe else None
    book = None
    if recipe and entry_type:
        names = [
            ("settlement_account", paid_into),
            ("automatic_journal", recipe.journal),
            ("entry_type", entry_type.default_journal),
        ]
        book = chain.first(Journal, names)
    return chain.determination(recipe, entry_type, book)


class _Chain:
    """Walks one chain after another, recording steps and faults."""

    def __init__(self, catalog: Catalog, company: Company, invoice_type: InvoiceType, on: date) -> None:
        self.catalog, self.company, self.type, self.on = catalog, company, invoice_type, on
        self.members: tuple[AutomaticJournal, ...] = ()
        self.matching: tuple[Mapping[str, str], ...] = ()
        self.steps: list[dict[str, str]] = []
        self.faults: list[Fault] = []

    def recipes(self, code: str, module: str) -> AutomaticJournal | None:
        """The automatic journal that decides; what runs is kept in `members`.

        A code is looked up among groups first, then among single journals. A member that is not meant for the company
        is left out; the main one must be.
        """
        group = self.catalog.meant(AutomaticJournalGroup, code, self.company, self.on)
        if not isinstance(group.record, AutomaticJournalGroup):
            main = self.first(AutomaticJournal, [("type", code)])
            self.members = (main,) if main else ()
        else:
            self.steps.append({"from": "type", **group.as_step()})
            main = self.first(AutomaticJournal, [("group", group.record.main or group.record.members[0])])
            self.members = tuple(self._members(group.record)) if main else ()
            self.matching = group.record.matching
        for member in self.members if module else ():
            if member.module not in ("", module):
                facts = {"type": self.type.key, "journal": member.key, "module": member.module}
                self.faults.append(OTHER_MODULE.at("invoice_type", **facts))
        return main

    def _members(self, group: AutomaticJournalGroup) -> Iterator[AutomaticJournal]:
        for code in group.members:
            meant = self.catalog.meant(AutomaticJournal, code, self.company, self.on)
            self.steps.append({"from": "group", **meant.as_step()})
            if isinstance(meant.record, AutomaticJournal):
                yield meant.record

    def determination(
        self, recipe: AutomaticJournal | None, entry_type: EntryType | None, book: Journal | None
    ) -> Determination:
        steps, faults = tuple(self.steps), tuple(self.faults)
        return Determination(recipe, self.members, self.matching, entry_type, book, steps, faults)

    def first(self, kind: type[Kind], sources: list[tuple[str, str]], needed: bool = True) -> Kind | None:
        """The record the first source that names one means."""
        for source, code in sources:
            if not code:
                self.steps.append({"table": kind.TABLE, "from": source, "code": ""})
                continue
            meant = self.catalog.meant(kind, code, self.company, self.on)
            self.steps.append({"from": source, **meant.as_step()})
            if isinstance(meant.record, kind):
                return meant.record
            why = WHY[meant.verdict.reason] if meant.verdict else ""
            remedy = f"define {kind.TABLE} {code} for {self.company.legislation}, or name another"
            self.faults.append(
                NOT_USABLE.at(
                    "invoice_type", type=self.type.key, table=kind.TABLE, code=code, company=self.company.code,
                    date=self.on, why=why, remedy=remedy,
                )
            )  # fmt: skip
            return None
        if needed:
            self.faults.append(NOTHING_NAMED.at("invoice_type", type=self.type.key, table=kind.TABLE))
        return None
