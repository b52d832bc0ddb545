"""The shipped packs read, cohere and speak three languages; what the law moves is dated."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date

import pytest

from engine.journal.check import check
from engine.numbering import mask
from engine.parametrization import definitions as d
from engine.parametrization.coherence import incoherences
from engine.parametrization.packs import Located, read_packs
from tests.packs.shipped import CODES, SEED_FIRST, catalog_of, located

SETS = [("ALL",), ("FRA",), ("ITA",), ("DEMO",), (SEED_FIRST,)]
LANGUAGES = {"fr", "it", "en"}
DESCRIBED = (
    d.LegislationRecord, d.Chart, d.Account, d.Journal, d.EntryType, d.Tax, d.Withholding, d.InvoiceType,
)  # fmt: skip


@pytest.mark.parametrize("names", SETS, ids=lambda names: names[0].rpartition("/")[2])
def test_packs_load_without_a_fault(names: tuple[str, ...]) -> None:
    packs, faults = read_packs(names)
    assert not faults
    assert packs[0].code == "ALL"


@pytest.mark.parametrize("on", [date(2017, 11, 13), date(2026, 11, 1), date(2027, 6, 1), date(2028, 6, 1)], ids=str)
@pytest.mark.parametrize("names", SETS, ids=lambda names: names[0].rpartition("/")[2])
def test_records_cohere_formulas_compile_and_every_type_offered_reaches_its_journal_and_counter(
    names: tuple[str, ...], on: date
) -> None:
    catalog = catalog_of(*names)
    places = {id(one.record): one.place for one in located(*names)}
    assert not [*incoherences(catalog, lambda record: places[id(record)])]
    assert not [*check(catalog, on, lambda record: places[id(record)])]


def test_exactly_one_pack_says_the_folders_language() -> None:
    assert [one.record.key for one in located("DEMO") if isinstance(one.record, d.Folder)] == ["*"]


@pytest.mark.parametrize("one", located("DEMO"), ids=lambda one: one.place)
def test_every_text_is_there_in_french_italian_and_english(one: Located) -> None:
    for field in fields(one.record):
        value = getattr(one.record, field.name)
        if field.name in ("description", "short_description", "text") and isinstance(value, Mapping) and value:
            assert set(value) == LANGUAGES and all(value.values()), field.name
    if isinstance(one.record, DESCRIBED):
        assert one.record.description
    if isinstance(one.record, d.InvoiceType):
        assert one.record.short_description


@pytest.mark.parametrize("legislation", ["FRA", "ITA"])
def test_every_fact_of_a_legislation_says_its_source(legislation: str) -> None:
    without = [
        one.place
        for one in located(legislation)
        if not one.record.source and getattr(one.record, "legislation", "") == legislation
    ]
    assert not without


@pytest.mark.parametrize(("legislation", "ledger"), [("FRA", "PCG"), ("ITA", "ITL")])
def test_every_account_of_an_accounting_code_stands_in_the_chart(legislation: str, ledger: str) -> None:
    catalog = catalog_of(legislation)
    chart = catalog.table(d.Ledger)[ledger].chart
    masks = {account for one in catalog.table(d.AccountingCode).values() for account in one.accounts.values()}
    assert masks and not {account for account in masks if f"{chart}/{account}" not in catalog.table(d.Account)}


@pytest.mark.parametrize("legislation", ["FRA", "ITA"])
def test_every_source_of_a_journal_line_names_an_accounting_code(legislation: str) -> None:
    catalog = catalog_of(legislation)
    known = {f"{one.kind}.{position}" for one in catalog.table(d.AccountingCode).values() for position in one.accounts}
    lines = [line for journal in catalog.table(d.AutomaticJournal).values() for line in journal.line]
    named = {source for line in lines for source in line.account}
    assert named - {"line.account", "payment.account"} == known


@pytest.mark.parametrize(
    ("legislation", "pattern"), [("FRA", r"[A-Za-z0-9\-+_/]{1,35}"), ("ITA", r"(?=.*[0-9])[A-Za-z0-9/-]{1,20}")]
)
def test_numbers_read_as_the_legislation_wants(legislation: str, pattern: str) -> None:
    counters = [one for one in catalog_of(legislation).table(d.Counter).values() if one.legislation == legislation]
    numbers = [mask.text(one, "MILANO", date(2026, 12, 31), 99_999) for one in counters]
    assert all(re.fullmatch(pattern, number) for number in numbers)
    assert len({*numbers}) == len(numbers)
    assert all("2026" in number for number in numbers)


def test_a_proforma_never_shares_a_series_with_an_invoice() -> None:
    catalog = catalog_of("DEMO")
    fiscal = {one.counter for one in catalog.table(d.EntryType).values()}
    proforma = {one.counter for one in catalog.table(d.InvoiceType).values() if one.category == "proforma"}
    assert proforma == {"PRO"} and "PRO" not in fiscal


@pytest.mark.parametrize(
    ("legislation", "last", "articles"),
    [("FRA", date(2027, 12, 31), r"\bCGI\b"), ("ITA", date(2026, 12, 31), r"DPR 633|DL 331")],
)
def test_articles_that_the_law_renumbers_end_with_their_last_day(legislation: str, last: date, articles: str) -> None:
    catalog = catalog_of(legislation)
    cited = [one for one in catalog.table(d.Mention).values() if re.search(articles, one.text["it"])]
    assert cited and all(one.valid_to == last for one in cited)
    reasons = " ".join(one.text.get("fr", "") for one in catalog.table(d.Tax).values())
    assert not re.search(articles, reasons)


def test_rates_follow_the_date() -> None:
    from engine.drafting.taxation import rate_on

    taxes = catalog_of("DEMO").table(d.Tax)
    assert str(rate_on(taxes["FR20/FRA"].rate, date(2013, 12, 31))) == "19.6"
    assert rate_on(taxes["FR20/FRA"].rate, date(2014, 1, 1)) == 20
    assert rate_on(taxes["IT22/ITA"].rate, date(2013, 9, 30)) == 21
    assert rate_on(taxes["IT22/ITA"].rate, date(2013, 10, 1)) == 22


def test_every_pack_folder_is_a_code() -> None:
    assert {pack.code for pack in read_packs(["DEMO"])[0]} == {*CODES}
