"""Which types are offered, why the others are not, and which one a document takes."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from engine.selection import REASONS, Choice, Refusal, choose, pick
from tests.packs.shipped import SEED_FIRST, catalog_of
from tests.support.packs import DAY, catalog, company, counter, invoice_type, sihi, tax

ACME = company()
GROUPS = (d.CompanyGroup(code="GRP", companies=("OTHER",)), d.CompanyGroup(code="NOR", companies=("ACME",)))


def chosen(*types: d.InvoiceType, on: date = DAY, by: d.Company = ACME, **asked: Any) -> Choice:
    return choose(catalog(ACME, *GROUPS, *types, base=()), by, on, **asked)


def reasons(choice: Choice) -> dict[str, str]:
    return {refusal.record.key: refusal.reason for refusal in choice.refused}


def keys(records: Iterable[d.Record]) -> list[str]:
    return [record.key for record in records]


# --- the two tables of the seed -------------------------------------------------------------------------------------
# (code, legislation, company group), blank = all; re-entered from seeds/004, examples 1 and 2.

FIRST = [("FAF", "", ""), ("FAF", "FRA", ""), ("CTD", "", ""), ("BEF", "FRA", ""), ("CVC", "PRT", "")]
FIRST_OFFERED = [("FAF", "FRA", ""), ("CTD", "", ""), ("BEF", "FRA", "")]
SECOND = [("FAF", "", ""), ("FAF", "FRA", "GRP"), ("CTD", "", ""), ("BEF", "FRA", ""), ("CVC", "PRT", "")]
SECOND_OFFERED = [("CTD", "", ""), ("BEF", "FRA", "")]


def rows(records: Iterable[d.InvoiceType]) -> set[tuple[str, str, str]]:
    return {
        (one.code, one.legislation, one.company_group) for one in records if one.code in ("FAF", "CTD", "BEF", "CVC")
    }


def test_example_1_a_company_of_fra_is_offered_its_own_faf_ctd_and_bef() -> None:
    packs = catalog_of(SEED_FIRST)
    acme = packs.company("ACME")
    assert acme and acme.legislation == "FRA" and not packs.groups_of("ACME")
    choice = choose(packs, acme, DAY)
    assert rows(packs.table(d.InvoiceType).values()) == {*FIRST}
    assert rows(choice.offered) == {*FIRST_OFFERED}


def test_example_1_with_a_group_on_faf_offers_it_only_to_companies_of_that_group() -> None:
    types = [invoice_type(code, legislation=legislation) for code, legislation, _ in FIRST]
    types[1] = replace(types[1], company_group="GRP")
    assert "sales/FAF/FRA" not in keys(chosen(*types).offered)
    assert "sales/FAF/FRA" in keys(chosen(*types, by=company("OTHER")).offered)


def test_example_2_a_company_of_fra_in_nor_only_is_offered_ctd_and_bef() -> None:
    packs = catalog_of("DEMO")
    lille = packs.company("LILLE")
    assert lille and lille.legislation == "FRA" and packs.groups_of("LILLE") == {"NOR"}
    choice = choose(packs, lille, DAY)
    assert rows(packs.table(d.InvoiceType).values()) == {*SECOND}
    assert rows(choice.offered) == {*SECOND_OFFERED}
    why = reasons(choice)
    assert why["sales/FAF/FRA"] == "company_group"
    assert why["sales/FAF/*"] == "shadowed"
    assert why["sales/CVC/PRT"] == "other_legislation"
    (refusal,) = [one for one in choice.refused if one.record.key == "sales/FAF/FRA"]
    assert refusal.explanation == "it is for group GRP; the company belongs to NOR"


# --- one reason, the first that applies -----------------------------------------------------------------------------

BLOCKS: dict[str, dict[str, Any]] = {
    "category": {"category": "debit_note"},
    "other_legislation": {"legislation": "ITA"},
    "shadowed": {"legislation": ""},
    "inactive": {"active": False},
    "not_in_force": {"valid_to": date(2026, 2, 28)},
    "company_group": {"company_group": "GRP"},
    "user_filter": {},
}
"""What makes a type of FRA be refused for each reason; `shadowed` has an own record beside it."""
FILTER = d.User(code="paolo", legislation_filter="ITA")
OWN = invoice_type("FAC", legislation="FRA")


def refused(*why: str) -> str:
    """The reason of a record that gives every one of these."""
    changes: dict[str, Any] = {"legislation": "FRA"}
    for reason in why:
        changes |= BLOCKS[reason]
    record = invoice_type("FAC", **changes)
    user = replace(FILTER, legislation_filter="PRT" if "other_legislation" in why else "ITA")
    beside = [replace(OWN, category=record.category)] if "shadowed" in why else []
    choice = chosen(record, *beside, category="invoice", user=user if "user_filter" in why else None)
    assert [one.record for one in choice.refused].count(record) == 1 and record not in choice.offered
    return reasons(choice)[record.key]


def test_the_reasons_are_those_of_the_contract_in_its_order() -> None:
    assert ("module", *BLOCKS) == REASONS


@pytest.mark.parametrize("reason", BLOCKS)
def test_every_reason_can_be_the_one(reason: str) -> None:
    assert refused(reason) == reason


NEVER_MEET = [("other_legislation", "shadowed"), ("shadowed", "user_filter")]
"""A shadowed record is of no legislation."""


@pytest.mark.parametrize(
    ("first", "second"), [pair for pair in itertools.combinations(BLOCKS, 2) if pair not in NEVER_MEET]
)
def test_of_two_reasons_the_earlier_is_told(first: str, second: str) -> None:
    assert refused(first, second) == first


def test_a_record_of_another_legislation_is_told_so_though_the_own_one_stands_beside_it() -> None:
    assert reasons(chosen(OWN, replace(OWN, legislation="ITA")))["sales/FAC/ITA"] == "other_legislation"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("category", "its category is debit_note"),
        ("other_legislation", "it is defined for ITA, the company follows FRA"),
        ("shadowed", "hidden by sales/FAC/FRA, defined for the company's own legislation"),
        ("inactive", "it is not active"),
        ("not_in_force", "on 2026-03-01 it is not in force (until 2026-02-28)"),
        ("company_group", "it is for group GRP; the company belongs to NOR"),
        ("user_filter", "the user's legislation filter is ITA"),
    ],
)
def test_every_reason_explains_itself(reason: str, words: str) -> None:
    changes: dict[str, Any] = {"legislation": "FRA"} | BLOCKS[reason]
    record = invoice_type("FAC", **changes)
    beside = [OWN] if reason == "shadowed" else []
    choice = chosen(record, *beside, category="invoice", user=FILTER if reason == "user_filter" else None)
    (found,) = [one for one in choice.refused if one.record == record]
    assert found.explanation == words


def test_a_refusal_for_its_module_explains_itself() -> None:
    assert Refusal(invoice_type(), "module").explanation == "it is a sales type"


def test_with_a_module_records_of_the_other_are_in_neither_list() -> None:
    purchase = invoice_type("PIN", module="purchase", purchase_kind="invoice")
    choice = chosen(invoice_type(), purchase, module="sales")
    assert keys(choice.offered) == ["sales/FAC/*"] and not choice.refused
    assert keys(chosen(invoice_type(), purchase).offered) == ["purchase/PIN/*", "sales/FAC/*"]


# --- shadowing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["inactive", "not_in_force", "company_group"])
def test_the_own_record_hides_the_one_for_all_also_when_it_is_refused(reason: str) -> None:
    changes = BLOCKS[reason]
    choice = chosen(invoice_type("FAC"), replace(OWN, **changes))
    assert not choice.offered
    assert reasons(choice) == {"sales/FAC/*": "shadowed", "sales/FAC/FRA": reason}


def test_shadowing_is_computed_before_the_category_filter() -> None:
    choice = chosen(invoice_type("FAC"), replace(OWN, category="proforma"), category="invoice")
    assert not choice.offered
    assert reasons(choice) == {"sales/FAC/*": "shadowed", "sales/FAC/FRA": "category"}


def test_types_of_one_code_in_two_modules_do_not_hide_each_other() -> None:
    purchase = invoice_type("FAC", module="purchase", purchase_kind="invoice", legislation="FRA")
    assert keys(chosen(invoice_type("FAC"), purchase).offered) == ["purchase/FAC/FRA", "sales/FAC/*"]


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 31)])
def test_both_ends_of_validity_are_inclusive(day: date) -> None:
    record = invoice_type(valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31))
    assert chosen(record, on=day).offered == (record,)


@pytest.mark.parametrize("day", [date(2026, 2, 28), date(2026, 4, 1)])
def test_outside_its_validity_a_type_is_refused(day: date) -> None:
    record = invoice_type(valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31))
    (refusal,) = chosen(record, on=day).refused
    assert refusal.explanation == f"on {day} it is not in force (2026-03-01 to 2026-03-31)"


@pytest.mark.parametrize(("filtered", "offered"), [("FRA", ["sales/CTD/*", "sales/FAC/FRA"]), ("ITA", ["sales/CTD/*"])])
def test_a_users_filter_narrows_lists_to_its_legislation_and_blank(filtered: str, offered: list[str]) -> None:
    user = d.User(code="u", legislation_filter=filtered)
    assert keys(chosen(OWN, invoice_type("CTD"), user=user).offered) == offered


# --- the same as the rules say, on any parametrization --------------------------------------------------------------

LEGISLATIONS = ("", "FRA", "ITA")
DATES = tuple(date(2026, 1, day) for day in (1, 2, 3))
scope: dict[str, st.SearchStrategy[Any]] = {
    "legislation": st.sampled_from(LEGISLATIONS),
    "company_group": st.sampled_from(("", "", "G1", "G2")),
    "active": st.sampled_from((True, True, False)),
    "valid_from": st.sampled_from((None, None, *DATES)),
    "valid_to": st.sampled_from((None, None, *DATES)),
}
any_type = st.builds(
    d.InvoiceType,
    code=st.sampled_from(("A", "B")),
    module=st.sampled_from(("sales", "sales", "purchase")),
    category=st.sampled_from(("invoice", "credit_note")),
    **scope,
)
companies = st.builds(company, st.just("ACME"), st.sampled_from(("FRA", "ITA", "PRT")))
groups = st.fixed_dictionaries({"G1": st.booleans(), "G2": st.booleans()})


def grouped(members: dict[str, bool]) -> list[d.CompanyGroup]:
    return [d.CompanyGroup(code=code, companies=("ACME",) if inside else ("X",)) for code, inside in members.items()]


def survivor_is_refused(record: d.Scoped, on: date, members: dict[str, bool]) -> str:
    """DESIGN §3, 2 and 3."""
    if not record.active:
        return "inactive"
    if (record.valid_from and on < record.valid_from) or (record.valid_to and on > record.valid_to):
        return "not_in_force"
    return "company_group" if record.company_group and not members[record.company_group] else ""


def by_the_rules(
    records: list[d.InvoiceType], of: str, on: date, members: dict[str, bool], module: str, category: str, filtered: str
) -> dict[str, str]:
    """Every record of the module with its reason, "" when it is offered: written from DESIGN §3 and CONTRACT §2."""
    told = {}
    for record in records:
        if module and record.module != module:
            continue
        like = [one for one in records if (one.module, one.code) == (record.module, record.code)]
        if category and record.category != category:
            told[record.key] = "category"
        elif record.legislation not in ("", of):
            told[record.key] = "other_legislation"
        elif not record.legislation and any(one.legislation == of for one in like):
            told[record.key] = "shadowed"
        elif why := survivor_is_refused(record, on, members):
            told[record.key] = why
        else:
            told[record.key] = "user_filter" if filtered and record.legislation not in ("", filtered) else ""
    return told


@given(
    st.lists(any_type, max_size=12, unique_by=lambda one: one.key),
    companies,
    st.sampled_from(DATES),
    groups,
    st.sampled_from(("", "sales", "purchase")),
    st.sampled_from(("", "invoice")),
    st.sampled_from(("", "FRA", "ITA")),
)
def test_choose_is_what_the_rules_say_and_tells_every_record_once(
    records: list[d.InvoiceType],
    of: d.Company,
    on: date,
    members: dict[str, bool],
    module: str,
    category: str,
    filtered: str,
) -> None:
    packs = catalog(of, *grouped(members), *records, base=())
    user = d.User(code="u", legislation_filter=filtered) if filtered else None
    choice = choose(packs, of, on, module=module, category=category, user=user)
    found = [(one.key, "") for one in choice.offered] + [(one.record.key, one.reason) for one in choice.refused]
    wanted = by_the_rules(records, of.legislation, on, members, module, category, filtered)
    assert sorted(found) == sorted(wanted.items())
    assert all(refusal.explanation for refusal in choice.refused)


SCOPED: dict[type[d.Scoped], Callable[..., d.Scoped]] = {
    d.Journal: lambda code, **more: d.Journal(code=code, kind="sales", **more),
    d.EntryType: lambda code, **more: d.EntryType(code=code, **more),
    d.Counter: lambda code, **more: counter(code, **more),
    d.Tax: lambda code, **more: tax(code, **more),
    d.Withholding: lambda code, **more: d.Withholding(code=code, rate=(), **more),
    d.AutomaticJournal: lambda code, **more: sihi(**more, code=code),
    d.PaymentTerms: lambda code, **more: d.PaymentTerms(code=code, part=(), **more),
    d.PaymentMethod: lambda code, **more: d.PaymentMethod(code=code, **more),
    d.NamedFormula: lambda code, **more: d.NamedFormula(code=code.lower(), text="1", **more),
    d.AccountingCode: lambda code, **more: d.AccountingCode(kind="tax", code=code, accounts={}, **more),
    d.InvoiceType: lambda code, **more: invoice_type(code, **more),
}


@pytest.mark.parametrize("kind", SCOPED, ids=lambda kind: kind.TABLE)
@given(
    st.lists(st.fixed_dictionaries({"code": st.sampled_from(("A", "B"))} | scope), max_size=8),
    companies,
    st.sampled_from(DATES),
    groups,
)
def test_the_same_rules_choose_every_object(
    kind: type[d.Scoped], given_records: list[dict[str, Any]], of: d.Company, on: date, members: dict[str, bool]
) -> None:
    records = {one.key: one for one in (SCOPED[kind](**given_one) for given_one in given_records)}
    packs = catalog(of, *grouped(members), *records.values(), base=())
    for code in ("A", "B", "C"):
        sample = SCOPED[kind](code)
        called = tuple(getattr(sample, part) for part in kind.KEY if part != "legislation")
        like = [one for one in records.values() if tuple(getattr(one, part) for part in kind.KEY[:-1]) == called]
        usable = [one for one in like if one.legislation in ("", of.legislation)]
        own = [one for one in usable if one.legislation]
        meant = packs.meant(kind, called, of, on)
        if not like:
            wanted = "unknown"
        elif not usable:
            wanted = "other_legislation"
        else:
            wanted = survivor_is_refused((own or usable)[0], on, members)
        assert (meant.verdict.reason if meant.verdict else "") == wanted
        assert meant.record == (None if wanted else (own or usable)[0])
        assert bool(meant.hides) == (len(usable) == 2)
        assert packs.one(kind, called, of, on) == meant.record
        assert (meant.record in packs.all_meant(kind, of, on)) == (meant.record is not None)


# --- pick -----------------------------------------------------------------------------------------------------------


def picked(*types: d.InvoiceType, by: d.Company = ACME, **asked: Any) -> d.InvoiceType | Fault:
    given_to = {"module": "sales", "category": "invoice"} | asked
    return pick(catalog(by, *GROUPS, *types, base=()), by, DAY, **given_to)


A, B, NOTE = invoice_type("A"), invoice_type("B"), invoice_type("N", category="credit_note")


def test_the_type_named_is_taken() -> None:
    assert picked(A, B, code="B") == B


def test_the_type_named_decides_a_blank_category() -> None:
    assert picked(A, NOTE, code="N", category="") == NOTE


def test_a_type_named_of_another_category_is_refused() -> None:
    fault = picked(A, NOTE, code="N")
    assert isinstance(fault, Fault) and fault.code == "type_not_offered" and fault.path == "invoice_type"
    assert "its category is credit_note, the document's is invoice" in fault.message
    assert fault.remedy == "offered here: A"


def test_the_only_one_offered_is_taken_and_a_blank_category_is_invoice() -> None:
    assert picked(A, NOTE, category="") == A


def test_the_users_default_comes_before_the_companys() -> None:
    mine = company(default_type={"sales": {"invoice": "A"}})
    assert picked(A, B, by=mine) == A
    assert picked(A, B, by=mine, user=d.User(code="u", default_type={"sales": "B"})) == B


@pytest.mark.parametrize("default", ["N", "GONE"])
def test_a_default_that_is_not_offered_for_the_category_is_passed_over(default: str) -> None:
    user = d.User(code="u", default_type={"sales": default})
    assert picked(A, B, NOTE, by=company(default_type={"sales": {"invoice": "B"}}), user=user) == B


def test_a_users_legislation_filter_never_stops_a_posting() -> None:
    assert picked(OWN, user=FILTER) == OWN
    assert picked(OWN, user=FILTER, code="FAC") == OWN


def test_several_without_a_default_are_ambiguous_and_all_named() -> None:
    fault = picked(A, B, NOTE)
    assert isinstance(fault, Fault) and fault.code == "type_ambiguous"
    assert fault.message == "several invoice types are offered: A, B"


def test_none_offered_is_a_fault() -> None:
    fault = picked(A, category="proforma")
    assert isinstance(fault, Fault) and fault.code == "no_type_offered"


def test_an_unknown_type_is_told_with_the_nearest() -> None:
    fault = picked(invoice_type("FACT"), code="FATC")
    assert isinstance(fault, Fault) and fault.code == "type_unknown"
    assert fault.remedy == "did you mean 'FACT'?"


def test_a_type_that_is_refused_tells_why_for_each_record_of_the_code() -> None:
    fault = picked(invoice_type("FAC"), replace(OWN, company_group="GRP"), code="FAC")
    assert isinstance(fault, Fault) and fault.code == "type_not_offered"
    assert "sales/FAC/*: hidden by sales/FAC/FRA" in fault.message
    assert "sales/FAC/FRA: it is for group GRP; the company belongs to NOR" in fault.message
