"""`types --json` for LILLE, to the letter: CONTRACT §2 on the seed's second table."""

from typing import Any

import pytest

from tests.edge.terminal import Terminal

OFFERED = [
    ("PAA", None, "purchase", "invoice", "invoice", "Advance purchase invoice"),
    ("PAD", None, "purchase", "invoice", "additional_invoice", "Additional purchase invoice"),
    ("PAS", None, "purchase", "invoice", "invoice", "Final purchase invoice"),
    ("PCN", None, "purchase", "credit_note", "credit_note", "Purchase credit note"),
    ("PCR", None, "purchase", "credit_note", "credit_note_on_return", "Purchase credit note on return"),
    ("PIN", None, "purchase", "invoice", "invoice", "Purchase invoice"),
    ("AUT", "FRA", "sales", "invoice", None, "Self-billed invoice"),
    ("AVF", "FRA", "sales", "credit_note", None, "Credit note"),
    ("BEF", "FRA", "sales", "invoice", None, "Invoice on collection note"),
    ("CTD", None, "sales", "invoice", None, "Counter sale invoice"),
    ("FAA", "FRA", "sales", "invoice", None, "Advance invoice"),
    ("FACT", "FRA", "sales", "invoice", None, "Invoice"),
    ("FAS", "FRA", "sales", "invoice", None, "Final invoice after an advance"),
    ("NDB", "FRA", "sales", "debit_note", None, "Debit note"),
    ("PRO", "FRA", "sales", "proforma", None, "Proforma invoice"),
    ("QUO", None, "sales", "quote", None, "Quote"),
    ("RFA", "FRA", "sales", "credit_memo", None, "Rebate credit memo"),
]
REFUSED = [
    ("CVC", "PRT", None, "invoice", "other_legislation", "it is defined for PRT, the company follows FRA"),
    ("FAF", None, None, "invoice", "shadowed", "hidden by sales/FAF/FRA, defined for the company's own legislation"),
    ("FAF", "FRA", "GRP", "invoice", "company_group", "it is for group GRP; the company belongs to NOR"),
    ("FATT", "ITA", None, "invoice", "other_legislation", "it is defined for ITA, the company follows FRA"),
]


def types(factotum: Terminal, *words: str) -> Any:
    return factotum("types", "--company", "LILLE", "--date", "2026-11-01", "--json", *words).done().json


def test_lille_to_the_letter(factotum: Terminal) -> None:
    found = types(factotum)
    assert [*found] == ["company", "legislation", "date", "offered", "refused"]
    assert (found["company"], found["legislation"], found["date"]) == ("LILLE", "FRA", "2026-11-01")
    assert found["offered"] == [
        {
            "code": code, "legislation": legislation, "company_group": None, "module": module, "category": category,
            "purchase_kind": kind, "description": description,
        }
        for code, legislation, module, category, kind, description in OFFERED
    ]  # fmt: skip
    assert all(
        [*one] == ["code", "legislation", "company_group", "module", "category", "reason", "explanation"]
        for one in found["refused"]
    )
    for code, legislation, group, category, reason, explanation in REFUSED:
        assert {
            "code": code, "legislation": legislation, "company_group": group, "module": "sales",
            "category": category, "reason": reason, "explanation": explanation,
        } in found["refused"]  # fmt: skip


def test_of_one_module_the_other_is_in_neither_list(factotum: Terminal) -> None:
    found = types(factotum, "--module", "purchase")
    assert {one["module"] for one in found["offered"] + found["refused"]} == {"purchase"}


def test_of_one_category_the_others_are_refused_with_that_reason_first(factotum: Terminal) -> None:
    found = types(factotum, "--module", "sales", "--category", "credit_note")
    assert [one["code"] for one in found["offered"]] == ["AVF"]
    assert {one["reason"] for one in found["refused"] if one["category"] != "credit_note"} == {"category"}


@pytest.mark.parametrize(("user", "refused"), [("claire", False), ("paolo", True)])
def test_a_users_filter_narrows_what_is_listed(factotum: Terminal, user: str, refused: bool) -> None:
    found = types(factotum, "--user", user)
    filtered = {one["code"] for one in found["refused"] if one["reason"] == "user_filter"}
    assert ("FACT" in filtered) == refused
    assert "CTD" in {one["code"] for one in found["offered"]}
