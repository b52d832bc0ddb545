"""The matrix: company x module x category."""

import json

from engine.kernel.codes import CATEGORIES, MODULES
from engine.lint import Covered, coverage
from engine.selection import choose
from tests.packs.shipped import CODES, catalog_of
from tests.support.packs import DAY, catalog, company, invoice_type


def test_the_matrix_tells_what_is_offered_and_what_is_not() -> None:
    found = coverage(catalog(company("ROMA", "ITA"), invoice_type("FAF", legislation="FRA")), DAY)
    assert len(found.fields) == 2 * len(MODULES) * len(CATEGORIES)
    assert found.fields[0] == Covered("ACME", "FRA", "sales", "invoice", ("FAC", "FAF"))
    assert Covered("ROMA", "ITA", "sales", "invoice", ("FAC",)) in found.fields
    assert [(hole.company, hole.category) for hole in found.holes] == [
        ("ACME", "credit_note"), ("ROMA", "credit_note"),
    ]  # fmt: skip


def test_the_matrix_is_data() -> None:
    told = json.loads(json.dumps(coverage(catalog(), DAY).as_json()))
    assert told["date"] == "2026-03-01"
    assert told["coverage"][0] == {
        "company": "ACME", "legislation": "FRA", "module": "sales", "category": "invoice", "offered": ["FAC"],
        "hole": False,
    }  # fmt: skip


def test_the_matrix_is_what_selection_offers() -> None:
    shipped = catalog_of(*CODES)
    for field in coverage(shipped, DAY).fields:
        one = shipped.company(field.company)
        assert one is not None
        offered = choose(shipped, one, DAY, module=field.module, category=field.category).offered
        assert sorted(field.offered) == sorted(record.code for record in offered)
    assert coverage(shipped, DAY).holes == ()


def test_without_companies_there_is_nothing_to_cover() -> None:
    assert coverage(catalog(base=()), DAY).fields == ()
