"""Journals are proved, refuted with a document that really does not balance, or sampled; and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given, settings

from engine.drafting import facts
from engine.journal.balance import Proof, prove
from engine.journal.proofs import asked
from engine.journal.specimens.maker import Maker
from engine.journal.specimens.search import simpler
from engine.journal.specimens.wishes import Dice, Hints
from engine.journal.specimens.world import World
from engine.journal.trial import Trial, as_entry, difference
from engine.kernel.faults import Faulty
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.parametrization.formulas import PLAIN
from engine.parametrization.vocabulary import DOCUMENT, SIDE
from rules import BOOLEAN, MONEY, NUMBER, BadFormula, Formula, Record, Vocabulary, compile_formula
from rules.cells import Range
from tests.packs.shipped import CODES, catalog_of, located
from tests.support import mutants, packs
from tests.support.drafts import Document, demo_documents, planned
from tests.support.mutants import CREDIT, DEBIT, really_unbalanced
from tests.support.packs import journal_line

DEMO = catalog_of("DEMO")
SHIPPED = DEMO.table(d.AutomaticJournal)
NAMED = {kind.automatic_journal for kind in DEMO.table(d.InvoiceType).values()}
ALONE = sorted(NAMED & {one.code for one in SHIPPED.values()})
"""Journals that types name themselves, by code."""
FIVE = Fraction(5)
ROOT = Path(__file__).resolve().parents[3]


def journal(*lines: tuple[str, str, str] | tuple[str, str, str, str], **more: Any) -> d.AutomaticJournal:
    """Lines as (side, each, amount, when)."""
    made = [
        journal_line(f"l{place}", line[0], "411", line[2], each=line[1], when="".join(line[3:]))
        for place, line in enumerate(lines)
    ]
    return d.AutomaticJournal(code="J", line=tuple(made), **more)


GROSS = (DEBIT, "document", "document.gross")
NET = (CREDIT, "document", "document.net")
TAX = (CREDIT, "tax", "tax.amount")


def refuted(tried: d.AutomaticJournal, *, catalog: Catalog | None = None, **more: Any) -> Proof:
    proof = prove(tried, catalog, **more)
    assert proof.verdict == "refuted", proof
    if catalog is None:
        assert really_unbalanced(tried, proof)
    return proof


# Shipped packs


@pytest.mark.parametrize("code", CODES)
def test_journals_of_shipped_packs_are_proved_and_have_no_line_for_nothing(code: str) -> None:
    catalog = catalog_of(code)
    for one in asked(catalog, packs.DAY):
        assert prove(one.journal, catalog, one.book, one.legislation) == Proof("proved"), one.journal.key


def swapped(one: d.AutomaticJournal) -> Catalog:
    """The DEMO pack with a journal in the place of its own."""
    bodies: dict[str, dict[str, d.Record | str]] = defaultdict(dict)
    for other in located("DEMO"):
        bodies[other.record.TABLE][other.record.key] = other.record
    bodies[one.TABLE][one.key] = one
    return Catalog(bodies)


@pytest.mark.parametrize("key", ALONE)
def test_a_shipped_journal_short_of_a_line_is_refuted_by_a_document_that_cannot_be_posted(key: str) -> None:
    whole = next(one for one in SHIPPED.values() if one.code == key)
    at_home = 0
    for place, line in enumerate(whole.line):
        short = replace(whole, line=whole.line[:place] + whole.line[place + 1 :])
        proof = refuted(short, catalog=swapped(short))
        assert proof.example
        if not proof.example.setting:
            at_home += 1
            with pytest.raises(Faulty) as refusal:
                planned(swapped(short), proof.example.request)
            assert [fault.code for fault in refusal.value.faults] == ["entry_unbalanced"], line.id
    assert at_home >= 5


# Verdicts


def test_proved_needs_no_document() -> None:
    assert prove(journal(GROSS, NET, TAX)) == Proof("proved")
    for one in mutants.proved_journals():
        assert prove(one).verdict == "proved", one.key


def test_refuted_comes_with_document_entry_and_difference() -> None:
    proof = refuted(journal(GROSS, (*NET, "document.is_credit"), TAX))
    assert proof.document and proof.example and proof.ledger == ""
    assert [line["description"] for line in proof.document["lines"]] == ["thing"]
    debit, credit = (
        sum(Decimal(line["amount"]) for line in proof.example.entry if line["side"] == side) for side in (DEBIT, CREDIT)
    )
    assert debit - credit == proof.delta == Decimal("100.00")
    assert json.loads(json.dumps(proof.example.as_data()))["delta"] == "100.00"
    assert any("document.category is" in one and "1 × line.net of each line" in one for one in proof.open)


def test_sampled_is_what_no_document_shows_and_no_equation_says() -> None:
    """No rate is above 100 %, but nothing says so to the proof."""
    proof = prove(journal(GROSS, NET, TAX, (DEBIT, "tax", "tax.amount", "tax.rate > 100%")), tries=50)
    assert proof.verdict == "sampled" and proof.samples > 20 and proof.example is None
    assert proof.open and "tax.rate > 100" in proof.open[0]


def test_the_same_question_has_the_same_answer_whatever_the_hash_seed() -> None:
    tried = "tests.engine.journal.test_balance import hard; print(hard())"
    said = {
        subprocess.run(
            [sys.executable, "-c", f"from {tried}"],
            cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert said == {f"{hard()}\n"}


def hard() -> str:
    """Proofs of some mutants, as text."""
    some = mutants.mutants(mutants.proved_journals(), 12, 5)
    return "\n".join(f"{proof.verdict} {proof.open} {proof.example}" for proof in map(prove, some))


def test_formulas_that_do_not_compile_are_not_proved() -> None:
    with pytest.raises(BadFormula):
        prove(journal((DEBIT, "document", "document.nett")))


# What is looked at


HIDDEN = {
    "a product": ("line", "line.net", 'line.product = "BOOK"'),
    "a typed account": ("line", "line.net", 'line.account = "707100"'),
    "a company's regime": ("document", "document.net", 'company.tax_regime = "RF17"'),
    "another legislation": ("document", "document.net", 'company.legislation = "PRT"'),
    "a kind of partner": ("document", "document.net", 'partner.kind = "public_body"'),
    "a partner's country": ("document", "document.net", 'partner.country = "BR" and document.is_credit'),
    "a day": ("document", "document.net", "document.date = 2031-05-17"),
    "a span of days": ("document", "document.net", "document.date > 2031-05-17 and document.date < 2031-05-20"),
    "a currency": ("document", "document.net", 'document.currency = "KWD"'),
    "a threshold": ("document", "document.net", "document.net > money(77.46) and document.net <= money(77.47)"),
    "tax below nothing": ("document", "document.net", "document.net > money(500) and document.gross <= money(100)"),
    "a large amount": ("document", "document.net", "document.gross > money(5000000)"),
    "a tax code": ("tax", "tax.amount", 'tax.code = "IT22"'),
    "a rate": ("tax", "tax.amount", "tax.rate = 12.5%"),
    "a withholding": ("withholding", "withholding.amount", 'withholding.code = "RT01"'),
    "a discount": ("line", "line.gross - line.net", ""),
    "a negative line": ("line", "abs(line.net) - line.net", ""),
    "a charge turned": ("charge", "charge.amount", 'charge.kind = "charge" and charge.amount < 0'),
    "cash VAT on a credit": ("document", "document.tax", "type.cash_vat and document.is_credit"),
    "many lines": ("document", "document.net", "count(line) > 3"),
    "no service": ("document", "document.net", 'not any(line where line.nature = "service") and any(charge)'),
    "an advance": ("prepaid", "prepaid.amount", 'prepaid.reference = "A1"'),
    "roundings": ("document", "round(document.net * 10%) - sum(round(line.net * 10%) for line)", "not any(charge)"),
    "tax the buyer assesses": ("tax", "tax.self_assessed", 'tax.due = "payment"'),
    "tax in an advance": ("prepaid", "prepaid.amount - prepaid.net", ""),
    "a payment": ("payment", "payment.amount", "payment.write_off > money(5)"),
    "what is settled": ("tax", "round(share(tax.amount, settlement.after, settlement.whole))", ""),
    "what is settled now": ("document", "settlement.after - settlement.before", "settlement.before > 0"),
    "two due dates": ("due_date", "due_date.amount", "count(due_date) = 2"),
}


@pytest.mark.parametrize(("each", "amount", "when"), HIDDEN.values(), ids=HIDDEN)
def test_what_hides_behind_a_condition_is_found(each: str, amount: str, when: str) -> None:
    tried = journal(GROSS, NET, TAX, (DEBIT, each, amount, when))
    proof = prove(tried)
    assert proof.verdict == "refuted" and proof.example
    if not {"payments", "settlement"} & set(proof.example.setting):
        assert really_unbalanced(tried, proof)
    assert len(proof.document["lines"]) <= 4  # type: ignore[index]


def test_a_found_document_is_made_small() -> None:
    proof = refuted(journal(GROSS, NET, TAX, (DEBIT, "charge", "charge.amount", 'charge.kind = "allowance"')))
    assert proof.document
    assert set(proof.document) == {"company", "category", "date", "customer", "lines", "charges"}
    assert [charge["kind"] for charge in proof.document["charges"]] == ["allowance"]
    assert [(line["quantity"], line["unit_price"], line["tax_code"]) for line in proof.document["lines"]] == [
        ("1", "100", "S20")
    ]


def test_a_journal_is_proved_for_the_documents_it_is_for() -> None:
    bad = (DEBIT, "document", "document.net", 'document.module = "purchase"')
    assert prove(journal(GROSS, NET, TAX, bad, module="sales")).dead == ("l3",)
    refuted(journal(GROSS, NET, TAX, bad))
    elsewhere = (DEBIT, "document", "document.net", 'company.legislation = "ITA"')
    assert prove(journal(GROSS, NET, TAX, elsewhere, legislation="FRA")).verdict == "proved"
    assert prove(journal(GROSS, NET, TAX, elsewhere), legislation="FRA").verdict == "proved"
    assert refuted(journal(GROSS, NET, TAX, elsewhere)).example.setting["company"]["legislation"] == "ITA"  # type: ignore[union-attr]


def test_what_is_never_posted_needs_no_balance() -> None:
    quoted = (DEBIT, "document", "document.net", 'document.category in ("quote", "proforma", "order")')
    assert prove(journal(GROSS, NET, TAX, quoted)).dead == ("l3",)


def test_the_journals_own_condition_is_part_of_every_case() -> None:
    late = (DEBIT, "document", "document.net", "document.is_credit")
    assert prove(journal(GROSS, NET, TAX, late, when="not document.is_credit")).dead == ("l3",)
    assert prove(journal(GROSS, TAX, when="document.net = 0")).verdict == "proved"


def test_reversal_and_negative_amounts_leave_the_balance_alone() -> None:
    assert prove(journal(GROSS, NET, TAX, reverse="document.is_credit")).verdict == "proved"
    assert prove(journal(GROSS, (DEBIT, "document", "-document.net"), TAX)).verdict == "proved"


def test_lines_that_are_never_or_always_made_are_told() -> None:
    proof = prove(
        journal(
            GROSS, (*NET, 'document.is_credit or document.category not in ("credit_note", "credit_memo")'), TAX,
            (DEBIT, "line", "line.net", 'line.nature = "goods" and line.nature = "service"'),
        )
    )  # fmt: skip
    assert (proof.verdict, proof.dead, proof.always) == ("proved", ("l3",), ("l1",))


# Ledgers


def fed(*lines: tuple[str, ...], **ledgers: tuple[str, ...]) -> d.AutomaticJournal:
    plain = journal(*lines)  # type: ignore[arg-type]
    return replace(plain, line=tuple(replace(line, ledgers=ledgers.get(line.id, ())) for line in plain.line))


def test_every_ledger_balances_by_itself() -> None:
    assert prove(fed(GROSS, NET, TAX, GROSS, NET, TAX, l3=("IFRS",), l4=("IFRS",), l5=("IFRS",))).verdict == "proved"
    assert refuted(fed(GROSS, NET, TAX, l2=("IFRS",), l1=("PCG", "IFRS"))).ledger == "PCG"


def test_ledgers_are_those_that_entry_types_of_the_journal_feed() -> None:
    both = fed(GROSS, NET, TAX, NET, TAX, l1=("PCG",), l2=("PCG",), l3=("IFRS",), l4=("IFRS",))
    fac = replace(packs.of_world(d.EntryType, "FAC/*"), ledgers={"PCG": "mandatory", "IFRS": "none"})
    both = replace(both, entry_type="FAC")
    assert prove(both, packs.catalog(fac)).verdict == "proved"
    third = replace(fac, ledgers={"PCG": "mandatory", "TAX": "authorized"})
    assert prove(both, packs.catalog(third)).ledger == "TAX"
    group = d.AutomaticJournalGroup(code="G", members=("J",))
    kind = packs.invoice_type("OWN", automatic_journal="G", entry_type="SEP")
    apart = replace(third, code="SEP")
    assert prove(both, packs.catalog(fac, apart, group, kind)).ledger == "TAX"


def test_a_tax_that_is_named_is_the_catalogs_own() -> None:
    """IT22S is a split-payment tax: what treats it so is right, though a tax of that code could be another."""
    by_code = (DEBIT, "tax", "tax.amount", 'tax.code = "IT22S" and tax.category != "B"')
    tried = journal(GROSS, NET, TAX, by_code, legislation="ITA")
    assert prove(tried, DEMO, tries=60).verdict == "sampled"
    refuted(tried)


# Journal lines as they are going to be


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming(d.AutomaticJournalLine):
    when: Any = ()
    repeat: Any = None
    legislations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingJournal(d.AutomaticJournal):
    variance: Any = None


class Repeating:
    """Formulas that know `repeat.index`."""

    vocabulary = Vocabulary({**DOCUMENT.records, "repeat": Record({"index": NUMBER})}, DOCUMENT.collections)

    def condition(self, text: str, row: str | None = None, /) -> Formula:
        return compile_formula(text, self.vocabulary, BOOLEAN, row)

    def amount(self, text: str, row: str | None, /) -> Formula:
        return compile_formula(text, self.vocabulary, MONEY, row)

    def side(self, text: str, row: str | None, /) -> Formula:
        return compile_formula(text, self.vocabulary, SIDE, row)


def coming(id: str, side: str, amount: str, **more: Any) -> Coming:
    return Coming(id=id, side=side, account=("411",), amount=amount, **more)


@pytest.mark.parametrize("last", [4, 5])
@pytest.mark.parametrize("names", [("first", "last"), ("from_", "to")])
def test_a_repeated_line_counts_once_for_each_number(last: int, names: tuple[str, str]) -> None:
    quarter = "round(document.net / 4)"
    amount = f"if repeat.index = 1 then document.net - {quarter} - {quarter} - {quarter} else {quarter}"
    parts = coming("parts", CREDIT, amount, repeat=SimpleNamespace(**{names[0]: 1, names[1]: last}))
    tried = d.AutomaticJournal(code="J", line=(coming("all", DEBIT, "document.net"), parts))
    proof = prove(tried, formulas=Repeating())
    assert proof.verdict == ("proved" if last == 4 else "refuted")
    if proof.example:
        assert [line.get("repeat") for line in proof.example.entry] == [None, "1", "2", "3", "4", "5"]


def test_all_of_several_conditions_hold() -> None:
    both = ("document.is_credit", "document.net > money(50)")
    one = coming("a", DEBIT, "document.net", when=both[0], conditions=both[1:])
    other = coming("b", CREDIT, "document.net", when=" and ".join(both))
    assert prove(d.AutomaticJournal(code="J", line=(one, other))).verdict == "proved"
    assert prove(d.AutomaticJournal(code="J", line=(one, replace(other, when=both[0])))).verdict == "refuted"


def test_a_line_for_some_legislations_is_made_there_alone() -> None:
    lines = (coming("a", DEBIT, "document.net"), coming("b", CREDIT, "document.net", legislations=("FRA", "ITA")))
    tried = d.AutomaticJournal(code="J", line=lines)
    assert prove(tried, legislation="ITA").verdict == "proved"
    assert prove(tried, legislation="PRT").verdict == "refuted"
    assert refuted(tried).example.setting["company"]["legislation"] not in ("FRA", "ITA")  # type: ignore[union-attr]


def test_what_a_tolerance_takes_is_not_refuted_and_not_proved() -> None:
    thirds = "round(document.net / 3)"
    lines = (coming("a", DEBIT, "document.net"), *(coming(f"b{place}", CREDIT, thirds) for place in range(3)))
    tried = ComingJournal(code="J", line=lines, variance=SimpleNamespace(tolerance=Decimal(2)))
    assert prove(tried, tries=60).verdict == "sampled"
    assert prove(replace(tried, variance=SimpleNamespace(tolerance=Decimal("0.001"))), tries=60).verdict == "refuted"
    assert prove(replace(tried, variance=None), tries=60).verdict == "refuted"


def test_conditions_may_be_listed_beside_when() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Listed(d.AutomaticJournalLine):
        all_conditions: tuple[str, ...] = ()

    some = ("document.is_credit", "type.cash_vat")
    lines = [
        Listed(id=side, side=side, account=("411",), amount="document.net", all_conditions=some[:count])
        for side, count in ((DEBIT, 2), (CREDIT, 1))
    ]
    assert prove(d.AutomaticJournal(code="J", line=tuple(lines))).verdict == "refuted"
    same = replace(lines[1], all_conditions=some)
    assert prove(d.AutomaticJournal(code="J", line=(lines[0], same))).verdict == "proved"


def test_rows_that_drafting_does_not_make_are_imagined_by_their_types() -> None:
    maker = Maker(World(Hints(), "", None), Dice(1, Hints()), "")
    for kind, collection in DOCUMENT.collections.items():
        made = maker.imagined(kind, {})
        assert set(vars(made)) == set(collection.record.fields)
    specimen = maker.make({}, [], large=True, rich=False)
    more = {"due_dates": (maker.imagined("due_date", {"due_date.amount": Range(FIVE, True, FIVE, True)}),)}
    imagined = replace(specimen, more=more)
    values = maker.world.facts(imagined)
    assert values and [row.amount for row in values["due_dates"]] == [Decimal(5)]
    assert [row["amount"] for row in maker.world.setting(imagined)["due_dates"]] == ["5.00"]
    assert any(not less.more for less in simpler(imagined))


@settings(max_examples=40, deadline=None)
@given(demo_documents())
def test_a_trial_posts_what_is_generated(asked: Document) -> None:
    try:
        plan = planned(DEMO, asked)
    except Faulty:
        assume(False)
        raise
    tried = plan.determination.automatic_journal
    assert tried
    values = facts.of(plan.draft, DEMO)
    trial = Trial(tried, PLAIN)
    posted = trial.posted(values)
    assert posted is not None and len(plan.generated.entries) == 1
    (entry,) = plan.generated.entries
    for side in (DEBIT, CREDIT):
        lines = as_entry(posted, entry.ledger, trial.turned(values))
        made = sum(Decimal(line["amount"]) for line in lines if line["side"] == side)
        signed = [one.amount_currency for one in entry.lines]
        assert made == sum(abs(amount) for amount in signed if (amount > 0) == (side == DEBIT))


def test_a_trial_says_nothing_of_documents_a_journal_is_not_for() -> None:
    values = maker_facts()
    divided = (DEBIT, "document", "round(document.net / (1 - count(line)))")
    assert Trial(journal(GROSS, when="document.is_credit"), PLAIN).posted(values) is None
    assert Trial(journal(divided), PLAIN).posted(values) is None
    posted = Trial(journal(GROSS, NET), PLAIN).posted(values)
    assert posted and difference(posted, "") == values["document"].tax


def maker_facts() -> Any:
    maker = Maker(World(Hints(), "", None), Dice(1, Hints()), "sales")
    return maker.world.facts(maker.make({}, [], large=True, rich=False))
