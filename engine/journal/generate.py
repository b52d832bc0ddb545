"""Run automatic journals over a draft: each makes one entry per ledger, balanced, and every line of it explained.

Where `reverse` holds every side is turned; a negative amount goes to the other side, made positive, unless the journal
keeps it. One entry each for every member of a group whose condition holds; named lines of them may be matched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from engine.drafting import facts
from engine.drafting.desk import formula_fault
from engine.drafting.drafted import Draft
from engine.journal.accounts import AccountFound, account, by_formula
from engine.journal.compiled import CompiledJournal, CompiledLine, Evaluated, compile_journal, evaluate
from engine.journal.entries import Dimensions, Entry, EntryLine, Generated, LateText, Made, Ran
from engine.journal.ledgers import lines_of, turned
from engine.journal.periods import ALL_OPEN, NO_PERIOD, PERIOD_CLOSED, Periods
from engine.kernel.faults import Fault, FaultKind, Faulty
from engine.kernel.money import ZERO
from engine.parametrization import formulas
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import AutomaticJournal, EntryType, Journal, Ledger
from rules import FormulaFailed

NOT_FOR_THIS = FaultKind(
    "journal_condition",
    "the condition of automatic journal {journal} does not hold: {condition} ({seen})",
    "use a type whose journal serves this document",
)
NO_ENTRY = FaultKind(
    "entry_empty",
    "automatic journal {journal} gives no line for this document",
    "mend its conditions, or use a type that does not post",
)
NO_ACCOUNT = FaultKind(
    "account_missing",
    "line {line} of {journal} finds no account: {sources}",
    "add the accounting code, or type an account on the line",
)
NO_LEDGER = FaultKind(
    "ledger_missing", "entry type {entry_type} feeds no ledger", "authorize a ledger in its `ledgers`"
)
LEDGER_EMPTY = FaultKind(
    "ledger_not_fed",
    "automatic journal {journal} gives no line for ledger {ledger}, which entry type {entry_type} says is mandatory",
    "let a line feed it, or authorize the ledger only",
)

FULL, PARTIAL = "ABC", "abc"
"""Letters of lines that settle each other: with nothing left, and with a rest."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where entries are written: of which entry type, in which journal, in which periods."""

    entry_type: EntryType
    journal: Journal
    periods: Periods = ALL_OPEN


def compiled(journal: AutomaticJournal, draft: Draft, catalog: Catalog) -> CompiledJournal:
    """A journal as a company writes it, compiled once."""
    book = formulas.of(catalog, draft.company, draft.date)
    legislation = draft.company.legislation
    asked = ("automatic journal", journal.key, legislation, book)
    found = catalog.once(asked, lambda: compile_journal(journal, legislation, book))
    return found if found.definition is journal else compile_journal(journal, legislation, book)


def run(
    draft: Draft,
    members: Sequence[AutomaticJournal],
    books: Books,
    catalog: Catalog,
    values: Mapping[str, Any] | None = None,
    *,
    matching: Sequence[Mapping[str, str]] = (),
    may_be_empty: bool = False,
) -> Generated:
    """The entries of every member whose condition holds; one alone is a group of one.

    Runs inside `rules.arithmetic()`. `values` are the facts of the draft, where they are more than usual; with
    `may_be_empty` nothing to write is no fault. Errors: Faulty, with the faults of the first member that has any.
    """
    seen = facts.of(draft, catalog) if values is None else values
    ran, entries, refused = [], [], []
    for journal in members:
        recipe = compiled(journal, draft, catalog)
        try:
            if "when" in recipe.header and not recipe.header["when"](seen):
                refused.append(_refused(recipe, seen))
                continue
            did, made = _one(draft, recipe, books, catalog, seen, may_be_empty)
        except FormulaFailed as failed:  # of the header: those of lines are told with their rows
            raise Faulty([formula_fault(journal.key, failed, "invoice_type")]) from failed
        ran.append(did)
        entries.append(made)
    if not ran and not may_be_empty:
        raise Faulty([fault for _, fault in refused])
    matched = _matched(entries, matching, {journal.code: journal.key for journal in members})
    return Generated(
        tuple(entry for made in matched for entry in made), tuple(ran), tuple(journal for journal, _ in refused)
    )


def _refused(recipe: CompiledJournal, values: Mapping[str, Any]) -> tuple[str, Fault]:
    condition = recipe.header["when"]
    seen = ", ".join(f"{name} = {value}" for name, value in condition.operands(values))
    key = recipe.definition.key
    return key, NOT_FOR_THIS.at("invoice_type", journal=key, condition=condition.text, seen=seen)


def _one(
    draft: Draft, recipe: CompiledJournal, books: Books, catalog: Catalog, values: Mapping[str, Any], may_be_empty: bool
) -> tuple[Ran, list[Entry]]:
    """What one journal makes of a draft. Errors: Faulty, with every fault found; FormulaFailed of its header."""
    journal = recipe.definition
    found, faults = evaluate(recipe, values)
    reverse = "reverse" in recipe.header and bool(recipe.header["reverse"](values))
    partner = draft.partner.code or draft.partner.name
    maker = _Maker(draft, catalog, values, reverse, journal.negative == "keep", partner)
    made = [maker.made(one) for one in found]
    for one in made:
        if not one.account.mask:
            sources = ", ".join(one.line.definition.account) or "account_formula"
            faults.append(NO_ACCOUNT.at("invoice_type", line=one.line.id, journal=journal.key, sources=sources))
    if faults:
        raise Faulty(dict.fromkeys(faults))
    ran = Ran(journal.key, reverse, tuple(made))
    if not made and may_be_empty:
        return ran, []
    if not made:
        raise Faulty([NO_ENTRY.at("invoice_type", journal=journal.key)])
    uses = {code: use for code, use in sorted(books.entry_type.ledgers.items()) if use != "none"}
    if not uses:
        raise Faulty([NO_LEDGER.at("invoice_type", entry_type=books.entry_type.key)])
    day, wrong = _day(recipe, draft, books, values)
    description = _description(recipe, draft, values)
    faults += wrong
    entries = []
    for code, use in uses.items():
        ledger = catalog.table(Ledger)[code]
        mine = [one for one in made if not one.line.definition.ledgers or code in one.line.definition.ledgers]
        if mine:
            lines, wrong = lines_of(mine, journal, ledger, draft, catalog)
            faults += wrong
            entries.append(_entry(journal, books, ledger, day, draft, description, lines))
        elif use == "mandatory":
            told = {"journal": journal.key, "ledger": code, "entry_type": books.entry_type.key}
            faults.append(LEDGER_EMPTY.at("invoice_type", **told))
    if faults:
        raise Faulty(dict.fromkeys(faults))
    return ran, entries


def _entry(
    journal: AutomaticJournal,
    books: Books,
    ledger: Ledger,
    day: date,
    draft: Draft,
    description: str | LateText,
    lines: Sequence[EntryLine],
) -> Entry:
    return Entry(
        ledger=ledger.code, journal=books.journal.code, entry_type=books.entry_type.code,
        automatic_journal=journal.key, date=day, currency=ledger.currency or draft.company_currency,
        document_currency=draft.currency, description=description, category=journal.category, status=journal.status,
        lines=tuple(lines),
    )  # fmt: skip


@dataclass(slots=True)
class _Maker:
    """Makes lines of what a journal says of one draft; accounts already followed are remembered."""

    draft: Draft
    catalog: Catalog
    known: Mapping[str, Any]
    reverse: bool
    keep: bool
    partner: str
    accounts: dict[tuple[int, str, str], AccountFound] = field(default_factory=dict)

    def made(self, one: Evaluated) -> Made:
        line, row, repetition, element, said = one
        if not line.only_amount:
            return self._with_fields(one, dict(zip(line.fields, said, strict=True)))
        amount = cast(Decimal, said[0])
        return Made(
            line, row, repetition, element, self.known, self._side(line.definition.side, amount),
            amount if self.keep else abs(amount), self._account(line, element), self.partner, "", None, None, "",
            _own(element) if line.row == "line" and element.analytic else (),
        )  # fmt: skip

    def _with_fields(self, one: Evaluated, said: Mapping[str, Any]) -> Made:
        line, element, amount = one.line, one.element, cast(Decimal, one.said[0])
        typed, late = said.get("account_formula"), line.late
        return Made(
            line, one.row, one.repetition, element, self.known,
            side=self._side(str(said.get("side", line.definition.side)), amount),
            amount=amount if self.keep else abs(amount),
            account=by_formula(str(typed)) if typed else self._account(line, element),
            partner=str(said["partner"]) if "partner" in said else self.partner,
            tax_code=str(said.get("tax_code", "")),
            due_date=cast("date | None", said.get("due_date") or (element.date if line.row == "due_date" else None)),
            quantity=cast("Decimal | None", said.get("quantity")), reference=str(said.get("reference", "")),
            dimensions=_dimensions(said, element),
            description=LateText(late, line.sees(self.known, element, one.repetition)) if late
            else str(said.get("description", "")),
        )  # fmt: skip

    def _side(self, side: str, amount: Decimal) -> str:
        return turned(side) if self.reverse != (amount < 0 and not self.keep) else side

    def _account(self, line: CompiledLine, element: Any) -> AccountFound:
        asked = id(line), getattr(element, "accounting_code", ""), getattr(element, "account", "")
        found = self.accounts.get(asked)
        if found is None:
            draft = self.draft
            found = account(line.definition.account, element, self.catalog, draft.company, draft.date)
            self.accounts[asked] = found
        return found


def _own(element: Any) -> Dimensions:
    """The dimensions typed on a line of the document."""
    return tuple(sorted(element.analytic.items()))


def _dimensions(said: Mapping[str, Any], element: Any) -> Dimensions:
    """What was typed on the document's line goes before what the journal says."""
    own = getattr(element, "analytic", None) or {}
    given = {name.partition(".")[2]: str(value) for name, value in said.items() if name.startswith("analytic.")}
    return tuple(sorted((name, value) for name, value in {**given, **own}.items() if value))


def _day(recipe: CompiledJournal, draft: Draft, books: Books, values: Mapping[str, Any]) -> tuple[date, list[Fault]]:
    """The date of the entries; of a closed period the first open day, where the journal says so."""
    day = cast(date, recipe.header["date"](values)) if "date" in recipe.header else draft.accounting_date
    code, company = books.journal.code, draft.company.code
    first = books.periods.first_open(day, code)
    if first == day:
        return day, []
    if first is not None and recipe.definition.closed_period == "first_open":
        return first, []
    found = books.periods.at(day, code)
    if found is None:
        return day, [NO_PERIOD.at("accounting_date", company=company, date=day)]
    told: dict[str, object] = {
        "date": day,
        "period": found.called,
        "company": company,
        "state": found.state,
        "journal": code,
    }
    told["otherwise"] = ", or open the period" if found.state == "closed" else "; it is locked for ever"
    return day, [PERIOD_CLOSED.at("accounting_date", first=first or "in a year that is open", **told)]


def _description(recipe: CompiledJournal, draft: Draft, values: Mapping[str, Any]) -> str | LateText:
    formula = recipe.header.get("description")
    if formula is None:
        return draft.partner.name
    return LateText(formula, values) if "document.number" in formula.names else str(formula(values))


def _matched(
    entries: list[list[Entry]], matching: Sequence[Mapping[str, str]], keys: Mapping[str, str]
) -> list[list[Entry]]:
    """Give the lines that a group matches to each other a letter, ledger by ledger."""
    for place, named in enumerate(matching):
        wanted = {keys[code]: line for code, line in named.items() if code in keys}
        for ledger in {entry.ledger for made in entries for entry in made}:
            found = [
                line
                for made in entries
                for entry in made
                if entry.ledger == ledger
                for line in entry.lines
                if wanted.get(entry.automatic_journal) in line.made_by
            ]
            journals = {entry.automatic_journal for made in entries for entry in made if entry.ledger == ledger}
            if len(found) < 2 or not wanted.keys() <= journals:
                continue
            letter = (PARTIAL if sum((line.balance for line in found), ZERO) else FULL)[place]
            ids = {id(line) for line in found}
            entries = [[_lettered(entry, ids, letter) for entry in made] for made in entries]
    return entries


def _lettered(entry: Entry, ids: set[int], letter: str) -> Entry:
    lines = tuple(line._replace(matching=letter) if id(line) in ids else line for line in entry.lines)
    return replace(entry, lines=lines)
