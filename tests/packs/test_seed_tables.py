"""The two tables of seeds/004, word for word, with the shipped packs around them."""

from datetime import date

from engine.selection import choose
from tests.packs.shipped import SEED_FIRST, catalog_of

TABLE = {"FAF", "CTD", "BEF", "CVC"}
DAY = date(2026, 3, 1)


def of_the_table(pack: str, company: str) -> tuple[set[tuple[str, str]], dict[tuple[str, str], str]]:
    """Offered as (code, legislation), and why the others are not."""
    catalog = catalog_of(pack)
    record = catalog.company(company)
    assert record is not None
    choice = choose(catalog, record, DAY, module="sales")
    offered = {(one.code, one.legislation) for one in choice.offered if one.code in TABLE}
    refused = {(no.record.code, no.record.legislation): no.reason for no in choice.refused if no.record.code in TABLE}
    return offered, refused


def test_first_table_a_french_company() -> None:
    offered, refused = of_the_table(SEED_FIRST, "ACME")
    assert offered == {("FAF", "FRA"), ("CTD", ""), ("BEF", "FRA")}
    assert refused == {("FAF", ""): "shadowed", ("CVC", "PRT"): "other_legislation"}


def test_second_table_a_french_company_of_group_nor_only() -> None:
    offered, refused = of_the_table("DEMO", "LILLE")
    assert offered == {("CTD", ""), ("BEF", "FRA")}
    assert refused == {("FAF", ""): "shadowed", ("FAF", "FRA"): "company_group", ("CVC", "PRT"): "other_legislation"}


def test_second_table_a_french_company_of_group_grp() -> None:
    assert of_the_table("DEMO", "PARIS")[0] == {("FAF", "FRA"), ("CTD", ""), ("BEF", "FRA")}


def test_second_table_an_italian_company() -> None:
    assert of_the_table("DEMO", "MILANO")[0] == {("FAF", ""), ("CTD", "")}
