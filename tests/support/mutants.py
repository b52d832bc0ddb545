"""Journals that balance, and mutants of them: a side flipped, a line dropped, a field or a condition changed.

A mutant is judged by brute force, over documents made by chance alone; the proof is held against that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from engine.journal.balance import Proof, prove
from engine.journal.expand import ledger_sets
from engine.journal.trial import Trial, difference
from engine.parametrization import definitions as d
from engine.parametrization.bodies import to_text
from engine.parametrization.formulas import PLAIN
from engine.parametrization.vocabulary import DOCUMENT
from rules import BadFormula, CodeSet, FormulaFailed
from tests.packs.shipped import catalog_of
from tests.support import brute, packs
from tests.support.packs import journal_line

NAMES = {name: kind for name, kind, _ in DOCUMENT.dotted_names()}
RECORDS = ("document", "company", "type", "partner")
DEBIT, CREDIT = "debit", "credit"


def _journal(code: str, *lines: d.AutomaticJournalLine, **more: Any) -> d.AutomaticJournal:
    return d.AutomaticJournal(code=code, line=lines, **more)


def _line(id: str, side: str, amount: str, each: Any = "document", when: str = "", **more: Any) -> Any:
    return journal_line(id, side, "411", amount, each=each, when=when, **more)


SALES = _journal(
    "SALES",
    _line("due", DEBIT, "due_date.amount", "due_date"),
    _line("withheld", DEBIT, "withholding.amount", "withholding"),
    _line("prepaid", DEBIT, "prepaid.amount", "prepaid"),
    _line("split", DEBIT, "tax.amount", "tax", 'tax.category = "B"'),
    _line("goods", 'if line.net < 0 then "debit" else "credit"', "abs(line.net)", "line", 'line.nature = "goods"'),
    _line("services", CREDIT, "line.net", "line", 'line.nature != "goods"'),
    _line("charges", CREDIT, "charge.amount", "charge", 'charge.kind = "charge"'),
    _line("allowances", DEBIT, "-charge.amount", "charge", 'not (charge.kind = "charge")'),
    _line("tax", CREDIT, "tax.amount", "tax", 'tax.due = "invoice" and tax.category in ("S", "B", "L", "M")'),
    _line("tax_later", CREDIT, "tax.amount", "tax", 'tax.due = "payment"'),
    module="sales",
    reverse="document.is_credit",
)
"""Due dates, withholding, prepayment, split payment, side formulas, negative amounts."""

PURCHASE = _journal(
    "BUYS",
    _line("supplier", CREDIT, "document.payable + document.prepaid + document.withheld"),
    _line("split", CREDIT, 'sum(tax.amount for tax where tax.category = "B")'),
    _line("net", DEBIT, "document.lines + document.charges - document.allowances"),
    _line("tax", DEBIT, "tax.amount", "tax", "tax.rate > 0%"),
    _line("assessed_in", DEBIT, "round(tax.base * 22%)", "tax", 'tax.category in ("AE", "K")'),
    _line("assessed_out", CREDIT, "round(22% * tax.base)", "tax", 'tax.category = "AE" or tax.category = "K"'),
    _line("late_in", DEBIT, "round(document.net * 1.5%)", when="type.cash_vat", ledgers=("IFRS",)),
    _line("late_out", CREDIT, "round(document.net * 1.5%)", when="type.cash_vat", ledgers=("IFRS",)),
    _line("local_in", DEBIT, "line.gross", "line", "company.vat_on_debits", ledgers=("PCG",)),
    _line("local_out", CREDIT, "line.gross", "line", "company.vat_on_debits", ledgers=("PCG",)),
)
"""Reverse charge by roundings used twice, sums over rows, two ledgers, conditions on company and type."""

SHARES = _journal(
    "SHARES",
    _line("first", DEBIT, "min(document.net, money(500))"),
    _line("rest", DEBIT, "max(document.net - money(500), 0)"),
    _line("net", CREDIT, "sum(line.net for line) + sum(charge.amount for charge)"),
    _line("fee_in", DEBIT, "if document.gross > money(1000) then round(document.gross * 1%) else money(10)"),
    _line("fee_out", CREDIT, "if document.gross <= money(1000) then money(10) else round(document.gross * 1%)"),
    _line("bonus", 'if document.is_credit then "debit" else "credit"', "round(document.tax / 3, down)"),
    _line("bonus_back", 'if document.is_credit then "credit" else "debit"', "round(document.tax / 3, down)"),
    _line("high", DEBIT, "sum(line.net for line where line.tax_rate >= 10%)"),
    _line("high_out", CREDIT, "line.net", "line", "line.tax_rate >= 10%"),
    _line("service_in", DEBIT, "document.tax", when='any(line where line.nature = "service")'),
    _line("service_out", CREDIT, "tax.amount", "tax", 'not all(line where line.nature = "goods")'),
)
"""min, max, conditional expressions, roundings, aggregates, any and all."""

BASES = _journal(
    "BASES",
    _line("base", DEBIT, "tax.base", "tax", 'tax.category in ("E", "G") or tax.due = "payment"'),
    _line("lines", CREDIT, "line.net", "line", 'line.tax_category in ("E", "G") or line.tax_due = "payment"'),
    _line("charges", CREDIT, "charge.amount", "charge", 'charge.tax_category in ("E","G") or charge.tax_due="payment"'),
    _line("public", DEBIT, "document.gross", when='partner.kind = "public_body" and document.date < 2027-01-01'),
    _line("public_net", CREDIT, "document.net", when='partner.kind = "public_body" and document.date < 2027-01-01'),
    _line("public_tax", CREDIT, "tax.amount", "tax", 'partner.kind="public_body" and document.date<2027-01-01'),
    when='document.category != "debit_note"',
)
"""Bases by category and moment, texts, dates, a condition of the journal itself."""


def proved_journals() -> list[d.AutomaticJournal]:
    """Journals of this file, and the shipped ones that need no named formulas."""
    shipped = catalog_of("DEMO").table(d.AutomaticJournal).values()
    return [SALES, PURCHASE, SHARES, BASES, *(one for one in shipped if "formula." not in to_text(one))]


# Mutants


def mutants(journals: Sequence[d.AutomaticJournal], count: int, seed: int) -> Iterator[d.AutomaticJournal]:
    """So many mutants whose formulas compile, always the same; no two alike."""
    dice, seen = Random(seed), set(map(str, journals))  # noqa: S311 - no secret
    while count:
        mutant = _mutant(dice.choice(journals), dice)
        if mutant is None or str(mutant) in seen:
            continue
        seen.add(str(mutant))
        try:
            Trial(mutant, PLAIN)
        except BadFormula:
            continue
        count -= 1
        yield mutant


def _mutant(journal: d.AutomaticJournal, dice: Random) -> d.AutomaticJournal | None:
    place = dice.randrange(len(journal.line))
    line = journal.line[place]
    how = dice.choice(("flip", "drop", "amount", "amount", "amount", "when", "when", "when", "ledgers", "twice"))
    before, after = journal.line[:place], journal.line[place + 1 :]
    if how == "drop":
        return replace(journal, line=before + after) if len(journal.line) > 1 else None
    if how == "twice":
        return replace(journal, line=(*before, line, replace(line, id=f"{line.id}2"), *after))
    if how == "flip":
        sides = {DEBIT: CREDIT, CREDIT: DEBIT}
        flipped = sides.get(line.side) or _words(line.side, sides)
        return replace(journal, line=(*before, replace(line, side=flipped), *after))
    if how == "ledgers":
        ledgers = dice.choice(((), ("PCG",), ("IFRS",)))
        return replace(journal, line=(*before, replace(line, ledgers=ledgers), *after))
    row = "" if line.each == "document" else line.each
    if how == "amount":
        return replace(journal, line=(*before, replace(line, amount=_changed(line.amount, row, dice)), *after))
    when = dice.choice(("", f"not ({line.when})")) if dice.random() < 0.3 else _changed(line.when, row, dice)
    return replace(journal, line=(*before, replace(line, when=when if line.when else _condition(row, dice)), *after))


def _words(text: str, instead: Mapping[str, str]) -> str:
    return re.sub("|".join(instead), lambda found: instead[found.group()], text)


def _changed(text: str, row: str, dice: Random) -> str:
    """A name, a code, a number or an operator replaced by another of its kind."""
    places = list(re.finditer(r"[a-z_]+\.[a-z_]+|\"[^\"]*\"|\d+(\.\d+)?|!=|<=|>=|=|<|>|\bor\b|\band\b|[-+]", text))
    if not places:
        return text
    found = dice.choice(places)
    word = found.group()
    if word in NAMES:
        owner = word.partition(".")[0]
        owners = (owner,) if owner not in RECORDS else RECORDS
        same = [name for name, kind in NAMES.items() if kind == NAMES[word] and name.partition(".")[0] in owners]
        new = dice.choice(same)
    elif word.startswith('"'):
        codes = {code for kind in NAMES.values() if isinstance(kind, CodeSet) for code in _like(word[1:-1], kind)}
        new = f'"{dice.choice(sorted(codes) or ["X"])}"'
    elif word[0].isdigit():
        new = dice.choice(("1", "2", "100", "1000", "5.5", "20"))
    else:
        kinds = (("=", "!=", "<", "<=", ">", ">="), ("and", "or"), ("+", "-"))
        new = dice.choice(next(kind for kind in kinds if word in kind))
    return text[: found.start()] + new + text[found.end() :]


def _like(code: str, kind: CodeSet) -> tuple[str, ...]:
    return kind.codes if code in kind.codes else ()


def _condition(row: str, dice: Random) -> str:
    """A condition for a line that had none."""
    about = {
        "line": ('line.nature = "goods"', "line.net > 0", 'line.tax_category = "S"'),
        "charge": ('charge.kind = "charge"', "charge.amount > 0"),
        "tax": ('tax.due = "invoice"', "tax.amount != 0", 'tax.category != "B"', "tax.rate > 0%"),
        "prepaid": ("prepaid.amount > money(5)",),
        "withholding": ("withholding.rate > 5%",),
        "due_date": ("due_date.amount > 0",),
    }  # fmt: skip
    general = ("document.is_credit", "document.gross > money(100)", "type.cash_vat", "any(charge)")
    return dice.choice((*about.get(row, ()), *general))


# Judges


class Judged(NamedTuple):
    mutant: d.AutomaticJournal
    unbalanced: bool  # by brute force
    proof: Proof


def unbalanced(journal: d.AutomaticJournal, documents: Sequence[Mapping[str, Any]]) -> bool:
    """Is there one of these documents on which it does not balance, in any ledger it may feed?"""
    trial = Trial(journal, PLAIN)
    ledgers = list(ledger_sets(journal, ()).values())
    law = journal.legislation
    for values in documents:
        if journal.module not in ("", values["document"].module) or law not in ("", values["company"].legislation):
            continue
        posted = trial.posted(values)
        if posted and any(difference(posted, ledger) for ledger in ledgers):
            return True
    return False


def judged(count: int, documents: int, seed: int = 1) -> Iterator[Judged]:
    """Mutants of journals that are proved, each held against so many documents."""
    known = brute.documents(documents)
    for mutant in mutants(proved_journals(), count, seed):
        yield Judged(mutant, unbalanced(mutant, known), prove(mutant))


def really_unbalanced(journal: d.AutomaticJournal, proof: Proof) -> bool:
    """Drafted anew from what the proof says, with nothing of the proof's own world: does it not balance?"""
    example = proof.example
    assert example
    told = example.setting
    taxes = [
        packs.tax(
            code, one["percent"], one["category"], due=one["due"], text={"en": "x"},
            self_assessed=tuple(d.Rate(percent=Decimal(one[name])) for name in ("self_assessed",) if name in one),
        )
        for code, one in told["taxes"].items()
    ]  # fmt: skip
    withheld = [
        d.Withholding(code=code, rate=(d.Rate(percent=Decimal(percent)),))
        for code, percent in told.get("withholdings", {}).items()
    ]
    given = told["company"]
    law = d.LegislationRecord(code=given["legislation"], country="FR", currency="EUR", language="fr")
    company = packs.company(**{name: value for name, value in given.items() if name != "name"})
    kind = packs.invoice_type(**told["invoice_type"])
    catalog = packs.catalog(*taxes, *withheld, law)
    values = brute.values_of(example.request, company, kind, catalog)
    assert values is not None
    try:
        posted = Trial(journal, PLAIN).posted(values)
    except FormulaFailed:
        return False
    return posted is not None and difference(posted, example.ledger) == example.delta != 0
