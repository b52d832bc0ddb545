"""What the balance proof takes as given truly holds of what is drafted."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.drafting import facts as facts_of_draft
from engine.kernel.faults import Faulty
from engine.kernel.money import rounded
from engine.parametrization.invariants import BASES, DEFINITIONS, FACTS, Stated, facts, theory
from engine.parametrization.vocabulary import DOCUMENT
from rules import BOOLEAN, MONEY, CodeSet, Formula, arithmetic, compile_formula
from tests.packs.shipped import catalog_of
from tests.support import brute
from tests.support.drafts import Document, demo_documents, drafted

NAMES = {name: kind for name, kind, _ in DOCUMENT.dotted_names()}


def _row_of(name: str) -> str:
    owner = name.partition(".")[0]
    return owner if owner in DOCUMENT.collections else ""


STATED = [
    *(Stated(name, f"{name} = ({text})", _row_of(name)) for name, text in DEFINITIONS.items()),
    *FACTS,
    *BASES,
]  # fmt: skip


HELD: list[tuple[Formula, str]] = [
    (compile_formula(one.text, DOCUMENT, BOOLEAN, row=one.row or None), one.row) for one in STATED
]


def hold(values: Mapping[str, Any]) -> None:
    """Every statement holds, of the document and of each row."""
    with arithmetic():
        for formula, row in HELD:
            rows = values[DOCUMENT.collections[row].key] if row else (None,)
            for one in rows:
                seen = {**values, row: one} if row else values
                assert formula(seen), (formula.text, formula.operands(seen))


def promised(values: Mapping[str, Any], currency: str) -> None:
    """Money is at the currency's exponent, a code is one of its set, nothing that is counted with is missing."""
    rows = [(name, values[name]) for name in DOCUMENT.records if name in values]
    rows += [(name, one) for name, kind in DOCUMENT.collections.items() for one in values.get(kind.key, ())]
    for name, row in rows:
        record = DOCUMENT.record(name)
        assert record
        for field, kind in record.fields.items():
            value = getattr(row, field)
            if kind == MONEY:
                assert value == rounded(value, currency), (name, field)
            if isinstance(kind, CodeSet):
                assert value in kind.codes, (name, field)


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_statements_hold_of_any_document(dice: Random) -> None:
    values = brute.values_of(*brute.any_document(dice))
    assume(values is not None)
    assert values is not None
    hold(values)
    promised(values, values["document"].currency)


@settings(max_examples=150, deadline=None)
@given(demo_documents())
def test_statements_hold_of_what_demo_companies_draft(asked: Document) -> None:
    catalog = catalog_of("DEMO")
    try:
        values = facts_of_draft.of(drafted(catalog, asked), catalog)
    except Faulty:
        assume(False)
        raise
    hold(values)
    promised(values, values["document"].currency)


def test_statements_hold_of_two_thousand_documents_by_chance() -> None:
    for values in brute.documents(2_000):
        hold(values)


def test_chance_meets_what_is_not_true() -> None:
    """Documents are rich enough to tell: charges below 0, allowances above, lines below 0, all categories."""
    charges = [one for values in brute.documents(2_000) for one in values["charges"]]
    assert any(one.kind == "charge" and one.amount < 0 for one in charges)
    assert any(one.kind == "allowance" and one.amount > 0 for one in charges)
    assert any(one.net < 0 for values in brute.documents(2_000) for one in values["lines"])
    assert {one.category for values in brute.documents(2_000) for one in values["taxes"]} == {
        *NAMES["tax.category"].codes  # type: ignore[attr-defined]
    }


@pytest.mark.parametrize("stated", STATED, ids=lambda stated: stated.text[:60])
def test_a_statement_is_about_a_name_it_uses(stated: Stated) -> None:
    assert stated.about in stated.text
    assert stated.row in ("", *DOCUMENT.collections)


def test_every_statement_is_there_for_the_proof() -> None:
    assert [(one.about, one.row) for one in facts()] == [(one.about, one.row) for one in (*FACTS, *BASES)]
    assert set(theory().definitions) == set(DEFINITIONS)


def test_a_definition_never_comes_back_to_itself() -> None:
    def below(name: str) -> set[str]:
        formula = compile_formula(DEFINITIONS[name], DOCUMENT, NAMES[name], row=_row_of(name) or None)
        return {inside for direct in formula.names & set(DEFINITIONS) for inside in (direct, *below(direct))}

    assert not [name for name in theory().definitions if name in below(name)]
