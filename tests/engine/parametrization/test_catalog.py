"""The catalog: texts in a language, groups of a company, and what a code means, explained."""

from dataclasses import replace
from datetime import date

import pytest

from engine.parametrization import definitions as d
from engine.parametrization.bodies import to_text
from engine.parametrization.catalog import Catalog
from tests.support.packs import DAY, catalog, company, tax

ACME = company()


@pytest.mark.parametrize(("language", "told"), [("fr", "facture"), ("it", "fattura"), ("de", "fattura")])
def test_a_text_falls_back_to_the_folders_language(language: str, told: str) -> None:
    packs = catalog(d.Folder(language="it"))
    assert packs.text({"fr": "facture", "it": "fattura"}, language) == told


def test_a_text_in_neither_language_is_any_there_is() -> None:
    packs = catalog(d.Folder(language="it"))
    assert packs.text({"fr": "facture"}, "de") == "facture" and packs.text({}, "de") == ""


def test_a_folder_that_is_not_described_speaks_english() -> None:
    assert catalog(base=()).language == "en"


def test_a_company_may_be_in_any_number_of_groups() -> None:
    packs = catalog(d.CompanyGroup(code="A", companies=("ACME",)), d.CompanyGroup(code="B", companies=("ACME", "X")))
    assert packs.groups_of("ACME") == {"A", "B"} and packs.groups_of("X") == {"B"} and packs.groups_of("Y") == set()


def test_a_record_is_the_same_read_from_its_text() -> None:
    record = tax("T", "19.60", legislation="FRA")
    assert Catalog({"tax": {record.key: to_text(record)}}).table(d.Tax) == {"T/FRA": record}


def test_what_is_meant_is_told_as_a_step() -> None:
    packs = catalog(tax("T"), tax("T", legislation="FRA"), tax("U", legislation="ITA"))
    assert packs.meant(d.Tax, "T", ACME, DAY).as_step() == {
        "table": "tax", "code": "T", "record": "T/FRA", "hides": "T/*",
    }  # fmt: skip
    assert packs.meant(d.Tax, "U", ACME, DAY).as_step()["reason"] == "other_legislation"
    assert packs.meant(d.Tax, "V", ACME, DAY).as_step()["reason"] == "unknown"


def test_a_refused_record_still_tells_what_it_hides_and_why() -> None:
    own = replace(tax("T", legislation="FRA"), valid_to=date(2025, 1, 1))
    step = catalog(tax("T"), own).meant(d.Tax, "T", ACME, DAY).as_step()
    assert step == {"table": "tax", "code": "T", "record": "", "reason": "not_in_force", "hides": "T/*"}
